//! What holds does not depend on the order of rules, follows the written precedence, and never widens what
//! a level above has locked; every refusal shows a way on.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::effective::Fate;
use super::setting::{Kind, Levels, Strict};
use super::verdict::{Looked, Managers};
use super::*;
use crate::domain::{MemberId, PolicyFaultCode as Fault, Step, Time, VerdictCode};

const NOW: Time = Time::from_micros(1_780_000_000_000_000);

/// Acme: 1; below it 2 (with 3 and 4 below) and 5.
fn tree() -> Tree {
    let path = |parts: &[&str]| parts.join("\u{1f}");
    Tree {
        paths: HashMap::from([
            (path(&["Acme"]), 1),
            (path(&["Acme", "R"]), 2),
            (path(&["Acme", "R", "A"]), 3),
            (path(&["Acme", "R", "B"]), 4),
            (path(&["Acme", "S"]), 5),
        ]),
        parents: HashMap::from([(1, None), (2, Some(1)), (3, Some(2)), (4, Some(2)), (5, Some(1))]),
    }
}

fn ann() -> MemberId {
    MemberId::new("ann").unwrap()
}

fn subject(departments: &[i64]) -> Subject {
    Subject { id: ann(), departments: departments.to_vec(), grants: Vec::new() }
}

fn scopes() -> Vec<Scope> {
    let mut scopes = vec![Scope::Company, Scope::Member(ann())];
    let mut paths: Vec<String> = tree().paths.into_keys().collect();
    paths.sort();
    scopes.extend(paths.into_iter().map(Scope::Department));
    scopes
}

fn rule(at: usize, scope: Scope, setting: Setting, value: Value, locked: bool) -> Rule {
    Rule {
        id: format!("R-{at}"),
        title: "t".into(),
        owner: "o".into(),
        reason: "r".into(),
        scopes: vec![(scope, 1)],
        locked,
        visible_to: VisibleTo::default(),
        sets: [(setting, (value, 1))].into(),
        line: 1,
        visible_line: 1,
    }
}

fn policy(rules: Vec<Rule>) -> Policy {
    Policy::new(7, Document { rules }, HashMap::new(), tree())
}

/// Values that are told apart by strictness.
const TRIED: [Setting; 3] = [Setting::External, Setting::RequestsPerDay, Setting::BlockedDomains];

fn value(setting: Setting) -> BoxedStrategy<Value> {
    match setting {
        Setting::External => any::<bool>().prop_map(Value::Switch).boxed(),
        Setting::RequestsPerDay => proptest::option::of(0_u32..50).prop_map(Value::Count).boxed(),
        _ => proptest::sample::subsequence(vec!["a", "b", "c"], 0..=3)
            .prop_map(|words| Value::Words(words.into_iter().map(str::to_owned).collect()))
            .boxed(),
    }
}

