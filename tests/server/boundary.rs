//! The boundary between companies, through the real router: who may ask whom, who decides, and what
//! comes of it on both sides.

use std::time::Duration;

use crate::support::{Reply, World, member};
use axum::http::Method;
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Acme: ann leads R&D with bob in it, dan is an admin and ann's manager. Northgrid: olu, whose manager is
/// nia, an admin.
async fn two_companies() -> World {
    let world = World::new().await;
    let rows = [
        json!({"department": {"line": 1, "path": ["Acme", "R&D"]}}),
        member(
            2,
            "ann",
            "Ann Lee",
            json!({"departments": [["Acme", "R&D"]], "leader_of": [["Acme", "R&D"]],
            "manager": "dan", "external_title": "Head of R&D", "email": "ann@acme.example"}),
        ),
        member(3, "bob", "Bob Berg", json!({"departments": [["Acme", "R&D"]], "manager": "ann"})),
        member(4, "cho", "单雄", json!({"departments": [["Acme"]], "manager": "dan"})),
        member(5, "dan", "Dan Dale", json!({"departments": [["Acme"]], "role": "admin"})),
    ];
    world.company("acme", "Acme", &rows).await;
    let rows = [
        member(
            1,
            "olu",
            "Olu Adeyemi",
            json!({"departments": [["Northgrid", "Sales"]], "manager": "nia",
            "external_title": "Buyer", "email": "olu@northgrid.example"}),
        ),
        member(2, "nia", "Nia Nkosi", json!({"departments": [["Northgrid"]], "role": "admin"})),
        member(3, "pim", "Pim Park", json!({"departments": [["Northgrid", "Sales"]]})),
    ];
    world.company("northgrid", "Northgrid", &rows).await;
    world
}

/// A counter makes every key another one.
fn key() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("k-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl World {
    async fn post(&self, token: &str, path: &str, body: Value) -> Reply {
        let key = key();
        self.call_with(token, Method::POST, path, &[("idempotency-key", &key)], Some(body)).await
    }

    /// A write that names the revision of its object.
    async fn at(
        &self,
        token: &str,
        method: Method,
        path: &str,
        revision: &Value,
        body: Option<Value>,
    ) -> Reply {
        let (key, tag) = (key(), format!("\"{revision}\""));
        let headers = [("idempotency-key", key.as_str()), ("if-match", tag.as_str())];
        self.call_with(token, method, path, &headers, body).await
    }

    async fn why(&self, token: &str, to: &str) -> Value {
        self.call(token, Method::POST, "/v1/verdicts", Some(json!({"to": to}))).await.ok()
    }

    async fn asks(&self, token: &str, to: &str) -> Reply {
        self.post(token, "/v1/requests", json!({"to": to, "purpose": "renewal"})).await
    }

    async fn says(&self, token: &str, request: &Value, decision: Value) -> Reply {
        let path = format!("/v1/requests/{}/decision", request["id"].as_str().unwrap());
        self.at(token, Method::POST, &path, &request["revision"], Some(decision)).await
    }

    async fn approves(&self, token: &str) -> Value {
        let queue = self.queue(token).await;
        assert_eq!(queue.len(), 1, "{queue:?}");
        self.says(token, &queue[0], json!({"kind": "approve"})).await.ok()
    }

    async fn one(&self, token: &str, request: &Value) -> Value {
        self.get(token, &format!("/v1/requests/{}", request["id"].as_str().unwrap())).await.ok()
    }

    async fn contacts(&self, token: &str) -> Vec<Value> {
        self.get(token, "/v1/contacts").await.ok()["items"].as_array().unwrap().clone()
    }

    async fn link_of(&self, token: &str) -> String {
        let card = self.call(token, Method::PUT, "/v1/card", Some(json!({}))).await.ok();
        card["link"].as_str().unwrap().to_owned()
    }

    async fn policy(&self, company: &str, document: &str) -> Reply {
        let now = self.get(&self.operator, &format!("/v1/policy?company={company}")).await;
        let revision = json!(now.header("etag").trim_matches('"').parse::<i64>().unwrap());
        let body = json!({"company": company, "document": document});
        self.at(&self.operator, Method::PUT, "/v1/policy", &revision, Some(body)).await
    }

    /// The two companies are linked, each showing one department.
    async fn linked(&self, dan: &str, nia: &str) {
        let sales = self.department(nia, "Sales").await;
        let body = json!({"company": "acme", "scope": {"departments": [sales]}, "purpose": "supply"});
        self.post(nia, "/v1/links", body).await.ok();
        let research = self.department(dan, "R&D").await;
        let queue = self.queue(dan).await;
        assert_eq!((&queue[0]["kind"], &queue[0]["part"]), (&json!("partner_link"), &json!("admin")));
        let yes = json!({"kind": "approve", "scope": {"departments": [research]}});
        self.says(dan, &queue[0], yes).await.ok();
        self.pass(11 * SECOND);
    }

    async fn department(&self, token: &str, name: &str) -> String {
        let all = self.get(token, "/v1/departments").await.ok();
        let found = all["items"].as_array().unwrap().iter().find(|department| department["name"] == name);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    }
}

fn rule(id: &str, lines: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\ntitle = \"t\"\nowner = \"Security\"\nreason = \"because\"\n{lines}\n")
}

