//! Two companies with somebody of every kind in them, what belongs to each, and calls of every route that
//! would be done if only the caller may.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::support::{Reply, World, described, member};

/// Whoever calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Nobody signed in.
    Visitor,
    /// Without anything besides.
    Member,
    /// To whom somebody reports, and who leads a department.
    Manager,
    /// Of the company, and somebody's manager.
    Admin,
    /// Of the company.
    Auditor,
    /// With the server's own token.
    Operator,
    /// A member of another company.
    Stranger,
    /// An admin of another company.
    StrangeAdmin,
    /// Who left the company while signed in.
    Left,
    /// Whose account was locked while they were signed in.
    Disabled,
}

impl Role {
    pub const ALL: [Self; 10] = [
        Self::Visitor,
        Self::Member,
        Self::Manager,
        Self::Admin,
        Self::Auditor,
        Self::Operator,
        Self::Stranger,
        Self::StrangeAdmin,
        Self::Left,
        Self::Disabled,
    ];

    /// Who it is in these companies.
    pub fn person(self) -> &'static str {
        match self {
            Self::Visitor => "",
            Self::Member => "bob",
            Self::Manager => "ann",
            Self::Admin => "dan",
            Self::Auditor => "aud",
            Self::Operator => "operator",
            Self::Stranger => "zed",
            Self::StrangeAdmin => "yan",
            Self::Left => "eve",
            Self::Disabled => "fay",
        }
    }
}

/// Whose a thing is, seen from the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    Own,
    ReportsToMe,
    SameCompany,
    OtherCompany,
}

impl Relation {
    pub const ALL: [Self; 4] = [Self::Own, Self::ReportsToMe, Self::SameCompany, Self::OtherCompany];
}

/// What a route names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Nothing,
    Company,
    Member,
    /// A member who is to leave.
    Leaver,
    /// A request of a visitor, to its owner.
    Request,
    /// A request of its owner to somebody outside, who asked something back.
    Outgoing,
    /// A request to its owner, who said yes: it waits for the second approval.
    Second,
    /// What somebody left behind who stood where its owner stands.
    Handover,
    /// A handover that its owner offers to a colleague.
    Offer,
    /// Its owner asks for the external permission.
    Permission,
    /// A partner link that another company proposes to its owner's.
    Proposal,
    /// A request to its owner that only another system can decide.
    Elsewhere,
    /// A contact that was a visitor.
    Contact,
    /// A contact with an account on this server.
    Peer,
    /// A contact whose other side changes hands.
    Told,
    Card,
    /// What a card's code holds.
    CardLink,
    Grant,
    /// A company that its owner's is linked with, by its id.
    Link,
    /// A company that a link can be proposed to.
    Partner,
    Token,
    Import,
}

impl Thing {
    /// What each of its owners has of it from the beginning.
    const HAD: [Self; 16] = [
        Self::Contact,
        Self::Request,
        Self::Token,
        Self::Outgoing,
        Self::Second,
        Self::Handover,
        Self::Offer,
        Self::Permission,
        Self::Proposal,
        Self::Elsewhere,
        Self::Peer,
        Self::Told,
        Self::Card,
        Self::Grant,
        Self::Link,
        Self::Import,
    ];

    /// Whether it is a request of any kind.
    pub fn is_request(self) -> bool {
        use Thing::{Elsewhere, Handover, Offer, Outgoing, Permission, Proposal, Request, Second};
        matches!(self, Request | Outgoing | Second | Handover | Offer | Permission | Proposal | Elsewhere)
    }
}

/// What a call of a route is made of. A route that is tried on things of several kinds stands there once for each.
pub struct Route {
    /// As the description has it.
    pub operation: String,
    /// The same with the kind of thing, where there are several.
    pub name: String,
    pub method: Method,
    pub path: String,
    pub thing: Thing,
    pub revision: bool,
    pub key: bool,
    pub media: Option<String>,
}

