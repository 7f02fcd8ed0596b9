//! What a policy hides in a company, and who sees through. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::MemberId;
use crate::server::policy::{Policy, Rule, Scope, Setting, Subject, VisibleTo};
use crate::server::store::visible::{NO_TIME, Person, Walls};

/// The walls of a policy among people.
pub(crate) fn walls(policy: &Policy, people: &[Person]) -> Walls {
    let mut walls = Walls::default();
    let company = Company::new(policy, people);
    if policy.sets(Setting::OwnDepartmentOnly) {
        for person in people {
            let subject = subject(person);
            if policy.of(&subject, NO_TIME).is_on(Setting::OwnDepartmentOnly) {
                walls.narrowed.insert(person.sk, person.departments.iter().copied().collect());
            }
        }
    }
    if !policy.sets(Setting::Hidden) {
        return walls;
    }
    let mut numbers: HashMap<(String, BTreeSet<i64>), usize> = HashMap::new();
    let mut number = |walls: &mut Walls, rule: &Rule, passes: BTreeSet<i64>| -> usize {
        *numbers.entry((rule.id.clone(), passes.clone())).or_insert_with(|| {
            walls.walls.push((rule.id.clone(), passes));
            walls.walls.len() - 1
        })
    };
    for person in people {
        let subject = subject(person);
        let holds = policy.of(&subject, NO_TIME);
        if !holds.is_on(Setting::Hidden) {
            continue;
        }
        for (rule, seen) in holds.visible_to(Setting::Hidden) {
            let passes = company.passes(rule, seen, Some(person));
            let wall = number(&mut walls, rule, passes);
            walls.members.entry(person.sk).or_default().insert(wall);
        }
    }
    let nobody = MemberId::new("0");
    for department in policy.tree.parents.keys() {
        let Ok(id) = nobody.clone() else { continue };
        let subject = Subject { id, departments: vec![*department], grants: Vec::new() };
        let holds = policy.of(&subject, NO_TIME);
        if !holds.is_on(Setting::Hidden) {
            continue;
        }
        for (rule, seen) in holds.visible_to(Setting::Hidden) {
            let passes = company.passes(rule, seen, None);
            let wall = number(&mut walls, rule, passes);
            walls.departments.entry(*department).or_default().insert(wall);
        }
    }
    walls
}

fn subject(person: &Person) -> Subject {
    Subject { id: person.id.clone(), departments: person.departments.clone(), grants: Vec::new() }
}

/// The people of a company by where they are.
struct Company<'a> {
    policy: &'a Policy,
    /// People of each department and below.
    below: BTreeMap<i64, BTreeSet<i64>>,
    /// People of each department itself.
    within: BTreeMap<i64, BTreeSet<i64>>,
    leaders: BTreeMap<i64, BTreeSet<i64>>,
    by_id: HashMap<&'a MemberId, i64>,
}

impl<'a> Company<'a> {
    fn new(policy: &'a Policy, people: &'a [Person]) -> Self {
        let mut company = Self {
            policy,
            below: BTreeMap::new(),
            within: BTreeMap::new(),
            leaders: BTreeMap::new(),
            by_id: people.iter().map(|person| (&person.id, person.sk)).collect(),
        };
        if !policy.sets(Setting::Hidden) {
            return company;
        }
        for person in people {
            for department in &person.departments {
                company.within.entry(*department).or_default().insert(person.sk);
                for above in policy.tree.way_to(*department) {
                    company.below.entry(above).or_default().insert(person.sk);
                }
            }
            for department in &person.leads {
                company.leaders.entry(*department).or_default().insert(person.sk);
            }
        }
        company
    }

    /// Who sees through: whoever the rule names, and the people of the departments that it is about.
    fn passes(&self, rule: &Rule, seen: &VisibleTo, person: Option<&Person>) -> BTreeSet<i64> {
        let mut passes = BTreeSet::new();
        let of_path = |path: &String| self.policy.tree.paths.get(path).and_then(|sk| self.below.get(sk));
        for (scope, _) in &rule.scopes {
            if let Scope::Department(path) = scope {
                passes.extend(of_path(path).into_iter().flatten());
            }
        }
        passes.extend(seen.departments.iter().filter_map(of_path).flatten());
        passes.extend(seen.members.iter().filter_map(|id| self.by_id.get(id)));
        if let Some(person) = person {
            if seen.same_department {
                let same = person.departments.iter().filter_map(|department| self.within.get(department));
                passes.extend(same.flatten());
            }
            if seen.managers {
                passes.extend(person.manager);
                let ways =
                    person.departments.iter().flat_map(|department| self.policy.tree.way_to(*department));
                passes.extend(ways.filter_map(|department| self.leaders.get(&department)).flatten());
            }
        }
        passes
    }
}
