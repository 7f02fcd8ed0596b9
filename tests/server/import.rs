//! A directory comes in over the real router: planned, applied in one piece or not at all, counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{World, acme_rows, member};
use axum::http::Method;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::{Value, json};

/// Everything that the directory shows.
async fn directory(world: &World, token: &str) -> (Value, Value) {
    let departments = world.get(token, "/v1/departments").await.ok();
    let mut members = Vec::new();
    let mut path = "/v1/members?limit=500".to_owned();
    loop {
        let page = world.get(token, &path).await.ok();
        members.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/members?limit=500&after={next}");
    }
    (departments, json!(members))
}

async fn ids(world: &World, token: &str) -> Vec<String> {
    let members = directory(world, token).await.1;
    members.as_array().unwrap().iter().map(|member| member["id"].as_str().unwrap().to_owned()).collect()
}

async fn one(world: &World, token: &str, id: &str) -> Value {
    world.get(token, &format!("/v1/members/{id}")).await.ok()
}

fn acme() -> Value {
    json!({"company": "acme"})
}

fn person(line: u64, id: &str) -> Value {
    member(line, id, "Mia", json!({}))
}

/// Line, column and code of every refused row.
fn refused(plan: &Value) -> Vec<(u64, String, String)> {
    let text = |fault: &Value, field: &str| fault[field].as_str().unwrap_or_default().to_owned();
    plan["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["line"].as_u64().unwrap(), text(fault, "column"), text(fault, "code")))
        .collect()
}

#[tokio::test]
async fn a_plan_says_what_would_be_done_and_does_nothing() {
    let world = World::acme().await;
    let dan = world.session("acme", "dan").await;
    let before = directory(&world, &dan).await;
    let mut rows = acme_rows();
    rows[2] = member(3, "bob", "Bob Berg", json!({"departments": [["Acme", "新"]], "title": "Architect"}));
    rows.remove(3);
    rows.push(member(7, "fay", "Fay", json!({"departments": [["Acme", "新", "更新"]]})));
    let import = world.stage(acme(), &rows).await;
    let plan = world.get(&world.operator, &format!("/v1/imports/{import}/plan")).await.ok();
    assert_eq!(plan["added"], json!([{"line": 7, "id": "fay", "name": "Fay"}]));
    assert_eq!(plan["changed"], json!([{"line": 3, "id": "bob", "name": "Bob Berg"}]));
    assert_eq!(plan["missing"], json!([{"line": null, "id": "cho", "name": "单雄"}]));
    for (what, count) in [
        ("added_total", 1),
        ("changed_total", 1),
        ("missing_total", 1),
        ("unchanged_total", 3),
        ("departments_added", 2),
    ] {
        assert_eq!(plan[what], count, "{what}");
    }
    assert_eq!((&plan["refused"], &plan["notes"]), (&json!([]), &json!([])));
    assert_eq!(directory(&world, &dan).await, before, "a plan changes nothing, not even the feed");

    // Applied, it does just that.
    let path = format!("/v1/imports/{import}/apply");
    let key = [("idempotency-key", "k")];
    let order = || Some(json!({"remove_missing": true}));
    let applied = world.call_with(&world.operator, Method::POST, &path, &key, order()).await;
    assert_eq!(
        applied.json(),
        json!({"company": "acme", "added": 1, "changed": 1, "removed": 1, "unchanged": 3})
    );
    assert_eq!(ids(&world, &dan).await, ["ann", "bob", "dan", "fay"]);
    let again = world.call_with(&world.operator, Method::POST, &path, &key, order()).await;
    assert_eq!((again.header("idempotent-replay"), &again.body), ("true", &applied.body));
    world.get(&world.operator, &format!("/v1/imports/{import}/plan")).await.refused("not_found");
}

#[tokio::test]
async fn only_what_differs_is_touched() {
    let world = World::acme().await;
    let dan = world.session("acme", "dan").await;
    let before = directory(&world, &dan).await;
    let again = world.import(acme(), &acme_rows(), json!({})).await.ok();
    assert_eq!(again, json!({"company": "acme", "added": 0, "changed": 0, "removed": 0, "unchanged": 5}));
    assert_eq!(directory(&world, &dan).await, before);
    // Other lines of the file are no other content.
    let mut rows = acme_rows();
    rows.reverse();
    for (line, row) in rows.iter_mut().enumerate() {
        let kind = if row.get("member").is_some() { "member" } else { "department" };
        row[kind]["line"] = json!(line + 2);
    }
    assert_eq!(world.import(acme(), &rows, json!({})).await.ok()["unchanged"], 5);

    let since = before.0["as_of"].as_i64().unwrap();
    let mut rows = acme_rows();
    rows[2]["member"]["title"] = json!("Architect");
    assert_eq!(world.import(acme(), &rows, json!({})).await.ok()["changed"], 1);
    let revisions: BTreeMap<String, i64> = directory(&world, &dan)
        .await
        .1
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (member["id"].as_str().unwrap().to_owned(), member["revision"].as_i64().unwrap()))
        .collect();
    assert_eq!(revisions["bob"], 2);
    assert_eq!(revisions.values().sum::<i64>(), 5, "{revisions:?}");
    let feed = world.get(&dan, &format!("/v1/changes?since={since}")).await.ok();
    let told: Vec<&Value> =
        feed["changes"].as_array().unwrap().iter().filter(|change| change["type"] == "member").collect();
    assert_eq!(told.len(), 1, "{feed}");
    assert_eq!(told[0]["member"]["title"], "Architect");
}