#[tokio::test]
async fn a_member_asks_by_a_card_and_both_sides_have_the_contact_when_the_window_is_over() {
    let world = two_companies().await;
    let (ann, olu) = (world.session("acme", "ann").await, world.session("northgrid", "olu").await);
    let link = world.link_of(&ann).await;
    let why = world.why(&olu, &link).await;
    assert_eq!(why["verdict"]["code"], "allowed_namecard");
    assert_eq!(
        why["meant"],
        json!({"kind": "outside", "name": "Ann Lee", "company": "Acme", "title": "Head of R&D"})
    );
    let sent = world.asks(&olu, &link).await.ok();
    assert_eq!(
        (&sent["direction"], &sent["state"], &sent["part"]),
        (&json!("outgoing"), &json!("pending"), &json!("requester"))
    );
    assert_eq!(sent["target"], json!({"name": "Ann Lee", "company": "Acme"}));
    assert_eq!(sent["allowed"], json!(["withdraw"]));
    // Asked once: a second one is not sent, and the way on is the first one.
    let again = world.asks(&olu, &link).await.refused("refused");
    assert_eq!(again["verdict"]["code"], "request_pending");
    assert_eq!(again["verdict"]["alternatives"][0], json!({"step": "open_request", "id": sent["id"]}));

    let queue = world.queue(&ann).await;
    assert_eq!(
        queue[0]["requester"],
        json!({"kind": "member", "name": "Olu Adeyemi", "company": "Northgrid", "title": "Buyer"})
    );
    let held = world.approves(&ann).await;
    assert_eq!(held["state"], "approved");
    // Until the window is over the other side has heard nothing, not even by a number.
    let seen = world.one(&olu, &sent).await;
    assert_eq!((&seen["state"], &seen["revision"]), (&json!("pending"), &json!(1)));
    assert_eq!(seen["steps"], json!([]));
    assert_eq!((world.contacts(&ann).await.len(), world.contacts(&olu).await.len()), (0, 0));
    world.pass(11 * SECOND);
    let seen = world.one(&olu, &sent).await;
    assert_eq!((&seen["state"], seen.get("decision")), (&json!("approved"), None));
    let (hers, his) = (world.contacts(&ann).await, world.contacts(&olu).await);
    assert_eq!(
        (&hers[0]["name"], &hers[0]["source"]["add_way"]),
        (&json!("Olu Adeyemi"), &json!("they_asked"))
    );
    assert_eq!((&his[0]["name"], &his[0]["source"]["add_way"]), (&json!("Ann Lee"), &json!("their_card")));
    assert_eq!(his[0]["emails"], json!([]), "the card shows none");
    let why = world.why(&olu, &link).await;
    assert_eq!(why["verdict"]["code"], "already_connected");
    // Either ends it; the other side keeps a row that says so.
    let path = format!("/v1/contacts/{}", his[0]["id"].as_str().unwrap());
    world.at(&olu, Method::DELETE, &path, &json!(1), None).await.ok();
    assert_eq!(world.contacts(&ann).await[0]["one_sided"], true);
}

#[tokio::test]
async fn the_loser_of_a_race_between_a_stand_in_and_the_target_is_told() {
    let world = two_companies().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let olu = world.session("northgrid", "olu").await;
    let link = world.link_of(&ann).await;
    let until = world.clock.now().after(DAY);
    let body = json!({"accepts": true, "away_until": until, "stand_in": "bob"});
    world.at(&ann, Method::PUT, "/v1/settings", &json!(0), Some(body)).await.ok();
    world.asks(&olu, &link).await.ok();
    let queue = world.queue(&bob).await;
    assert_eq!((&queue[0]["part"], &queue[0]["target"]["id"]), (&json!("stand_in"), &json!("ann")));
    let decided = world.says(&bob, &queue[0], json!({"kind": "approve"})).await.ok();
    assert_eq!(decided["decision"]["stands_for"]["id"], "ann");
    let late = world.says(&ann, &queue[0], json!({"kind": "reject", "reason": "not_known"})).await;
    assert_eq!(late.refused("already_decided")["current"]["decided_by"]["id"], "bob");
    world.pass(11 * SECOND);
    assert_eq!(world.contacts(&ann).await.len(), 1, "the contact is the target's");
    assert_eq!(world.contacts(&bob).await.len(), 0);
    // The day is over: nobody stands in any more.
    world.pass(2 * DAY);
    let pim = world.session("northgrid", "pim").await;
    world.asks(&pim, &link).await.ok();
    assert_eq!((world.queue(&bob).await.len(), world.queue(&ann).await.len()), (0, 1));
}

#[tokio::test]
async fn linked_companies_show_each_other_what_they_chose() {
    let world = two_companies().await;
    let (ann, dan) = (world.session("acme", "ann").await, world.session("acme", "dan").await);
    let (olu, nia) = (world.session("northgrid", "olu").await, world.session("northgrid", "nia").await);
    assert_eq!(world.get(&olu, "/v1/linked").await.ok()["items"], json!([]));
    world.linked(&dan, &nia).await;
    let names = |page: Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    let mut seen = names(world.get(&olu, "/v1/linked").await.ok());
    seen.sort();
    assert_eq!(seen, ["Ann Lee", "Bob Berg"]);
    let mut seen = names(world.get(&ann, "/v1/linked").await.ok());
    seen.sort();
    assert_eq!(seen, ["Olu Adeyemi", "Pim Park"]);
    let links = world.get(&olu, "/v1/links").await.ok();
    assert_eq!((&links["items"][0]["they_show"], &links["items"][0]["we_show"]), (&json!(2), &json!(2)));
    // By the link alone, without a card.
    let page = world.get(&olu, "/v1/linked").await.ok();
    let ann_there = page["items"].as_array().unwrap().iter().find(|row| row["name"] == "Ann Lee").unwrap();
    let id = ann_there["id"].as_str().unwrap();
    assert_eq!(world.why(&olu, id).await["verdict"]["code"], "allowed_partner");
    assert_eq!(world.why(&olu, "ann@acme.example").await["verdict"]["code"], "allowed_partner");
    // Who is not shown is not there: an address that is hidden looks like one that nobody has.
    let hidden = world.why(&olu, "dan@acme.example").await;
    assert_eq!(hidden["verdict"], world.why(&olu, "none@acme.example").await["verdict"]);
    let sent = world.asks(&olu, id).await.ok();
    assert_eq!((&sent["channel"], &sent["verdict"]["code"]), (&json!("partner"), &json!("allowed_partner")));
    assert_eq!(world.queue(&ann).await[0]["requester"]["verified"], true);
    // Ended by either: nobody is shown any more, and the open request stays.
    world
        .call_with(&dan, Method::DELETE, "/v1/links/northgrid", &[("idempotency-key", "e")], None)
        .await
        .ok();
    assert_eq!(world.get(&olu, "/v1/linked").await.ok()["items"], json!([]));
    assert_eq!(world.why(&olu, id).await["verdict"]["code"], "not_visible");
    assert_eq!(world.queue(&ann).await.len(), 1);
}

