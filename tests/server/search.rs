//! Search, from end to end: what finds people, what does not, and that the server and the screen find
//! the same people in the same order.

use std::time::Duration;

use crate::support::{World, acme_rows, encode, member};
use axum::http::Method;
use namecard::domain::{Contact, Member, Snapshot};
use namecard::search::{Index, Keys, Query, rank};
use namecard::tui::model::Data;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

async fn search(world: &World, token: &str, typed: &str, rest: &str) -> Value {
    world.get(token, &format!("/v1/search?q={}{rest}", encode(typed))).await.ok()
}

/// Ids found, with why.
async fn found(world: &World, token: &str, typed: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let reply = search(world, token, typed, "").await;
    let items = reply["items"].as_array().unwrap();
    assert_eq!(reply["total"], items.len());
    items.iter().map(|item| (text(&item["id"]), text(&item["why"]))).collect()
}

fn people() -> Vec<Value> {
    let runtime = json!([["Acme", "研发中心", "运行时组"]]);
    vec![
        json!({"department": {"line": 1, "path": ["Acme", "研发中心"], "english_name": "R&D"}}),
        json!({"department": {"line": 2, "path": ["Acme", "研发中心", "运行时组"], "english_name": "Runtime"}}),
        member(
            3,
            "zhang.wei",
            "张伟",
            json!({"departments": runtime, "title": "Engineer", "alias": "Victor Zhang",
            "email": "wei.zhang@acme.example", "mobile": "+86 138-0000-4021", "phone": "010 5555 0142",
            "external_title": "Ambassador", "office": "Lighthouse 5", "manager": "zoe"}),
        ),
        member(4, "zoe", "Zoë García", json!({"departments": [["Acme"]], "title": "Chief of Staff"})),
        member(5, "shan", "单雄信", json!({"departments": [["Acme"]]})),
        member(6, "gone", "张伟", json!({"departments": runtime, "status": "left"})),
    ]
}

#[tokio::test]
async fn people_are_found_by_every_field_that_says_who_they_are() {
    let world = World::new().await;
    world.company("acme", "Acme", &people()).await;
    let token = world.session("acme", "shan").await;
    for (typed, id, why) in [
        ("张伟", "zhang.wei", "name"),
        ("伟", "zhang.wei", "name"),
        ("zhangwei", "zhang.wei", "pinyin"),
        ("zhang w", "zhang.wei", "pinyin"),
        ("zw", "zhang.wei", "pinyin"),
        ("shanxiongxin", "shan", "pinyin"),
        ("danxx", "shan", "pinyin"),
        ("sxx", "shan", "pinyin"),
        ("victor", "zhang.wei", "alias"),
        ("zoe garcia", "zoe", "name"),
        ("GARCÍA", "zoe", "name"),
        ("engin", "zhang.wei", "title"),
        ("title:chief", "zoe", "title"),
        ("运行时", "zhang.wei", "department"),
        ("runtime", "zhang.wei", "department"),
        ("dept:研发", "zhang.wei", "department"),
        ("wei.zhang@acme", "zhang.wei", "email"),
        ("4021", "zhang.wei", "phone"),
        ("138 0000 4021", "zhang.wei", "phone"),
        ("+86-138", "zhang.wei", "phone"),
        ("0142", "zhang.wei", "phone"),
        ("zhang.w", "zhang.wei", "id"),
        ("zw eng 4021 runtime", "zhang.wei", "title"),
    ] {
        let hits = found(&world, &token, typed).await;
        assert_eq!(hits.len(), 1, "{typed}: {hits:?}");
        assert_eq!(hits[0].0, id, "{typed}");
        if !typed.contains(' ') {
            assert_eq!(hits[0].1, why, "{typed}");
        }
    }
}

#[tokio::test]
async fn what_does_not_say_who_somebody_is_finds_nobody() {
    let world = World::new().await;
    world.company("acme", "Acme", &people()).await;
    world.company("other", "Other", &[member(2, "zw", "张伟", json!({"mobile": "13800004021"}))]).await;
    let token = world.session("acme", "shan").await;
    for typed in
        ["ambassador", "lighthouse", "gone", "zw nobody", "active", "", "   ", "title:", "title:zhang"]
    {
        assert_eq!(found(&world, &token, typed).await, [], "{typed:?}");
    }
    // The other company's namesake is theirs.
    let stranger = world.session("other", "zw").await;
    assert_eq!(found(&world, &stranger, "张伟").await.len(), 1);
    assert_eq!(found(&world, &stranger, "garcia").await, []);
}