#[tokio::test]
async fn every_bad_row_is_named_and_nothing_is_taken() {
    let world = World::acme().await;
    let dan = world.session("acme", "dan").await;
    let before = directory(&world, &dan).await;
    let mut rows = vec![
        person(2, "fine"),
        person(3, "a b"),
        person(4, "FINE"),
        member(5, "gil", "", json!({})),
        member(6, "hal", "\u{200b}", json!({})),
        member(7, "ian", "Ian", json!({"email": "ian"})),
        member(8, "jo", "Jo", json!({"status": "resting", "role": "queen"})),
        member(9, "kay", "Kay", json!({"departments": [["Acme", ""]]})),
        member(10, "leo", "Leo", json!({"manager": "nobody"})),
        member(11, "may", "May", json!({"manager": "ned"})),
        member(12, "ned", "Ned", json!({"manager": "may"})),
        member(13, "oda", "Oda", json!({"title": "x".repeat(129)})),
        person(14, "x_01234567890123456789012345"),
        member(15, "pam", "Pam", json!({"manager": "pam"})),
        member(16, "quin", "Quin", json!({"manager": "leo"})),
    ];
    let named: Vec<(u64, &str, &str)> = vec![
        (3, "id", "id"),
        (4, "id", "duplicate_id"),
        (5, "name", "missing"),
        (6, "name", "unreadable"),
        (7, "email", "email"),
        (8, "status", "unknown_word"),
        (8, "role", "unknown_word"),
        (9, "department", "path"),
        (10, "manager", "unknown_manager"),
        (11, "manager", "manager_cycle"),
        (12, "manager", "manager_cycle"),
        (13, "title", "too_long"),
        (14, "id", "id"),
        (15, "manager", "manager_cycle"),
    ];
    let import = world.stage(acme(), &rows).await;
    let plan = world.get(&world.operator, &format!("/v1/imports/{import}/plan")).await.ok();
    let found = refused(&plan);
    let found: Vec<(u64, &str, &str)> = found.iter().map(|(l, c, w)| (*l, c.as_str(), w.as_str())).collect();
    assert_eq!(found, named);
    assert_eq!(plan["refused"][9]["value"], "may > ned > may");
    assert_eq!(plan["refused"][1]["value"], "FINE (2)");
    world.import(acme(), &rows, json!({})).await.refused("rows_refused");
    assert_eq!(directory(&world, &dan).await, before);

    // The good ones alone, when that is asked for; the order of rows makes no difference.
    rows.reverse();
    let applied = world.import(acme(), &rows, json!({"skip_bad": true})).await.ok();
    assert_eq!((&applied["added"], &applied["changed"]), (&json!(2), &json!(0)));
    assert_eq!(ids(&world, &dan).await, ["ann", "bob", "cho", "dan", "FINE", "quin"]);
    assert_eq!(one(&world, &dan, "quin").await.get("manager"), None, "whose manager was refused");
}

