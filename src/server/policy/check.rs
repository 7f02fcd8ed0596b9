//! What is wrong with a policy in a company: places that are not there, rules that contradict each other,
//! that lock everybody out, or that never take effect.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::document::{Document, Rule, Scope, VisibleTo, path_shown};
use super::effective::{Tree, built_in};
use super::setting::{Setting, Value};
use crate::domain::{MemberId, PolicyFault, PolicyFaultCode as Code};
use crate::text::{Untrusted, nearest};

/// What a policy is checked against.
#[derive(Debug)]
pub(crate) struct Company<'a> {
    pub(crate) tree: &'a Tree,
    /// Present members with the departments that they are in.
    pub(crate) members: &'a HashMap<MemberId, Vec<i64>>,
}

fn fault(line: u32, code: Code, name: impl Into<Untrusted>, mend: Option<String>) -> PolicyFault {
    PolicyFault { line, code, name: Some(name.into()), mend: mend.map(Untrusted::from) }
}

/// Checks a document that was read without faults.
pub(crate) fn check(document: &Document, company: &Company<'_>) -> Vec<PolicyFault> {
    let mut faults = Vec::new();
    for rule in &document.rules {
        places(rule, company, &mut faults);
        locks_out(rule, &mut faults);
    }
    contradictions(document, &mut faults);
    // What is dead is of interest only in a policy that could be applied.
    if faults.is_empty() {
        dead(document, company, &mut faults);
    }
    faults.sort_by_key(|fault| fault.line);
    faults
}

fn places(rule: &Rule, company: &Company<'_>, faults: &mut Vec<PolicyFault>) {
    let scopes = rule.scopes.iter().map(|(scope, line)| (scope.clone(), *line));
    let seen = rule.visible_to.departments.iter().map(|path| Scope::Department(path.clone()));
    let seen = seen.chain(rule.visible_to.members.iter().map(|id| Scope::Member(id.clone())));
    for (scope, line) in scopes.chain(seen.map(|scope| (scope, rule.visible_line))) {
        match scope {
            Scope::Company => {}
            Scope::Department(path) => {
                if !company.tree.paths.contains_key(&path) {
                    let meant = nearest(&path, company.tree.paths.keys().map(String::as_str)).map(path_shown);
                    faults.push(fault(line, Code::UnknownDepartment, path_shown(&path), meant));
                }
            }
            Scope::Member(id) => {
                if !company.members.contains_key(&id) {
                    let meant = nearest(id.as_str(), company.members.keys().map(MemberId::as_str));
                    faults.push(fault(line, Code::UnknownMember, id.as_str(), meant.map(str::to_owned)));
                }
            }
        }
    }
}

/// A locked rule for everybody that shuts a door which nothing below could open again.
fn locks_out(rule: &Rule, faults: &mut Vec<PolicyFault>) {
    let everybody = rule.scopes.iter().any(|(scope, _)| *scope == Scope::Company);
    if !everybody || !rule.locked {
        return;
    }
    for (setting, (value, line)) in &rule.sets {
        let shut = match (setting, value) {
            (Setting::External | Setting::Accepts, value) => *value == Value::Switch(false),
            (Setting::Channels, Value::Words(words)) => words.is_empty(),
            (
                Setting::ContactLimit | Setting::RequestsPerDay | Setting::OpenRequests,
                Value::Count(count),
            ) => *count == Some(0),
            _ => false,
        };
        if shut {
            faults.push(fault(*line, Code::LocksOut, setting.spec().name, Some("locked = false".into())));
        }
    }
}

/// Two rules that set the same at the same place.
fn contradictions(document: &Document, faults: &mut Vec<PolicyFault>) {
    let mut seen: BTreeMap<(&Scope, Setting), &Rule> = BTreeMap::new();
    for rule in &document.rules {
        for (scope, _) in &rule.scopes {
            for (setting, (_, line)) in &rule.sets {
                match seen.get(&(scope, *setting)) {
                    Some(other) => {
                        faults.push(fault(
                            *line,
                            Code::Contradiction,
                            setting.spec().name,
                            Some(other.id.clone()),
                        ));
                    }
                    None => {
                        seen.insert((scope, *setting), rule);
                    }
                }
            }
        }
    }
}

/// Settings that mean nothing to somebody without the external permission.
const NEED_EXTERNAL: &[Setting] = &[
    Setting::Channels,
    Setting::ManagerOut,
    Setting::ManagerIn,
    Setting::PersonalAddresses,
    Setting::AllowedDomains,
    Setting::BlockedDomains,
    Setting::VerifiedOnly,
    Setting::ContactLimit,
    Setting::RequestsPerDay,
    Setting::OpenRequests,
    Setting::Accepts,
    Setting::AutoApprovePartners,
];