/// At most one rule for each place and setting, as a checked policy has.
fn some_rules() -> impl Strategy<Value = Vec<Rule>> {
    let places: Vec<(Scope, Setting)> =
        scopes().into_iter().flat_map(|scope| TRIED.map(|setting| (scope.clone(), setting))).collect();
    proptest::sample::subsequence(places, 0..=12)
        .prop_flat_map(|places| {
            places
                .into_iter()
                .enumerate()
                .map(|(at, (scope, setting))| {
                    (value(setting), proptest::bool::weighted(0.25))
                        .prop_map(move |(value, locked)| rule(at, scope.clone(), setting, value, locked))
                })
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn departments() -> impl Strategy<Value = Vec<i64>> {
    proptest::sample::subsequence(vec![1_i64, 2, 3, 4, 5], 0..=3).prop_shuffle()
}

/// The same said once more, in the plainest way.
fn by_the_book(rules: &[Rule], departments: &[i64], setting: Setting) -> Value {
    let tree = tree();
    let said = |scope: &Scope| {
        rules
            .iter()
            .find(|rule| rule.scopes[0].0 == *scope && rule.sets.contains_key(&setting))
            .map(|rule| (rule.sets[&setting].0.clone(), rule.locked))
    };
    let company = said(&Scope::Company);
    if let Some((value, true)) = &company {
        return value.clone();
    }
    let mut of_departments: Vec<(Value, bool)> = Vec::new();
    for department in departments {
        let mut holds: Option<(Value, bool)> = None;
        for sk in tree.way_to(*department) {
            let path = tree.paths.iter().find(|(_, at)| **at == sk).unwrap().0;
            match (said(&Scope::Department(path.clone())), &holds) {
                (_, Some((_, true))) => {}
                (Some(here), _) => holds = Some(here),
                (None, _) => {}
            }
        }
        of_departments.extend(holds);
    }
    let locked = of_departments.iter().any(|(_, locked)| *locked);
    if let (Some((value, _)), false) = (said(&Scope::Member(ann())), locked) {
        return value;
    }
    let kind = setting.spec().kind;
    let strictest = of_departments.into_iter().map(|(value, _)| value).reduce(|a, b| kind.stricter(&a, &b));
    strictest.or(company.map(|(value, _)| value)).unwrap_or_else(|| super::effective::built_in(setting))
}

proptest! {
    #[test]
    fn the_written_precedence_holds(rules in some_rules(), departments in departments()) {
        let (policy, subject) = (policy(rules.clone()), subject(&departments));
        let holds = policy.of(&subject, NOW);
        for setting in TRIED {
            prop_assert_eq!(holds.value(setting), by_the_book(&rules, &departments, setting), "{:?}", setting);
        }
    }

    #[test]
    fn the_order_of_rules_does_not_matter(
        (rules, shuffled) in some_rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        departments in departments(),
    ) {
        let subject = subject(&departments);
        let (one, other) = (policy(rules), policy(shuffled));
        for setting in TRIED {
            let (a, b) = (one.of(&subject, NOW), other.of(&subject, NOW));
            prop_assert_eq!(a.value(setting), b.value(setting));
            prop_assert_eq!(a.rule(setting), b.rule(setting));
            let fates = |of: Effective<'_>| -> Vec<(String, Fate)> {
                let named = |(source, fate)| (of.policy.name(source).id, fate);
                of.chain(setting).into_iter().map(named).collect()
            };
            prop_assert_eq!(fates(a), fates(b));
        }
    }

    #[test]
    fn nothing_below_widens_what_is_locked(rules in some_rules(), departments in departments()) {
        let (compiled, subject) = (policy(rules.clone()), subject(&departments));
        let holds = compiled.of(&subject, NOW);
        let tree = tree();
        let mine: BTreeSet<i64> = departments.iter().flat_map(|sk| tree.way_to(*sk)).collect();
        for rule in rules.iter().filter(|rule| rule.locked) {
            let (setting, (value, _)) = rule.sets.iter().next().unwrap();
            let (applies, above) = match &rule.scopes[0].0 {
                Scope::Company => (true, true),
                Scope::Department(path) => {
                    let sk = tree.paths[path];
                    // One that lies below another locked one does not hold itself.
                    let below_locked = rules.iter().any(|other| {
                        other.locked && other.id != rule.id && other.sets.contains_key(setting)
                            && match &other.scopes[0].0 {
                                Scope::Company => true,
                                Scope::Department(path) => {
                                    let other = tree.paths[path];
                                    other != sk && tree.way_to(sk).contains(&other)
                                }
                                Scope::Member(_) => false,
                            }
                    });
                    (mine.contains(&sk), !below_locked)
                }
                Scope::Member(_) => (false, false),
            };
            if applies && above {
                let effective = holds.value(*setting);
                let both = setting.spec().kind.stricter(&effective, value);
                prop_assert_eq!(both, effective, "{:?} is wider than what {} locks", setting, &rule.id);
            }
        }
    }

    #[test]
    fn what_holds_is_told_with_who_says_so(rules in some_rules(), departments in departments()) {
        let (policy, subject) = (policy(rules), subject(&departments));
        let holds = policy.of(&subject, NOW);
        for setting in TRIED {
            let found = holds.find(setting);
            prop_assert!(!found.sources.is_empty());
            for (source, fate) in holds.chain(setting) {
                prop_assert_eq!(found.sources.contains(&source), fate == Fate::Holds);
            }
        }
    }
}

#[test]
fn a_grant_is_a_word_of_its_level_and_bows_to_locks() {
    let grant = |department, until| Grant { id: 3, department, since: NOW, until, by: None };
    let off = |scope, locked| rule(0, scope, Setting::External, Value::Switch(false), locked);
    let on = |rules: Vec<Rule>, grants: Vec<Grant>, now: Time| {
        let policy = policy(rules);
        let subject = Subject { grants, ..subject(&[3]) };
        policy.of(&subject, now).is_on(Setting::External)
    };
    assert!(!on(vec![off(Scope::Company, false)], vec![], NOW));
    assert!(on(vec![off(Scope::Company, false)], vec![grant(None, None)], NOW));
    assert!(on(vec![off(Scope::Company, false)], vec![grant(Some(2), None)], NOW));
    assert!(!on(vec![off(Scope::Company, true)], vec![grant(None, None)], NOW));
    assert!(!on(vec![off(Scope::Member(ann()), false)], vec![grant(Some(2), None)], NOW));
    let later = NOW.after(std::time::Duration::from_secs(1));
    assert!(!on(vec![off(Scope::Company, false)], vec![grant(None, Some(later))], later));
}

// Cases.

fn some_way() -> impl Strategy<Value = Way> {
    let card = proptest::option::of(proptest::sample::select(vec![
        CardState::Live,
        CardState::Unknown,
        CardState::Revoked,
        CardState::Expired,
    ]));
    let link = proptest::option::of(proptest::sample::select(vec![Coverage::Covered, Coverage::NotCovered]));
    (card, link, any::<bool>()).prop_map(|(card, link, introduced)| Way { card, link, introduced })
}

fn some_between() -> impl Strategy<Value = Between<'static>> {
    proptest::sample::select(vec![
        Between::Nothing,
        Between::Nothing,
        Between::Contact("x_1"),
        Between::Request("r_1"),
        Between::Declined(Some(NOW)),
        Between::Declined(None),
        Between::Blocked,
    ])
}

/// Rules of all kinds for the company, strict and loose.
fn company_rules() -> impl Strategy<Value = Vec<Rule>> {
    let one = proptest::sample::select(TABLE).prop_flat_map(|spec| {
        let value = match spec.kind {
            Kind::Switch { .. } => any::<bool>().prop_map(Value::Switch).boxed(),
            Kind::Count { .. } => (0_u32..3).prop_map(|n| Value::Count(Some(n))).boxed(),
            Kind::Words { known, .. } => proptest::sample::subsequence(known, 0..=known.len())
                .prop_map(|words| Value::Words(words.into_iter().map(str::to_owned).collect()))
                .boxed(),
            Kind::Tags => proptest::sample::subsequence(vec!["VIP", "老客户"], 0..=2)
                .prop_map(|words| Value::Words(words.into_iter().map(str::to_owned).collect()))
                .boxed(),
            Kind::Domains { .. } => proptest::sample::subsequence(vec!["b.example", "gmail.com"], 0..=2)
                .prop_map(|words| Value::Words(words.into_iter().map(str::to_owned).collect()))
                .boxed(),
            Kind::Choice { .. } => Just(Value::Choice(0)).boxed(),
            Kind::Link => Just(Value::Text("https://x/{id}".into())).boxed(),
        };
        value.prop_map(move |value| (spec.setting, value))
    });
    proptest::collection::btree_map(any::<u8>(), one, 0..8).prop_map(|chosen| {
        let unique: HashMap<Setting, Value> = chosen.into_values().collect();
        unique
            .into_iter()
            .enumerate()
            .map(|(at, (setting, value))| rule(at, Scope::Company, setting, value, false))
            .collect()
    })
}

#[derive(Clone, Debug)]
struct Tried {
    act: Act,
    ours: Vec<Rule>,
    theirs: Vec<Rule>,
    visitor: Option<(bool, Option<&'static str>)>,
    target: u8,
    domain: Option<&'static str>,
    accepts: bool,
    way: Way,
    between: Between<'static>,
    purpose: Purpose,
    counted: [u32; 4],
}

fn some_case() -> impl Strategy<Value = Tried> {
    let domain =
        || proptest::option::of(proptest::sample::select(vec!["b.example", "a.example", "gmail.com"]));
    (
        (
            proptest::sample::select(vec![Act::Ask, Act::Ask, Act::Approve]),
            company_rules(),
            company_rules(),
            proptest::option::of((any::<bool>(), domain())),
            0_u8..6,
            domain(),
        ),
        (
            proptest::bool::weighted(0.8),
            some_way(),
            some_between(),
            proptest::sample::select(vec![Purpose::NotYet, Purpose::Missing, Purpose::Given]),
            proptest::array::uniform4(0_u32..3),
        ),
    )
        .prop_map(
            |((act, ours, theirs, visitor, target, domain), (accepts, way, between, purpose, counted))| {
                Tried { act, ours, theirs, visitor, target, domain, accepts, way, between, purpose, counted }
            },
        )
}

fn answer(tried: &Tried) -> Answer {
    let (ours, theirs) = (policy(tried.ours.clone()), policy(tried.theirs.clone()));
    let subject = subject(&[3]);
    let [sent_today, open, contacts, approved_today] = tried.counted;
    let counters = Counters { sent_today, open, contacts, approved_today };
    let side = |policy| Side { rules: policy, counters, domain: Some("acme.example") };
    let theirs = Side { domain: tried.domain, ..side(theirs.of(&subject, NOW)) };
    let outside = Outside { side: theirs, accepts: tried.accepts, way: tried.way, between: tried.between };
    verdict(&Case {
        act: tried.act,
        actor: match tried.visitor {
            Some((personal, domain)) => Actor::Visitor(Visitor { personal, domain }),
            None => Actor::Member(side(ours.of(&subject, NOW))),
        },
        target: match tried.target {
            0 => Target::Nobody,
            1 => Target::Colleague { id: Some("bob") },
            2 => Target::Address { domain: tried.domain },
            _ => Target::Outside(outside),
        },
        purpose: tried.purpose,
        day_ends: NOW,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_refusal_shows_a_way_on(tried in some_case()) {
        let answer = answer(&tried);
        let last: &Looked = answer.chain.last().unwrap();
        prop_assert_eq!((last.code, &last.rule), (answer.code, &answer.rule));
        prop_assert_eq!(last.passed, answer.code.is_yes());
        prop_assert!(answer.chain.iter().rev().skip(1).all(|looked| looked.passed));
        if !answer.code.is_yes() {
            prop_assert!(!answer.alternatives.is_empty(), "{:?}", answer);
            prop_assert!(!answer.automatic && answer.managers == Managers::default());
            // Waiting alone is no way on.
            prop_assert!(answer.alternatives.iter().any(|step| step.step != Step::Wait), "{:?}", answer);
        }
    }

    #[test]
    fn the_order_of_rules_does_not_change_a_verdict(
        (tried, ours, theirs) in some_case().prop_flat_map(|tried| {
            let (ours, theirs) = (Just(tried.ours.clone()).prop_shuffle(), Just(tried.theirs.clone()).prop_shuffle());
            (Just(tried), ours, theirs)
        })
    ) {
        let other = Tried { ours, theirs, ..tried.clone() };
        prop_assert_eq!(answer(&tried), answer(&other));
    }

    #[test]
    fn no_yes_without_everything_that_the_page_asks_for(tried in some_case()) {
        let yes = answer(&tried);
        if tried.act == Act::Ask && yes.code.is_yes() {
            let outside = tried.target > 2;
            let way = tried.way.card == Some(CardState::Live)
                || (tried.visitor.is_none() && (tried.way.link == Some(Coverage::Covered) || tried.way.introduced));
            prop_assert!(outside && way && tried.accepts, "{:?}", yes);
            prop_assert!(tried.visitor.is_none_or(|(personal, _)| !personal));
            // Both companies grant the permission; only a rule of their own can take the built-in one away.
            let granted = |rules: &[Rule]| {
                let off = (Value::Switch(false), 1);
                !rules.iter().any(|rule| rule.sets.get(&Setting::External) == Some(&off))
            };
            prop_assert!(granted(&tried.theirs) && (tried.visitor.is_some() || granted(&tried.ours)));
        }
    }
}

fn visitor(rules: Vec<Rule>, personal: bool, email: &str, purpose: Purpose) -> VerdictCode {
    let (policy, subject, domain) = (policy(rules), subject(&[3]), domain_of(email));
    let side =
        Side { rules: policy.of(&subject, NOW), counters: Counters::default(), domain: Some("acme.example") };
    let way = Way { card: Some(CardState::Live), ..Way::default() };
    verdict(&Case {
        act: Act::Ask,
        actor: Actor::Visitor(Visitor { personal, domain: domain.as_deref() }),
        target: Target::Outside(Outside { side, accepts: true, way, between: Between::Nothing }),
        purpose,
        day_ends: NOW,
    })
    .code
}

#[test]
fn the_order_of_what_is_looked_at_is_the_order_of_the_page() {
    let built_in = |personal, email, purpose| visitor(Vec::new(), personal, email, purpose);
    assert_eq!(built_in(true, "a@acme.example", Purpose::Missing), VerdictCode::PersonalNotServed);
    assert_eq!(built_in(false, "a@ACME.example", Purpose::Given), VerdictCode::Colleague);
    assert_eq!(built_in(false, "a@sub.acme.example", Purpose::Given), VerdictCode::Colleague);
    assert_eq!(built_in(false, "a@notacme.example", Purpose::Given), VerdictCode::AllowedNamecard);
    assert_eq!(built_in(false, "a@other.example", Purpose::Missing), VerdictCode::PurposeRequired);
    assert_eq!(built_in(false, "", Purpose::Given), VerdictCode::AllowedNamecard);
    let rules = |setting, value| vec![rule(0, Scope::Company, setting, value, false)];
    let firm = |setting, value| visitor(rules(setting, value), false, "a@gmail.com", Purpose::Given);
    assert_eq!(firm(Setting::PersonalAddresses, Value::Switch(false)), VerdictCode::PersonalNotServed);
    assert_eq!(
        firm(Setting::BlockedDomains, Value::Words(["com".into()].into())),
        VerdictCode::DomainBlocked
    );
    assert_eq!(
        firm(Setting::AllowedDomains, Value::Words(["b.example".into()].into())),
        VerdictCode::DomainBlocked
    );
    assert_eq!(firm(Setting::VerifiedOnly, Value::Switch(true)), VerdictCode::CompanyUnverified);
    assert_eq!(firm(Setting::External, Value::Switch(false)), VerdictCode::TargetNotAccepting);
    assert_eq!(firm(Setting::Accepts, Value::Switch(false)), VerdictCode::TargetNotAccepting);
}

#[test]
fn every_setting_has_a_built_in_value_of_its_kind() {
    for spec in TABLE {
        let value = super::document::built_in_value(spec).unwrap_or_else(|| panic!("{}", spec.name));
        assert_eq!(super::effective::built_in(spec.setting), value);
        let written = Written(spec.kind, &value).to_string();
        assert_eq!(written.replace(' ', ""), {
            let mut words: Vec<&str> = spec.built_in.trim_matches(['[', ']']).split(", ").collect();
            words.sort_unstable();
            if spec.built_in.starts_with('[') {
                format!("[{}]", words.join(","))
            } else {
                spec.built_in.to_owned()
            }
        });
        assert_eq!(spec.levels == Levels::NoCompany, spec.setting == Setting::Hidden);
        assert!(!matches!(spec.kind, Kind::Words { strict: Strict::More, known } if known.is_empty()));
    }
}

// Checks.

fn checked(text: &str) -> Vec<(u32, Fault)> {
    let (document, faults) = Document::parse(text);
    assert_eq!(faults, [], "{text}");
    let bob = MemberId::new("bob").unwrap();
    let members = HashMap::from([(ann(), vec![3]), (bob, vec![4, 5])]);
    let faults = check_in(&document, &tree(), &members);
    faults.into_iter().map(|fault| (fault.line, fault.code)).collect()
}

fn written(id: &str, lines: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\ntitle = \"t\"\nowner = \"o\"\nreason = \"r\"\n{lines}")
}

#[test]
fn places_that_are_not_there_are_named() {
    assert_eq!(
        checked(&written("A", "department = \"Acme/Q\"\nexternal = false\n")),
        [(6, Fault::UnknownDepartment)]
    );
    assert_eq!(checked(&written("A", "member = \"anna\"\nexternal = false\n")), [(6, Fault::UnknownMember)]);
    let seen = "department = \"Acme/R\"\nhidden = true\nvisible_to_members = \"eve\"\n";
    assert_eq!(checked(&written("A", seen)), [(8, Fault::UnknownMember)]);
}

#[test]
fn contradictions_and_locks_are_refused() {
    let (one, other) = (written("A", "external = true\n"), written("B", "external = false\n"));
    assert_eq!(checked(&format!("{one}{other}")), [(12, Fault::Contradiction)]);
    assert_eq!(checked(&written("A", "external = false\nlocked = true\n")), [(6, Fault::LocksOut)]);
    assert_eq!(checked(&written("A", "channels = []\nlocked = true\n")), [(6, Fault::LocksOut)]);
    assert_eq!(checked(&written("A", "external = false\n")), []);
}

#[test]
fn rules_without_effect_are_found() {
    let locked = written("A", "requests_per_day = 5\nlocked = true\n");
    let below = written("B", "department = \"Acme/R\"\nrequests_per_day = 3\n");
    assert_eq!(checked(&format!("{locked}{below}")), [(14, Fault::DeadLocked)]);
    assert_eq!(checked(&written("A", "requests_per_day = 20\n")), [(6, Fault::DeadSame)]);
    let off = written("A", "external = false\nallowed_domains = [\"b.example\"]\n");
    assert_eq!(checked(&off), [(7, Fault::DeadSwitch)]);
    let granted = written("B", "department = \"Acme/R\"\nexternal = true\n");
    assert_eq!(checked(&format!("{off}{granted}")), []);
}

/// What `admin policy init` writes: as it stands it says nothing; taken at its word it names every setting.
#[test]
fn the_example_says_nothing_until_it_is_asked_to_and_then_everything() {
    let example = include_str!("../../../assets/policy.example.toml");
    let (silent, faults) = Document::parse(example);
    assert_eq!((silent.rules.len(), faults), (0, Vec::new()));
    // Rules are commented out without a blank, explanations with one.
    let spoken: String = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rule) if !rule.starts_with(' ') => format!("{rule}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let (document, faults) = Document::parse(&spoken);
    assert_eq!(faults, Vec::new());
    let set: std::collections::BTreeSet<Setting> =
        document.rules.iter().flat_map(|rule| rule.sets.keys().copied()).collect();
    let missing: Vec<&str> =
        TABLE.iter().filter(|spec| !set.contains(&spec.setting)).map(|spec| spec.name).collect();
    assert_eq!(missing, [""; 0], "every setting is shown");
}
