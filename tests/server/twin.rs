//! What a request is to whom follows from stored rows twice: in the domain, and in the store's SQL. The
//! two say the same of any row, for anybody, at any moment.

use std::collections::BTreeSet;

use crate::support::database::Database;
use crate::support::{START, World};
use namecard::domain::{Lifetime, RequestState, Seen, Time};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

/// Moments lie close together, so that many fall on one another: the edges are what matters.
const SPAN: i64 = 12;
const ROWS: usize = 24;
const ROUNDS: usize = 16;
const PEOPLE: [&str; 4] = ["ann", "bob", "cho", "dan"];
const PARTS: [&str; 5] = ["target", "manager_asked", "manager_asking", "admin", "assigner"];

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

/// A row with everybody who may have a part in it.
#[derive(Clone, Debug)]
struct Stored {
    lifetime: Lifetime,
    target: Option<&'static str>,
    requester: Option<&'static str>,
    managers: (i64, i64),
    /// Part and member; nobody is every admin.
    approvers: Vec<(&'static str, Option<&'static str>)>,
    /// Part, who, and whether it was taken back.
    steps: Vec<(&'static str, &'static str, bool)>,
    /// Whose, and until when it is out of the way or asked about.
    mark: Option<(&'static str, Option<i64>, Option<i64>)>,
}

fn person() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&PEOPLE)
}

fn stored() -> impl Strategy<Value = Stored> {
    let part = || prop::sample::select(&PARTS);
    (
        (lifetimes(), prop::option::weighted(0.8, person()), prop::option::weighted(0.3, person())),
        (0_i64..3, 0_i64..3),
        prop::collection::vec((part(), prop::option::weighted(0.7, person())), 0..4),
        prop::collection::vec((part(), person(), any::<bool>()), 0..3),
        prop::option::of((person(), prop::option::of(moments()), prop::option::of(moments()))),
    )
        .prop_map(|((lifetime, target, requester), managers, approvers, steps, mark)| Stored {
            lifetime,
            target,
            requester,
            managers,
            approvers,
            steps,
            mark,
        })
}

fn id(n: usize) -> String {
    format!("r_{n:026}")
}

fn sk(person: Option<&str>) -> String {
    person.map_or("NULL".to_owned(), |id| format!("(SELECT sk FROM members WHERE id = '{id}')"))
}

async fn write(database: &mut Database, rows: &[Stored], away: (Option<i64>, &str, &str)) {
    let number = |at: Option<i64>| at.map_or("NULL".to_owned(), |at| at.to_string());
    let company = "(SELECT sk FROM companies)";
    let mut sql = "DELETE FROM request_marks; DELETE FROM request_approvers; DELETE FROM request_steps;
        DELETE FROM requests; DELETE FROM member_settings;"
        .to_owned();
    let (until, who, stand_in) = away;
    sql.push_str(&format!(
        "INSERT INTO member_settings (member, away_until, stand_in) VALUES ({}, {}, {});",
        sk(Some(who)),
        number(until),
        sk(Some(stand_in))
    ));
    for (n, row) in rows.iter().enumerate() {
        let (key, life) = (n + 1, row.lifetime);
        sql.push_str(&format!(
            "INSERT INTO requests (sk, company, id, revision, kind, target, requester, requester_company, name, channel,
                created_at, expires_at, state, effective_at, manager_asked, manager_asking, verdict_code, rule,
                policy_version, status_hash)
             SELECT {key}, {company}, '{}', 1, 'connection', {}, {}, {company}, 'n', 'namecard', 0, {}, '{}', {}, {}, {},
                'allowed_namecard', 'EXT-02', 1, x'{n:064x}';",
            id(n),
            sk(row.target),
            sk(row.requester),
            life.expires.as_micros(),
            life.stored.as_str(),
            number(life.effective_at.map(Time::as_micros)),
            row.managers.0,
            row.managers.1,
        ));
        for (part, member) in &row.approvers {
            sql.push_str(&format!(
                "INSERT INTO request_approvers (request, part, company, member) SELECT {key}, '{part}', {company}, {};",
                sk(*member)
            ));
        }
        for (revision, (part, who, undone)) in row.steps.iter().enumerate() {
            sql.push_str(&format!(
                "INSERT INTO request_steps (request, revision, part, who, what, decided_at, effective_at, undone_at, told,
                    rule, policy_version, state_before, expires_before)
                 SELECT {key}, {}, '{part}', {}, 'approve', 0, 0, {}, 0, 'EXT-02', 1, 'pending', 0;",
                revision + 2,
                sk(Some(who)),
                if *undone { "1" } else { "NULL" },
            ));
        }
        if let Some((who, snoozed, asked)) = row.mark {
            sql.push_str(&format!(
                "INSERT INTO request_marks (request, member, snoozed_until, asked_until) SELECT {key}, {}, {}, {};",
                sk(Some(who)),
                number(snoozed),
                number(asked)
            ));
        }
    }
    database.run(&sql).await;
}

