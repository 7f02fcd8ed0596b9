//! Which steps are tried: mostly what somebody in that position would do, and often something else.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use proptest_state_machine::ReferenceStateMachine;

use super::model::{Choice, DAY, HOUR, Model, Part, Rules};
use super::people::{Company, Member, Person};
use super::step::{CardChange, Step, Way};

/// The model as the machine that makes the sequences.
#[derive(Debug)]
pub struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(linked, known, twice)| Model::new(linked, known, twice))
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Step> {
        let mut all = vec![(4, beginning().boxed()), (3, anything(model))];
        for (weight, steps) in [(10, waited_for(model)), (2, with_contacts(model)), (3, again(model))] {
            if !steps.is_empty() {
                all.push((weight, select(steps).boxed()));
            }
        }
        Union::new_weighted(all).boxed()
    }

    fn preconditions(model: &Model, step: &Step) -> bool {
        model.makes_sense(step)
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        model.take(step);
        model
    }
}

fn member() -> impl Strategy<Value = Member> {
    prop_oneof![
        3 => select(vec![Member::Ann, Member::Olu]),
        2 => select(vec![Member::Dan, Member::Nia, Member::Mia]),
        1 => select(Member::ALL.to_vec()),
    ]
}

fn admin() -> impl Strategy<Value = Member> {
    prop_oneof![
        9 => select(vec![Member::Dan, Member::Nia]),
        2 => select(vec![Member::Dov, Member::Noa, Member::Zoe]),
        1 => member(),
    ]
}

/// Somebody of the other one of the two companies that know each other.
fn across(by: Member) -> impl Strategy<Value = Member> {
    let others = match by.company() {
        Company::Acme => vec![Member::Olu, Member::Olu, Member::Nia],
        _ => vec![Member::Ann, Member::Ann, Member::Dan, Member::Mia],
    };
    prop_oneof![9 => select(others), 1 => member()]
}

/// Mostly somebody of the same company.
fn colleague(by: Member) -> impl Strategy<Value = Member> {
    let others = Member::ALL.into_iter().filter(|who| who.company() == by.company() && *who != by);
    let others: Vec<Member> = others.chain([by]).collect();
    prop_oneof![9 => select(others), 1 => member()]
}

fn with_colleague(by: impl Strategy<Value = Member>) -> impl Strategy<Value = (Member, Member)> {
    by.prop_flat_map(|by| (Just(by), colleague(by)))
}

/// An admin and a company that theirs may be linked with.
fn with_company() -> impl Strategy<Value = (Member, Company)> {
    admin().prop_flat_map(|by| {
        let other = if by.company() == Company::Acme { Company::Northgrid } else { Company::Acme };
        (Just(by), prop_oneof![5 => Just(other), 1 => select(Company::ALL.to_vec())])
    })
}

fn seconds() -> impl Strategy<Value = i64> {
    prop_oneof![
        5 => Just(11),
        1 => Just(5),
        2 => Just(HOUR),
        2 => Just(DAY + HOUR),
        1 => select(vec![12 * HOUR, 8 * DAY, 31 * DAY]),
    ]
}

fn ask() -> impl Strategy<Value = Step> {
    let way = prop_oneof![
        4 => Just(Way::Card { first: false }),
        1 => Just(Way::Card { first: true }),
        3 => Just(Way::Address),
    ];
    (member(), way)
        .prop_flat_map(|(by, way)| (Just(by), across(by), Just(way)))
        .prop_filter_map("nobody asks themselves", |(by, of, way)| {
            (by != of).then_some(Step::Ask { by, of, way })
        })
}

fn rules() -> impl Strategy<Value = Rules> {
    let managers = || prop_oneof![3 => Just(None), 3 => Just(Some(0)), 1 => Just(Some(1))];
    (
        (prop::bool::weighted(0.85), prop::bool::weighted(0.9), managers(), managers()),
        (select(vec![1, 1, 1, 2, 20]), select(vec![1, 2, 50, 50]), select(vec![5_000, 5_000, 1])),
        (select(vec![30 * DAY, 0, DAY]), select(vec![10, 10, 0, 3_600]), any::<bool>()),
        select(vec![30 * DAY, DAY]),
    )
        .prop_map(|(who, limits, times, life)| Rules {
            external: who.0,
            accepts: who.1,
            manager_in: who.2,
            manager_out: who.3,
            per_day: limits.0,
            open: limits.1,
            contacts: limits.2,
            cooldown: times.0,
            undo: times.1,
            automatic: times.2,
            life,
        })
}

