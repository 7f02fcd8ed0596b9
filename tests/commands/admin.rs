//! What a company's admin does: the policy, grants, links, handovers, the audit log.

use std::os::unix::fs::PermissionsExt as _;

use crate::program::User;
use crate::program::server::{PEOPLE, Server};
use serde_json::{Value, json};

/// Acme with `ann` as admin, and a second company of the same people on the same server; its admin too.
fn two_companies() -> (Server, User, User) {
    let server = Server::acme();
    server.operate(&["admin", "company", "create", "other", "--name", "Other Ltd"]).ok();
    server.admin.file("people.csv", PEOPLE);
    server.operate(&["import", "people.csv", "--company", "other"]).ok();
    server.operate(&["admin", "role", "ann", "admin", "--company", "other"]).ok();
    let theirs = server.operate(&["admin", "token", "ann", "--company", "other"]).ok();
    let (ann, other) = (server.signed_in(server.token("ann").trim()), server.signed_in(theirs.trim()));
    (server, ann, other)
}

const RULE: &str =
    "[[rule]]\nid = \"X-1\"\ntitle = \"Nobody goes out\"\nowner = \"IT\"\nreason = \"for now\"\n";

#[test]
fn a_policy_is_checked_compared_applied_and_explained() {
    let server = Server::acme();
    let ann = server.signed_in(server.token("ann").trim());
    // What the program writes itself is good, and says nothing.
    ann.run(&["admin", "policy", "init", "--out", "example.toml"]).ok();
    ann.run(&["admin", "policy", "init", "--out", "example.toml"]).failed(1);
    ann.run(&["admin", "policy", "check", "example.toml"]).ok();
    // Every fault at once with its place; the version in force stays.
    ann.file("bad.toml", format!("{RULE}external = 3\ndepartment = \"No/Such\"\nfoo = 1\n"));
    for command in ["check", "diff", "apply"] {
        let said = ann.run(&["admin", "policy", command, "bad.toml"]).failed(1);
        for place in ["bad.toml: line 6", "bad.toml: line 8"] {
            assert!(said.contains(place), "{command} {place}: {said}");
        }
    }
    ann.file("half.toml", "[[rule]\nid = \"X\"");
    assert!(ann.run(&["admin", "policy", "apply", "half.toml"]).failed(1).contains("line 1"));
    ann.run(&["admin", "policy", "apply", "nowhere.toml"]).failed(1);
    assert_eq!(ann.json(&["admin", "policy", "history"]).as_array().unwrap().len(), 1);

    ann.file("good.toml", format!("{RULE}external = false\n"));
    let changes = ann.run(&["admin", "policy", "diff", "good.toml"]).ok();
    assert!(
        changes.contains("+ X-1") && changes.contains("external: another value for 2 people"),
        "{changes}"
    );
    let said = ann.run(&["admin", "policy", "apply", "good.toml", "--note", "the audit"]).ok();
    assert_eq!(said, "Version 2 is in force.\n");
    let history = ann.json(&["admin", "policy", "history"]);
    assert_eq!((&history[0]["note"], &history[0]["made_by"]["id"]), (&json!("the audit"), &json!("ann")));
    let shown = ann.run(&["admin", "policy", "show"]).ok();
    assert!(shown.contains("id = \"X-1\""), "{shown}");
    assert_eq!(ann.run(&["admin", "policy", "show", "--version", "1"]).ok(), "# The built-in rules hold.\n");
    // What is in force can be applied again from a pipe: it changes nothing.
    assert_eq!(
        ann.run_with(&["admin", "policy", "diff", "-"], shown.as_bytes()).ok(),
        "It says what version 2 says.\n"
    );
    let why = ann.json(&["admin", "policy", "explain", "bob", "--setting", "external"]);
    assert_eq!(
        (&why["settings"][0]["value"], &why["settings"][0]["by"][0]["rule"]),
        (&json!("false"), &json!("X-1"))
    );
    ann.run(&["admin", "policy", "explain", "bob", "--setting", "nothing"]).failed(2);
    // Members read no policy, and the operator names the company.
    let bob = server.signed_in(server.token("bob").trim());
    bob.run(&["admin", "policy", "show"]).failed(4);
    server.operate(&["admin", "policy", "show"]).failed(1);
    server.operate(&["admin", "policy", "show", "--company", "acme"]).ok();
}

#[test]
fn the_external_permission_is_granted_for_a_time_and_taken_back() {
    let server = Server::acme();
    let ann = server.signed_in(server.token("ann").trim());
    ann.file("good.toml", format!("{RULE}external = false\n"));
    ann.run(&["admin", "policy", "apply", "good.toml"]).ok();
    let external = || {
        let why = ann.json(&["admin", "policy", "explain", "bob", "--setting", "external"]);
        why["settings"][0]["value"].clone()
    };
    assert_eq!(external(), "false");
    ann.run(&["admin", "grant", "external", "bob", "--until", "7d"]).ok();
    assert_eq!(external(), "true");
    let grants = ann.json(&["admin", "grant", "list"]);
    assert_eq!((&grants[0]["member"]["id"], grants[0]["until"].is_string()), (&json!("bob"), true));
    ann.run(&["admin", "grant", "revoke", &grants[0]["id"].to_string()]).ok();
    assert_eq!(external(), "false");
    ann.run(&["admin", "grant", "external", "Nobody/Here"]).failed(3);
    ann.run(&["admin", "grant", "external", "bob", "--until", "yesterday"]).failed(2);
    ann.run(&["admin", "grant", "revoke", "99"]).failed(3);
}