/// What a route is tried on.
fn things(name: &str) -> Vec<(&'static str, Thing)> {
    let one = |thing| vec![("", thing)];
    match name {
        "GET /v1/requests/{id}" | "POST /v1/requests/{id}/decision" => vec![
            ("", Thing::Request),
            ("outgoing", Thing::Outgoing),
            ("second", Thing::Second),
            ("handover", Thing::Handover),
            ("permission", Thing::Permission),
            ("proposal", Thing::Proposal),
            ("elsewhere", Thing::Elsewhere),
        ],
        "POST /v1/requests/{id}/withdraw" | "POST /v1/requests/{id}/answer" => one(Thing::Outgoing),
        "POST /v1/requests/{id}/assign" => one(Thing::Handover),
        "POST /v1/decisions" => one(Thing::Request),
        "POST /v1/verdicts" | "POST /v1/policy/explain" | "POST /v1/grants" => one(Thing::Member),
        "POST /v1/requests" => one(Thing::CardLink),
        "POST /v1/handovers" => one(Thing::Contact),
        "POST /v1/contacts/{id}/introduce" => one(Thing::Peer),
        "POST /v1/contacts/{id}/refuse" => one(Thing::Told),
        "POST /v1/links" => one(Thing::Partner),
        "POST /v1/members/{id}/leave" => one(Thing::Leaver),
        "POST /v1/tokens" | "POST /v1/sessions" | "PUT /v1/local" => one(Thing::Member),
        "GET /v1/tokens" | "GET /v1/grants" | "GET /v1/policy" | "GET /v1/policy/history" => {
            one(Thing::Company)
        }
        "POST /v1/policy/check" | "PUT /v1/policy" | "GET /v1/audit" | "POST /v1/audit/verify" => {
            one(Thing::Company)
        }
        _ if !name.contains('{') => one(Thing::Nothing),
        _ => match name.split('/').nth(2).unwrap() {
            "members" | "elsewhere" => one(Thing::Member),
            "requests" => one(Thing::Request),
            "contacts" => one(Thing::Contact),
            "cards" => one(Thing::Card),
            "grants" => one(Thing::Grant),
            "links" => one(Thing::Link),
            "tokens" => one(Thing::Token),
            "imports" => one(Thing::Import),
            other => panic!("{other}: what does {name} name?"),
        },
    }
}

/// Every operation of the description.
pub fn routes() -> Vec<Route> {
    let mut found = Vec::new();
    for (path, methods) in described::api()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let name = format!("{method} {path}");
            let headers: Vec<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "header")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            for (kind, thing) in things(&name) {
                found.push(Route {
                    thing,
                    revision: headers.contains(&"if-match"),
                    key: headers.contains(&"idempotency-key"),
                    media: operation["requestBody"]["content"]
                        .as_object()
                        .map(|content| content.keys().next().unwrap().clone()),
                    path: path.clone(),
                    method: method.clone(),
                    name: if kind.is_empty() { name.clone() } else { format!("{name} {kind}") },
                    operation: name.clone(),
                });
            }
        }
    }
    assert!(found.len() > 80);
    found
}

/// Somebody, and what is theirs.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: &'static str,
    pub company: &'static str,
    pub manager: &'static str,
    pub role: &'static str,
    pub session: String,
    /// The path of their card's page.
    pub card: String,
    things: BTreeMap<Thing, String>,
}

impl Person {
    /// What they have of a kind.
    pub fn has(&self, thing: Thing) -> Option<String> {
        match thing {
            Thing::Nothing => None,
            Thing::Company | Thing::Partner => Some(self.company.to_owned()),
            Thing::Member | Thing::Leaver => Some(self.id.to_owned()),
            Thing::CardLink => Some(link(&self.card)),
            thing => self.things.get(&thing).cloned(),
        }
    }