#[tokio::test]
async fn a_bad_row_takes_nobody_out() {
    let world = World::acme().await;
    let dan = world.session("acme", "dan").await;
    let mut rows = acme_rows();
    rows[2]["member"]["email"] = json!("not one");
    let order = json!({"skip_bad": true, "remove_missing": true});
    let applied = world.import(acme(), &rows, order).await.ok();
    assert_eq!((&applied["removed"], &applied["unchanged"]), (&json!(0), &json!(4)));
    assert_eq!(one(&world, &dan, "bob").await["title"], "Engineer");
}

#[tokio::test]
async fn no_circle_of_managers_comes_in_by_halves() {
    let world = World::new().await;
    let chain = |pairs: &[(&str, &str)]| -> Vec<Value> {
        pairs
            .iter()
            .enumerate()
            .map(|(n, (id, manager))| member(n as u64 + 2, id, "Mia", json!({"manager": manager})))
            .collect()
    };
    world.company("acme", "Acme", &chain(&[("a", "c"), ("b", ""), ("c", "")])).await;
    let c = world.session("acme", "c").await;
    // With who is there: a reports to c already.
    let import = world.stage(acme(), &chain(&[("c", "a")])).await;
    let plan = world.get(&world.operator, &format!("/v1/imports/{import}/plan")).await.ok();
    assert_eq!(refused(&plan), [(2, "manager".to_owned(), "manager_cycle".to_owned())]);
    // Once a and b are refused, a still reports to c: so c cannot report to a.
    let rows = chain(&[("a", "b"), ("b", "a"), ("c", "a")]);
    let import = world.stage(acme(), &rows).await;
    let plan = world.get(&world.operator, &format!("/v1/imports/{import}/plan")).await.ok();
    assert_eq!(refused(&plan).len(), 3, "{plan}");
    let order = json!({"skip_bad": true});
    assert_eq!(world.import(acme(), &rows, order).await.ok()["changed"], 0);
    assert_eq!(one(&world, &c, "c").await.get("manager"), None);
    // Turning the chain round in one file is no circle.
    let rows = chain(&[("a", ""), ("b", "a"), ("c", "b")]);
    assert_eq!(world.import(acme(), &rows, json!({})).await.ok()["changed"], 3);
    assert_eq!(one(&world, &c, "c").await["manager"], "b");
}

