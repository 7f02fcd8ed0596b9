//! The server that the sequences are tried on: one for all of them, brought back to the same beginning
//! before each.

use std::collections::BTreeMap;

use axum::http::Method;
use namecard::domain::Time;
use serde_json::{Value, json};

use super::people::{Company, Member};
use crate::support::database::Database;
use crate::support::{START, World, member};

pub struct Bench {
    pub runtime: tokio::runtime::Runtime,
    pub world: World,
    pub database: Database,
    pub tokens: BTreeMap<Member, String>,
    /// The link of each member's first card.
    pub links: BTreeMap<Member, String>,
    /// Root departments.
    pub roots: BTreeMap<Company, String>,
    /// How often each kind of step was answered what.
    pub came: BTreeMap<String, u64>,
    reset: String,
}

/// What a sequence adds to; all of it goes again.
const ADDED: [&str; 20] = [
    "handover_items",
    "introductions",
    "request_marks",
    "request_notes",
    "request_steps",
    "request_approvers",
    "contact_history",
    "contact_tags",
    "contacts",
    "blocks",
    "grants",
    "partner_scopes",
    "linked_people",
    "partner_links",
    "requests",
    "counters",
    "member_settings",
    "replies",
    "deadlines",
    "outbox",
];

fn rows(company: Company) -> Vec<Value> {
    let place = |member: Member| match member {
        Member::Ann | Member::Mia => json!([["Acme", "R&D"]]),
        Member::Olu => json!([["Northgrid", "Sales"]]),
        Member::Nia | Member::Noa => json!([["Northgrid"]]),
        Member::Zoe => json!([["Zenith"]]),
        Member::Dan | Member::Dov => json!([["Acme"]]),
    };
    let mut rows = Vec::new();
    for of in Member::ALL.into_iter().filter(|of| of.company() == company) {
        let mut extra = json!({"departments": place(of), "email": of.email()});
        if of.is_admin() {
            extra["role"] = json!("admin");
        }
        if let Some(manager) = of.manager() {
            extra["manager"] = json!(manager.id());
        }
        if of == Member::Mia {
            extra["leader_of"] = json!([["Acme", "R&D"]]);
        }
        rows.push(member(rows.len() as u64 + 1, of.id(), &format!("{} Of {}", of.id(), company.id()), extra));
    }
    rows
}

impl Bench {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Self::build()).with(runtime)
    }

    async fn build() -> Built {
        let world = World::new().await;
        for (company, name) in
            [(Company::Acme, "Acme"), (Company::Northgrid, "Northgrid"), (Company::Zenith, "Zenith")]
        {
            world.company(company.id(), name, &rows(company)).await;
        }
        let (mut tokens, mut links, mut roots) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for of in Member::ALL {
            let token = world.session(of.company().id(), of.id()).await;
            let card = world.call(&token, Method::PUT, "/v1/card", Some(json!({}))).await.ok();
            links.insert(of, card["link"].as_str().unwrap().to_owned());
            let all = world.get(&token, "/v1/departments").await.ok();
            let items = all["items"].as_array().unwrap();
            let root = items.iter().find(|department| department["parent"].is_null()).unwrap();
            roots.insert(of.company(), root["id"].as_str().unwrap().to_owned());
            tokens.insert(of, token);
        }
        let (ann, olu) = (&tokens[&Member::Ann], &tokens[&Member::Olu]);
        let body = json!({"to": links[&Member::Ann], "purpose": "renewal"});
        world
            .call_with(olu, Method::POST, "/v1/requests", &[("idempotency-key", "know")], Some(body))
            .await
            .ok();
        let queue = world.queue(ann).await;
        let yes = json!({"kind": "approve"});
        world.decide(ann, queue[0]["id"].as_str().unwrap(), 1, "know", yes).await.ok();
        let (dan, nia) = (&tokens[&Member::Dan], &tokens[&Member::Nia]);
        let scope = |company| json!({"departments": [roots[&company]]});
        let body = json!({"company": "acme", "scope": scope(Company::Northgrid), "purpose": "supply"});
        world
            .call_with(nia, Method::POST, "/v1/links", &[("idempotency-key", "link")], Some(body))
            .await
            .ok();
        let queue = world.queue(dan).await;
        let yes = json!({"kind": "approve", "scope": scope(Company::Acme)});
        world.decide(dan, queue[0]["id"].as_str().unwrap(), 1, "link", yes).await.ok();
        let mut database = world.database().await;
        // Nobody signs in again after a month; who is linked and who is known is so from the beginning.
        database
            .run(&format!(
                "PRAGMA foreign_keys = OFF;
                 UPDATE sessions SET kind = 'local', expires_at = {};
                 UPDATE partner_links SET since = {START};
                 UPDATE requests SET effective_at = {START};
                 UPDATE contacts SET since = {START}, request = NULL;
                 DELETE FROM requests WHERE kind = 'connection';
                 DELETE FROM deadlines;",
                i64::MAX / 4
            ))
            .await;
        let reset = reset(&mut database).await;
        Built { world, database, tokens, links, roots, reset }
    }

    /// Brings everything back to the beginning but for the audit log, which only grows.
    pub fn reset(&mut self, linked: bool, known: bool, rules: &str) {
        self.world.clock.set(Time::from_micros(START));
        let mut sql = self.reset.clone();
        if linked {
            for table in ["requests", "partner_links", "partner_scopes", "linked_people"] {
                sql.push_str(&format!("INSERT INTO {table} SELECT * FROM base.{table};"));
            }
        }
        if known {
            sql.push_str("INSERT INTO contacts SELECT * FROM base.contacts;");
        }
        sql.push_str(&format!("UPDATE policies SET document = '{rules}' WHERE company <= 2;"));
        sql.push_str("COMMIT;");
        self.runtime.block_on(self.database.run(&sql));
    }
}

struct Built {
    world: World,
    database: Database,
    tokens: BTreeMap<Member, String>,
    links: BTreeMap<Member, String>,
    roots: BTreeMap<Company, String>,
    reset: String,
}

impl Built {
    fn with(self, runtime: tokio::runtime::Runtime) -> Bench {
        let Self { world, database, tokens, links, roots, reset } = self;
        Bench { runtime, world, database, tokens, links, roots, came: BTreeMap::new(), reset }
    }
}

/// Keeps the beginning beside the database, and says how to come back to it.
async fn reset(database: &mut Database) -> String {
    let mut keep = "ATTACH DATABASE ':memory:' AS base;".to_owned();
    for table in
        ["requests", "partner_links", "partner_scopes", "linked_people", "contacts", "cards", "card_codes"]
    {
        keep.push_str(&format!("CREATE TABLE base.{table} AS SELECT * FROM main.{table};"));
    }
    database.run(&keep).await;
    let mut sql = "BEGIN IMMEDIATE;".to_owned();
    for table in ADDED {
        sql.push_str(&format!("DELETE FROM main.{table};"));
    }
    for table in ["card_codes", "cards"] {
        sql.push_str(&format!("DELETE FROM main.{table};"));
    }
    for table in ["cards", "card_codes"] {
        sql.push_str(&format!("INSERT INTO main.{table} SELECT * FROM base.{table};"));
    }
    // What was looked up of policies is looked up again.
    sql.push_str(
        "DELETE FROM policies WHERE version > 1;
         UPDATE members SET status = 'active' WHERE status <> 'active';
         UPDATE sessions SET ended_at = NULL WHERE ended_at IS NOT NULL;
         UPDATE companies SET directory_version = directory_version + 1;",
    );
    sql
}
