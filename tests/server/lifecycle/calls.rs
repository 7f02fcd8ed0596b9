//! Steps as calls: each is sent as its actor would send it.

use axum::body::Body;
use axum::http::{Method, Request};
use namecard::domain::Time as Moment;
use serde_json::{Value, json};

use super::model::{Choice, DAY, Kind, Rules, Time};
use super::people::{Member, Person};
use super::play::{Play, Sent};
use super::step::{CardChange, Step, Way};
use super::world::Bench;
use crate::support::{Reply, START, hidden_field};

fn moment(at: Time) -> Moment {
    Moment::from_micros(START + at * 1_000_000)
}

fn count(of: Option<u32>) -> String {
    match of {
        None => "\"never\"".to_owned(),
        Some(0) => "\"always\"".to_owned(),
        Some(n) => n.to_string(),
    }
}

/// The rules as a policy's document.
pub fn document(rules: Rules) -> String {
    let Rules { external, accepts, per_day, open, contacts, undo, automatic, .. } = rules;
    format!(
        "[[rule]]\nid = \"R\"\ntitle = \"t\"\nowner = \"o\"\nreason = \"r\"\nexternal = {external}\n\
         accepts = {accepts}\nmanager_in = {}\nmanager_out = {}\nrequests_per_day = {per_day}\n\
         open_requests = {open}\ncontact_limit = {contacts}\ncooldown_days = {}\nundo_seconds = {undo}\n\
         auto_approve_partners = {automatic}\nrequest_days = {}\n",
        count(rules.manager_in),
        count(rules.manager_out),
        rules.cooldown / DAY,
        rules.life / DAY,
    )
}

impl Play {
    fn key(&mut self) -> String {
        self.keys_used += 1;
        format!("k-{}", self.keys_used)
    }

    pub fn id(&self, at: usize) -> String {
        self.facts.requests[at].id.clone()
    }

    fn token(&self, of: Member) -> String {
        self.bench.borrow().tokens[&of].clone()
    }

    pub fn get(&self, by: Member, path: &str) -> Reply {
        let bench = self.bench.borrow();
        bench.runtime.block_on(bench.world.get(&bench.tokens[&by], path))
    }