#[tokio::test]
async fn half_a_file_does_not_empty_a_company() {
    let world = World::new().await;
    let people: Vec<Value> = (0..100).map(|n| person(n + 2, &format!("p{n:02}"))).collect();
    world.company("acme", "Acme", &people).await;
    let token = world.session("acme", "p00").await;
    let before = directory(&world, &token).await;
    // Nobody is taken out unless that is asked for.
    assert_eq!(world.import(acme(), &people[..50], json!({})).await.ok()["removed"], 0);
    let remove = |more: Value| {
        let mut order = json!({"remove_missing": true});
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    world.import(acme(), &people[..79], remove(json!({}))).await.refused("too_many_removed");
    world.import(acme(), &people[..98], remove(json!({"remove_limit": 1}))).await.refused("too_many_removed");
    world.import(acme(), &[], remove(json!({}))).await.refused("too_many_removed");
    assert_eq!(directory(&world, &token).await, before);
    // A fifth may go, and as many as one says.
    assert_eq!(world.import(acme(), &people[..80], remove(json!({}))).await.ok()["removed"], 20);
    let order = remove(json!({"remove_limit": 60}));
    assert_eq!(world.import(acme(), &people[..20], order).await.ok()["removed"], 60);
    assert_eq!(ids(&world, &token).await.len(), 20);
}

#[tokio::test]
async fn who_is_taken_out_leaves_no_thread_behind() {
    let world = World::acme().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let card = world.card(&ann).await;
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let mut rows = acme_rows();
    rows.remove(1);
    for row in &mut rows[1..3] {
        row["member"]["manager"] = json!("");
    }
    let applied = world.import(acme(), &rows, json!({"remove_missing": true})).await.ok();
    assert_eq!(applied["removed"], 1);
    world.get(&ann, "/v1/requests").await.refused("unauthenticated");
    world.get(&bob, "/v1/members/ann").await.refused("not_found");
    assert_eq!(world.get("", &card).await.status, 404);
    assert_eq!(one(&world, &bob, "bob").await.get("manager"), None);
    let department = &world.get(&bob, "/v1/departments").await.ok()["items"][1];
    assert_eq!((&department["leaders"], &department["head_count"]), (&json!([]), &json!(2)));

    // The id is given again: somebody new, who inherits nothing.
    rows.push(member(9, "ann", "Ann Other", json!({})));
    assert_eq!(world.import(acme(), &rows, json!({})).await.ok()["added"], 1);
    world.get(&ann, "/v1/requests").await.refused("unauthenticated");
    let ann = world.session("acme", "ann").await;
    assert!(world.queue(&ann).await.is_empty());
    assert_ne!(world.card(&ann).await, card);
    assert_eq!(one(&world, &ann, "ann").await["revision"], 1);
}

#[tokio::test]
async fn what_a_row_is_silent_about_stays() {
    let world = World::acme().await;
    let dan = world.session("acme", "dan").await;
    world
        .import(
            acme(),
            &[member(
                2,
                "bob",
                "Bob Berg",
                json!({"office": "Tower", "attributes": [{"name": "Floor", "value": "7"}]}),
            )],
            json!({}),
        )
        .await
        .ok();
    let before = one(&world, &dan, "bob").await;
    assert_eq!((&before["manager"], &before["title"]), (&json!("ann"), &json!("Engineer")));
    let bob = |more: Value| vec![member(9, "bob", "Bob Berg", more)];
    for silent in [
        json!({}),
        json!({"title": "Engineer"}),
        json!({"main_department": ["Acme", "研发"]}),
        json!({"title": null}),
    ] {
        assert_eq!(
            world.import(acme(), &bob(silent.clone()), json!({})).await.ok()["unchanged"],
            1,
            "{silent}"
        );
    }
    world.import(acme(), &bob(json!({"title": "CTO", "main_department": ["Acme"]})), json!({})).await.ok();
    let mut after = one(&world, &dan, "bob").await;
    assert_eq!((&after["title"], after["departments"].as_array().unwrap().len()), (&json!("CTO"), 1));
    assert_ne!(after["departments"][0]["id"], before["departments"][0]["id"]);
    for field in ["title", "departments", "revision", "as_of"] {
        after[field] = before[field].clone();
    }
    assert_eq!(after, before);
    // Who leads further departments keeps them, and the order in each of them.
    let ann = one(&world, &dan, "ann").await;
    let card = member(77, "ann", "Anna", json!({"main_department": ["Acme"], "title": "Lead"}));
    assert_eq!(world.import(acme(), &[card], json!({})).await.ok()["changed"], 1);
    let moved = one(&world, &dan, "ann").await;
    assert_eq!(moved["departments"].as_array().unwrap().len(), 2);
    assert_eq!(moved["departments"][1], ann["departments"][0]);
    assert_eq!(moved["departments"][0]["order"], 77);
    // What a row says to be empty is emptied.
    let emptied = json!({
        "title": "", "office": "", "manager": "", "departments": [],
        "attributes": [{"name": "Floor", "value": ""}], "status": "",
    });
    world.import(acme(), &bob(emptied), json!({})).await.ok();
    let emptied = one(&world, &dan, "bob").await;
    for field in ["title", "office", "manager"] {
        assert_eq!(emptied.get(field), None, "{field}");
    }
    assert_eq!((&emptied["departments"], &emptied["attributes"]), (&json!([]), &json!([])));
}

/// What bob holds in his hands: a session, an access token, a card.
async fn in_bobs_hands(world: &World) -> [String; 3] {
    let session = world.session("acme", "bob").await;
    let body = json!({"company": "acme", "member": "bob"});
    let issued = world.call(&world.operator, Method::POST, "/v1/tokens", Some(body)).await.ok();
    let token = issued["items"][0]["token"].as_str().unwrap().to_owned();
    let card = world.card(&session).await;
    [session, token, card]
}

async fn opens(world: &World, hands: &[String; 3]) -> [bool; 3] {
    let [session, token, card] = hands;
    [
        world.get(session, "/v1/me").await.status == 200,
        world.get(token, "/v1/me").await.status == 200,
        world.get("", card).await.status == 200,
    ]
}

#[tokio::test]
async fn cards_tokens_and_sessions_end_with_whoever_leaves_or_nobody_leaves() {
    for how in ["left", "disabled", "missing"] {
        let world = World::acme().await;
        let dan = world.session("acme", "dan").await;
        let hands = in_bobs_hands(&world).await;
        let mut rows = acme_rows();
        let order = json!({"remove_missing": how == "missing"});
        if how == "missing" {
            rows.remove(2);
        } else {
            rows[2]["member"]["status"] = json!(how);
        }
        let mut database = world.database().await;
        let before = directory(&world, &dan).await;
        for (trap, table) in [("one", "cards"), ("two", "sessions")] {
            let sql = format!(
                "CREATE TRIGGER {trap} BEFORE UPDATE ON {table} WHEN NEW.member = (SELECT sk FROM members WHERE id = 'bob') BEGIN SELECT RAISE(ABORT, 'no'); END"
            );
            database.run(&sql).await;
            world.import(acme(), &rows, order.clone()).await.refused("internal");
            database.run(&format!("DROP TRIGGER {trap}")).await;
            assert_eq!(directory(&world, &dan).await, before, "{how}, {table}");
            assert_eq!(opens(&world, &hands).await, [true; 3], "{how}, {table}");
        }
        let applied = world.import(acme(), &rows, order).await.ok();
        assert_eq!(
            (&applied["changed"], &applied["removed"]),
            (&json!(i32::from(how != "missing")), &json!(i32::from(how == "missing")))
        );
        assert_eq!(opens(&world, &hands).await, [false; 3], "{how}");
        let live = "SELECT (SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL AND member = 2) + (SELECT COUNT(*) FROM cards WHERE revoked_at IS NULL AND member = 2)";
        assert_eq!(database.number(live).await, 0, "{how}");
        // Who comes back begins anew: what ended stays ended.
        let applied = world
            .import(acme(), &[member(2, "bob", "Bob", json!({"status": "active"}))], json!({}))
            .await
            .ok();
        assert_eq!(applied["added"], i32::from(how == "missing"));
        assert_eq!(opens(&world, &hands).await, [false; 3], "{how}");
    }
}

#[tokio::test]
async fn imports_into_one_company_at_the_same_time_are_done_one_after_the_other() {
    let world = World::acme().await;
    let dan = world.session("acme", "dan").await;
    let rows = |n: usize| {
        vec![
            member(2, "fay", "Fay", json!({"departments": [["Acme", "New"]], "title": format!("T{n}")})),
            member(3, &format!("p{n}"), "Pia", json!({"departments": [["Acme", "New"]], "manager": "fay"})),
        ]
    };
    let files: Vec<_> = (0..6).map(rows).collect();
    let all =
        futures_util::future::join_all(files.iter().map(|rows| world.import(acme(), rows, json!({})))).await;
    let (mut added, mut changed) = (0, 0);
    for applied in all {
        let applied = applied.ok();
        added += applied["added"].as_i64().unwrap();
        changed += applied["changed"].as_i64().unwrap();
    }
    assert_eq!((added, changed), (7, 5), "fay is new once, and then another one five times");
    assert_eq!(one(&world, &dan, "fay").await["revision"], 6);
    let departments = world.get(&dan, "/v1/departments").await.ok();
    let new: Vec<&Value> = departments["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|department| department["name"] == "New")
        .collect();
    assert_eq!(new.len(), 1);
    assert_eq!(new[0]["head_count"], 7);
}

#[tokio::test]
async fn nothing_is_left_of_an_import_that_is_over() {
    let world = World::acme().await;
    let files = || {
        let names = std::fs::read_dir(world.dir.path()).unwrap().map(|file| file.unwrap().file_name());
        names.filter(|name| name.to_str().unwrap().contains("import")).count()
    };
    assert_eq!(files(), 0);
    let import = world.stage(acme(), &acme_rows()).await;
    assert_eq!(files(), 1);
    let state = world.get(&world.operator, &format!("/v1/imports/{import}")).await.ok();
    assert_eq!(state, json!({"id": import, "done": 0, "writing": false}));
    use std::os::unix::fs::PermissionsExt as _;
    let file = world.dir.path().join(format!("namecard.db.import-{import}"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    world.call(&world.operator, Method::DELETE, &format!("/v1/imports/{import}"), None).await.ok();
    assert_eq!(files(), 0);
    world.get(&world.operator, &format!("/v1/imports/{import}")).await.refused("not_found");
    // One that nobody finished goes with the next one, a day later.
    world.stage(acme(), &acme_rows()).await;
    std::fs::write(world.dir.path().join("namecard.db.import-77"), "x").unwrap();
    world.pass(std::time::Duration::from_secs(25 * 3600));
    world.stage(acme(), &acme_rows()).await;
    assert_eq!(files(), 1);
}

#[tokio::test]
async fn a_department_that_cannot_be_taken_is_refused_like_a_person() {
    let world = World::acme().await;
    let long = "x".repeat(129);
    let rows = [
        json!({"department": {"line": 2, "path": ["Acme", ""]}}),
        json!({"department": {"line": 3, "path": ["Acme"], "english_name": long}}),
        json!({"department": {"line": 4, "path": [long]}}),
        member(5, "fay", "Fay", json!({"departments": [["Acme", long]]})),
        json!({"department": {"line": 6, "path": [" Acme ", "Sales"], "english_name": " Sales  Dept "}}),
    ];
    let import = world.stage(acme(), &rows).await;
    let plan = world.get(&world.operator, &format!("/v1/imports/{import}/plan")).await.ok();
    let named = |line, column: &str, code: &str| (line, column.to_owned(), code.to_owned());
    let expected = [
        named(2, "path", "path"),
        named(3, "english_name", "too_long"),
        named(4, "path", "too_long"),
        named(5, "department", "too_long"),
    ];
    assert_eq!(refused(&plan), expected);
    assert_eq!((&plan["refused_total"], &plan["departments_added"]), (&json!(4), &json!(1)));
    world.import(acme(), &rows, json!({"skip_bad": true})).await.ok();
    let dan = world.session("acme", "dan").await;
    let departments = world.get(&dan, "/v1/departments").await.ok()["items"].clone();
    let sales =
        departments.as_array().unwrap().iter().find(|department| department["name"] == "Sales").unwrap();
    assert_eq!((&sales["english_name"], &sales["parent"]), (&json!("Sales Dept"), &departments[0]["id"]));
    assert_eq!(departments.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_removed_manager_is_nobodys_manager() {
    let world = World::acme().await;
    let bob = world.session("acme", "bob").await;
    // bob's row still names ann, who is not in the file: she is in the company, until she is taken out.
    let mut rows = acme_rows();
    rows.remove(1);
    assert_eq!(world.import(acme(), &rows, json!({"remove_missing": true})).await.ok()["removed"], 1);
    assert_eq!(one(&world, &bob, "bob").await.get("manager"), None);
}

#[tokio::test]
async fn departments_are_known_by_their_path() {
    let world = World::new().await;
    let place = |path: Value| vec![member(2, "mia", "Mia", json!({"departments": [path]}))];
    world.company("acme", "Acme", &place(json!(["Acme", "Cafe\u{301}"]))).await;
    let mia = world.session("acme", "mia").await;
    let ids = async || -> BTreeMap<String, Value> {
        world.get(&mia, "/v1/departments").await.ok()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| (d["name"].as_str().unwrap().to_owned(), d["id"].clone()))
            .collect()
    };
    let before = ids().await;
    assert_eq!(before.keys().collect::<Vec<_>>(), ["Acme", "Caf\u{e9}"]);
    world.import(acme(), &place(json!([" Acme ", " Caf\u{e9} "])), json!({})).await.ok();
    assert_eq!(ids().await, before, "the same path, spelled otherwise");
    world.import(acme(), &place(json!(["Acme", "Bar"])), json!({})).await.ok();
    let after = ids().await;
    assert_eq!(after["Acme"], before["Acme"]);
    assert_ne!(after["Bar"], before["Caf\u{e9}"], "another path is another department");
    // A leader stands in the list, also when the row does not say so.
    let rows = [member(2, "mia", "Mia", json!({"leader_of": [["Acme", "Bar"]]}))];
    world.import(acme(), &rows, json!({})).await.ok();
    let places = one(&world, &mia, "mia").await["departments"].clone();
    assert_eq!((&places[0]["id"], &places[0]["leader"]), (&after["Bar"], &json!(true)));
}

#[tokio::test]
async fn a_first_import_of_ones_own_retires_the_made_up_world() {
    let world = World::new().await;
    for (id, who) in [("yunfan", "zhang.san"), ("bluewave", "kim")] {
        let create = json!({"id": id, "name": id, "made_up": true});
        let order = if who == "kim" { json!({}) } else { json!({"sign_in": {"member": who}}) };
        world.import(json!({"create": create}), &[person(2, who)], order).await.ok();
    }
    let zhang = world.session("yunfan", "zhang.san").await;
    let kim = world.session("bluewave", "kim").await;
    let cards = [world.card(&zhang).await, world.card(&kim).await];

    // A member who is not in the file: nothing happens at all.
    let create = json!({"id": "acme", "name": "Acme", "domain": "acme.example"});
    let bad = json!({"sign_in": {"member": "nobody", "retire_made_up": true}});
    let refused = world.import(json!({"create": create}), &acme_rows(), bad).await.refused("invalid");
    assert_eq!(refused["field"], "sign_in");
    let left = json!({"sign_in": {"member": "eve", "retire_made_up": true}});
    world.import(json!({"create": create}), &acme_rows(), left).await.refused("invalid");
    let session = json!({"company": "acme", "member": "ann"});
    world.call(&world.operator, Method::POST, "/v1/sessions", Some(session)).await.refused("not_found");
    assert_eq!(world.get(&zhang, "/v1/start").await.ok()["company"]["made_up"], true);

    let order = json!({"sign_in": {"member": "Ann", "retire_made_up": true}});
    let applied = world.import(json!({"create": create}), &acme_rows(), order).await.ok();
    assert_eq!((&applied["company"], &applied["added"]), (&json!("acme"), &json!(5)));
    for (token, card) in [&zhang, &kim].into_iter().zip(&cards) {
        world.get(token, "/v1/start").await.refused("unauthenticated");
        assert_eq!(world.get("", card).await.status, 404);
    }
    let local = world.get(&world.operator, "/v1/local").await.ok();
    assert_eq!((&local["company"]["id"], &local["member"]), (&json!("acme"), &json!("ann")));
    let signed = world.call(&world.operator, Method::POST, "/v1/sessions", Some(json!({}))).await.ok();
    let start = world.get(signed["token"].as_str().unwrap(), "/v1/start").await.ok();
    assert_eq!((&start["company"]["name"], &start["company"]["made_up"]), (&json!("Acme"), &json!(false)));
    assert_eq!(start["members_total"], 4);

    // The next one updates, and `--as` only changes who is signed in.
    let order = json!({"sign_in": {"member": "bob"}});
    assert_eq!(world.import(acme(), &acme_rows(), order).await.ok()["unchanged"], 5);
    assert_eq!(world.get(&world.operator, "/v1/local").await.ok()["member"], "bob");
}

#[tokio::test]
async fn an_id_that_was_given_before_gets_a_number() {
    let world = World::acme().await;
    let create = json!({"create": {"id": "Acme", "name": "Another Acme"}});
    let applied = world.import(create, &[person(2, "zoe")], json!({})).await.ok();
    assert_eq!(applied["company"], "Acme-2");
    let dan = world.session("acme", "dan").await;
    assert!(!ids(&world, &dan).await.contains(&"zoe".to_owned()));
}

#[tokio::test]
async fn an_admin_imports_into_their_own_company_and_nobody_else_does() {
    let world = World::acme().await;
    let (dan, bob) = (world.session("acme", "dan").await, world.session("acme", "bob").await);
    let begin = |body: Value| Some(body);
    world.call(&bob, Method::POST, "/v1/imports", begin(json!({}))).await.refused("forbidden");
    world.call(&dan, Method::POST, "/v1/imports", begin(json!({"company": "acme"}))).await.refused("invalid");
    let create = json!({"create": {"id": "x", "name": "X"}});
    world.call(&dan, Method::POST, "/v1/imports", begin(create)).await.refused("invalid");
    let own = world.call(&dan, Method::POST, "/v1/imports", begin(json!({}))).await.ok();
    let path = format!("/v1/imports/{}", own["id"]);
    assert_eq!(world.get(&dan, &format!("{path}/plan")).await.ok()["added_total"], 0);
    // What another one began is not theirs to look into or to apply.
    world.get(&world.operator, &format!("{path}/plan")).await.refused("not_found");
    let foreign = world.stage(acme(), &[person(2, "zoe")]).await;
    let key = [("idempotency-key", "k")];
    let apply = format!("/v1/imports/{foreign}/apply");
    world.call_with(&dan, Method::POST, &apply, &key, Some(json!({}))).await.refused("not_found");
    let order = Some(json!({"sign_in": {"member": "dan"}}));
    world.call_with(&dan, Method::POST, &format!("{path}/apply"), &key, order).await.refused("forbidden");
}

/// Paths of a small tree, some of which share names.
const TREE: [&[&str]; 7] =
    [&["A"], &["A", "B"], &["A", "B", "C"], &["A", "D"], &["A", "D", "B"], &["E"], &["E", "B"]];

/// A person in a file: departments and led ones by their place in [`TREE`], and a status.
type Row = (BTreeSet<usize>, BTreeSet<usize>, &'static str);

fn a_row() -> impl Strategy<Value = Row> {
    let places = || prop::collection::btree_set(0..TREE.len(), 0..3);
    (places(), places(), prop_oneof![4 => Just("active"), 1 => Just("left"), 1 => Just("disabled")])
}

fn a_file() -> impl Strategy<Value = (BTreeMap<usize, Row>, bool)> {
    (prop::collection::btree_map(0_usize..7, a_row(), 0..7), any::<bool>())
}

async fn heads_after(files: &[(BTreeMap<usize, Row>, bool)]) {
    let world = World::new().await;
    let watch = [member(1, "watch", "Watch", json!({}))];
    world.company("acme", "Acme", &watch).await;
    let token = world.session("acme", "watch").await;
    let mut model: BTreeMap<usize, Row> = BTreeMap::new();
    for (file, remove) in files {
        let mut rows = watch.to_vec();
        for (n, (departments, leads, status)) in file {
            let paths = |places: &BTreeSet<usize>| places.iter().map(|at| TREE[*at]).collect::<Vec<_>>();
            rows.push(member(
                *n as u64 + 2,
                &format!("m{n}"),
                "Mia",
                json!({"departments": paths(departments), "leader_of": paths(leads), "status": status}),
            ));
        }
        if *remove {
            model.clear();
        }
        model.extend(file.clone());
        world.import(acme(), &rows, json!({"remove_missing": remove})).await.ok();

        let departments = world.get(&token, "/v1/departments").await.ok()["items"].clone();
        let departments = departments.as_array().unwrap();
        let by_id: BTreeMap<&str, &Value> =
            departments.iter().map(|d| (d["id"].as_str().unwrap(), d)).collect();
        for department in departments {
            let mut path = vec![department["name"].as_str().unwrap()];
            let mut here = department;
            while let Some(parent) = here["parent"].as_str() {
                here = by_id[parent];
                path.insert(0, here["name"].as_str().unwrap());
            }
            let inside = |at: &usize| TREE[*at].starts_with(&path);
            let heads = model
                .values()
                .filter(|(places, leads, status)| *status != "left" && places.union(leads).any(inside))
                .count();
            assert_eq!(department["head_count"], heads, "{path:?} after {files:?}");
        }
        let named: BTreeSet<usize> =
            model.values().flat_map(|(places, leads, _)| places.union(leads).copied()).collect();
        assert!(departments.len() >= named.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        // Prints the seed of what fails, and keeps it beside this file.
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn head_counts_equal_a_recount(files in prop::collection::vec(a_file(), 1..5)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(heads_after(&files));
    }
}

#[tokio::test]
async fn signing_in_as_somebody_else_ends_the_session_of_before() {
    let world = World::acme().await;
    let sign_in = async |member: &str| {
        let order = json!({"sign_in": {"member": member}});
        world.import(acme(), &acme_rows(), order).await.ok();
        let reply = world.call(&world.operator, Method::POST, "/v1/sessions", Some(json!({}))).await.ok();
        reply["token"].as_str().unwrap().to_owned()
    };
    let ann = sign_in("ann").await;
    let other = world.session("acme", "ann").await;
    let bob = sign_in("bob").await;
    world.get(&ann, "/v1/me").await.refused("unauthenticated");
    assert_eq!(world.get(&bob, "/v1/me").await.ok()["me"]["member"]["id"], "bob");
    // Only the one that lies beside the database: who signed in elsewhere stays.
    world.get(&other, "/v1/me").await.ok();
    sign_in("bob").await;
    world.get(&bob, "/v1/me").await.ok();
}
