//! `namecard export`: what leaves is what one may see, is written down first, and comes in again unchanged.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use crate::program::User;
use crate::program::shape::assert_shape;
use proptest::prelude::*;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

const PEOPLE: &str = "\
id,name,alias,department,title,external_title,mobile,phone,email,manager,leader_of,office,status,role,Floor,'=Desk
zoe,\"Zoe, O'Neil\",Zo,Acme/R\\/D|Acme/Guild,\"=HYPERLINK(\"\"x\"\")\",Head,'+86 138 0000 4021,010 1,zoe@acme.example,,Acme/R\\/D,Tower; 2,,admin,7,@a
ann,安娜,,Acme/研发,Engineer,,,,ann@acme.example,zoe,Acme/Guild,,,,,
eve,Eve Gone,,Acme,,,,,,,,,left,,,
bob,'Bob,,,-lead,,,,,zoe,,,disabled,,,
";

/// A user whose company has come in; zoe is signed in.
fn at_acme() -> User {
    let user = User::new();
    user.file("people.csv", PEOPLE);
    user.run(&["import", "people.csv", "--as", "zoe", "--name", "Acme, Ltd", "--domain", "acme.example"])
        .ok();
    user
}

fn read(user: &User, name: &str) -> String {
    std::fs::read_to_string(user.dir.path().join(name)).unwrap()
}

#[track_caller]
fn goes_round(user: &User, form: &str) {
    let file = if form == "vcf4" { "out4.vcf".to_owned() } else { format!("out.{form}") };
    let said = user.run(&["export", "directory", "--format", form, "--out", &file]).ok();
    assert_eq!(said, format!("3 people in {file}.\n"));
    let text = read(user, &file);
    let place = |name: &str| text.find(name).unwrap_or_else(|| panic!("{name}: {text}"));
    // As each form writes them.
    let zoe = if form.starts_with("vcf") { "FN:Zoe\\, O'Neil" } else { "Zoe, O'Neil" };
    assert!(place("'Bob") < place(zoe) && place(zoe) < place("安娜"), "as in the directory: {text}");
    assert!(!text.contains("Eve Gone"), "who has left is not shown: {text}");
    let said = user.run(&["import", &file]).ok();
    assert_eq!(said, "acme: 0 added, 0 changed, 0 removed, 3 as before.\n", "{text}");
    assert_eq!(user.run(&["export", "directory", "--format", form]).ok(), text);
    assert_eq!(user.json(&["whoami"])["roles"], json!(["member", "manager", "admin"]), "roles stay");
}

#[test]
fn what_went_out_comes_in_again_and_changes_nothing() {
    let user = at_acme();
    goes_round(&user, "csv");
    goes_round(&user, "json");
    // A vCard has room for less: what it has no room for stays.
    goes_round(&user, "vcf");
    goes_round(&user, "vcf4");
    let csv = read(&user, "out.csv");
    assert!(csv.starts_with("id,name,alias,department,title,external_title,mobile,phone,email,manager,leader_of,office,status,'=Desk,Floor\r\n"), "{csv}");
    assert!(csv.contains("zoe,\"Zoe, O'Neil\",Zo,Acme/R\\/D|Acme/Guild,\"'=HYPERLINK(\"\"x\"\")\",Head,'+86 138 0000 4021,010 1,zoe@acme.example,,Acme/R\\/D,\"Tower; 2\",active,'@a,7\r\n"), "{csv}");
    assert!(csv.contains("\r\nbob,'Bob,,,'-lead,,"), "{csv}");

    let raw = user.run(&["export", "directory", "--format", "csv", "--raw-csv"]);
    assert!(raw.out.contains(",+86 138 0000 4021,") && raw.out.contains(",-lead,"), "{}", raw.out);
    assert!(raw.code == 0 && raw.err.contains("a spreadsheet may run them"), "{}", raw.err);
    let said = user.run(&["export", "directory", "--raw-csv"]).failed(2);
    assert!(said.contains("--format csv"), "{said}");
}

#[test]
fn the_directory_as_json_has_the_shape_of_its_page() {
    let user = at_acme();
    let (departments, people): (Vec<Value>, Vec<Value>) = user
        .json(&["export", "directory"])
        .as_array()
        .unwrap()
        .iter()
        .cloned()
        .partition(|row| row["department"].is_object());
    assert_eq!((departments.len(), people.len()), (4, 3));
    assert_shape("export directory, departments", &departments);
    assert_shape("export directory, people", &people);
    assert_eq!(departments[0]["department"]["path"], json!(["Acme"]), "parents first");
    assert!(people.iter().all(|row| row["member"]["role"] == Value::Null), "roles are not the directory's");
}