#[tokio::test]
async fn a_policy_approves_partners_by_itself_and_calls_managers_where_it_says_so() {
    let world = two_companies().await;
    let (ann, dan) = (world.session("acme", "ann").await, world.session("acme", "dan").await);
    let (olu, nia) = (world.session("northgrid", "olu").await, world.session("northgrid", "nia").await);
    world.linked(&dan, &nia).await;
    world.policy("acme", &rule("P-1", "auto_approve_partners = true")).await.ok();
    let sent = world.asks(&olu, "ann@acme.example").await.ok();
    assert_eq!(sent["state"], "approved");
    assert_eq!((world.contacts(&ann).await.len(), world.contacts(&olu).await.len()), (1, 1));

    // Both sides ask for a second approval.
    world.policy("acme", &rule("P-1", "manager_in = \"always\"")).await.ok();
    world.policy("northgrid", &rule("P-1", "manager_out = \"always\"")).await.ok();
    let pim = world.session("northgrid", "pim").await;
    let why = world.why(&pim, "ann@acme.example").await;
    assert_eq!((&why["verdict"]["code"], &why["manager_asking"]), (&json!("needs_manager"), &json!(true)));
    let sent = world.asks(&pim, "ann@acme.example").await.ok();
    let first = world.approves(&ann).await;
    assert_eq!(
        (&first["state"], &first["manager_asked"], &first["manager_asking"]),
        (&json!("pending_manager"), &json!("waits"), &json!("waits"))
    );
    assert_eq!(world.queue(&dan).await.len(), 0, "the first approval is still held");
    world.pass(11 * SECOND);
    assert_eq!(world.one(&pim, &sent).await["state"], "pending");
    // Dan is ann's manager; pim has none and no leader: any admin of Northgrid.
    let waits = world.queue(&dan).await;
    assert_eq!((&waits[0]["part"], &waits[0]["target"]["id"]), (&json!("manager_asked"), &json!("ann")));
    assert_eq!(world.queue(&nia).await[0]["part"], "manager_asking");
    assert_eq!(world.queue(&ann).await.len(), 0);
    // Neither the first approver nor the requester gives the second one.
    world.says(&ann, &waits[0], json!({"kind": "approve"})).await.refused("forbidden");
    world.says(&pim, &waits[0], json!({"kind": "approve"})).await.refused("forbidden");
    let second = world.says(&dan, &waits[0], json!({"kind": "approve"})).await.ok();
    assert_eq!((&second["state"], &second["manager_asked"]), (&json!("pending_manager"), &json!("given")));
    // Taken back and given again: each of the steps has its own window.
    let path = format!("/v1/requests/{}/undo", second["id"].as_str().unwrap());
    let undone = world.at(&dan, Method::POST, &path, &second["revision"], None).await.ok();
    assert_eq!((&undone["state"], &undone["manager_asked"]), (&json!("pending_manager"), &json!("waits")));
    world.says(&dan, &undone, json!({"kind": "approve"})).await.ok();
    world.pass(11 * SECOND);
    world.approves(&nia).await;
    assert_eq!(world.contacts(&pim).await.len(), 0);
    world.pass(11 * SECOND);
    assert_eq!(world.one(&pim, &sent).await["state"], "approved");
    assert_eq!(world.contacts(&pim).await.len(), 1);
    let detail = world.one(&ann, &sent).await;
    let parts: Vec<&Value> = detail["steps"].as_array().unwrap().iter().map(|step| &step["part"]).collect();
    assert_eq!(parts, ["target", "manager_asked", "manager_asking"]);
}