    /// The same, of what everybody has.
    pub fn thing(&self, thing: Thing) -> &str {
        &self.things[&thing]
    }

    /// A colleague without any role, whom things can be given to.
    fn colleague(&self) -> &'static str {
        if self.company == "acme" { "col" } else { "wes" }
    }

    /// An admin of the company.
    fn admin(&self) -> &'static str {
        if self.company == "acme" { "dan" } else { "yan" }
    }
}

/// A card's link, by the path of its page.
fn link(path: &str) -> String {
    format!("HTTP://127.0.0.1:45678{path}")
}

/// What is there of no kind.
pub fn missing(thing: Thing) -> &'static str {
    match thing {
        Thing::Nothing => "",
        Thing::Company | Thing::Link | Thing::Partner | Thing::Member | Thing::Leaver => "nobody",
        Thing::Contact | Thing::Peer | Thing::Told => "x_00000000000000000000000000",
        Thing::Card => "c_00000000000000000000000000",
        Thing::CardLink => "HTTP://127.0.0.1:45678/C/7Q2M9K4TZR8VPQ1SWN5YB3XE01",
        Thing::Token => "000000000000",
        Thing::Import | Thing::Grant => "999999",
        request => {
            assert!(request.is_request());
            "r_00000000000000000000000000"
        }
    }
}

/// Somebody of a third company, whom everybody may know.
struct Peer {
    session: String,
    /// The path of their card's page.
    card: String,
}

pub struct Cast {
    pub world: World,
    pub people: Vec<Person>,
    turn: Cell<u64>,
}

/// Everybody: id, company, manager, role. Each has a word in every text of theirs that stands nowhere else.
const PEOPLE: [(&str, &str, &str, &str); 11] = [
    ("ann", "acme", "", ""),
    ("bob", "acme", "ann", ""),
    ("col", "acme", "", ""),
    ("dan", "acme", "", "admin"),
    ("aud", "acme", "", "auditor"),
    ("gus", "acme", "dan", ""),
    ("eve", "acme", "", ""),
    ("fay", "acme", "", ""),
    ("zed", "other", "", ""),
    ("yan", "other", "", "admin"),
    ("wes", "other", "", ""),
];

/// The word in whatever belongs to somebody: their directory fields, and what only they see.
pub fn open_word(id: &str) -> String {
    format!("open{id}word")
}

pub fn secret_word(id: &str) -> String {
    format!("secret{id}word")
}

/// What another system says of a request to somebody.
fn elsewhere(company: &str, member: &str, word: &str) -> Value {
    json!({
        "company": company, "member": member, "state": "pending", "requester": {"name": word, "company": word},
        "purpose": word, "link": "https://work.example/",
    })
}

/// Somebody as an import brings them.
pub fn row(line: u64, id: &str, manager: &str, role: &str, status: &str) -> Value {
    let word = open_word(id);
    let department = if ["ann", "bob"].contains(&id) { "Lab" } else { "Desk" };
    let leads = if id == "ann" { json!([["Lab"]]) } else { json!([]) };
    member(
        line,
        id,
        &format!("{word} name"),
        json!({
            "alias": format!("{word} alias"), "departments": [[department]], "leader_of": leads,
            "title": format!("{word} title"), "external_title": format!("{word} outside"),
            "mobile": format!("+86 {line}38"), "phone": format!("010 {line}"), "email": format!("{word}@mail.example"),
            "office": format!("{word} office"), "manager": manager, "role": role, "status": status,
            "attributes": [{"name": "Floor", "value": format!("{word} floor")}],
        }),
    )
}