/// A text as people write it and as nobody should; without the characters that a vCard has no room for.
fn any_text() -> impl Strategy<Value = String> {
    "[=+@＝＋'\",;|/\\\\ a王é\u{200b}\u{202e}{}\\[\\]:\n\t👍👩‍🔬-]{0,12}|\\PC{0,8}"
}

/// People in the rows of an import, the first of them everybody's manager. Not `whole`, they lead nothing and
/// have no attributes, which a file that says otherwise need not name.
fn any_people(whole: bool) -> impl Strategy<Value = Vec<Value>> {
    let paths = || {
        prop::collection::vec(
            prop::collection::vec(any_text().prop_map(|text| format!("D{text}")), 1..4),
            0..3,
        )
    };
    let person = (prop::collection::vec(any_text(), 9), paths(), paths(), any::<bool>());
    prop::collection::vec(person, 12).prop_map(move |people| {
        let rows = people.into_iter().enumerate().map(|(n, (texts, departments, leads, reports))| {
            let mut row = json!({
                "id": format!("p{n}"), "name": format!("王{}", texts[0]), "alias": texts[1], "title": texts[2],
                "external_title": texts[3], "mobile": texts[4], "phone": texts[5], "office": texts[6],
                "email": if reports { format!("p{n}@acme.example") } else { String::new() },
                "departments": departments, "leader_of": if whole { leads } else { Vec::new() },
                "manager": if reports && n > 0 { "p0" } else { "" },
                "status": if reports { "" } else { "not_activated" },
            });
            if whole {
                row["attributes"] = json!([{"name": "Floor", "value": texts[7]}, {"name": "=Desk", "value": texts[8]}]);
            }
            json!({"member": row})
        });
        rows.collect()
    })
}