fn card_change() -> impl Strategy<Value = CardChange> {
    prop_oneof![
        2 => any::<bool>().prop_map(|leaked| CardChange::Rotate { leaked }),
        1 => Just(CardChange::Revoke),
        1 => Just(CardChange::Make),
        1 => select(vec![60, HOUR]).prop_map(|after| CardChange::End { after }),
    ]
}

/// What begins something, whatever there is.
fn beginning() -> impl Strategy<Value = Step> {
    let stale = || prop::bool::weighted(0.08);
    let until = || prop::option::of(select(vec![HOUR, 2 * DAY]));
    let away = || prop::option::weighted(0.8, select(vec![HOUR, 2 * DAY]));
    prop_oneof![
        9 => ask(),
        3 => (0_u8..2, member(), prop::bool::weighted(0.2))
            .prop_map(|(visitor, of, first)| Step::Visit { visitor, of, first }),
        4 => seconds().prop_map(|seconds| Step::Pass { seconds }),
        4 => (admin(), rules(), stale()).prop_map(|(by, rules, stale)| Step::Rules { by, rules, stale }),
        1 => (with_colleague(member()), prop::bool::weighted(0.7), away(), stale()).prop_map(
            |((by, who), accepts, away, stale)| {
                Step::Settings { by, accepts, away: away.map(|after| (after, who)), stale }
            }
        ),
        2 => (member(), card_change()).prop_map(|(by, what)| Step::Card { by, what }),
        1 => (member(), until()).prop_map(|(by, until)| Step::AskPermission { by, until }),
        1 => (with_colleague(admin()), until()).prop_map(|((by, of), until)| Step::Grant { by, of, until }),
        1 => with_colleague(admin()).prop_map(|(by, who)| Step::Leave { by, who }),
        1 => with_company().prop_map(|(by, to)| Step::Propose { by, to }),
        1 => with_company().prop_map(|(by, other)| Step::EndLink { by, other }),
    ]
}

/// Anybody on anything.
fn anything(model: &Model) -> BoxedStrategy<Step> {
    let requests = model.requests.len();
    if requests == 0 {
        return beginning().boxed();
    }
    let choice = select(vec![Choice::Approve, Choice::Reject, Choice::Block]);
    let stale = || prop::bool::weighted(0.15);
    // What is new is more likely to be of interest.
    let at = move || prop_oneof![2 => Just(requests - 1), 1 => 0..requests];
    let mut of: Vec<Member> = Member::ALL.to_vec();
    for request in &model.requests {
        of.extend(request.target.into_iter().chain(request.past.iter().copied()));
        if let Person::Member(from) = request.from {
            of.push(from);
        }
    }
    let anybody = move || select(of.clone());
    let mut all = vec![
        (
            4,
            (anybody(), at(), choice, stale())
                .prop_map(|(by, at, what, stale)| Step::Decide { by, at, what, stale })
                .boxed(),
        ),
        (2, (anybody(), at(), stale()).prop_map(|(by, at, stale)| Step::Undo { by, at, stale }).boxed()),
        (2, (anybody(), at()).prop_map(|(by, at)| Step::Withdraw { by, at }).boxed()),
        (
            1,
            (anybody(), at(), member(), stale())
                .prop_map(|(by, at, to, stale)| Step::Assign { by, at, to, stale })
                .boxed(),
        ),
    ];
    let visitors: Vec<usize> =
        (0..requests).filter(|at| matches!(model.requests[*at].from, Person::Visitor(_))).collect();
    if !visitors.is_empty() {
        all.push((1, select(visitors.clone()).prop_map(|at| Step::VisitorWithdraws { at }).boxed()));
        all.push((1, select(visitors).prop_map(|at| Step::VisitorRefuses { at }).boxed()));
    }
    let calls: Vec<Step> = (0..model.kept.len())
        .flat_map(|call| [false, true].map(|other_body| Step::Repeat { call, other_body }))
        .filter(|step| model.makes_sense(step))
        .collect();
    if !calls.is_empty() {
        all.push((3, select(calls).boxed()));
    }
    Union::new_weighted(all).boxed()
}