#[tokio::test]
async fn without_the_permission_one_asks_for_it_from_the_refusal() {
    let world = two_companies().await;
    let (bob, dan) = (world.session("acme", "bob").await, world.session("acme", "dan").await);
    let olu = world.session("northgrid", "olu").await;
    let link = world.link_of(&olu).await;
    world.policy("acme", &rule("EXT-A", "external = false")).await.ok();
    let why = world.why(&bob, &link).await;
    assert_eq!(why["verdict"]["code"], "external_not_granted");
    for (field, value) in [("rule", "EXT-A"), ("set_by", "Security"), ("why", "because"), ("title", "t")] {
        assert_eq!(why["verdict"][field], value);
    }
    assert_eq!(why["verdict"]["policy_version"], 2);
    assert_eq!(why["verdict"]["alternatives"][0], json!({"step": "ask_permission"}));
    assert_eq!(why["verdict"]["alternatives"][1]["id"], "dan", "somebody to ask has a name");
    world.asks(&bob, &link).await.refused("refused");

    let asked = world.post(&bob, "/v1/permissions", json!({"purpose": "the fair"})).await.ok();
    assert_eq!((&asked["kind"], asked["target"].is_null()), (&json!("permission"), true));
    world.post(&bob, "/v1/permissions", json!({"purpose": "again"})).await.refused("exists");
    let until = world.clock.now().after(30 * DAY);
    let queue = world.queue(&dan).await;
    assert_eq!((&queue[0]["part"], &queue[0]["requester"]["member"]), (&json!("admin"), &json!("bob")));
    world.says(&dan, &queue[0], json!({"kind": "approve", "until": until})).await.ok();
    assert_eq!(world.why(&bob, &link).await["verdict"]["code"], "external_not_granted", "it is held");
    world.pass(11 * SECOND);
    assert_eq!(world.why(&bob, &link).await["verdict"]["code"], "allowed_namecard");
    world.pass(31 * DAY);
    // Sessions do not lie idle for so long.
    let (bob, dan) = (world.session("acme", "bob").await, world.session("acme", "dan").await);
    assert_eq!(world.why(&bob, &link).await["verdict"]["code"], "external_not_granted");
    // An admin gives it directly; a locked rule is stronger than any grant.
    world.post(&dan, "/v1/grants", json!({"department": "Acme/R&D"})).await.ok();
    assert_eq!(world.why(&bob, &link).await["verdict"]["code"], "allowed_namecard");
    world.policy("acme", &rule("EXT-A", "department = \"Acme\"\nexternal = false\nlocked = true")).await.ok();
    assert_eq!(world.why(&bob, &link).await["verdict"]["code"], "external_not_granted");
    let refused = world.post(&dan, "/v1/grants", json!({"member": "bob"})).await.refused("refused");
    assert_eq!(refused["verdict"]["rule"], "EXT-A");
}

#[tokio::test]
async fn who_leaves_loses_nothing_for_the_company() {
    let world = two_companies().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let (dan, cho) = (world.session("acme", "dan").await, world.session("acme", "cho").await);
    let (olu, pim) = (world.session("northgrid", "olu").await, world.session("northgrid", "pim").await);
    let link = world.link_of(&bob).await;
    let card = world.card(&bob).await;
    // Two contacts, one of them a visitor, and a request that still waits.
    world.asks(&olu, &link).await.ok();
    world.approves(&bob).await;
    let status = world.visitor(&card, "陈静", "jing@bluewave.example").await;
    let waiting = world.queue(&bob).await.into_iter().find(|row| row["state"] == "pending").unwrap();
    world.says(&bob, &waiting, json!({"kind": "approve"})).await.ok();
    world.pass(11 * SECOND);
    let contact = world.contacts(&bob).await.into_iter().find(|row| row["kind"] == "member").unwrap();
    let path = format!("/v1/contacts/{}/remark", contact["id"].as_str().unwrap());
    world
        .at(&bob, Method::PUT, &path, &contact["revision"], Some(json!({"remark": "renewal Q3"})))
        .await
        .ok();
    world.asks(&pim, &link).await.ok();

    let left = world.post(&dan, "/v1/members/bob/leave", json!({})).await.ok();
    world.get(&bob, "/v1/me").await.refused("unauthenticated");
    assert_eq!(world.why(&pim, &link).await["verdict"]["code"], "card_unknown");
    // The manager and the admins may choose who takes over; whoever was chosen is asked.
    let queue = world.queue(&ann).await;
    assert_eq!(
        (&queue[0]["id"], &queue[0]["part"], &queue[0]["items"]),
        (&left["handover"], &json!("assigner"), &json!(3))
    );
    assert_eq!(world.queue(&dan).await.len(), 1);
    let path = format!("/v1/requests/{}/assign", queue[0]["id"].as_str().unwrap());
    world.at(&ann, Method::POST, &path, &queue[0]["revision"], Some(json!({"member": "cho"}))).await.ok();
    let mine = world.queue(&cho).await;
    assert_eq!((&mine[0]["kind"], &mine[0]["part"]), (&json!("handover"), &json!("target")));
    world.says(&cho, &mine[0], json!({"kind": "approve"})).await.ok();
    // The waiting request is the receiver's at once.
    assert_eq!(world.queue(&cho).await.len(), 1);
    assert_eq!(world.contacts(&cho).await.len(), 0, "the contacts are told first");
    let told = world.contacts(&olu).await[0].clone();
    assert!(told["allowed"].as_array().unwrap().contains(&json!("refuse")), "{told}");
    let page = world.get("", &status).await.text();
    assert!(page.contains("单雄") && page.contains("/refuse"), "{page}");
    // The visitor refuses, olu does not.
    assert_eq!(world.post_form(&format!("{status}/refuse"), &[]).await.status, 303);
    world.pass(25 * HOUR);
    let taken = world.contacts(&cho).await;
    assert_eq!(taken.len(), 1);
    assert_eq!(
        (&taken[0]["remark"], &taken[0]["source"]["add_way"]),
        (&json!("renewal Q3"), &json!("handed_over"))
    );
    let theirs = world.contacts(&olu).await;
    assert_eq!((theirs.len(), &theirs[0]["name"]), (1, &json!("单雄")));
    assert!(theirs[0].get("one_sided").is_none(), "{}", theirs[0]);
    let items = world.one(&cho, &mine[0]).await["handed_over"].clone();
    let mut states: Vec<&str> =
        items.as_array().unwrap().iter().map(|item| item["state"].as_str().unwrap()).collect();
    states.sort_unstable();
    assert_eq!(states, ["done", "done", "refused"]);
}

