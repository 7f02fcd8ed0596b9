//! A sequence as it is played on the server: each step is a call, and what everybody then reads is held
//! against the model.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use axum::http::Method;
use proptest_state_machine::StateMachineTest;
use serde_json::Value;

use super::calls::document;
use super::choose::Machine;
use super::facts::{Facts, Keys};
use super::invariants;
use super::model::{Answer, Model, OK};
use super::people::{Company, Member};
use super::seen::{Known, View};
use super::step::Step;
use super::world::Bench;
use crate::support::Reply;

thread_local! {
    static BENCH: RefCell<Option<Rc<RefCell<Bench>>>> = const { RefCell::new(None) };
}

/// The server of this thread.
pub fn bench() -> Rc<RefCell<Bench>> {
    BENCH.with(|bench| {
        Rc::clone(bench.borrow_mut().get_or_insert_with(|| Rc::new(RefCell::new(Bench::new()))))
    })
}

/// A call as it was sent, to be sent again.
#[derive(Clone)]
pub struct Sent {
    pub token: String,
    pub method: Method,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<String>,
    pub answer: Vec<u8>,
}

pub struct Play {
    pub bench: Rc<RefCell<Bench>>,
    pub keys: Keys,
    /// The model and what the database held before the step.
    pub before: Model,
    pub facts: Facts,
    /// What everybody last saw.
    pub views: BTreeMap<(usize, Member), View>,
    pub known: BTreeMap<Member, Vec<Known>>,
    /// What each requester last read of their request while nobody had decided.
    pub heard: BTreeMap<usize, Value>,
    pub done: Vec<Sent>,
    /// Links of each member's codes, as the model numbers them.
    pub links: BTreeMap<Member, Vec<String>>,
    /// Status pages of visitors' requests.
    pub pages: BTreeMap<usize, String>,
    pub keys_used: usize,
}

/// The machine played on a server.
pub struct Played;

impl StateMachineTest for Played {
    type SystemUnderTest = Play;
    type Reference = Machine;

    fn init_test(model: &Model) -> Play {
        let shared = bench();
        let (keys, links, facts) = {
            let bench = &mut *shared.borrow_mut();
            let rules = document(model.rules(Company::Acme));
            bench.reset(!model.links.is_empty(), !model.contacts.is_empty(), &rules);
            let keys = bench.runtime.block_on(Keys::read(&mut bench.database));
            let facts = bench.runtime.block_on(Facts::read(&mut bench.database, &keys, 0));
            (keys, bench.links.iter().map(|(member, link)| (*member, vec![link.clone()])).collect(), facts)
        };
        Play {
            bench: shared,
            keys,
            before: model.clone(),
            facts,
            views: BTreeMap::new(),
            known: BTreeMap::new(),
            heard: BTreeMap::new(),
            done: Vec::new(),
            links,
            pages: BTreeMap::new(),
            keys_used: 0,
        }
    }

    fn apply(mut play: Play, model: &Model, step: Step) -> Play {
        let reply = play.send(&step);
        if let Some(reply) = reply {
            assert_eq!(answer(&reply), model.answer, "{step:?}: {}", reply.text());
        }
        play.note(model, &step);
        let before = std::mem::take(&mut play.facts);
        play.facts = {
            let Bench { runtime, database, .. } = &mut *play.bench.borrow_mut();
            runtime.block_on(Facts::read(database, &play.keys, model.now))
        };
        assert_eq!(play.facts.requests.len(), model.requests.len(), "requests after {step:?}");
        play.hold(&before, model, &step);
        play.read_back(model, &step);
        play.before = model.clone();
        play
    }

    fn teardown(mut play: Play, model: Model) {
        play.read_lists(&model);
    }
}

/// An answer in the words of the model.
fn answer(reply: &Reply) -> Answer {
    let status = reply.status.as_u16();
    if !reply.header("content-type").contains("json") {
        return Answer { status, code: "page" };
    }
    let body = reply.json();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned().leak() as &'static str;
    let code = match body["code"].as_str() {
        Some("refused") => word(&body["verdict"]["code"]),
        Some("invalid") => word(&body["field"]),
        Some(_) if status != 200 => word(&body["code"]),
        _ => "",
    };
    Answer { status, code }
}

impl Play {
    /// Counts what came, so that nothing goes untried unnoticed.
    fn note(&self, model: &Model, step: &Step) {
        let mut what = format!("{step:?}").split(' ').next().unwrap().to_owned();
        let decided = step.request().filter(|_| model.answer == OK).map(|at| &model.requests[at].decided);
        let (how, last) = match (step, decided) {
            (Step::Decide { .. }, Some(decided)) => ("by", decided.last()),
            (Step::Undo { .. }, Some(decided)) => ("of", decided.iter().rev().find(|made| made.undone)),
            _ => ("", None),
        };
        if let Some(last) = last {
            what = format!("{what} {how} {:?}", last.part);
        }
        let Answer { status, code } = &model.answer;
        let came = format!("{what} {status} {code}").trim_end().to_owned();
        *self.bench.borrow_mut().came.entry(came).or_default() += 1;
    }

    /// The seven invariants.
    fn hold(&mut self, before: &Facts, model: &Model, step: &Step) {
        let after = &self.facts;
        invariants::what_has_ended_stays_ended(before, after);
        invariants::every_decision_has_one_trace(after, model);
        invariants::revisions_only_rise(before, after, model);
        invariants::counters_count(after, model);
        invariants::contacts_follow_from_approvals(after, model);
        invariants::two_approvals_are_two_peoples(after);
        let decided = match *step {
            Step::Decide { by, at, .. } => Some((at, by)),
            _ => None,
        };
        invariants::nothing_is_heard_before_it_counts(before, after, model, decided);
    }
}
