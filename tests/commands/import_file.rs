//! `namecard import`, the real program on real files: every refused row is named by file, line and reason,
//! and nothing is changed.

use crate::program::{Done, User};
use serde_json::json;

const WHO: [&str; 6] = ["--as", "ann", "--name", "Acme", "--domain", "acme.example"];

const GOOD: &str = "\
id,name,alias,department,title,external_title,mobile,email,manager,leader_of,status,role,Floor
ann,安娜,Anna,Acme/研发,Lead,Head of R&D,+86 138 0000 4021,ann@acme.example,,Acme/研发,,,7
bob,\"Berg, Bob\",,Acme/研发|Acme/Guild,Engineer,,,bob@acme.example,ann,,,,
cho,单雄,,Acme,,,,,ann,,,admin,
eve,Eve Gone,,Acme,,,,,,,left,,
";

/// A user whose company has come in.
fn at_acme() -> User {
    let user = User::new();
    user.file("people.csv", GOOD);
    assert_eq!(import(&user, "people.csv", &WHO).ok(), "acme: 4 added, 0 changed, 0 removed, 0 as before.\n");
    user
}

fn import(user: &User, file: &str, more: &[&str]) -> Done {
    let mut args = vec!["import", file];
    args.extend(more);
    user.run(&args)
}

/// Everybody whom a search for one letter finds, by id.
fn people(user: &User) -> Vec<String> {
    let mut found: Vec<String> = ["ann", "bob", "cho", "dee", "eve", "fay"]
        .into_iter()
        .filter(|id| user.run(&["show", id]).code == 0)
        .map(str::to_owned)
        .collect();
    found.sort();
    found
}

#[test]
fn a_file_makes_a_company_of_ones_own_on_a_fresh_machine() {
    let user = at_acme();
    let me = user.json(&["whoami"]);
    assert_eq!(me["company"], json!({"id": "acme", "name": "Acme", "made_up": false}));
    assert_eq!((&me["id"], &me["roles"]), (&json!("ann"), &json!(["member", "manager"])));
    let bob = user.json(&["show", "BOB"]);
    assert_eq!((&bob["name"], &bob["manager"]), (&json!("Berg, Bob"), &json!("ann")));
    assert_eq!((&bob["department"], &bob["departments"][1]["name"]), (&json!("研发"), &json!("Guild")));
    let ann = user.json(&["show", "ann"]);
    assert_eq!(ann["attributes"], json!([{"name": "Floor", "value": "7"}]));
    assert_eq!(ann["departments"][0]["leader"], true);
    assert_eq!(user.json(&["search", "4021"])[0]["id"], "ann");
    assert!(user.run(&["show", "eve"]).failed(3).contains("eve"), "who has left is not shown");
    // Nothing was made up in between, and everything is this user's alone.
    assert_eq!(user.json(&["requests"]), json!([]));
    use std::os::unix::fs::PermissionsExt as _;
    for entry in std::fs::read_dir(user.data()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{:?}: {mode:o}", entry.path());
    }

    // The same file again, and another one that updates; `--as` only changes who is signed in.
    let again = import(&user, "people.csv", &["--as", "bob"]).ok();
    assert_eq!(again, "acme: 0 added, 0 changed, 0 removed, 4 as before.\n");
    assert_eq!(user.json(&["whoami"])["id"], "bob");
    user.file("more.csv", "id;name\r\nbob;Bob\r\ndee;Dee\r\n");
    assert_eq!(import(&user, "more.csv", &[]).ok(), "acme: 1 added, 1 changed, 0 removed, 0 as before.\n");
    let out = import(&user, "more.csv", &["--remove-missing"]).ok();
    assert_eq!(out, "acme: 0 added, 0 changed, 2 removed, 2 as before.\n");
    assert_eq!(people(&user), ["bob", "dee"]);
}