#[tokio::test]
async fn a_colleague_passes_a_contact_on_and_the_other_one_may_ask() {
    let world = two_companies().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let olu = world.session("northgrid", "olu").await;
    let link = world.link_of(&olu).await;
    world.asks(&ann, &link).await.ok();
    world.approves(&olu).await;
    world.pass(11 * SECOND);
    let contact = &world.contacts(&ann).await[0];
    let path = format!("/v1/contacts/{}/introduce", contact["id"].as_str().unwrap());
    world.post(&ann, &path, json!({"member": "bob"})).await.ok();
    let offered = world.get(&bob, "/v1/introductions").await.ok();
    assert_eq!(
        (&offered["items"][0]["name"], &offered["items"][0]["by"]["id"]),
        (&json!("Olu Adeyemi"), &json!("ann"))
    );
    let id = offered["items"][0]["id"].as_str().unwrap();
    assert_eq!(world.why(&bob, id).await["verdict"]["code"], "allowed_namecard");
    let sent = world.asks(&bob, id).await.ok();
    assert_eq!((&sent["channel"], &sent["introduced_by"]), (&json!("introduction"), &json!("Ann Lee")));
    assert_eq!(
        world.queue(&olu).await[0].get("introduced_by"),
        None,
        "the other company is not told who knows whom"
    );
    assert_eq!(world.get(&bob, "/v1/introductions").await.ok()["items"], json!([]), "it is used");
}

#[tokio::test]
async fn a_question_waits_for_its_answer_and_a_request_can_be_passed_on() {
    let world = two_companies().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let olu = world.session("northgrid", "olu").await;
    let (link, card) = (world.link_of(&ann).await, world.card(&ann).await);
    let sent = world.asks(&olu, &link).await.ok();
    let queue = world.queue(&ann).await;
    let path = format!("/v1/requests/{}/question", queue[0]["id"].as_str().unwrap());
    world.at(&ann, Method::POST, &path, &json!(1), Some(json!({"text": "Which contract?"}))).await.ok();
    assert_eq!(world.get(&ann, "/v1/requests/count").await.ok()["count"], 0);
    let seen = world.one(&olu, &sent).await;
    assert_eq!(seen["allowed"], json!(["withdraw", "answer"]));
    assert_eq!(
        (&seen["notes"][0]["text"], &seen["notes"][0]["who"]),
        (&json!("Which contract?"), &Value::Null)
    );
    let path = format!("/v1/requests/{}/answer", sent["id"].as_str().unwrap());
    world.post(&olu, &path, json!({"text": "Renewal of 12"})).await.ok();
    assert_eq!(world.get(&ann, "/v1/requests/count").await.ok()["count"], 1);
    world.post(&olu, &path, json!({"text": "And again"})).await.refused("not_open");
    // A visitor answers on their page.
    let status = world.visitor(&card, "陈静", "jing@bluewave.example").await;
    let theirs =
        world.queue(&ann).await.into_iter().find(|row| row["requester"]["kind"] == "visitor").unwrap();
    let path = format!("/v1/requests/{}/question", theirs["id"].as_str().unwrap());
    world.at(&ann, Method::POST, &path, &json!(1), Some(json!({"text": "Wo?"}))).await.ok();
    assert!(world.get("", &status).await.text().contains("Wo?"));
    assert_eq!(world.post_form(&format!("{status}/answer"), &[("text", "Halle 3")]).await.status, 303);
    let detail = world.one(&ann, &theirs).await;
    assert_eq!(detail["notes"][1]["text"], "Halle 3");
    // Passed on it is the other one's, who gets the contact.
    let path = format!("/v1/requests/{}/pass", theirs["id"].as_str().unwrap());
    let passed =
        world.at(&ann, Method::POST, &path, &detail["revision"], Some(json!({"member": "bob"}))).await.ok();
    assert_eq!((&passed["part"], &passed["target"]["id"]), (&json!("past"), &json!("bob")));
    assert_eq!((world.queue(&ann).await.len(), world.queue(&bob).await.len()), (1, 1));
    world.approves(&bob).await;
    world.pass(11 * SECOND);
    assert_eq!(world.contacts(&bob).await.len(), 1);
    // Put away until a moment, it comes back by itself.
    let mine = &world.queue(&ann).await[0];
    let path = format!("/v1/requests/{}/snooze", mine["id"].as_str().unwrap());
    let until = world.clock.now().after(HOUR);
    world.post(&ann, &path, json!({"until": until})).await.ok();
    assert_eq!(world.get(&ann, "/v1/requests/count").await.ok()["count"], 0);
    world.pass(2 * HOUR);
    assert_eq!(world.get(&ann, "/v1/requests/count").await.ok()["count"], 1);
}

#[tokio::test]
async fn a_block_counts_for_the_company_and_looks_like_a_rejection_from_outside() {
    let world = two_companies().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let olu = world.session("northgrid", "olu").await;
    let (hers, his) = (world.link_of(&ann).await, world.link_of(&bob).await);
    let sent = world.asks(&olu, &hers).await.ok();
    let queue = world.queue(&ann).await;
    let blocked = world.says(&ann, &queue[0], json!({"kind": "block", "reason": "looks_fake"})).await.ok();
    assert_eq!(blocked["state"], "blocked");
    assert_eq!(world.why(&olu, &his).await["verdict"]["code"], "allowed_namecard", "it is held");
    world.pass(11 * SECOND);
    assert_eq!(world.one(&olu, &sent).await["state"], "rejected");
    for link in [&hers, &his] {
        let why = world.why(&olu, link).await;
        assert_eq!(why["verdict"]["code"], "blocked");
    }
    // A visitor who was blocked hears the same as one whose card is not taking requests.
    let card = world.card(&ann).await;
    world.visitor(&card, "Mal", "mal@evil.example").await;
    let queue = world.queue(&ann).await;
    world.says(&ann, &queue[0], json!({"kind": "block", "reason": "looks_fake"})).await.ok();
    world.pass(2 * DAY);
    let (form, his_card) = (world.form(&world.card(&bob).await).await, world.card(&bob).await);
    let fields = [("name", "Mal"), ("email", "MAL@evil.example"), ("purpose", "p"), ("form", &form)];
    let reply = world.post_form(&his_card, &fields).await;
    assert_ne!(reply.status, 303, "{}", reply.text());
    assert_eq!(world.queue(&bob).await.len(), 0);
}

