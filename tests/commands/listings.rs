//! The commands, the real program on the made-up world: what they print, for people and for programs, and
//! the exit codes.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::User;
use crate::program::server::Server;
use crate::program::shape::{assert_shape, documented, shared_with};
use serde_json::{Value, json};

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[test]
fn listings_have_the_shapes_of_their_page() {
    let user = User::new();
    assert_shape("whoami", &[user.json(&["whoami"])]);
    let found = user.json(&["search", "zhang", "--limit", "100"]);
    assert_shape("search", list(&found));
    let outside = user.json(&["search", "a", "--in", "external"]);
    assert_shape("search", list(&outside));
    assert!(list(&outside).iter().all(|person| person["where"] == "external"));

    let contacts = user.json(&["contacts"]);
    assert_shape("contacts", list(&contacts));
    let sinces: Vec<&str> =
        list(&contacts).iter().map(|contact| contact["since"].as_str().unwrap()).collect();
    assert!(sinces.is_sorted_by(|a, b| a >= b), "newest first");
    let shown: Vec<Value> =
        list(&contacts).iter().take(5).map(|contact| user.json(&["show", id(contact)])).collect();
    assert_shape("show a contact", &shown);

    let colleagues: Vec<Value> = list(&found)
        .iter()
        .filter(|p| p["where"] == "directory")
        .take(10)
        .map(|p| user.json(&["show", id(p)]))
        .collect();
    assert_shape("show a colleague", &colleagues);
    assert_eq!(colleagues[0]["department"], colleagues[0]["departments"][0]["name"]);

    let requests = user.json(&["requests"]);
    assert_shape("requests", list(&requests));
    assert_shape("requests", list(&user.json(&["requests", "--box", "incoming"])));
    assert_shape("requests", &[user.json(&["show", id(&requests[0])])]);
    let first = id(&requests[0]);
    assert_shape("requests", list(&user.json(&["reject", first, "--reason", "not our field"])));
    assert_shape("requests", list(&user.json(&["undo", first])));
    assert_shape("requests", list(&user.json(&["approve", first, "--note", "met"])));

    assert_shape("card", &[user.json(&["card"])]);
    assert_shape("card", &[user.json(&["card", "rotate"])]);

    user.file("people.csv", "id,name,manager,department\nann,Ann,,A\nb b,B,,A\nbob,Bob,b b,A\nbob,Bob,,A\n");
    let tried = user.run(&["import", "people.csv", "--dry-run", "--format", "json"]);
    assert_eq!(tried.code, 1);
    let plan: Value = serde_json::from_str(&tried.out).unwrap();
    assert_shape("import", &[plan]);
}

#[test]
fn the_examples_of_the_page_are_of_their_own_shape() {
    let page = include_str!("../../docs/json.md");
    let mut seen = 0;
    for section in page.split("\n## ").skip(1) {
        let heading = section.lines().next().unwrap();
        let example = section.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let mut example: Value =
            serde_json::from_str(example).unwrap_or_else(|error| panic!("{heading}: {error}"));
        if let Some(shared) = shared_with(heading) {
            // Shown without the fields that stand under the other heading.
            let page = page.split(&format!("\n## {shared}\n")).nth(1).unwrap();
            let page = page.split("```json\n").nth(1).unwrap();
            let other: Value = serde_json::from_str(page.split("```").next().unwrap()).unwrap();
            example.as_object_mut().unwrap().extend(other[0].as_object().unwrap().clone());
        }
        let objects = example.as_array().cloned().unwrap_or_else(|| vec![example.clone()]);
        assert_shape(heading, &objects);
        seen += 1;
    }
    assert_eq!(seen, documented().len());
}