#[test]
fn the_made_up_company_ends_with_the_first_file() {
    let user = User::new();
    let before = user.json(&["whoami"]);
    assert_eq!(before["company"]["made_up"], true);
    user.file("people.csv", GOOD);
    // A file that is refused leaves it as it is.
    user.file("bad.csv", "id,name\nann,\n");
    import(&user, "bad.csv", &WHO).failed(1);
    import(&user, "people.csv", &["--dry-run"]).ok();
    assert_eq!(user.json(&["whoami"]), before);
    import(&user, "people.csv", &WHO).ok();
    assert_eq!(user.json(&["whoami"])["company"]["id"], "acme");
    user.run(&["show", before["id"].as_str().unwrap()]).failed(3);
    assert_eq!(user.json(&["contacts"]), json!([]));
}

#[test]
fn a_refused_or_tried_import_leaves_a_fresh_machine_fresh() {
    let user = User::new();
    user.file("people.csv", GOOD);
    import(&user, "people.csv", &[]).failed(2);
    import(&user, "people.csv", &["--dry-run"]).ok();
    import(&user, "people.csv", &["--as", "nobody", "--name", "Acme", "--domain", "acme.example"]).failed(1);
    // The first start after that is a first start.
    assert_eq!(user.json(&["whoami"])["company"]["made_up"], true);
    let count: usize = user.run(&["requests", "--count"]).ok().trim().parse().unwrap();
    assert!(count > 50, "{count} wait");
}

#[test]
fn what_is_not_said_is_asked_for_only_on_a_terminal() {
    let user = User::new();
    user.file("people.csv", GOOD);
    for (given, missing) in [
        (&["--name", "Acme", "--domain", "acme.example"][..], "--as ID"),
        (&["--as", "ann", "--domain", "acme.example"], "--name NAME"),
        (&["--as", "ann", "--name", "Acme"], "--domain DOMAIN"),
    ] {
        let said = import(&user, "people.csv", given).failed(2);
        assert!(said.contains(missing), "{said}");
    }
    let said =
        import(&user, "people.csv", &["--as", "no body", "--name", "A", "--domain", "a.example"]).failed(2);
    assert!(said.contains("no body is not a member id"), "{said}");
    let said =
        import(&user, "people.csv", &["--as", "eve", "--name", "A", "--domain", "a.example"]).failed(1);
    assert!(said.contains("Nothing was changed: eve is not among the people"), "{said}");
    let said = import(&user, "people.csv", &["--remove-limit", "3"]).failed(2);
    assert!(said.contains("--remove-missing"), "{said}");
}

#[test]
fn a_file_that_cannot_be_read_at_all_says_why() {
    let user = at_acme();
    user.file("empty.csv", "");
    user.file("noid.csv", "name,title\nAnn,Lead\n");
    user.file("noname.csv", "id,title\nann,Lead\n");
    user.file("twice.csv", "id,name,Name\nann,A,B\n");
    user.file("latin1.csv", b"id,name,T\xeftel\nann,A,B\n");
    std::fs::create_dir(user.dir.path().join("folder")).unwrap();
    for (file, why) in [
        ("empty.csv", "empty.csv: the file is empty"),
        ("noid.csv", "noid.csv: line 1: the column id is missing"),
        ("noname.csv", "noname.csv: line 1: the column name is missing"),
        ("twice.csv", "twice.csv: line 1: the column Name stands there twice"),
        ("latin1.csv", "latin1.csv: the first line is not a header of column names in UTF-8"),
        ("absent.csv", "absent.csv cannot be read"),
        ("folder", "folder: "),
    ] {
        let said = import(&user, file, &["--skip-bad"]).failed(1);
        assert!(said.starts_with(&format!("namecard: {why}")), "{said}");
    }
    assert_eq!(people(&user), ["ann", "bob", "cho"]);
}