#[tokio::test]
async fn a_reply_says_where_somebody_sits_and_how_many_there_are() {
    let world = World::new().await;
    world.company("acme", "Acme", &people()).await;
    let token = world.session("acme", "shan").await;
    let one = search(&world, &token, "zw", "").await;
    let item = &one["items"][0];
    assert_eq!(
        (&item["name"], &item["title"], &item["where"]),
        (&json!("张伟"), &json!("Engineer"), &json!("directory"))
    );
    assert_eq!((&item["department"], &item["company"]), (&json!("运行时组"), &json!(null)));
    let first = search(&world, &token, "a", "&limit=1").await;
    assert_eq!((first["items"].as_array().unwrap().len(), &first["total"]), (1, &json!(3)));
}

#[tokio::test]
async fn contacts_are_found_by_their_owner_once_they_are_contacts() {
    let world = World::acme().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let card = world.card(&ann).await;
    let form = world.form(&card).await;
    let fields = [
        ("name", "陈静"),
        ("company", "Bluewave"),
        ("title", "Buyer"),
        ("email", "jing@bluewave.example"),
        ("phone", "+86 139 1111 2222"),
        ("purpose", "fair"),
        ("form", form.as_str()),
    ];
    assert_eq!(world.post_form(&card, &fields).await.status, 303);
    let typed = ["陈", "chenjing", "cj", "bluewave", "company:blue", "title:buyer", "jing@", "2222"];
    let nobody = async || {
        for typed in typed {
            assert_eq!(found(&world, &ann, typed).await, [], "{typed}");
        }
    };
    nobody().await;
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(&ann, &id, 1, "k", json!({"kind": "approve"})).await.ok();
    nobody().await;
    world.pass(Duration::from_secs(10));
    let contact = world.get(&ann, "/v1/contacts").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    for typed in typed {
        let hits = found(&world, &ann, typed).await;
        assert_eq!((hits.len(), &hits[0].0), (1, &contact), "{typed}");
        assert_eq!(found(&world, &bob, typed).await, [], "{typed}");
        assert_eq!(search(&world, &ann, typed, "&in=directory").await["total"], 0);
        assert_eq!(search(&world, &ann, typed, "&in=external").await["items"][0]["where"], "external");
    }
    let headers = [("if-match", "\"1\""), ("idempotency-key", "r")];
    let path = format!("/v1/contacts/{contact}/remark");
    world.call_with(&ann, Method::PUT, &path, &headers, Some(json!({"remark": "Quartz fair"}))).await.ok();
    assert_eq!(found(&world, &ann, "quartz").await, [(contact, "alias".to_owned())]);
}

#[tokio::test]
async fn a_change_of_the_directory_is_found_at_once() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    assert_eq!(found(&world, &ann, "berg").await.len(), 1);
    let mut rows = acme_rows();
    rows[2] = member(3, "bob", "Bob Stone", json!({"departments": [["Acme", "研发"]], "manager": "ann"}));
    world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
    assert_eq!(found(&world, &ann, "berg").await, []);
    assert_eq!(found(&world, &ann, "stone").await.len(), 1);
    // A department that is called otherwise finds people whose own rows say nothing new.
    assert_eq!(found(&world, &ann, "dept:r&d").await.len(), 2);
    rows[0] = json!({"department": {"line": 1, "path": ["Acme", "研发"], "english_name": "Workshop"}});
    world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
    assert_eq!(found(&world, &ann, "dept:r&d").await, []);
    assert_eq!(found(&world, &ann, "dept:workshop").await.len(), 2);
}

/// The directory as a client holds it.
async fn client(world: &World, token: &str) -> Data {
    let snapshot: Snapshot = serde_json::from_value(world.get(token, "/v1/start").await.ok()).unwrap();
    let mut data = Data::of(snapshot);
    let page = world.get(token, "/v1/members?limit=500").await.ok();
    assert_eq!(page["next"], json!(null));
    data.put_members(serde_json::from_value::<Vec<Member>>(page["items"].clone()).unwrap());
    let page = world.get(token, "/v1/contacts?limit=500").await.ok();
    data.put_contacts(serde_json::from_value::<Vec<Contact>>(page["items"].clone()).unwrap());
    data
}