/// The people of a file, in no order: a department stays although nobody is in it any more, and a place in
/// its list is given once.
fn people_of(form: &str, file: &str) -> BTreeSet<String> {
    let file = file.replace(",\n{", "\n{");
    match form {
        "csv" => file.lines().map(str::to_owned).collect(),
        "json" => file.lines().filter(|line| line.contains("\"member\"")).map(str::to_owned).collect(),
        _ => file.split("END:VCARD").map(|card| card.trim().to_owned()).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_are_called_what_went_out_comes_in_again(people in any_people(true), others in any_people(false)) {
        let user = User::new();
        let file = |name: &str, rows: &[Value]| user.file(name, json!(rows).to_string());
        file("people.json", &people);
        file("others.json", &others);
        user.run(&["import", "people.json", "--as", "p0", "--name", "Acme", "--domain", "acme.example"]).ok();
        let export = |form: &str| user.run(&["export", "directory", "--format", form]).ok();
        let import = |form: &str, file: &str| {
            let kind = if form.starts_with("vcf") { "vcard" } else { form };
            user.run_with(&["import", "-", "--from", kind], file.as_bytes()).ok()
        };
        let before: Vec<(&str, String)> = ["csv", "json", "vcf", "vcf4"].map(|form| (form, export(form))).to_vec();
        for (form, file) in &before {
            prop_assert_eq!(import(form, file), "acme: 0 added, 0 changed, 0 removed, 12 as before.\n", "{}", file);
        }
        // Whatever is there by then, a file that says everything brings it back; and a card what it has room
        // for, so that the cards are the same.
        for (form, file) in &before {
            user.run(&["import", "others.json"]).ok();
            import(form, file);
            prop_assert_eq!(people_of(form, &export(form)), people_of(form, file), "{}", form);
        }
    }
}

#[test]
fn vcards_hold_name_company_departments_and_numbers() {
    let user = at_acme();
    let three = user.run(&["export", "directory"]).ok();
    let zoe = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:zoe\r\nN:Zoe\\, O'Neil;;;;\r\nFN:Zoe\\, O'Neil\r\nNICKNAME:Zo\r\n\
        ORG:Acme\\, Ltd;Acme;R/D\r\nTITLE:=HYPERLINK(\"x\")\r\nTEL;TYPE=CELL:+86 138 0000 4021\r\nTEL;TYPE=WORK:010 1\r\n\
        EMAIL;TYPE=INTERNET:zoe@acme.example\r\nEND:VCARD\r\n";
    assert!(three.contains(zoe), "{three}");
    assert_eq!(three.matches("BEGIN:VCARD\r\n").count(), 3);
    let four = user.run(&["export", "directory", "--format", "vcf4"]).ok();
    let zoe = zoe.replace("3.0\r\nUID:", "4.0\r\nUID;VALUE=text:").replace("EMAIL;TYPE=INTERNET", "EMAIL");
    assert!(four.contains(&zoe), "{four}");
}

#[test]
fn refused_rows_of_every_kind_of_file_have_file_line_and_reason() {
    let user = at_acme();
    user.file("bad.json", "[\n{\"member\": {\"id\": \"gus\", \"name\": \"Gus\"}},\n{\"member\": 7},\n{\"member\": {\"id\": \"a b\", \"name\": \"B\"}}\n]\n");
    let said = user.run(&["import", "bad.json"]).failed(1);
    let expected =
        "bad.json:3: cannot be read as a person or department\nbad.json:4: id is not a member id: a b";
    assert!(said.starts_with(expected), "{said}");
    user.file(
        "bad.vcf",
        "BEGIN:VCARD\nVERSION:2.1\nFN:Old\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:No id\nEND:VCARD\n",
    );
    let said = user.run(&["import", "bad.vcf"]).failed(1);
    let expected = "bad.vcf:1: VERSION is not one of the words this column takes: 2.1\nbad.vcf:5: id is needed and is empty";
    assert!(said.starts_with(expected), "{said}");
    user.file("cut.json", "[\n{\"member\":");
    let said = user.run(&["import", "cut.json"]).failed(1);
    assert!(said.starts_with("namecard: cut.json: line 2: not JSON"), "{said}");
}

#[test]
fn a_file_is_private_and_written_over_nothing() {
    let user = at_acme();
    let export = ["export", "me", "--format", "json", "--out", "me.json"];
    assert_eq!(user.run(&export).ok(), "1 person in me.json.\n");
    let path = user.dir.path().join("me.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&path, "mine").unwrap();
    let said = user.run(&export).failed(1);
    assert!(said.contains("me.json is there already"), "{said}");
    assert_eq!(read(&user, "me.json"), "mine");
    user.run(&[&export[..], &["--force"]].concat()).ok();
    let card: Value = serde_json::from_str(&read(&user, "me.json")).unwrap();
    assert_eq!(card, user.json(&["card"]));
    let said = user.run(&["export", "me", "--out", "no/such/place.vcf"]).failed(1);
    assert!(said.contains("no/such/place.vcf cannot be written"), "{said}");
    user.run(&["export", "me", "--force"]).failed(2);
    let names: Vec<_> = std::fs::read_dir(user.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_str().unwrap().starts_with('.')), "{names:?}");
}

#[test]
fn ones_contacts_and_card_go_out_in_every_form() {
    let user = User::new();
    let contacts = user.json(&["contacts"]);
    let first = &contacts[0];
    assert_eq!(user.run(&["export", "external", "--format", "json"]).json(), contacts);
    let csv = user.run(&["export", "external", "--format", "csv"]).ok();
    assert!(csv.starts_with("id,name,company,title,phone,email,remark,kind,source,since\r\n"), "{csv}");
    assert!(csv.contains(first["id"].as_str().unwrap()) && csv.contains(first["since"].as_str().unwrap()));
    let count = contacts.as_array().unwrap().len();
    let remarked = contacts.as_array().unwrap().iter().find(|contact| contact["remark"].is_string()).unwrap();
    for form in ["vcf", "vcf4"] {
        let cards = user.run(&["export", "external", "--format", form]).ok();
        assert_eq!(cards.matches("\r\nEND:VCARD\r\n").count(), count);
        let unfolded = cards.replace("\r\n ", "");
        assert!(
            unfolded.contains(&format!("\r\nNOTE:{}", remarked["remark"].as_str().unwrap())),
            "{unfolded}"
        );
        let mine = user.run(&["export", "me", "--format", form]).ok().replace("\r\n ", "");
        let card = user.json(&["card"]);
        assert!(mine.contains(&format!("\r\nURL:{}\r\n", card["link"].as_str().unwrap())), "{mine}");
        // Address book servers take no card without one.
        let uid = if form == "vcf" { "UID" } else { "UID;VALUE=text" };
        assert!(mine.contains(&format!("\r\n{uid}:{}\r\n", card["id"].as_str().unwrap())), "{mine}");
    }
    let mine = user.run(&["export", "me", "--format", "csv"]).ok();
    assert!(mine.starts_with("name,company,title,link\r\n") && mine.lines().count() == 2, "{mine}");
}

#[test]
fn what_cannot_be_written_down_does_not_leave() {
    let user = at_acme();
    let file = user.data().join("namecard.db");
    assert!(file.is_file());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        let trap = "CREATE TRIGGER trap BEFORE INSERT ON audit WHEN NEW.action LIKE 'export.%' \
                    BEGIN SELECT RAISE(ABORT, 'no'); END";
        sqlx::raw_sql(trap).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    });
    for what in ["directory", "external", "me"] {
        user.run(&["export", what, "--format", "json"]).failed(1);
        user.run(&["export", what, "--format", "csv", "--out", "out.csv"]).failed(1);
        assert!(!user.dir.path().join("out.csv").exists());
    }
}