/// Rows of every kind of fault among good ones, with the line and the reason of each.
fn broken() -> (Vec<u8>, Vec<(u64, &'static str)>) {
    let mut file = b"id,name,department,email,manager,status\n".to_vec();
    file.extend_from_slice(b"dee,Dee,Acme,dee@acme.example,fay,\n"); // 2: good
    file.extend_from_slice(b"DEE,Dee Two,,,,\n"); // 3
    file.extend_from_slice(b"gil,G\xff,,,,\n"); // 4
    file.extend_from_slice("hal,\"Hal\nof two lines\",,,nobody,\n".as_bytes()); // 5 and 6
    file.extend_from_slice(b"ian,Ian,,,jo,\njo,Jo,,,kay,\nkay,Kay,,,ian,\n"); // 7 to 9
    file.extend_from_slice(b"\nleo,Leo,,,\n"); // 11
    file.extend_from_slice(b"a b,Ab,,,,\n,Nobody,,,,\nmay,,,,,\n"); // 12 to 14
    file.extend_from_slice(b"ned,Ned,,ned at acme,,\noda,Oda,,,,resting\npam,Pam,Acme//R,,,\n"); // 15 to 17
    file.extend_from_slice(b"quin,");
    file.extend(std::iter::repeat_n(b'x', 2 << 20)); // 18
    file.extend_from_slice(b",,,,\nfay,Fay,,,,"); // 19: good
    (
        file,
        vec![
            (3, "id stands on an earlier line already: DEE (2)"),
            (4, "not UTF-8 text"),
            (5, "manager names a manager who is neither in the file nor in the company: nobody"),
            (7, "manager reports to itself in a circle: ian > jo > kay > ian"),
            (8, "manager reports to itself in a circle: jo > kay > ian > jo"),
            (9, "manager reports to itself in a circle: kay > ian > jo > kay"),
            (11, "another number of fields than the header (has / header): 5 / 6"),
            (12, "id is not a member id: a b"),
            (13, "id is needed and is empty"),
            (14, "name is needed and is empty"),
            (15, "email is not an e-mail address: ned at acme"),
            (16, "status is not one of the words this column takes: resting"),
            (17, "department has an empty part, or is too deep: Acme//R"),
            (18, "longer than 1 MiB; perhaps a closing quote is missing"),
        ],
    )
}

#[test]
fn every_refused_row_is_named_by_file_line_and_reason() {
    let user = at_acme();
    let (file, faults) = broken();
    user.file("broken.csv", file);
    let said = import(&user, "broken.csv", &[]).failed(1);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), faults.len() + 1, "{said}");
    for (line, (at, why)) in lines.iter().zip(&faults) {
        assert!(line.starts_with(&format!("broken.csv:{at}: {why}")), "{line}\nis not {at}: {why}");
    }
    assert_eq!(
        lines[faults.len()],
        "namecard: Nothing was changed: 14 rows are refused. Mend them, or take the others with --skip-bad."
    );
    assert_eq!(people(&user), ["ann", "bob", "cho"]);

    // Trying it says the same, and what the good rows would do.
    let tried = import(&user, "broken.csv", &["--dry-run"]);
    assert_eq!((tried.code, tried.err.lines().count()), (1, faults.len()), "{}", tried.err);
    assert!(
        tried.out.starts_with("2 would be added\n  dee  Dee\n  fay  Fay\n0 would be changed\n"),
        "{}",
        tried.out
    );
    assert!(tried.out.contains("3 are not in the file and would stay\n"), "{}", tried.out);
    assert_eq!(people(&user), ["ann", "bob", "cho"]);

    // Who cannot be read may be somebody who is there: nobody is taken out by such a file.
    let taken = import(&user, "broken.csv", &["--skip-bad", "--remove-missing"]);
    assert_eq!(taken.code, 1);
    assert!(taken.err.contains("rows that cannot be read may name people"), "{}", taken.err);
    assert_eq!(people(&user), ["ann", "bob", "cho"]);

    let taken = import(&user, "broken.csv", &["--skip-bad"]);
    assert_eq!((taken.code, taken.err.lines().count()), (0, faults.len()), "{}", taken.err);
    assert_eq!(taken.out, "acme: 2 added, 0 changed, 0 removed, 0 as before.\n");
    assert_eq!(people(&user), ["ann", "bob", "cho", "dee", "fay"]);
    assert_eq!(user.json(&["show", "dee"])["manager"], "fay");
}