#[test]
fn the_least_that_programs_rely_on_is_documented() {
    let tables = documented();
    for (heading, fields) in [
        ("search", "id name department title where"),
        ("contacts", "id name department title where"),
        ("show a colleague", "id name department title where"),
        (
            "requests",
            "id revision kind state effective_at requester.name requester.company purpose channel created expires",
        ),
        ("card", "link"),
    ] {
        for field in fields.split(' ') {
            assert!(tables[heading].contains_key(field), "{heading}: {field}");
        }
    }
}

#[test]
fn a_decision_is_made_taken_back_and_made_once() {
    let user = User::new();
    let count = || user.run(&["requests", "--count"]).ok().trim().parse::<usize>().unwrap();
    let before = count();
    let queue = user.json(&["requests"]);
    let waits = |request: &&Value| request["state"].as_str().unwrap().starts_with("pending");
    assert_eq!(list(&queue).iter().filter(waits).count(), before);
    let (first, second, third) = (id(&queue[0]), id(&queue[1]), id(&queue[2]));
    let revision = queue[0]["revision"].as_i64().unwrap();

    // By its end, as the table shows it.
    let approved = user.json(&["approve", &first[18..]]);
    assert_eq!((&approved[0]["state"], &approved[0]["allowed"]), (&json!("approved"), &json!(["undo"])));
    assert_eq!(approved[0]["decision"]["by"]["id"], user.json(&["whoami"])["id"]);
    assert_eq!(count(), before - 1, "held, and not counted");
    let held = user.json(&["requests"]);
    assert_eq!(list(&held).len(), list(&queue).len(), "held, and still in the queue");

    // Whoever comes later is told by whom and what, and that theirs was not recorded.
    let again = user.run(&["approve", first]).failed(5);
    assert!(again.starts_with(&format!("namecard: {first}: ")) && again.contains("approved"), "{again}");
    assert_eq!(again.matches(first).count(), 1, "{again}");
    user.run(&["reject", &format!("{first}@{revision}"), "--reason", "not_known"]).failed(5);
    let undone = user.json(&["undo", first]);
    assert_eq!((&undone[0]["state"], &undone[0]["effective_at"]), (&json!("pending"), &json!(null)));
    assert_eq!(count(), before);
    user.run(&["undo", first]).failed(5);
    // The revision of before is another one's screen.
    user.run(&["approve", &format!("{first}@{revision}")]).failed(5);
    user.run(&["approve", &format!("{first}@{}", revision + 2)]).ok();

    // Several at once: what fails does not stop the others.
    let mixed = user.run(&[
        "reject",
        "r_00000000000000000000000000",
        second,
        "--reason",
        "looks_fake",
        "--format",
        "json",
    ]);
    assert_eq!(mixed.code, 3);
    assert_eq!(mixed.err.lines().count(), 1, "{}", mixed.err);
    let done: Value = serde_json::from_str(&mixed.out).unwrap();
    assert_eq!((id(&done[0]), &done[0]["decision"]["reason"]), (second, &json!("looks_fake")));
    assert_eq!(done[0]["decision"]["text"], json!(null));
    // One of them was somebody else's: that is what the exit code says, whatever else there was.
    let fourth = id(&queue[3]);
    let mixed = user.run(&["approve", first, fourth, "r_00000000000000000000000000", "--format", "json"]);
    assert_eq!(mixed.code, 5, "{}", mixed.err);
    assert_eq!(mixed.err.lines().count(), 2, "a line for each that was not done: {}", mixed.err);
    let done: Value = serde_json::from_str(&mixed.out).unwrap();
    assert_eq!((list(&done).len(), id(&done[0])), (1, fourth));
    user.run(&["undo", fourth]).ok();
    let own = user.json(&["reject", third, "--reason", "not our field", "--tell"]);
    assert_eq!(
        (&own[0]["decision"]["reason"], &own[0]["decision"]["text"], &own[0]["decision"]["told"]),
        (&json!("other"), &json!("not our field"), &json!(true))
    );
    assert_eq!(count(), before - 3);
    let rejected = user.json(&["requests", "--state", "rejected"]);
    assert_eq!(list(&rejected).len(), 2);
}

