//! Two companies with somebody of every kind in them, what belongs to each, and calls of every route that
//! would be done if only the caller may.

use std::cell::Cell;
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
    Request,
    Contact,
    Token,
    Import,
}

/// What a call of a route is made of.
pub struct Route {
    pub name: String,
    pub method: Method,
    pub path: String,
    pub thing: Thing,
    pub revision: bool,
    pub key: bool,
    pub media: Option<String>,
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
            let thing = match path.split('/').nth(2).unwrap() {
                "tokens" if method == Method::POST => Thing::Member,
                "tokens" if method == Method::GET => Thing::Company,
                "sessions" => Thing::Member,
                "local" if method == Method::PUT => Thing::Member,
                _ if !path.contains("{id}") => Thing::Nothing,
                "members" => Thing::Member,
                "requests" => Thing::Request,
                "contacts" => Thing::Contact,
                "tokens" => Thing::Token,
                "imports" => Thing::Import,
                other => panic!("{other}: what does {name} name?"),
            };
            found.push(Route {
                thing,
                revision: headers.contains(&"if-match"),
                key: headers.contains(&"idempotency-key"),
                media: operation["requestBody"]["content"]
                    .as_object()
                    .map(|content| content.keys().next().unwrap().clone()),
                path: path.clone(),
                method,
                name,
            });
        }
    }
    assert!(found.len() > 30);
    found
}

/// Somebody, and what is theirs.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: &'static str,
    pub company: &'static str,
    pub role: &'static str,
    pub session: String,
    card: String,
    pub request: String,
    pub contact: String,
    pub token: String,
    pub import: Option<i64>,
}

impl Person {
    /// What they have of a kind.
    pub fn has(&self, thing: Thing) -> Option<String> {
        match thing {
            Thing::Nothing => None,
            Thing::Company => Some(self.company.to_owned()),
            Thing::Member => Some(self.id.to_owned()),
            Thing::Request => Some(self.request.clone()),
            Thing::Contact => Some(self.contact.clone()),
            Thing::Token => Some(self.token.clone()),
            Thing::Import => self.import.map(|import| import.to_string()),
        }
    }
}

/// What is there of no kind.
pub fn missing(thing: Thing) -> &'static str {
    match thing {
        Thing::Nothing => "",
        Thing::Company | Thing::Member => "nobody",
        Thing::Request => "r_00000000000000000000000000",
        Thing::Contact => "x_00000000000000000000000000",
        Thing::Token => "000000000000",
        Thing::Import => "999999",
    }
}

pub struct Cast {
    pub world: World,
    pub people: Vec<Person>,
    turn: Cell<u64>,
}

/// Everybody: id, company, manager, role. Each has a word in every text of theirs that stands nowhere else.
const PEOPLE: [(&str, &str, &str, &str); 10] = [
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
];

/// The word in whatever belongs to somebody: their directory fields, and what only they see.
pub fn open_word(id: &str) -> String {
    format!("open{id}word")
}

pub fn secret_word(id: &str) -> String {
    format!("secret{id}word")
}