impl Cast {
    pub async fn new() -> Self {
        let world = World::new().await;
        for company in ["acme", "other"] {
            let mut rows = vec![json!({"department": {"line": 1, "path": ["Lab"], "english_name": "Lab"}})];
            for ((id, _, manager, role), line) in PEOPLE.into_iter().zip(2..).filter(|(p, _)| p.1 == company)
            {
                rows.push(row(line, id, manager, role, ""));
            }
            world.company(company, company, &rows).await;
        }
        world.company("third", "Third", &[member(2, "tia", "Tia", json!({"role": "admin"}))]).await;
        let mut cast = Self { world, people: Vec::new(), turn: Cell::new(0) };
        for (id, company, manager, role) in PEOPLE {
            let session = cast.world.session(company, id).await;
            let card = cast.world.card(&session).await;
            let things = BTreeMap::new();
            cast.people.push(Person { id, company, manager, role, session, card, things });
        }
        for at in 0..cast.people.len() {
            let person = cast.people[at].clone();
            for thing in Thing::HAD {
                if thing == Thing::Import && person.role != "admin" {
                    continue;
                }
                let made = cast.make(&person, thing).await;
                if thing == Thing::Contact {
                    // What a note of one's own is worth is known by one's own remark.
                    let path = format!("/v1/contacts/{made}/remark");
                    let body = json!({"remark": secret_word(person.id)});
                    cast.write(&person.session, Method::PUT, &path, Some(1), Some(body)).await.ok();
                }
                cast.people[at].things.insert(thing, made);
            }
        }
        // One leaves, one is locked out: both keep the token that they had.
        let rows = [row(8, "eve", "", "", "left"), row(9, "fay", "", "", "disabled")];
        cast.world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
        cast
    }

    pub fn person(&self, id: &str) -> &Person {
        self.people.iter().find(|person| person.id == id).unwrap()
    }

    pub fn token(&self, role: Role) -> &str {
        match role {
            Role::Visitor => "",
            Role::Operator => &self.world.operator,
            role => &self.person(role.person()).session,
        }
    }

    /// A number that was not given before.
    pub fn next(&self) -> u64 {
        self.turn.set(self.turn.get() + 1);
        self.turn.get()
    }

    /// A write under a key of its own.
    pub async fn write(
        &self,
        token: &str,
        method: Method,
        path: &str,
        revision: Option<i64>,
        body: Option<Value>,
    ) -> Reply {
        let (key, tag) =
            (format!("cast {}", self.next()), revision.map(|revision| format!("\"{revision}\"")));
        let mut headers = vec![("idempotency-key", key.as_str())];
        headers.extend(tag.as_deref().map(|tag| ("if-match", tag)));
        self.world.call_with(token, method, path, &headers, body).await
    }

    /// A new member of a company, standing where somebody else stands.
    async fn newcomer(&self, company: &str, manager: &str, role: &str) -> String {
        let n = self.next();
        let id = format!("new{n}");
        let row = member(1_000 + n, &id, &format!("New {n}"), json!({"manager": manager, "role": role}));
        self.world.import(json!({"company": company}), &[row], json!({})).await.ok();
        id
    }

    async fn peer(&self) -> Peer {
        let id = self.newcomer("third", "", "").await;
        let session = self.world.session("third", &id).await;
        let card = self.world.card(&session).await;
        Peer { session, card }
    }

    /// A new company with an admin, by whom it is spoken for.
    async fn company(&self) -> (String, String) {
        let id = format!("partner-{}", self.next());
        self.world.company(&id, &id, &[member(2, "adm", "Adm", json!({"role": "admin"}))]).await;
        let session = self.world.session(&id, "adm").await;
        (id, session)
    }