#[test]
fn tables_are_for_people_and_pipes() {
    let user = User::new();
    let queue = user.json(&["requests"]);
    let table = user.run(&["requests"]).ok();
    assert_eq!(table.lines().count(), list(&queue).len(), "a line is a row");
    assert!(table.lines().next().unwrap().ends_with(&id(&queue[0])[18..]), "{table}");
    assert_eq!(user.run(&["contacts"]).ok().lines().count(), list(&user.json(&["contacts"])).len());
    let found = user.run(&["search", "zhang san", "--in", "directory"]).ok();
    assert!(found.lines().next().unwrap().contains("zhang.san"), "{found}");
    assert!(found.contains("INTERNAL"));
    let me = user.run(&["whoami"]).ok();
    assert!(me.contains("zhang.san") && me.contains("DEMO"), "{me}");
    let shown = user.run(&["show", "zhang.san"]).ok();
    assert!(shown.contains("department  ") && shown.contains(" / "), "{shown}");
    let contact = user.json(&["contacts"])[0].clone();
    let shown = user.run(&["show", id(&contact)]).ok();
    assert!(shown.starts_with("EXTERNAL [X]") && shown.contains("asked to connect"), "{shown}");
    let shown = user.run(&["show", id(&queue[0])]).ok();
    assert!(shown.contains("as typed by them, not checked"), "{shown}");

    // No colours in a pipe, nothing that acts on a terminal, in either language.
    for lang in ["en", "zh-CN"] {
        for command in
            ["requests", "contacts", "whoami", "card", "requests --box incoming", "search a --limit 100"]
        {
            let mut args = vec!["--lang", lang];
            args.extend(command.split(' '));
            let out = user.run(&args).ok();
            let acts = |c: char| {
                c.is_control() && c != '\n' || "\u{202a}\u{202e}\u{2066}\u{200b}\u{feff}".contains(c)
            };
            assert!(!out.contains(acts), "{command}: {out:?}");
        }
    }
    assert!(user.run(&["--lang", "zh-CN", "whoami"]).ok().contains("演示"));
}