#[tokio::test]
async fn a_day_has_so_many_requests_and_no_more() {
    let world = two_companies().await;
    world.policy("northgrid", &rule("L", "requests_per_day = 1")).await.ok();
    let olu = world.session("northgrid", "olu").await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let (hers, his) = (world.link_of(&ann).await, world.link_of(&bob).await);
    world.asks(&olu, &hers).await.ok();
    let why = world.why(&olu, &his).await;
    assert_eq!(
        (&why["verdict"]["code"], &why["sent_today"], &why["sent_most"]),
        (&json!("daily_limit"), &json!(1), &json!(1))
    );
    let wait = why["verdict"]["alternatives"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["step"] == "wait")
        .unwrap();
    assert_eq!(wait["at"], "2026-05-29T00:00:00.000000Z");
    world.asks(&olu, &his).await.refused("refused");
    world.pass(DAY);
    world.asks(&olu, &his).await.ok();
}

#[tokio::test]
async fn several_decisions_in_one_call_stand_or_fall_each_for_itself() {
    let world = two_companies().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    for n in 0..3 {
        world.visitor(&card, &format!("V{n}"), &format!("v{n}@b{n}.example")).await;
    }
    let queue = world.queue(&ann).await;
    let item = |n: usize, revision: i64| json!({"id": queue[n]["id"], "revision": revision, "key": format!("bulk-{n}"), "decision": {"kind": "approve"}});
    let body = json!({"items": [item(0, 1), item(1, 7), item(2, 1)]});
    let reply = world.call(&ann, Method::POST, "/v1/decisions", Some(body.clone())).await.ok();
    let results = reply["items"].as_array().unwrap();
    assert_eq!(results[0]["request"]["state"], "approved");
    assert_eq!(results[1]["problem"]["code"], "revision_changed");
    assert_eq!(results[2]["request"]["state"], "approved");
    // Sent again it does nothing twice.
    let again = world.call(&ann, Method::POST, "/v1/decisions", Some(body)).await.ok();
    assert_eq!(again["items"][0]["request"]["revision"], 2);
}