    /// The newest row of a list.
    pub async fn newest(&self, token: &str, path: &str) -> String {
        let list = self.world.get(token, path).await.ok();
        let newest = list["items"].as_array().unwrap().iter().max_by_key(|row| row["id"].as_str());
        newest.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// The version of a company's policy.
    pub async fn policy_version(&self, company: &str) -> i64 {
        let path = format!("/v1/policy?company={company}");
        let reply = self.world.get(&self.world.operator, &path).await;
        reply.header("etag").trim_matches('"').parse().unwrap()
    }

    /// Puts one rule in force in a company, or none.
    pub async fn policy(&self, company: &str, rule: &str) {
        let version = self.policy_version(company).await;
        let head = "[[rule]]\nid = \"A\"\ntitle = \"t\"\nowner = \"o\"\nreason = \"r\"\n";
        let document = if rule.is_empty() { "# None.\n".to_owned() } else { format!("{head}{rule}\n") };
        let body = json!({"company": company, "document": document});
        self.write(&self.world.operator, Method::PUT, "/v1/policy", Some(version), Some(body)).await.ok();
    }

    /// A visitor asks for contact by somebody's card, with a word in everything that they say.
    pub async fn ask(&self, session: &str, card: &str, word: &str) -> String {
        let world = &self.world;
        let form = world.form(card).await;
        let n = self.next();
        let (email, phone) = (format!("{word}{n}@{word}.example"), format!("+44 {n}"));
        let fields = [
            ("name", word),
            ("company", word),
            ("title", word),
            ("email", &email),
            ("phone", &phone),
            ("purpose", word),
            ("message", word),
            ("form", &form),
        ];
        let reply = world.post_form(card, &fields).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        self.newest(session, "/v1/requests?box=incoming&limit=100&state=pending").await
    }

    /// A visitor becomes somebody's contact.
    pub async fn meet(&self, session: &str, card: &str, word: &str) -> String {
        let request = self.ask(session, card, word).await;
        self.decide(session, &request, json!({"kind": "approve"})).await;
        self.world.pass(Duration::from_secs(11));
        self.newest(session, "/v1/contacts?limit=500").await
    }

    async fn decide(&self, session: &str, request: &str, decision: Value) {
        let path = format!("/v1/requests/{request}");
        let revision = self.world.get(session, &path).await.ok()["revision"].as_i64();
        let path = format!("{path}/decision");
        self.write(session, Method::POST, &path, revision, Some(decision)).await.ok();
    }

    /// Somebody asks a new person of the third company; the request, seen from both sides.
    async fn ask_peer(&self, owner: &Person, peer: &Peer) -> String {
        let body = json!({"to": link(&peer.card), "purpose": secret_word(owner.id)});
        let sent = self.write(&owner.session, Method::POST, "/v1/requests", None, Some(body)).await.ok();
        sent["id"].as_str().unwrap().to_owned()
    }

    /// Two members of different companies become each other's contacts; the asking one's.
    async fn meet_peer(&self, owner: &Person, peer: &Peer) -> String {
        let request = self.ask_peer(owner, peer).await;
        self.decide(&peer.session, &request, json!({"kind": "approve"})).await;
        self.world.pass(Duration::from_secs(11));
        self.newest(&owner.session, "/v1/contacts?limit=500").await
    }

    /// Somebody offers a contact to a colleague.
    async fn offer(&self, session: &str, contact: &str, to: &str) -> String {
        let body = json!({"member": to, "contacts": [contact]});
        let offered = self.write(session, Method::POST, "/v1/handovers", None, Some(body)).await.ok();
        offered["id"].as_str().unwrap().to_owned()
    }

    /// Makes something of somebody's that nobody has touched.
    pub async fn make(&self, owner: &Person, thing: Thing) -> String {
        let world = &self.world;
        let (session, card) = (owner.session.as_str(), owner.card.as_str());
        match thing {
            Thing::Request => self.ask(session, card, &secret_word(owner.id)).await,
            Thing::Contact => self.meet(session, card, &secret_word(owner.id)).await,
            Thing::Outgoing => {
                let peer = self.peer().await;
                let request = self.ask_peer(owner, &peer).await;
                let path = format!("/v1/requests/{request}/question");
                let body = json!({"text": "Which?"});
                self.write(&peer.session, Method::POST, &path, Some(1), Some(body)).await.ok();
                request
            }
            Thing::Second => {
                self.policy(owner.company, &format!("member = \"{}\"\nmanager_in = \"always\"", owner.id))
                    .await;
                // Whoever gives the second approval reads it as well: no secret.
                let request = self.ask(session, card, &open_word(owner.id)).await;
                self.decide(session, &request, json!({"kind": "approve"})).await;
                self.policy(owner.company, "").await;
                world.pass(Duration::from_secs(11));
                request
            }
            Thing::Handover => {
                let leaver = self.newcomer(owner.company, owner.manager, "").await;
                let session = world.session(owner.company, &leaver).await;
                let card = world.card(&session).await;
                self.meet(&session, &card, &open_word(owner.id)).await;
                let path = format!("/v1/members/{leaver}/leave");
                let body = Some(json!({"company": owner.company}));
                let left = self.write(&world.operator, Method::POST, &path, None, body).await.ok();
                left["handover"].as_str().unwrap().to_owned()
            }
            Thing::Offer => {
                let contact = self.meet(session, card, &secret_word(owner.id)).await;
                let to = if owner.id == "col" { "gus" } else { owner.colleague() };
                let to = if to == owner.id { "zed" } else { to };
                self.offer(session, &contact, to).await
            }
            Thing::Permission => {
                self.without_permission(owner).await;
                let body = json!({"purpose": open_word(owner.id)});
                let asked = self.write(session, Method::POST, "/v1/permissions", None, Some(body)).await.ok();
                self.policy(owner.company, "").await;
                asked["id"].as_str().unwrap().to_owned()
            }
            Thing::Proposal => self.proposal(owner.company).await.0,
            Thing::Elsewhere => {
                let path = format!("/v1/elsewhere/WeCom/{}", self.next());
                let body = elsewhere(owner.company, owner.id, &secret_word(owner.id));
                let said = self.write(&world.operator, Method::PUT, &path, None, Some(body)).await.ok();
                said["id"].as_str().unwrap().to_owned()
            }
            Thing::Link => {
                let (request, partner) = self.proposal(owner.company).await;
                let scope = json!({"members": [owner.admin()]});
                let admin = self.person(owner.admin());
                self.decide(&admin.session, &request, json!({"kind": "approve", "scope": scope})).await;
                world.pass(Duration::from_secs(11));
                partner
            }
            Thing::Partner => self.company().await.0,
            Thing::Peer => {
                let peer = self.peer().await;
                self.meet_peer(owner, &peer).await
            }
            Thing::Told => {
                let peer = self.peer().await;
                let contact = self.meet_peer(owner, &peer).await;
                let theirs = self.newest(&peer.session, "/v1/contacts?limit=500").await;
                let to = self.newcomer("third", "", "").await;
                let offered = self.offer(&peer.session, &theirs, &to).await;
                let receiver = world.session("third", &to).await;
                self.decide(&receiver, &offered, json!({"kind": "approve"})).await;
                contact
            }
            Thing::Card => {
                let body = json!({"kind": "event", "like": {"label": secret_word(owner.id), "max_uses": 3}});
                let made = self.write(session, Method::POST, "/v1/cards", None, Some(body)).await.ok();
                made["id"].as_str().unwrap().to_owned()
            }
            Thing::CardLink => link(&self.peer().await.card),
            Thing::Grant => {
                let body = Some(json!({"company": owner.company, "member": owner.id}));
                let all = self.write(&world.operator, Method::POST, "/v1/grants", None, body).await.ok();
                all["items"].as_array().unwrap().last().unwrap()["id"].to_string()
            }
            Thing::Leaver => self.newcomer(owner.company, owner.manager, owner.role).await,
            Thing::Token => {
                let body = json!({"company": owner.company, "member": owner.id});
                let reply = world.call(&world.operator, Method::POST, "/v1/tokens", Some(body)).await.ok();
                reply["items"][0]["id"].as_str().unwrap().to_owned()
            }
            Thing::Import => {
                let reply = world.call(session, Method::POST, "/v1/imports", Some(json!({}))).await.ok();
                reply["id"].to_string()
            }
            Thing::Nothing | Thing::Company | Thing::Member => owner.has(thing).unwrap_or_default(),
        }
    }

    /// Takes the external permission from somebody until the policy is another one, and what they asked for it:
    /// one request is open at a time.
    pub async fn without_permission(&self, owner: &Person) {
        for grant in self.grants_of(owner).await {
            let path = format!("/v1/grants/{grant}?company={}", owner.company);
            self.write(&self.world.operator, Method::DELETE, &path, None, None).await.ok();
        }
        // One that was refused is out of the way when its window is over.
        self.world.pass(Duration::from_secs(11));
        let open = "/v1/requests?box=outgoing&state=pending&limit=100";
        let open = self.world.get(&owner.session, open).await.ok();
        for request in open["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "permission") {
            let path = format!("/v1/requests/{}/withdraw", request["id"].as_str().unwrap());
            self.write(&owner.session, Method::POST, &path, None, None).await.ok();
        }
        self.policy(owner.company, &format!("member = \"{}\"\nexternal = false", owner.id)).await;
    }

    async fn grants_of(&self, owner: &Person) -> Vec<i64> {
        let path = format!("/v1/grants?company={}", owner.company);
        let all = self.world.get(&self.world.operator, &path).await.ok();
        let all = all["items"].as_array().unwrap().iter();
        all.filter(|grant| grant["member"]["id"] == owner.id)
            .map(|grant| grant["id"].as_i64().unwrap())
            .collect()
    }

    /// A new company proposes a link: the request, and who it is.
    async fn proposal(&self, company: &str) -> (String, String) {
        let (partner, session) = self.company().await;
        let body = json!({"company": company, "scope": {"members": ["adm"]}, "purpose": "supply"});
        let sent = self.write(&session, Method::POST, "/v1/links", None, Some(body)).await.ok();
        (sent["id"].as_str().unwrap().to_owned(), partner)
    }

    pub async fn approve(&self, owner: &Person, request: &str) {
        self.decide(&owner.session, request, json!({"kind": "approve"})).await;
    }

    /// The operator's own import.
    pub async fn operators_import(&self) -> String {
        let body = json!({"company": "acme"});
        self.world.call(&self.world.operator, Method::POST, "/v1/imports", Some(body)).await.ok()["id"]
            .to_string()
    }

    /// Calls a route on a thing. `named` is the company that an operator says.
    pub async fn call(&self, role: Role, route: &Route, id: &str, named: &str, revision: i64) -> Reply {
        self.call_as(self.token(role), role == Role::Operator, route, id, named, revision).await
    }

    pub async fn call_as(
        &self,
        token: &str,
        operator: bool,
        route: &Route,
        id: &str,
        named: &str,
        revision: i64,
    ) -> Reply {
        let mut path = route.path.replace("{id}", id).replace("{company}", id);
        path = path.replace("{system}", "WeCom").replace("{key}", &format!("apply-{id}"));
        path += &match route.operation.as_str() {
            "GET /v1/search" => "?q=word&limit=100".to_owned(),
            "GET /v1/lookup" => "?tail=000000".to_owned(),
            "GET /v1/changes" => "?since=0".to_owned(),
            "GET /v1/requests" => "?box=incoming&limit=100".to_owned(),
            _ if route.thing == Thing::Company && route.method == Method::GET && !id.is_empty() => {
                format!("?company={id}")
            }
            "DELETE /v1/tokens/{id}" | "DELETE /v1/grants/{id}" if operator => format!("?company={named}"),
            _ => String::new(),
        };
        let mut request = Request::builder().method(route.method.clone()).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if route.revision {
            request = request.header("if-match", format!("\"{revision}\""));
        }
        if route.key {
            request = request.header("idempotency-key", format!("key {}", self.next()));
        }
        let body = match route.media.as_deref() {
            Some("application/json") => self.body(token, route, (id, revision), named).to_string(),
            Some(_) => member(2, "tmp", "Tmp", json!({})).to_string(),
            None => String::new(),
        };
        if let Some(media) = &route.media {
            request = request.header("content-type", media);
        }
        self.world.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A body that is taken. Nobody's role becomes another by it.
    fn body(&self, token: &str, route: &Route, (id, revision): (&str, i64), named: &str) -> Value {
        let company = (token == self.world.operator).then_some(named);
        let me = self.people.iter().find(|person| person.session == token);
        let colleague = me.map_or("col", Person::colleague);
        match route.operation.as_str() {
            "POST /v1/requests/{id}/decision" if route.thing == Thing::Request => json!({"kind": "approve"}),
            "POST /v1/requests/{id}/decision" => json!({"kind": "reject", "reason": "not_known"}),
            "POST /v1/decisions" => {
                let key = format!("bulk {}", self.next());
                let item =
                    json!({"id": id, "revision": revision, "key": key, "decision": {"kind": "approve"}});
                json!({"items": [item]})
            }
            "POST /v1/requests/{id}/question" | "POST /v1/requests/{id}/answer" => json!({"text": "Bo"}),
            "POST /v1/requests/{id}/pass" | "POST /v1/requests/{id}/assign" => json!({"member": colleague}),
            "POST /v1/requests/{id}/snooze" => json!({}),
            "POST /v1/verdicts" => json!({"to": id}),
            "POST /v1/requests" => json!({"to": id, "purpose": "fair"}),
            "POST /v1/permissions" => json!({"purpose": "fair"}),
            "POST /v1/handovers" => json!({"member": colleague, "contacts": [id]}),
            "PUT /v1/contacts/{id}/remark" => json!({"remark": "Bo"}),
            "PUT /v1/contacts/{id}/tags" => json!({"company": ["fair"], "own": ["Bo"]}),
            "POST /v1/contacts/{id}/introduce" => json!({"member": colleague}),
            "POST /v1/links" => {
                let scope = json!({"members": [me.map_or("dan", |me| me.id)]});
                json!({"company": id, "scope": scope, "purpose": "supply"})
            }
            "POST /v1/policy/check" | "PUT /v1/policy" => json!({"company": id, "document": "# None.\n"}),
            "POST /v1/policy/explain" => json!({"company": company, "member": id}),
            "POST /v1/audit/verify" => json!({"company": id}),
            "POST /v1/grants" => json!({"company": company, "member": id}),
            "POST /v1/members/{id}/leave" => json!({"company": company}),
            "PUT /v1/settings" => json!({"accepts": true}),
            "POST /v1/cards" => json!({"kind": "screen"}),
            "PUT /v1/cards/{id}" => json!({"label": "Bo"}),
            "POST /v1/cards/{id}/rotate" => json!({"leaked": false}),
            "POST /v1/exports" => {
                json!({"what": "directory", "form": "csv", "count": 3, "fields": ["id", "name"]})
            }
            "POST /v1/companies" => json!({"id": format!("new-{}", self.next()), "name": "New"}),
            "PUT /v1/elsewhere/{system}/{key}" => elsewhere(named, id, &open_word(id)),
            "POST /v1/sessions" | "PUT /v1/local" => json!({"company": named, "member": id}),
            "POST /v1/tokens" => json!({"company": company, "member": id}),
            "PUT /v1/members/{id}/role" => {
                let role = self.people.iter().find(|person| person.id == id).map_or("", |person| person.role);
                json!({"company": company, "role": if role.is_empty() { "none" } else { role }})
            }
            "POST /v1/imports" => json!({"company": company}),
            "PUT /v1/card" | "POST /v1/imports/{id}/apply" => json!({}),
            other => panic!("{other} takes JSON that this test does not know"),
        }
    }
}