/// What those whom something waits for would do.
fn waited_for(model: &Model) -> Vec<Step> {
    let mut steps = Vec::new();
    for (at, request) in model.requests.iter().enumerate() {
        let held = request.is_held(model.now);
        for by in Member::ALL.into_iter().filter(|by| model.is_here(*by)) {
            if model.waits_for(request, by) == Some(Part::Assigner) {
                let to = Member::ALL.into_iter().find(|to| {
                    to.company() == by.company() && model.is_here(*to) && request.from != Person::Member(*to)
                });
                steps.extend(to.map(|to| Step::Assign { by, at, to, stale: false }));
            } else if model.waits_for(request, by).is_some() {
                let decide = |what| Step::Decide { by, at, what, stale: false };
                steps.extend([decide(Choice::Approve), decide(Choice::Approve), decide(Choice::Approve)]);
                steps.extend([decide(Choice::Reject), decide(Choice::Block)]);
                steps.push(Step::Decide { by, at, what: Choice::Approve, stale: true });
            }
            if held && request.last().is_some_and(|last| last.who == by) {
                steps.push(Step::Undo { by, at, stale: false });
            }
        }
        if held {
            steps.extend([Step::Pass { seconds: 11 }; 3]);
        }
        match request.from {
            Person::Member(by) if !request.has_ended(model.now) => steps.push(Step::Withdraw { by, at }),
            Person::Visitor(_) if held => steps.push(Step::VisitorWithdraws { at }),
            _ => {}
        }
    }
    // Whoever is told who takes over.
    for by in Member::ALL.into_iter().filter(|by| model.is_here(*by)) {
        for (_, row) in model.contacts_now(by) {
            if model.told(by, row.peer).is_some() {
                steps.extend([Step::Refuse { by, peer: row.peer }; 4]);
                steps.push(Step::Pass { seconds: DAY + HOUR });
            }
        }
    }
    steps
}

/// What somebody would do with their contacts, or without the permission to have any.
fn with_contacts(model: &Model) -> Vec<Step> {
    let mut steps = Vec::new();
    for by in Member::ALL.into_iter().filter(|by| model.is_here(*by)) {
        if !model.may_cross(by) && !by.is_admin() {
            steps.extend([None, Some(2 * DAY)].map(|until| Step::AskPermission { by, until }));
        }
        for (_, row) in model.contacts_now(by) {
            let peer = row.peer;
            steps.push(Step::Remove { by, peer, stale: false });
            let to = Member::ALL.into_iter().filter(|to| to.company() == by.company() && *to != by);
            steps.extend(to.take(1).map(|to| Step::Offer { by, peer, to }));
            if let Some(admin) = Member::ALL.into_iter().find(|admin| {
                admin.is_admin() && admin.company() == by.company() && *admin != by && model.is_here(*admin)
            }) {
                steps.push(Step::Leave { by: admin, who: by });
            }
        }
    }
    steps
}

/// Asked twice, asked back, and somebody else asked on the same day.
fn again(model: &Model) -> Vec<Step> {
    let mut steps = Vec::new();
    for request in &model.requests {
        if let (Person::Member(by), Some(of)) = (request.from, request.target) {
            steps.push(Step::Ask { by, of, way: Way::Card { first: false } });
            steps.push(Step::Ask { by: of, of: by, way: Way::Address });
            let others = Member::ALL.into_iter().filter(|who| who.company() != by.company() && *who != of);
            steps.extend(others.take(2).map(|of| Step::Ask { by, of, way: Way::Card { first: false } }));
        }
    }
    steps
}