#[tokio::test]
async fn a_bad_policy_changes_nothing_and_says_where_it_is_bad() {
    let world = two_companies().await;
    for (document, code, line) in [
        ("[[rule]]\nid = ", "not_toml", 2),
        (&rule("A", "department = \"Acme/Reserch\"\nexternal = false"), "unknown_department", 6),
        (&rule("A", "external = false\nlocked = true"), "locks_out", 6),
        (&rule("A", "externl = false"), "unknown_name", 6),
    ] {
        let refused = world.policy("acme", document).await.refused("policy_refused");
        assert_eq!(
            (&refused["faults"][0]["code"], &refused["faults"][0]["line"]),
            (&json!(code), &json!(line))
        );
    }
    let policy = world.get(&world.operator, "/v1/policy?company=acme").await.ok();
    assert_eq!(policy["version"], 1);
    world.policy("acme", &rule("A", "undo_seconds = 60")).await.ok();
    let body = json!({"company": "acme", "document": rule("A", "undo_seconds = 30") + &rule("B", "member = \"ann\"\nundo_seconds = 20")});
    let checked = world.call(&world.operator, Method::POST, "/v1/policy/check", Some(body)).await.ok();
    assert_eq!(checked["changes"][0]["rule"], "A");
    assert_eq!(
        checked["changes"][0]["lines"][0],
        json!({"name": "undo_seconds", "before": "60", "after": "30"})
    );
    assert_eq!(checked["effects"], json!([{"name": "undo_seconds", "people": 4}]));
    let history = world.get(&world.operator, "/v1/policy/history?company=acme").await.ok();
    let versions: Vec<&Value> =
        history["items"].as_array().unwrap().iter().map(|item| &item["version"]).collect();
    assert_eq!(versions, [2, 1]);
    let body = json!({"company": "acme", "member": "ann"});
    let told = world.call(&world.operator, Method::POST, "/v1/policy/explain", Some(body)).await.ok();
    let undo = told["settings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|setting| setting["name"] == "undo_seconds")
        .unwrap();
    assert_eq!((&undo["value"], &undo["by"][0]["rule"]), (&json!("60"), &json!("A")));
}

#[tokio::test]
async fn the_company_offers_tags_and_own_ones_come_besides() {
    let world = two_companies().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    world.visitor(&card, "Eve", "eve@elsewhere.example").await;
    let waits = world.queue(&ann).await;
    world.says(&ann, &waits[0], json!({"kind": "approve"})).await.ok();
    world.pass(11 * SECOND);
    let id = world.contacts(&ann).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/contacts/{id}");
    let tags = async |revision: i64, company: &[&str], own: &[&str]| {
        let body = json!({"company": company, "own": own});
        world.at(&ann, Method::PUT, &format!("{path}/tags"), &json!(revision), Some(body)).await
    };
    world.policy("acme", &rule("T", "company_tags = [\"VIP\", \"客户 \\\"A\\\"\"]")).await.ok();
    let detail = world.get(&ann, &path).await.ok();
    assert_eq!(detail["company_tags"], json!(["VIP", "客户 \"A\""]));
    let revision = detail["contact"]["revision"].as_i64().unwrap();
    tags(revision, &["vip"], &[]).await.refused("invalid");
    tags(revision, &["VIP"], &["met twice"]).await.ok();
    let contact = world.get(&ann, &path).await.ok()["contact"].take();
    assert_eq!((&contact["tags"], &contact["own_tags"]), (&json!(["VIP"]), &json!(["met twice"])));
    // What is not offered any more stays where it is, and is given to nobody anew.
    world.policy("acme", &rule("T", "company_tags = []")).await.ok();
    tags(revision + 1, &["VIP"], &[]).await.ok();
    tags(revision + 2, &[], &[]).await.ok();
    tags(revision + 3, &["VIP"], &[]).await.refused("invalid");
}

#[tokio::test]
async fn whoever_a_linked_company_shows_is_found_and_nobody_else_of_it() {
    let world = two_companies().await;
    let (dan, nia) = (world.session("acme", "dan").await, world.session("northgrid", "nia").await);
    let found = async |place: &str| -> Vec<(String, String)> {
        let reply = world.get(&dan, &format!("/v1/search?q=olu{place}")).await.ok();
        let items = reply["items"].as_array().unwrap().clone();
        let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
        items.iter().map(|item| (text(item, "name"), text(item, "where"))).collect()
    };
    assert_eq!(found("").await, []);
    world.linked(&dan, &nia).await;
    let shown = world.get(&dan, "/v1/linked").await.ok()["items"].as_array().unwrap().clone();
    let olu = shown.iter().find(|person| person["name"] == "Olu Adeyemi").unwrap();
    let hit = vec![("Olu Adeyemi".to_owned(), "linked".to_owned())];
    assert_eq!((found("").await, found("&in=linked").await), (hit.clone(), hit));
    assert_eq!((found("&in=directory").await, found("&in=external").await), (vec![], vec![]));
    let all = world.get(&dan, "/v1/search?q=n&in=linked&limit=100").await.ok();
    for item in all["items"].as_array().unwrap() {
        assert!(shown.iter().any(|person| person["id"] == item["id"]), "{item}");
    }
    // A contact stands among the contacts, once.
    world.asks(&dan, olu["id"].as_str().unwrap()).await.ok();
    world.approves(&world.session("northgrid", "olu").await).await;
    world.pass(11 * SECOND);
    assert_eq!(found("").await, [("Olu Adeyemi".to_owned(), "external".to_owned())]);
}

/// What the member reads of a request, but for when they read it.
async fn read(world: &World, token: &str, request: &Value) -> Value {
    let mut seen = world.one(token, request).await;
    seen.as_object_mut().unwrap().remove("as_of");
    seen
}

#[tokio::test]
async fn the_side_that_asks_hears_nothing_of_a_decision_that_is_held() {
    let world = two_companies().await;
    let (ann, dan) = (world.session("acme", "ann").await, world.session("acme", "dan").await);
    let (olu, nia) = (world.session("northgrid", "olu").await, world.session("northgrid", "nia").await);
    world.policy("acme", &rule("P-1", "manager_in = \"always\"")).await.ok();
    world.policy("northgrid", &rule("P-1", "manager_out = \"always\"")).await.ok();
    let link = world.link_of(&ann).await;
    let sent = world.asks(&olu, &link).await.ok();
    let mut database = world.database().await;
    let told = "SELECT COUNT(*) FROM outbox o JOIN companies c ON c.sk = o.company WHERE c.id = 'northgrid'";
    // Ann's yes, and dan's after it: each is held, and none of them is heard of.
    for approver in [&ann, &dan] {
        let (before, news) = (read(&world, &olu, &sent).await, database.number(told).await);
        world.approves(approver).await;
        assert_eq!(read(&world, &olu, &sent).await, before);
        assert_eq!(database.number(told).await, news, "nor is anybody told that there is something");
        assert_eq!(world.why(&olu, &link).await["verdict"]["code"], "request_pending");
        world.pass(11 * SECOND);
    }
    // Their own manager's is held as well.
    let before = read(&world, &olu, &sent).await;
    assert_eq!(before["manager_asking"], "waits");
    world.approves(&nia).await;
    assert_eq!(read(&world, &olu, &sent).await, before);
    let why = world.why(&olu, &link).await;
    assert_eq!(why["verdict"]["code"], "request_pending", "the contact is there, and not yet");
    world.pass(11 * SECOND);
    assert_eq!(world.one(&olu, &sent).await["state"], "approved");
}

#[tokio::test]
async fn who_knows_somebody_knows_them_once() {
    let world = two_companies().await;
    let (ann, olu) = (world.session("acme", "ann").await, world.session("northgrid", "olu").await);
    let (hers, his) = (world.link_of(&ann).await, world.link_of(&olu).await);
    // Each asks the other, and each says yes before either yes is heard of.
    world.asks(&olu, &hers).await.ok();
    world.asks(&ann, &his).await.ok();
    let first = world.approves(&ann).await;
    world.pass(SECOND);
    let second = world.approves(&olu).await;
    // The first is taken back: the second one holds all the same, from its own time on.
    let path = format!("/v1/requests/{}/undo", first["id"].as_str().unwrap());
    let undone = world.at(&ann, Method::POST, &path, &first["revision"], None).await.ok();
    world.pass(10 * SECOND);
    let since = |contacts: Vec<Value>| {
        assert_eq!(contacts.len(), 1, "{contacts:?}");
        contacts[0]["since"].clone()
    };
    assert_eq!(since(world.contacts(&ann).await), second["effective_at"]);
    assert_eq!(since(world.contacts(&olu).await), second["effective_at"]);
    world.says(&ann, &undone, json!({"kind": "approve"})).await.ok();
    world.pass(11 * SECOND);
    since(world.contacts(&ann).await);
    // He ends it and asks again: she has kept her side of it.
    let contact = &world.contacts(&olu).await[0];
    let path = format!("/v1/contacts/{}", contact["id"].as_str().unwrap());
    world.at(&olu, Method::DELETE, &path, &contact["revision"], None).await.ok();
    world.asks(&olu, &hers).await.ok();
    world.approves(&ann).await;
    world.pass(11 * SECOND);
    since(world.contacts(&olu).await);
    since(world.contacts(&ann).await);
    assert_eq!(world.contacts(&ann).await[0].get("one_sided"), None);
}

#[tokio::test]
async fn what_is_promised_to_one_colleague_is_not_given_to_another() {
    let world = two_companies().await;
    let (ann, dan) = (world.session("acme", "ann").await, world.session("acme", "dan").await);
    let (bob, cho) = (world.session("acme", "bob").await, world.session("acme", "cho").await);
    let (olu, pim) = (world.session("northgrid", "olu").await, world.session("northgrid", "pim").await);
    let link = world.link_of(&ann).await;
    world.asks(&olu, &link).await.ok();
    world.approves(&ann).await;
    world.pass(11 * SECOND);
    let contact = world.contacts(&ann).await[0]["id"].clone();
    let offer = |to: &str| json!({"member": to, "contacts": [contact]});
    world.post(&ann, "/v1/handovers", offer("bob")).await.ok();
    world.approves(&bob).await;
    world.post(&ann, "/v1/handovers", offer("cho")).await.refused("exists");
    // Somebody decides for ann while she is away, and not when she has left.
    let until = world.clock.now().after(2 * DAY);
    let body = json!({"accepts": true, "away_until": until, "stand_in": "cho"});
    world.at(&ann, Method::PUT, "/v1/settings", &json!(0), Some(body)).await.ok();
    world.asks(&pim, &link).await.ok();
    assert_eq!(world.queue(&cho).await.len(), 1);
    world.post(&dan, "/v1/members/ann/leave", json!({})).await.ok();
    assert_eq!(world.queue(&cho).await.len(), 0);
    let waits = world.queue(&dan).await;
    assert_eq!(waits[0]["items"], 1, "the request that waited, and not the contact that is bob's");
    world.pass(25 * HOUR);
    assert_eq!(world.contacts(&bob).await.len(), 1);
}

#[tokio::test]
async fn a_contact_that_is_taken_back_before_it_began_is_not_handed_over() {
    let world = two_companies().await;
    let (ann, dan) = (world.session("acme", "ann").await, world.session("acme", "dan").await);
    let (cho, olu) = (world.session("acme", "cho").await, world.session("northgrid", "olu").await);
    world.policy("acme", &rule("P-1", "undo_seconds = 3600")).await.ok();
    let sent = world.asks(&olu, &world.link_of(&ann).await).await.ok();
    world.approves(&ann).await;
    world.post(&dan, "/v1/members/ann/leave", json!({})).await.ok();
    let waits = &world.queue(&dan).await[0];
    let path = format!("/v1/requests/{}/assign", waits["id"].as_str().unwrap());
    world.at(&dan, Method::POST, &path, &waits["revision"], Some(json!({"member": "cho"}))).await.ok();
    let taken = world.approves(&cho).await;
    // Olu, who has heard nothing yet, takes the request back.
    let path = format!("/v1/requests/{}/withdraw", sent["id"].as_str().unwrap());
    world.post(&olu, &path, json!({})).await.ok();
    world.pass(25 * HOUR);
    assert_eq!((world.contacts(&cho).await.len(), world.contacts(&olu).await.len()), (0, 0));
    let item = world.one(&cho, &taken).await["handed_over"][0].clone();
    assert_eq!((&item["state"], &item["reason"]), (&json!("failed"), &json!("not_visible")));
}

#[tokio::test]
async fn a_write_sent_again_is_answered_as_before_whatever_the_time() {
    let world = two_companies().await;
    let dan = world.session("acme", "dan").await;
    let body = json!({"member": "bob", "until": world.clock.now().after(HOUR)});
    let headers = [("idempotency-key", "grant")];
    let send = || world.call_with(&dan, Method::POST, "/v1/grants", &headers, Some(body.clone()));
    let given = send().await.ok();
    world.pass(2 * HOUR);
    let again = send().await;
    assert_eq!(again.header("idempotent-replay"), "true");
    assert_eq!(again.ok(), given);
}

#[tokio::test]
async fn a_visitor_whom_the_policy_turns_away_reads_what_they_can_mend_and_nothing_else() {
    let world = two_companies().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let send = async |email: &str| {
        let form = world.form(&card).await;
        let fields = [("name", "Eve"), ("email", email), ("purpose", "p"), ("form", form.as_str())];
        world.post_form(&card, &fields).await.text()
    };
    world.policy("acme", &rule("EXT-05", "personal_addresses = false")).await.ok();
    let page = send("eve@gmail.com").await;
    assert!(page.contains("This is a personal address") && page.contains("eve@gmail.com"), "{page}");
    assert!(!page.contains("This is needed"), "{page}");
    // A blocked domain and a card's owner who takes none read the same.
    world.policy("acme", &rule("EXT-06", "blocked_domains = [\"bad.example\"]")).await.ok();
    let blocked = send("eve@bad.example").await;
    assert!(
        blocked.contains("does not take this request") && blocked.contains("nothing was kept"),
        "{blocked}"
    );
    world.policy("acme", &rule("EXT-20", "accepts = false")).await.ok();
    assert_eq!(send("eve@good.example").await, blocked);
    assert_eq!(world.queue(&ann).await.len(), 0);
}
