//! `namecard export`: what leaves is what one may see, is written down first, and comes in again unchanged.

use std::os::unix::fs::PermissionsExt as _;

use crate::program::User;
use crate::program::shape::assert_shape;
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
    let file = format!("out.{form}");
    let said = user.run(&["export", "directory", "--format", form, "--out", &file]).ok();
    assert_eq!(said, format!("3 people in {file}.\n"));
    let text = read(user, &file);
    let place = |name: &str| text.find(name).unwrap();
    assert!(
        place("'Bob") < place("Zoe, O'Neil") && place("Zoe, O'Neil") < place("安娜"),
        "as in the directory: {text}"
    );
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
    // A vCard has room for less; whom it names is found again.
    for form in ["vcf", "vcf4"] {
        let cards = user.run(&["export", "directory", "--format", form]).ok();
        let plan = user
            .run_with(&["import", "-", "--from", "vcard", "--dry-run", "--format", "json"], cards.as_bytes())
            .json();
        let plan = &plan["plan"];
        assert_eq!(
            (&plan["added_total"], &plan["missing_total"], &plan["refused"]),
            (&json!(0), &json!(0), &json!([])),
            "{plan}"
        );
    }
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
    assert!(people.iter().all(|row| row["member"]["role"] == ""), "roles are not the directory's");
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