/// What the screen finds in it: ids in order, and how many there are in all.
fn on_screen(data: &Data, typed: &str) -> (Vec<String>, usize) {
    let mut members: Vec<_> = data.members().collect();
    members.sort_by_key(|member| member.id.key());
    let mut index = Index::new();
    for member in &members {
        let path = member.main_department().map(|id| data.search_path(id)).unwrap_or_default();
        index.add(&Keys::of_member(member, &path));
    }
    let ranked = rank(&index, &Query::parse(typed), 100);
    let ids = ranked.hits.iter().map(|hit| members[hit.record as usize].id.as_str().to_owned()).collect();
    (ids, ranked.total)
}

fn words() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "张", "伟", "单", "雄", "重", "庆", "Anna", "Anne", "Zoë", "Berg", "Lin", "O'Neil", "林", "an",
        "Li-Na", "é",
    ])
    .prop_map(str::to_owned)
}

/// A member of a small world, in which many look alike.
fn rows() -> impl Strategy<Value = Vec<Value>> {
    let paths = prop::sample::select(vec![
        vec!["Acme"],
        vec!["Acme", "研发"],
        vec!["Acme", "研发", "Lab"],
        vec!["Acme", "Sales"],
    ]);
    let places = (prop::collection::vec(paths.clone(), 0..3), prop::option::weighted(0.2, paths));
    let one = (
        prop::collection::vec(words(), 1..4),
        prop::option::of(words()),
        prop::option::of(words()),
        places,
        any::<u16>(),
        any::<u32>(),
    );
    prop::collection::vec(one, 120).prop_map(|people| {
        let mut rows = vec![
            json!({"department": {"line": 1, "path": ["Acme"], "english_name": "All"}}),
            json!({"department": {"line": 2, "path": ["Acme", "研发"], "english_name": "Research"}}),
            // Whoever asks; the hidden keys of the others run against their ids.
            member(3, "me", "Me", json!({})),
        ];
        for (n, (name, alias, title, (departments, leads), number, salt)) in people.into_iter().enumerate() {
            let id = format!("{}{:02}{n}", if number % 2 == 0 { "M" } else { "an" }, salt % 100);
            rows.push(member(
                n as u64 + 4,
                &id,
                &name.join(if salt % 3 == 0 { "" } else { " " }),
                json!({
                    "alias": alias.unwrap_or_default(),
                    "title": title.map(|word| format!("{word} lead")).unwrap_or_default(),
                    "departments": departments,
                    "leader_of": leads.into_iter().collect::<Vec<_>>(),
                    "mobile": format!("+86 138 {:04} {:04}", number % 10_000, salt % 10_000),
                    "email": format!("{id}@acme.example"),
                }),
            ));
        }
        rows
    })
}

fn queries() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(words(), 1..3).prop_map(|words| words.join(" ")),
        "[azlnsx]{1,3}",
        "(zhang|shan|dan|chong|zhong|lin|wei)[a-z]{0,2}",
        "[0-9]{2,4}",
        "(dept|title|email|phone|tel):(re|la|an|all|8|13|研|m)",
        "[张伟单雄林]{1,2} ?[a-z0-9]{0,2}",
    ]
}

#[tokio::test]
async fn the_server_and_the_screen_find_the_same_people_in_the_same_order() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut hits = 0;
    for _ in 0..4 {
        let mut rows = rows().new_tree(&mut runner).unwrap().current();
        let world = World::new().await;
        world.company("acme", "Acme", &rows).await;
        let token = world.session("acme", "me").await;
        // A second import changes people and names, as the first one did not.
        rows[1] = json!({"department": {"line": 2, "path": ["Acme", "研发"], "english_name": "Laboratory"}});
        for row in rows.iter_mut().skip(3).step_by(7) {
            row["member"]["alias"] = json!("Lin");
        }
        rows.truncate(110);
        world.import(json!({"company": "acme"}), &rows, json!({"remove_missing": true})).await.ok();
        let data = client(&world, &token).await;
        for _ in 0..60 {
            let typed = queries().new_tree(&mut runner).unwrap().current();
            let reply = search(&world, &token, &typed, "&in=directory&limit=100").await;
            let ids: Vec<String> = reply["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned())
                .collect();
            let (wanted, total) = on_screen(&data, &typed);
            assert_eq!((&ids, reply["total"].as_u64().unwrap() as usize), (&wanted, total), "{typed:?}");
            hits += ids.len();
        }
    }
    assert!(hits > 1_000, "the queries ask for people who are there: {hits}");
}