#[test]
fn the_card_and_its_code_hold_one_link() {
    let user = User::new();
    let card = user.json(&["card"]);
    let link = card["link"].as_str().unwrap();
    assert!(link.starts_with("HTTP://127.0.0.1:") && card["local_only"] == true, "{link}");
    assert_eq!(user.json(&["card"]), card, "made once");
    assert!(user.run(&["card"]).ok().contains(link));

    let text = user.run(&["qr"]).ok();
    assert!(text.starts_with(&format!("{link}\n")) && text.contains('█') && !text.contains('\u{1b}'));
    assert!(user.run(&["qr", "--as", "ansi"]).ok().contains("\u{1b}[38;5;"));
    assert!(user.run(&["qr", "--as", "svg"]).ok().starts_with("<"));
    user.run(&["qr", "--as", "png", "--out", "card.png"]).ok();
    let picture = std::fs::read(user.dir.path().join("card.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    let said = user.run(&["qr", "--as", "png", "--out", "none/card.png"]).failed(1);
    assert!(said.contains("none/card.png cannot be written"), "{said}");
    user.run(&["qr", "--as", "svg", "--content", "vcard"]).ok();

    let rotated = user.json(&["card", "rotate"]);
    assert_ne!(rotated["link"], card["link"]);
    assert!(rotated["previous_until"].is_string());
    let leaked = user.json(&["card", "rotate", "--leaked"]);
    assert_ne!(leaked["link"], rotated["link"]);
    assert_eq!((&leaked["previous_until"], &leaked["revision"]), (&json!(null), &json!(3)));
    assert_eq!(user.json(&["card"]), leaked);
}

/// Each exit code, provoked in at least two commands.
#[test]
fn every_exit_code_is_told_by_several_commands() {
    let user = User::new();
    let first = id(&user.json(&["requests"])[0]).to_owned();
    let server = Server::acme();
    let bob = server.signed_in(server.token("bob").trim());
    bob.file("people.csv", "id,name\nann,Ann\n");
    let dead =
        format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let table: &[(i32, &User, &str)] = &[
        (0, &user, "whoami"),
        (0, &user, "approve FIRST"),
        (0, &bob, "search ann"),
        (1, &user, ""),
        (1, &user, "whoami --config absent.toml"),
        (1, &user, "export me --out none/me.vcf"),
        (1, &user, "logout"),
        (2, &user, "frobnicate"),
        (2, &user, "requests --state gone"),
        (2, &user, "serve --listen here"),
        (2, &user, "whoami --server http://card.example.com"),
        (3, &user, "show nobody.at.all"),
        (3, &user, "search qqqxxxzzz"),
        (3, &user, "query --for aerc qqqxxxzzz"),
        (3, &bob, "show r_00000000000000000000000000"),
        (4, &bob, "admin role bob admin"),
        (4, &bob, "admin token list"),
        (4, &bob, "admin doctor"),
        (4, &bob, "import people.csv --company acme --dry-run"),
        (5, &user, "approve FIRST"),
        (5, &user, "reject FIRST --reason not_known"),
        (6, &user, "whoami --server SERVER"),
        (6, &user, "requests --server SERVER"),
        (6, &user, "watch --server SERVER"),
        (6, &user, "login SERVER"),
        (7, &user, "whoami --server DEAD"),
        (7, &user, "contacts --server DEAD"),
        (7, &user, "watch --server DEAD"),
        (7, &user, "login DEAD"),
    ];
    let mut seen: BTreeMap<i32, BTreeSet<&str>> = BTreeMap::new();
    for (code, who, line) in table {
        let line_of = line.replace("FIRST", &first).replace("SERVER", &server.origin).replace("DEAD", &dead);
        let done = who.run(&line_of.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>());
        assert_eq!(done.code, *code, "{line}: {}{}", done.out, done.err);
        // What failed is said, and nowhere else than on standard error; nobody found is no failure.
        if *code != 0 && !line.starts_with("query") {
            assert!(!done.err.is_empty() && !done.err.contains("nc_"), "{line}");
        }
        seen.entry(*code).or_default().insert(line.split(' ').next().unwrap());
    }
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), (0..=7).collect::<Vec<_>>());
    assert!(seen.values().all(|commands| commands.len() >= 2), "{seen:?}");
}

#[test]
fn exit_codes_say_what_became_of_it() {
    let user = User::new();
    // 2: what cannot be meant.
    for wrong in [
        "frobnicate",
        "search",
        "show",
        "approve",
        "reject x",
        "undo",
        "search a --limit 0",
        "requests --state gone",
        "requests --count --box incoming",
        "--lang fr whoami",
        "whoami --format xml",
    ] {
        let done = user.run(&wrong.split(' ').collect::<Vec<_>>());
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{wrong}: {}", done.err);
        assert!(!done.err.is_empty());
    }
    assert!(user.run(&["--help"]).ok().contains("approve"));
    assert!(user.run(&["--version"]).ok().starts_with("namecard "));
    // 3: what is not there.
    for absent in [
        "show nobody.at.all",
        "show r_00000000000000000000000000",
        "show x_00000000000000000000000000",
        "show ZZZZZZ",
        "approve zzzzzz",
        "undo zhang.san",
        "approve zhang.san",
    ] {
        let said = user.run(&absent.split(' ').collect::<Vec<_>>()).failed(3);
        assert!(said.starts_with("namecard: "), "{absent}: {said}");
    }
    let nobody = user.run(&["search", "qqqxxxzzz", "--format", "json"]);
    assert_eq!((nobody.code, nobody.out.trim()), (3, "[]"));
    // 1: what failed, here for want of a terminal or a file.
    assert!(user.run(&[] as &[&str]).failed(1).contains("needs a terminal"));
    user.run(&["--config", "absent.toml", "whoami"]).failed(1);
    user.file("settings.toml", "lang = 5\n[embedded]\nprot = 1\n");
    let noted = user.run(&["--config", "settings.toml", "whoami"]);
    assert_eq!((noted.code, noted.err.lines().count()), (0, 2), "{}", noted.err);
    assert!(noted.err.contains("settings.toml line 3: there is no setting embedded.prot"), "{}", noted.err);
}