#[test]
fn a_row_below_a_refused_manager_is_taken_without_one_and_that_is_said() {
    let user = at_acme();
    user.file("bad.csv", "id,name,manager\ndee,,\nfay,Fay,dee\n");
    let taken = import(&user, "bad.csv", &["--skip-bad"]);
    assert_eq!(taken.code, 0);
    assert_eq!(
        taken.err,
        "bad.csv:2: name is needed and is empty\nbad.csv:3: the row of the manager dee is refused: taken without a manager\n"
    );
    assert_eq!(user.json(&["show", "fay"])["manager"], json!(null));
}

#[test]
fn trying_tells_what_would_be_done() {
    let user = at_acme();
    user.file("new.csv", "id,name,department\nann,安娜二,Acme/研发\ndee,Dee,Acme/New\n");
    let out = import(&user, "new.csv", &["--dry-run", "--remove-missing"]).ok();
    assert_eq!(
        out,
        "1 would be added\n  dee  Dee\n1 would be changed\n  ann  安娜二\n2 would be taken out\n  bob  Berg, Bob\n  cho  单雄\n\
         0 would stay as they are\n1 new department\n"
    );
    let json = user.json(&["import", "new.csv", "--dry-run"]);
    assert_eq!((&json["dry_run"], &json["plan"]["added"][0]["line"]), (&json!(true), &json!(3)));
    assert_eq!(people(&user), ["ann", "bob", "cho"]);
    let chinese = user.run(&["--lang", "zh-CN", "import", "new.csv", "--dry-run"]).ok();
    assert!(!chinese.contains("would"), "{chinese}");
}

#[test]
fn half_a_file_takes_out_fewer_than_the_limit() {
    let user = User::new();
    let mut file = "id,name\nann,Ann\n".to_owned();
    file.extend((0..60).map(|n| format!("p{n},P\n")));
    user.file("people.csv", &file);
    import(&user, "people.csv", &WHO).ok();
    user.file("half.csv", &file[..file.len() / 2]);
    user.file("one.csv", "id,name\nann,Ann\n");
    let said = import(&user, "one.csv", &["--remove-missing"]).failed(1);
    assert!(said.contains("60 people would be taken out, more than the limit"), "{said}");
    assert!(said.contains("--remove-limit 60"), "{said}");
    let out = import(&user, "one.csv", &["--remove-missing", "--remove-limit", "60"]).ok();
    assert_eq!(out, "acme: 0 added, 0 changed, 60 removed, 1 as before.\n");
}

#[test]
fn standard_input_is_a_file_named_dash() {
    let user = User::new();
    let mut args = vec!["import", "-"];
    args.extend(WHO);
    let done = user.run_with(&args, "\u{feff}ID\tName\nann\tAnn\n".as_bytes()).ok();
    assert_eq!(done, "acme: 1 added, 0 changed, 0 removed, 0 as before.\n");
    let said = user.run_with(&["import", "-"], b"id,name\nann,Ann\nb b,B\n").failed(1);
    assert!(said.starts_with("-:3: id is not a member id: b b"), "{said}");
    user.run_with(&["import", "-"], b"").failed(1);
}

#[test]
fn a_line_without_an_end_ends() {
    let user = at_acme();
    let mut args = vec!["import", "-"];
    args.extend(["--skip-bad"]);
    let mut endless = b"id,name\ndee,Dee\nfay,\"".to_vec();
    endless.extend(std::iter::repeat_n(b'\n', 1 << 20));
    endless.extend(std::iter::repeat_n(b'y', 16 << 20));
    let done = user.run_with(&args, &endless);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(
        done.err.starts_with("-:3: longer than 1 MiB; perhaps a closing quote is missing"),
        "{:.300}",
        done.err
    );
    assert_eq!(people(&user), ["ann", "bob", "cho", "dee"]);
}

#[test]
fn what_a_file_holds_does_nothing_to_the_terminal() {
    let user = at_acme();
    user.file("evil\u{1b}.csv", "id,name,email\n\u{1b}[2Jx,Mia\u{202e},\u{9b}31m@\u{7}\n");
    let said = import(&user, "evil\u{1b}.csv", &[]).failed(1);
    assert!(!said.contains(['\u{1b}', '\u{9b}', '\u{7}', '\u{202e}']), "{said:?}");
}
