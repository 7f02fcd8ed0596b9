//! What everybody reads, held against the model.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::model::Model;
use super::people::{Member, Person};
use super::play::Play;
use super::seen::{Known, View};
use super::step::Step;

impl Play {
    /// Everybody for whom something is another than before reads it, and one for whom nothing is.
    pub fn read_back(&mut self, model: &Model, step: &Step) {
        let here: Vec<Member> = Member::ALL.into_iter().filter(|member| model.is_here(*member)).collect();
        for at in 0..model.requests.len() {
            let newly_held = matches!(step, Step::Decide { at: decided, .. } if *decided == at)
                && model.requests[at].is_held(model.now);
            for viewer in &here {
                let view = model.view(at, *viewer);
                let known = self.views.get(&(at, *viewer));
                let stranger =
                    step.request() == Some(at) && model.steps % Member::ALL.len() == *viewer as usize;
                let requester = model.requests[at].from == Person::Member(*viewer);
                if view.as_ref() != known || stranger || newly_held && requester {
                    self.read(model, at, *viewer, view.as_ref());
                }
                match view {
                    Some(view) => self.views.insert((at, *viewer), view),
                    None => self.views.remove(&(at, *viewer)),
                };
            }
        }
        for owner in here {
            let known = model.known(owner);
            // Who has nobody and never had is not asked.
            let before = self.known.get(&owner).map_or(&[][..], Vec::as_slice);
            if before != known {
                assert_eq!(self.contacts(owner), known, "contacts of {owner:?} after {step:?}");
            }
            self.known.insert(owner, known);
        }
    }

    /// Somebody reads a request.
    fn read(&mut self, model: &Model, at: usize, viewer: Member, view: Option<&View>) {
        let reply = self.get(viewer, &format!("/v1/requests/{}", self.id(at)));
        let Some(view) = view else {
            assert_eq!(reply.status, 404, "request {at} is not there for {viewer:?}: {}", reply.text());
            return;
        };
        let mut body = reply.ok();
        let words = |list: &Value| -> Vec<String> {
            list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        let allowed: BTreeSet<String> = words(&body["allowed"]).into_iter().collect();
        let items = body["handed_over"].as_array().unwrap();
        let items: Vec<&str> = items.iter().map(|item| item["state"].as_str().unwrap()).collect();
        let read = (&body["state"], &body["revision"], &body["part"], &body["queued"]);
        let told = (&json!(view.state), &json!(view.revision), &json!(view.part), &json!(view.queued));
        assert_eq!(read, told, "request {at} for {viewer:?}: {body}");
        assert!(allowed.iter().eq(view.allowed.iter()), "request {at} for {viewer:?}: {allowed:?}, {view:?}");
        assert_eq!(items, view.items, "request {at} for {viewer:?}");
        let request = &model.requests[at];
        if request.from == Person::Member(viewer) && request.crosses() {
            // What they read has nothing in it of a decision that does not count yet.
            body.as_object_mut().unwrap().remove("as_of");
            body["requester"].as_object_mut().unwrap().remove("verified");
            if !request.is_held(model.now) {
                self.heard.insert(at, body);
            } else if let Some(heard) = self.heard.get(&at) {
                assert_eq!(*heard, body, "invariant 7: {viewer:?} reads of a decision that is held");
            }
        }
    }

    fn contacts(&self, owner: Member) -> Vec<Known> {
        let page = self.get(owner, "/v1/contacts?limit=100").ok();
        let items = page["items"].as_array().unwrap();
        let mut known: Vec<Known> = items
            .iter()
            .map(|row| {
                let name = row["name"].as_str().unwrap().split(' ').next().unwrap();
                let allowed = row["allowed"].as_array().unwrap();
                Known {
                    peer: match name.strip_prefix("visitor") {
                        Some(n) => Person::Visitor(n.parse().unwrap()),
                        None => Person::Member(Member::named(name)),
                    },
                    one_sided: row["one_sided"] == true,
                    may_refuse: allowed.contains(&json!("refuse")),
                }
            })
            .collect();
        known.sort_unstable();
        known
    }

    /// Everybody's queue at the end.
    pub fn read_lists(&mut self, model: &Model) {
        for viewer in Member::ALL.into_iter().filter(|viewer| model.is_here(*viewer)) {
            let told = model.queue(viewer);
            if told.is_empty() && viewer as usize != model.steps % Member::ALL.len() {
                continue;
            }
            let page = self.get(viewer, "/v1/requests?limit=100").ok();
            let ids: BTreeSet<&str> =
                page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
            let told: BTreeSet<&str> = told.iter().map(|at| self.facts.requests[*at].id.as_str()).collect();
            assert_eq!(ids, told, "the queue of {viewer:?}");
        }
    }
}