fn dead(document: &Document, company: &Company<'_>, faults: &mut Vec<PolicyFault>) {
    let placed = Placed::new(document);
    let people = Populated::new(company);
    for rule in &document.rules {
        for (scope, scope_line) in &rule.scopes {
            if let Scope::Department(path) = scope
                && !company.tree.paths.get(path).is_some_and(|sk| people.departments.contains(sk))
            {
                faults.push(fault(*scope_line, Code::DeadNobody, path_shown(path), None));
                continue;
            }
            let above = scopes_above(scope, company);
            for (setting, (value, line)) in &rule.sets {
                let name = setting.spec().name;
                if let Some((code, other)) = placed.dead(rule, scope, &above, (*setting, value), company) {
                    faults.push(fault(*line, code, name, Some(other.to_owned())));
                }
            }
        }
    }
}

/// The rules of a document by where they stand and what they set.
struct Placed<'a>(BTreeMap<(&'a Scope, Setting), &'a Rule>);

impl<'a> Placed<'a> {
    fn new(document: &'a Document) -> Self {
        let placed =
            document.rules.iter().flat_map(|rule| rule.scopes.iter().map(move |(scope, _)| (scope, rule)));
        let each = |(scope, rule): (&'a Scope, &'a Rule)| {
            rule.sets.keys().map(move |setting| ((scope, *setting), rule))
        };
        Self(placed.flat_map(each).collect())
    }

    /// The rules of these scopes that set something, in their order.
    fn over(&self, scopes: &[Scope], setting: Setting) -> Vec<&'a Rule> {
        scopes.iter().filter_map(|scope| self.0.get(&(scope, setting)).copied()).collect()
    }

    /// Why a rule has no effect on a setting at one place, and which rule is to blame.
    fn dead<'b>(
        &self,
        rule: &Rule,
        scope: &Scope,
        above: &[Scope],
        (setting, value): (Setting, &Value),
        company: &Company<'_>,
    ) -> Option<(Code, &'b str)>
    where
        'a: 'b,
    {
        let over = self.over(above, setting);
        if let Some(locked) = over.iter().find(|rule| rule.locked) {
            return Some((Code::DeadLocked, &locked.id));
        }
        // For a member, only what all their departments say alike is known from here.
        if matches!(scope, Scope::Member(_)) && above.len() > 1 {
            return None;
        }
        let inherited = over.last().and_then(|rule| rule.sets.get(&setting));
        let same = inherited.map_or_else(|| built_in(setting) == *value, |(inherited, _)| inherited == value);
        if same && !rule.locked && rule.visible_to == VisibleTo::default() {
            return Some((Code::DeadSame, over.last().map_or(setting.spec().rule, |rule| rule.id.as_str())));
        }
        if !NEED_EXTERNAL.contains(&setting) {
            return None;
        }
        let here = self.0.get(&(scope, Setting::External)).copied();
        let switch = here.or_else(|| self.over(above, Setting::External).last().copied())?;
        let off =
            switch.sets.get(&Setting::External).is_some_and(|(value, _)| *value == Value::Switch(false));
        // Below a company that grants nothing, a department may be granted it by another rule.
        let granted_below = self.0.keys().any(|(other, setting)| {
            *setting == Setting::External && *other != scope && scopes_above(other, company).contains(scope)
        });
        (off && !granted_below).then_some((Code::DeadSwitch, switch.id.as_str()))
    }
}

/// The scopes above one, from the company down.
fn scopes_above(scope: &Scope, company: &Company<'_>) -> Vec<Scope> {
    let by_sk: HashMap<i64, &String> = company.tree.paths.iter().map(|(path, sk)| (*sk, path)).collect();
    let named = |sk: i64| by_sk.get(&sk).map(|path| Scope::Department((*path).clone()));
    let mut above = Vec::new();
    match scope {
        Scope::Company => {}
        Scope::Department(path) => {
            above.push(Scope::Company);
            if let Some(sk) = company.tree.paths.get(path) {
                let mut way = company.tree.way_to(*sk);
                way.pop();
                above.extend(way.into_iter().filter_map(named));
            }
        }
        Scope::Member(id) => {
            above.push(Scope::Company);
            for sk in company.members.get(id).into_iter().flatten() {
                above.extend(company.tree.way_to(*sk).into_iter().filter_map(named));
            }
        }
    }
    above
}

struct Populated {
    /// Departments that somebody is in, or in one below.
    departments: HashSet<i64>,
}

impl Populated {
    fn new(company: &Company<'_>) -> Self {
        let direct: BTreeSet<i64> = company.members.values().flatten().copied().collect();
        let departments = direct.into_iter().flat_map(|sk| company.tree.way_to(sk)).collect();
        Self { departments }
    }
}