async fn listed(world: &World, token: &str, path: &str) -> BTreeSet<String> {
    let page = world.get(token, path).await.ok();
    page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_store_and_the_domain_agree_at_every_moment() {
    let world = World::acme().await;
    world.clock.set(Time::from_micros(START));
    let mut tokens = Vec::new();
    for person in PEOPLE {
        tokens.push(world.session("acme", person).await);
    }
    let mut database = world.database().await;
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let (mut seen_queued, mut seen_waiting) = (0, 0);
    for round in 0..ROUNDS {
        let rows = prop::collection::vec(stored(), ROWS).new_tree(&mut runner).unwrap().current();
        let away = (prop::option::of(moments()), person(), person()).new_tree(&mut runner).unwrap().current();
        write(&mut database, &rows, away).await;
        for at in START - 1..=START + SPAN {
            let now = Time::from_micros(at);
            world.clock.set(now);
            // In turn: each round meets everybody at some moments.
            let viewer = (round + (at - START + 1) as usize) % PEOPLE.len();
            let token = &tokens[viewer];
            let about = format!("{} in round {round}, {} µs in", PEOPLE[viewer], at - START);
            let (mut queued, mut waiting) = (BTreeSet::new(), 0);
            for (n, row) in rows.iter().enumerate() {
                let reply = world.get(token, &format!("/v1/requests/{}", id(n))).await;
                if reply.status == 404 {
                    continue;
                }
                let seen = reply.ok();
                if seen["queued"] == true {
                    queued.insert(id(n));
                }
                let allowed = seen["allowed"].as_array().unwrap();
                let may_decide = allowed.iter().any(|action| action == "approve" || action == "assign");
                let out_of_the_way = seen.get("snoozed_until").is_some() || seen.get("asked_until").is_some();
                waiting += usize::from(may_decide && !out_of_the_way);
                if may_decide {
                    assert!(row.lifetime.is_open(now) && seen["queued"] == true, "{about}: {seen}");
                }
                assert!(seen["queued"] == false || row.lifetime.is_queued(now), "{about}: {seen}");
                assert_eq!(seen["state"], row.lifetime.state_at(now).as_str(), "{about}");
            }
            seen_queued += queued.len();
            seen_waiting += waiting;
            assert_eq!(listed(&world, token, "/v1/requests?limit=100").await, queued, "queued, {about}");
            let counted = world.get(token, "/v1/requests/count").await.ok()["count"].as_u64().unwrap();
            assert_eq!(counted as usize, waiting, "counted, {about}");
        }
        let now = Time::from_micros(START + (round as i64) % SPAN);
        world.clock.set(now);
        for state in RequestState::ALL {
            let path = format!("/v1/requests?limit=100&state={}", state.as_str());
            let all = listed(&world, &tokens[0], "/v1/requests?limit=100").await;
            let of_state = |id: &String| {
                let n: usize = id.trim_start_matches("r_").parse().unwrap();
                rows[n].lifetime.state_at(now) == *state
            };
            let both: BTreeSet<String> = all.into_iter().filter(of_state).collect();
            assert_eq!(listed(&world, &tokens[0], &path).await, both, "{} in round {round}", state.as_str());
        }
    }
    assert!(
        seen_queued > 150 && seen_waiting > 60,
        "{seen_queued} and {seen_waiting}: rows where things happen"
    );
}

proptest! {
    /// What the requester sees never runs ahead of what has taken effect, and time alone never takes
    /// an answer back.
    #[test]
    fn time_only_goes_on(row in lifetimes(), early in moments(), late in moments()) {
        let (early, late) = (Time::from_micros(early.min(late)), Time::from_micros(early.max(late)));
        prop_assert_eq!(row.is_queued(early), row.is_open(early) || row.is_held(early));
        // A second approval is asked for when the first one has taken effect.
        prop_assert!(row.is_open(early) || row.is_held(early) || !row.is_open(late), "opened by itself");
        prop_assert!(row.is_held(early) || !row.is_held(late), "held by itself");
        prop_assert!(!row.is_open(late) || !row.is_held(late), "held and open");
        if row.is_held(late) {
            prop_assert_eq!(row.seen_at(late), Seen::Pending);
        }
        if row.seen_at(early) != Seen::Pending {
            prop_assert_eq!(row.seen_at(late), row.seen_at(early), "an answer was taken back");
        }
    }
}