fn row(line: u64, id: &str, manager: &str, role: &str, status: &str) -> Value {
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
        let mut cast = Self { world, people: Vec::new(), turn: Cell::new(0) };
        for (id, company, _, role) in PEOPLE {
            let session = cast.world.session(company, id).await;
            let card = cast.world.card(&session).await;
            cast.people.push(Person {
                id,
                company,
                role,
                session,
                card,
                request: String::new(),
                contact: String::new(),
                token: String::new(),
                import: None,
            });
        }
        for at in 0..cast.people.len() {
            let person = cast.people[at].clone();
            let contact = cast.make(&person, Thing::Contact).await;
            // What a note of one's own is worth is known by one's own remark.
            let path = format!("/v1/contacts/{contact}/remark");
            let body = json!({"remark": secret_word(person.id)});
            let headers = [("if-match", "\"1\""), ("idempotency-key", "remark")];
            cast.world.call_with(&person.session, Method::PUT, &path, &headers, Some(body)).await.ok();
            let request = cast.make(&person, Thing::Request).await;
            let token = cast.make(&person, Thing::Token).await;
            let import = match person.role {
                "admin" => Some(cast.make(&person, Thing::Import).await.parse().unwrap()),
                _ => None,
            };
            let person = &mut cast.people[at];
            (person.contact, person.request, person.token, person.import) = (contact, request, token, import);
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

    /// Somebody asks for contact by their card.
    async fn ask(&self, owner: &Person) -> String {
        let world = &self.world;
        let form = world.form(&owner.card).await;
        let (word, n) = (secret_word(owner.id), self.next());
        let (email, phone) = (format!("{word}{n}@mail.example"), format!("+44 {n}"));
        let fields = [
            ("name", word.as_str()),
            ("company", &word),
            ("title", &word),
            ("email", &email),
            ("phone", &phone),
            ("purpose", &word),
            ("message", &word),
            ("form", &form),
        ];
        let reply = world.post_form(&owner.card, &fields).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        let queue = world.get(&owner.session, "/v1/requests?box=incoming&limit=100").await.ok();
        let newest = queue["items"].as_array().unwrap().iter().max_by_key(|row| row["id"].as_str());
        newest.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Makes something of somebody's that nobody has touched.
    pub async fn make(&self, owner: &Person, thing: Thing) -> String {
        let world = &self.world;
        match thing {
            Thing::Request => self.ask(owner).await,
            Thing::Contact => {
                let request = self.ask(owner).await;
                self.approve(owner, &request).await;
                world.pass(Duration::from_secs(10));
                let contacts = world.get(&owner.session, "/v1/contacts?limit=500").await.ok();
                let newest =
                    contacts["items"].as_array().unwrap().iter().max_by_key(|row| row["id"].as_str());
                newest.unwrap()["id"].as_str().unwrap().to_owned()
            }
            Thing::Token => {
                let body = json!({"company": owner.company, "member": owner.id});
                let reply = world.call(&world.operator, Method::POST, "/v1/tokens", Some(body)).await.ok();
                reply["items"][0]["id"].as_str().unwrap().to_owned()
            }
            Thing::Import => {
                let reply =
                    world.call(&owner.session, Method::POST, "/v1/imports", Some(json!({}))).await.ok();
                reply["id"].to_string()
            }
            Thing::Nothing | Thing::Company | Thing::Member => owner.has(thing).unwrap_or_default(),
        }
    }

    pub async fn approve(&self, owner: &Person, request: &str) {
        let key = format!("approve {}", self.next());
        self.world.decide(&owner.session, request, 1, &key, json!({"kind": "approve"})).await.ok();
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
        let mut path = route.path.replace("{id}", id);
        path += &match route.name.as_str() {
            "GET /v1/search" => "?q=word&limit=100".to_owned(),
            "GET /v1/lookup" => "?tail=000000".to_owned(),
            "GET /v1/changes" => "?since=0".to_owned(),
            "GET /v1/requests" => "?box=incoming&limit=100".to_owned(),
            "GET /v1/tokens" if operator || !id.is_empty() => format!("?company={id}"),
            "DELETE /v1/tokens/{id}" if operator => format!("?company={named}"),
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
            Some("application/json") => self.body(operator, route, id, named).to_string(),
            Some(_) => member(2, "tmp", "Tmp", json!({})).to_string(),
            None => String::new(),
        };
        if let Some(media) = &route.media {
            request = request.header("content-type", media);
        }
        self.world.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A body that is taken. Nobody's role becomes another by it.
    fn body(&self, operator: bool, route: &Route, id: &str, named: &str) -> Value {
        let company = operator.then_some(named);
        match route.name.as_str() {
            "POST /v1/requests/{id}/decision" => json!({"kind": "approve"}),
            "PUT /v1/contacts/{id}/remark" => json!({"remark": "Bo"}),
            "POST /v1/card/rotate" => json!({"leaked": false}),
            "POST /v1/exports" => {
                json!({"what": "directory", "form": "csv", "count": 3, "fields": ["id", "name"]})
            }
            "POST /v1/companies" => json!({"id": format!("new-{}", self.next()), "name": "New"}),
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