    fn raw(&self, sent: &Sent) -> Reply {
        let mut request = Request::builder()
            .method(sent.method.clone())
            .uri(&sent.path)
            .header("authorization", format!("Bearer {}", sent.token));
        for (name, value) in &sent.headers {
            request = request.header(*name, value);
        }
        let body = match &sent.body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.clone())
            }
            None => Body::empty(),
        };
        let bench = self.bench.borrow();
        bench.runtime.block_on(bench.world.send(request.body(body).unwrap()))
    }

    /// A write of a member under a key of its own; what was done may be sent again.
    fn write(
        &mut self,
        by: Member,
        method: Method,
        path: &str,
        revision: Option<i64>,
        body: Option<Value>,
    ) -> Reply {
        let mut headers = vec![("idempotency-key", self.key())];
        headers.extend(revision.map(|revision| ("if-match", format!("\"{revision}\""))));
        let mut sent = Sent {
            token: self.token(by),
            method,
            path: path.to_owned(),
            headers,
            body: body.map(|body| body.to_string()),
            answer: Vec::new(),
        };
        let reply = self.raw(&sent);
        if reply.status == 200 {
            sent.answer.clone_from(&reply.body);
            self.done.push(sent);
        }
        reply
    }

    fn link(&self, of: Member, first: bool) -> String {
        let links = &self.links[&of];
        if first { links.first() } else { links.last() }.unwrap().clone()
    }

    fn visitor_of(&self, id: &str) -> Option<u8> {
        let at = self.facts.requests.iter().position(|request| request.id == id)?;
        match self.before.requests[at].from {
            Person::Visitor(n) => Some(n),
            Person::Member(_) => None,
        }
    }

    /// Id and revision of a contact that is there.
    fn contact(&self, owner: Member, peer: Person) -> (String, i64) {
        let row = self.facts.contact(owner, peer, |id| self.visitor_of(id));
        (row.id.clone(), row.revision)
    }

    fn post_page(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let bench = self.bench.borrow();
        bench.runtime.block_on(bench.world.post_form(path, fields))
    }

    /// Does a step; none: it is no call.
    pub fn send(&mut self, step: &Step) -> Option<Reply> {
        let revision =
            |play: &Self, at: usize, stale: bool| Some(play.facts.requests[at].revision - i64::from(stale));
        Some(match *step {
            Step::Visit { visitor, of, first } => self.visit(visitor, of, first),
            Step::Ask { by, of, way } => self.ask(by, of, way),
            Step::Decide { by, at, what, stale } => {
                let path = format!("/v1/requests/{}/decision", self.id(at));
                let mut body = json!({"kind": what.word()});
                let request = &self.before.requests[at];
                match (what, request.kind) {
                    (Choice::Approve, Kind::Link) => {
                        let root = self.bench.borrow().roots[&by.company()].clone();
                        body["scope"] = json!({"departments": [root]});
                    }
                    (Choice::Approve, Kind::Permission) => {
                        if let Some(until) = request.until {
                            body["until"] = json!(moment(until));
                        }
                    }
                    (Choice::Approve, _) => {}
                    _ => body["reason"] = json!("not_known"),
                }
                self.write(by, Method::POST, &path, revision(self, at, stale), Some(body))
            }
            Step::Undo { by, at, stale } => {
                let path = format!("/v1/requests/{}/undo", self.id(at));
                self.write(by, Method::POST, &path, revision(self, at, stale), None)
            }
            Step::Withdraw { by, at } => {
                let path = format!("/v1/requests/{}/withdraw", self.id(at));
                self.write(by, Method::POST, &path, None, None)
            }
            Step::VisitorWithdraws { at } => self.post_page(&format!("{}/withdraw", self.pages[&at]), &[]),
            Step::VisitorRefuses { at } => self.post_page(&format!("{}/refuse", self.pages[&at]), &[]),
            Step::Card { by, what } => self.card(by, what),
            Step::Rules { by, rules, stale } => {
                let version = self.before.versions[&by.company()] - i64::from(stale);
                let body = json!({"document": document(rules)});
                self.write(by, Method::PUT, "/v1/policy", Some(version), Some(body))
            }
            Step::Settings { by, accepts, away, stale } => {
                let mut body = json!({"accepts": accepts});
                if let Some((after, stand_in)) = away {
                    body["away_until"] = json!(moment(self.before.now + after));
                    body["stand_in"] = json!(stand_in.id());
                }
                let revision = self.before.settings[&by].revision + i64::from(stale);
                self.write(by, Method::PUT, "/v1/settings", Some(revision), Some(body))
            }
            Step::Pass { seconds } => {
                let bench = self.bench.borrow();
                bench.world.clock.set(moment(self.before.now + seconds));
                return None;
            }
            Step::AskPermission { by, until } => {
                let mut body = json!({"purpose": "the fair"});
                if let Some(until) = until {
                    body["until"] = json!(moment(self.before.now + until));
                }
                self.write(by, Method::POST, "/v1/permissions", None, Some(body))
            }
            Step::Grant { by, of, until } => {
                let mut body = json!({"member": of.id()});
                if let Some(until) = until {
                    body["until"] = json!(moment(self.before.now + until));
                }
                self.write(by, Method::POST, "/v1/grants", None, Some(body))
            }
            Step::Leave { by, who } => {
                let path = format!("/v1/members/{}/leave", who.id());
                self.write(by, Method::POST, &path, None, Some(json!({})))
            }
            Step::Assign { by, at, to, stale } => {
                let path = format!("/v1/requests/{}/assign", self.id(at));
                let body = json!({"member": to.id()});
                self.write(by, Method::POST, &path, revision(self, at, stale), Some(body))
            }
            Step::Offer { by, peer, to } => {
                let body = json!({"member": to.id(), "contacts": [self.contact(by, peer).0]});
                self.write(by, Method::POST, "/v1/handovers", None, Some(body))
            }
            Step::Remove { by, peer, stale } => {
                let (id, revision) = self.contact(by, peer);
                let path = format!("/v1/contacts/{id}");
                self.write(by, Method::DELETE, &path, Some(revision + i64::from(stale)), None)
            }
            Step::Refuse { by, peer } => {
                let path = format!("/v1/contacts/{}/refuse", self.contact(by, peer).0);
                self.write(by, Method::POST, &path, None, None)
            }
            Step::Propose { by, to } => {
                let root = self.bench.borrow().roots[&by.company()].clone();
                let body = json!({"company": to.id(), "scope": {"departments": [root]}, "purpose": "supply"});
                self.write(by, Method::POST, "/v1/links", None, Some(body))
            }
            Step::EndLink { by, other } => {
                self.write(by, Method::DELETE, &format!("/v1/links/{}", other.id()), None, None)
            }
            Step::Repeat { call, other_body } => self.repeat(call, other_body),
        })
    }

    fn visit(&mut self, visitor: u8, of: Member, first: bool) -> Reply {
        let link = self.link(of, first);
        let card = link.strip_prefix("HTTP://127.0.0.1:45678").unwrap();
        let form = {
            let bench = self.bench.borrow();
            bench.runtime.block_on(bench.world.get("", &format!("{card}?for=business")))
        };
        if form.status != 200 {
            return form;
        }
        let (name, email) = (format!("visitor{visitor}"), format!("visitor{visitor}@guest.example"));
        let form = hidden_field(&form.text());
        let fields = [("name", name.as_str()), ("email", &email), ("purpose", "fair"), ("form", &form)];
        let reply = self.post_page(card, &fields);
        if reply.status == 303 {
            self.pages.insert(self.before.requests.len(), reply.header("location").to_owned());
        }
        reply
    }

    /// The verdict comes before anything is written, and is the one that decides.
    fn ask(&mut self, by: Member, of: Member, way: Way) -> Reply {
        let to = match way {
            Way::Card { first } => self.link(of, first),
            Way::Address => of.email(),
        };
        if self.before.is_here(by) {
            let body = json!({"to": to});
            let why = {
                let bench = self.bench.borrow();
                let call = bench.world.call(&bench.tokens[&by], Method::POST, "/v1/verdicts", Some(body));
                bench.runtime.block_on(call).ok()
            };
            let code = why["verdict"]["code"].as_str().unwrap();
            match self.before.verdict(by, of, way) {
                Err(refusal) => assert_eq!(code, refusal, "why, of {by:?} to {of:?}"),
                Ok(_) => assert!(
                    ["allowed_partner", "allowed_namecard", "needs_manager"].contains(&code),
                    "why, of {by:?} to {of:?}: {code}"
                ),
            }
        }
        self.write(by, Method::POST, "/v1/requests", None, Some(json!({"to": to, "purpose": "renewal"})))
    }

    fn card(&mut self, by: Member, what: CardChange) -> Reply {
        let (id, revision) = {
            let Bench { runtime, database, .. } = &mut *self.bench.borrow_mut();
            let sql = format!(
                "SELECT c.id || ' ' || c.revision FROM cards c JOIN members m ON m.sk = c.member
                 WHERE m.id = '{}' ORDER BY c.sk DESC LIMIT 1",
                by.id()
            );
            let word = runtime.block_on(database.words(&sql)).remove(0);
            let (id, revision) = word.split_once(' ').unwrap();
            (id.to_owned(), revision.parse::<i64>().unwrap())
        };
        let path = format!("/v1/cards/{id}");
        let now = self.before.now;
        let reply = match what {
            CardChange::Make => {
                let bench = self.bench.borrow();
                let call = bench.world.call(&bench.tokens[&by], Method::PUT, "/v1/card", Some(json!({})));
                bench.runtime.block_on(call)
            }
            CardChange::Rotate { leaked } => {
                let body = json!({"leaked": leaked});
                self.write(by, Method::POST, &format!("{path}/rotate"), Some(revision), Some(body))
            }
            CardChange::Revoke => self.write(by, Method::DELETE, &path, Some(revision), None),
            CardChange::End { after } => {
                let body = json!({"expires": moment(now + after)});
                self.write(by, Method::PUT, &path, Some(revision), Some(body))
            }
        };
        if reply.status == 200
            && let Some(link) = reply.json()["link"].as_str()
        {
            let links = self.links.get_mut(&by).unwrap();
            if links.last().is_none_or(|last| last != link) {
                links.push(link.to_owned());
            }
        }
        reply
    }

    /// The same call again: the same answer, and nothing is done twice.
    fn repeat(&mut self, call: usize, other_body: bool) -> Reply {
        let mut sent = self.done[call].clone();
        let other = other_body && sent.body.is_some();
        if let Some(body) = sent.body.as_mut().filter(|_| other) {
            body.push(' ');
        }
        let reply = self.raw(&sent);
        if reply.status == 200 {
            assert_eq!(reply.header("idempotent-replay"), "true");
            assert!(reply.body == sent.answer, "the same call has another answer: {}", reply.text());
        }
        reply
    }
}