#[test]
fn a_holder_that_does_not_answer_is_an_unreachable_server() {
    let user = User::new();
    user.run(&["whoami"]).ok();
    let lock = std::fs::File::open(user.data().join("lock")).unwrap();
    lock.lock().unwrap();
    // Where nobody listens: a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let holder = json!({"address": format!("127.0.0.1:{port}"), "key": "nc_adm_none", "pid": 1});
    std::fs::write(user.data().join("server.json"), holder.to_string()).unwrap();
    let said = user.run(&["whoami"]).failed(7);
    assert!(said.contains("holds the data and does not answer"), "{said}");
    drop(lock);
    user.run(&["whoami"]).ok();
}

#[test]
fn without_its_data_or_a_session_it_says_so() {
    let user = User::new();
    user.file("people.csv", "id,name\nann,Ann\nbob,Bob\n");
    user.run(&["import", "people.csv", "--as", "ann", "--name", "Acme", "--domain", "acme.example"]).ok();
    user.run(&["whoami"]).ok();
    // A session that is lost, or worthless, is made anew.
    let session = user.data().join("session");
    for content in [None, Some("nc_ses_worthless"), Some("")] {
        match content {
            None => std::fs::remove_file(&session).unwrap(),
            Some(text) => std::fs::write(&session, text).unwrap(),
        }
        assert_eq!(user.json(&["whoami"])["id"], "ann", "{content:?}");
    }
    // Who was signed in here is taken out: nobody is signed in any more.
    user.file("others.csv", "id,name\nbob,Bob\n");
    user.run(&["import", "others.csv", "--remove-missing"]).ok();
    user.run(&["whoami"]).failed(6);
    user.run(&["search", "bob"]).failed(6);
    user.run(&["import", "others.csv", "--as", "bob"]).ok();
    assert_eq!(user.json(&["whoami"])["id"], "bob");
    // A data directory that others may write in is not trusted.
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(user.data(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(user.run(&["whoami"]).failed(1).contains("chmod 700"));
}

#[test]
fn a_pipe_that_nobody_reads_ends_it_quietly() {
    let user = User::new();
    user.run(&["whoami"]).ok();
    let mut child = user
        .command(&["requests", "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), done.stderr), (Some(141), Vec::new()));
}

#[test]
fn a_demo_is_thrown_away() {
    let user = User::new();
    for seed in ["1", "7", "18446744073709551615"] {
        assert_eq!(user.json(&["--demo", seed, "whoami"])["company"]["made_up"], true, "{seed}");
    }
    assert!(!user.data().exists(), "nothing is kept");
    let left: Vec<_> = std::fs::read_dir(user.dir.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_command_that_only_looks_writes_nothing() {
    let user = User::new();
    user.run(&["card"]).ok();
    let state = || -> BTreeMap<String, Vec<u8>> {
        std::fs::read_dir(user.data())
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_name() != "lock")
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
            .collect()
    };
    let before = state();
    assert!(before.contains_key("namecard.db") && before.contains_key("session"));
    for command in
        ["whoami", "requests", "contacts", "search zhang", "show zhang.san", "requests --count", "card", "qr"]
    {
        user.run(&command.split(' ').collect::<Vec<_>>()).ok();
        assert!(state() == before, "{command} wrote something");
    }
}
