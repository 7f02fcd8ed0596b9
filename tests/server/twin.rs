//! A request's state follows from stored times twice: in the domain, and in the store's SQL. The two
//! say the same of any row at any moment.

use std::collections::BTreeSet;

use crate::support::database::Database;
use crate::support::{START, World};
use namecard::domain::{Lifetime, RequestState, Seen, Time};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

/// Moments lie close together, so that many fall on one another: the edges are what matters.
const SPAN: i64 = 12;
const ROWS: usize = 40;
const ROUNDS: usize = 60;

fn moments() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => START..START + SPAN,
        1 => Just(i64::MIN / 4),
        1 => Just(i64::MAX / 4),
    ]
}

/// Any stored state with any times, also such as no program writes.
fn lifetimes() -> impl Strategy<Value = Lifetime> {
    let states = prop::sample::select(RequestState::ALL);
    (states, prop::option::of(moments()), moments()).prop_map(|(stored, effective_at, expires)| Lifetime {
        stored,
        effective_at: effective_at.map(Time::from_micros),
        expires: Time::from_micros(expires),
    })
}

fn id(n: usize) -> String {
    format!("r_{n:026}")
}

async fn write(database: &mut Database, rows: &[Lifetime]) {
    let mut sql = "DELETE FROM requests;".to_owned();
    for (n, row) in rows.iter().enumerate() {
        let effective_at = row.effective_at.map_or("NULL".to_owned(), |at| at.as_micros().to_string());
        sql.push_str(&format!(
            "INSERT INTO requests (company, id, revision, kind, target, name, channel, created_at, expires_at, state,
                effective_at, verdict_code, rule, policy_version, status_hash)
             SELECT company, '{}', 1, 'connection', sk, 'n', 'namecard', 0, {}, '{}', {effective_at},
                'allowed_namecard', 'EXT-02', 1, x'{n:064x}'
             FROM members WHERE id = 'ann';",
            id(n),
            row.expires.as_micros(),
            row.stored.as_str(),
        ));
    }
    database.run(&sql).await;
}

async fn listed(world: &World, token: &str, path: &str) -> BTreeSet<String> {
    let page = world.get(token, path).await.ok();
    page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn wanted(rows: &[Lifetime], holds: impl Fn(&Lifetime) -> bool) -> BTreeSet<String> {
    rows.iter().enumerate().filter(|(_, row)| holds(row)).map(|(n, _)| id(n)).collect()
}

#[tokio::test]
async fn the_store_and_the_domain_agree_at_every_moment() {
    let world = World::acme().await;
    world.clock.set(Time::from_micros(START));
    let ann = world.session("acme", "ann").await;
    let mut database = world.database().await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let mut seen_queued = 0;
    for round in 0..ROUNDS {
        let rows = prop::collection::vec(lifetimes(), ROWS).new_tree(&mut runner).unwrap().current();
        write(&mut database, &rows).await;
        for at in START - 1..=START + SPAN {
            let now = Time::from_micros(at);
            world.clock.set(now);
            let about = format!("round {round}, {} µs in", at - START);
            let queued = wanted(&rows, |row| row.is_queued(now));
            seen_queued += queued.len();
            assert_eq!(listed(&world, &ann, "/v1/requests?limit=100").await, queued, "queued, {about}");
            let counted = world.get(&ann, "/v1/requests/count").await.ok()["count"].as_u64().unwrap();
            assert_eq!(counted as usize, wanted(&rows, |row| row.is_open(now)).len(), "counted, {about}");
        }
        let at = START + (round as i64) % SPAN;
        let now = Time::from_micros(at);
        world.clock.set(now);
        for state in RequestState::ALL {
            let path = format!("/v1/requests?box=incoming&limit=100&state={}", state.as_str());
            let in_state = wanted(&rows, |row| row.state_at(now) == *state);
            assert_eq!(listed(&world, &ann, &path).await, in_state, "{} in round {round}", state.as_str());
            let path = format!("/v1/requests?limit=100&state={}", state.as_str());
            let both = wanted(&rows, |row| row.is_queued(now) && row.state_at(now) == *state);
            assert_eq!(listed(&world, &ann, &path).await, both, "queued {}", state.as_str());
        }
        // What a copy says of itself is what the domain says of its row.
        let page = world.get(&ann, "/v1/requests?box=incoming&limit=100").await.ok();
        for row in page["items"].as_array().unwrap() {
            let n: usize = row["id"].as_str().unwrap().trim_start_matches("r_").parse().unwrap();
            assert_eq!(row["state"], rows[n].state_at(now).as_str());
            let copy: namecard::domain::Request = serde_json::from_value(row.clone()).unwrap();
            assert_eq!(copy.lifetime().seen_at(now), rows[n].seen_at(now), "a copy and its row, {row}");
        }
    }
    assert!(seen_queued > 1_000, "the rows lie where something happens");
}

proptest! {
    /// What the requester sees never runs ahead of what has taken effect, and time alone never takes
    /// an answer back.
    #[test]
    fn time_only_goes_on(row in lifetimes(), early in moments(), late in moments()) {
        let (early, late) = (Time::from_micros(early.min(late)), Time::from_micros(early.max(late)));
        prop_assert_eq!(row.is_queued(early), row.is_open(early) || row.is_held(early));
        prop_assert!(row.is_open(early) || !row.is_open(late), "opened by itself");
        prop_assert!(row.is_held(early) || !row.is_held(late), "held by itself");
        if row.is_held(late) {
            prop_assert_eq!(row.seen_at(late), Seen::Pending);
        }
        if row.seen_at(early) != Seen::Pending {
            prop_assert_eq!(row.seen_at(late), row.seen_at(early), "an answer was taken back");
        }
    }
}