#[test]
fn companies_are_linked_and_parted() {
    let (_server, ann, other) = two_companies();
    ann.run(&["admin", "partner", "propose", "other", "--purpose", "supply"]).failed(2);
    ann.run(&["admin", "partner", "propose", "nobody", "--purpose", "supply", "--member", "bob"]).failed(3);
    let sent = ann.json(&["admin", "partner", "propose", "other", "--purpose", "supply", "--member", "bob"]);
    let id = sent["id"].as_str().unwrap();
    assert_eq!(ann.json(&["admin", "partner", "list"])[0]["since"], Value::Null);
    other.run(&["admin", "partner", "accept", id, "--department", "No/Such"]).failed(3);
    other.run(&["admin", "partner", "accept", id, "--member", "ann"]).ok();
    // Ended by either side, also while it is only about to begin.
    ann.run(&["admin", "partner", "end", "nobody"]).failed(3);
}

#[test]
fn who_leaves_is_written_down_and_signed_out() {
    let server = Server::acme();
    let (ann, bob) =
        (server.signed_in(server.token("ann").trim()), server.signed_in(server.token("bob").trim()));
    let left = ann.json(&["admin", "member", "leave", "bob"]);
    assert_eq!((&left["member"], &left["handover"]), (&json!("bob"), &Value::Null));
    bob.run(&["whoami"]).failed(6);
    ann.run(&["admin", "member", "leave", "bob"]).failed(3);
    assert_eq!(ann.json(&["admin", "handover", "list"]), json!([]));
    let rows = ann.json(&["admin", "audit", "list", "--action", "member."]);
    assert_eq!((&rows[0]["action"], &rows[0]["object"]), (&json!("member.leave"), &json!("bob")));
}

#[test]
fn the_audit_log_is_read_looked_through_and_held_against_heads_kept_elsewhere() {
    let server = Server::acme();
    server.operate(&["admin", "role", "bob", "auditor", "--company", "acme"]).ok();
    let (ann, bob) =
        (server.signed_in(server.token("ann").trim()), server.signed_in(server.token("bob").trim()));
    let rows = bob.json(&["admin", "audit", "list"]);
    let actions: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"company.make") && actions.contains(&"role.set"), "{actions:?}");
    // Whoever reads it stands in it.
    let rows = ann.json(&["admin", "audit", "list", "--action", "audit.read"]);
    assert_eq!(rows[0]["actor"], json!({"member": {"id": "bob", "name": "王芳"}}));
    let csv = bob.run(&["admin", "audit", "export", "--format", "csv"]).ok();
    assert!(
        csv.starts_with("seq,at,actor,action,object,") && csv.contains(",operator,company.make,acme,"),
        "{csv}"
    );
    bob.run(&["admin", "audit", "export", "--out", "log.json", "--format", "json"]).ok();
    assert_eq!(
        std::fs::metadata(bob.dir.path().join("log.json")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(bob.run(&["admin", "audit", "verify"]).ok().contains("rows hold"));
    let (admin, code, _) = server.stop();
    assert_eq!(code, 0);

    // Beside the database lies where the log was when the server stopped.
    let heads = std::fs::read_to_string(admin.dir.path().join("co.db.audit-heads")).unwrap();
    assert!(heads.lines().last().unwrap().starts_with("acme "), "{heads}");
    let server = Server::start(admin, &[]);
    let verify = |more: &[&str]| {
        let all = ["admin", "audit", "verify", "--company", "acme", "--format", "json"];
        let done = server.operate(&[&all, more].concat());
        (done.code, serde_json::from_str::<Value>(&done.out).unwrap_or(Value::Null))
    };
    assert_eq!(verify(&["--from", "co.db.audit-heads"]).0, 0);
    let (words, seal) = (heads.split_whitespace().collect::<Vec<_>>(), "0".repeat(64));
    let seq: i64 = words[1].parse().unwrap();
    server.admin.file("forked", format!("acme {seq} {seal} t\n"));
    let (code, found) = verify(&["--from", "forked"]);
    assert_eq!((code, &found["forked"]), (1, &json!(seq)));
    server.admin.file("longer", format!("acme {} {seal} t\n", seq + 1_000));
    let (code, found) = verify(&["--from", "longer"]);
    assert_eq!((code, &found["cut_off"]), (1, &json!(seq + 1_000)));
    server.admin.file("none", "acme one two\n");
    let all = ["admin", "audit", "verify", "--company", "acme", "--from", "none"];
    assert!(server.operate(&all).failed(1).contains("none line 1"));
}
