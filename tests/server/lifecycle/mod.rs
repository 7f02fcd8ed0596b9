//! The whole life of requests, contacts, cards and links, at random, against a model of what the product
//! says of it (`model`, and what happens in it: `asking`, `deciding`, `keeping`; what everybody sees of it:
//! `seen`). A sequence is some dozen steps of twenty-one kinds (`step`) by eight members of three companies
//! and two visitors. After each step the answer is the model's, whoever now sees something else reads what the
//! model says, and seven invariants hold (`invariants`):
//!
//! 1. what has ended stays as it ended;
//! 2. every decision wins alone and leaves one trace, with its states and the policy's version;
//! 3. revisions only rise, by one with each change;
//! 4. counters say what was counted, and what is taken back is given back;
//! 5. a contact is on a side exactly when an approval or a handover that counts says so, and once;
//! 6. two approvals are two people's, and neither is whoever asks;
//! 7. nothing reaches the other side before it takes effect.
//!
//! At the end the audit logs have no gap, and nothing was left untried. `NAMECARD_SEED` repeats a run,
//! `NAMECARD_SEQUENCES` says how many.

mod asking;
mod calls;
mod choose;
mod deciding;
mod facts;
mod invariants;
mod keeping;
mod model;
mod people;
mod play;
mod reads;
mod seen;
mod step;
mod world;

use std::cell::{Cell, RefCell};
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine as _, StateMachineTest as _};

use choose::Machine;
use play::{Played, bench};
use world::Bench;

/// Steps of a sequence.
const STEPS: RangeInclusive<usize> = 4..=10;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Plays so many sequences. The first that fails is made as short as it can be, and told step by step.
fn play(sequences: u64, steps: RangeInclusive<usize>, seed: Option<u64>) {
    let seed = number("NAMECARD_SEED").or(seed).unwrap_or_else(|| getrandom::u64().unwrap());
    let sequences = number("NAMECARD_SEQUENCES").unwrap_or(sequences);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: u32::try_from(sequences).unwrap(),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config.clone(), rng);
    let (played, shortest) = (Cell::new(0_u64), RefCell::new(None));
    let outcome = runner.run(&Machine::sequential_strategy(steps), |(model, steps, seen)| {
        if shortest.borrow().is_none() {
            played.set(played.get() + 1);
        }
        let tried = (model.clone(), steps.clone());
        let test = AssertUnwindSafe(|| Played::test_sequential(config.clone(), model, steps, seen));
        catch_unwind(test).map_err(|panic| {
            let why = panic.downcast_ref::<String>().map(String::as_str);
            let why = why.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default().to_owned();
            shortest.replace(Some(format!("{}  {why}", step::told(tried.0, &tried.1))));
            TestCaseError::fail(why)
        })
    });
    if let Some(shortest) = shortest.take() {
        panic!("NAMECARD_SEED={seed}: sequence {} of {sequences}\n{shortest}", played.get());
    }
    outcome.unwrap();
    let shared = bench();
    let Bench { runtime, database, came, .. } = &mut *shared.borrow_mut();
    for company in runtime.block_on(database.numbers("SELECT sk FROM companies")) {
        let broken = runtime.block_on(database.first_bad_row(company));
        assert_eq!(broken, None, "NAMECARD_SEED={seed}: the audit log of company {company}");
    }
    if sequences >= 1_000 {
        let untried: Vec<&&str> = TRIED.iter().filter(|what| !came.contains_key(**what)).collect();
        assert!(untried.is_empty(), "NAMECARD_SEED={seed}: never came: {untried:?} of {came:#?}");
    }
}

/// What has to come in a thousand sequences, or the rest says nothing. Of each some dozens are to be expected.
const TRIED: [&str; 35] = [
    "Ask 200",
    "Ask 403 already_connected",
    "Ask 403 blocked",
    "Ask 403 card_unknown",
    "Ask 403 colleague",
    "Ask 403 company_not_linked",
    "Ask 403 daily_limit",
    "Ask 403 request_pending",
    "Ask 403 target_not_accepting",
    "AskPermission 200",
    "Assign 200",
    "Card 200",
    "Decide 403 forbidden",
    "Decide 404 not_found",
    "Decide 412 already_decided",
    "Decide 412 revision_changed",
    "Decide by Admin 200",
    "Decide by ManagerAsked 200",
    "Decide by ManagerAsking 200",
    "Decide by Target 200",
    "EndLink 200",
    "Grant 200",
    "Leave 200",
    "Offer 200",
    "Pass 200",
    "Propose 200",
    "Refuse 200",
    "Remove 200",
    "Repeat 200",
    "Repeat 422 key_reused",
    "Rules 200",
    "Settings 200",
    "Undo of Target 200",
    "Visit 303 page",
    "VisitorWithdraws 303 page",
];

// A push is held to lives that are the same each time, so that it is judged by what it changes; the long run and
// NAMECARD_SEED make others. The second seed once brought a withdrawal of what a handover had made as well.
#[test]
fn a_thousand_lives_go_as_the_product_says() {
    play(1_000, STEPS, Some(101));
}

#[test]
fn another_thousand_lives_go_as_the_product_says() {
    play(1_000, STEPS, Some(1_888_643_598_760_735_599));
}

#[test]
#[ignore = "runs for an hour: part of the long run"]
fn fifty_thousand_lives_go_as_the_product_says() {
    play(50_000, 4..=24, None);
}
