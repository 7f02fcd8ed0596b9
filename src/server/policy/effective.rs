//! What holds for one person: the rules of every level, by precedence.
//!
//! The most specific level wins: member, nearest department, those above it, company, built in. A level
//! that does not set a value does not count; of several departments that set it the strictest holds. A
//! locked rule forbids whatever lies below its level.

use std::collections::{BTreeMap, HashMap};

use super::document::{Document, Rule, Scope, VisibleTo};
use super::setting::{Setting, Spec, TABLE, Value};
use crate::domain::{MemberId, RuleRef, Time};
use crate::text::Untrusted;

/// The tree of a company, as far as rules need it: each department with the one above it, by hidden key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// Hidden key by stored path.
    pub(crate) paths: HashMap<String, i64>,
    /// The department above, by hidden key.
    pub(crate) parents: HashMap<i64, Option<i64>>,
}

impl Tree {
    /// A department with those above it, the root first.
    pub(crate) fn way_to(&self, department: i64) -> Vec<i64> {
        let mut way = vec![department];
        let mut at = department;
        // No path is longer than the tree is large, whatever the store says.
        while let Some(Some(above)) = self.parents.get(&at) {
            if way.len() > self.parents.len() {
                break;
            }
            way.push(*above);
            at = *above;
        }
        way.reverse();
        way
    }
}

/// A grant of the external permission that an admin gave apart from the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// Its number.
    pub(crate) id: i64,
    /// The department it is for; none for the member themselves.
    pub(crate) department: Option<i64>,
    pub(crate) since: Time,
    pub(crate) until: Option<Time>,
    /// Who gave it.
    pub(crate) by: Option<Untrusted>,
}

impl Grant {
    fn is_live(&self, now: Time) -> bool {
        self.since <= now && self.until.is_none_or(|until| until > now)
    }
}

/// About whom is asked.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) id: MemberId,
    /// Hidden keys of the departments, the main one first.
    pub(crate) departments: Vec<i64>,
    /// Grants for them and for departments on their way, live or not.
    pub(crate) grants: Vec<Grant>,
}

/// The rules of one level, by what they set.
type Level = BTreeMap<Setting, usize>;

/// A company's policy with the places that it names looked up.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// Version in the company's history.
    pub(crate) version: i64,
    pub(crate) rules: Vec<Rule>,
    /// Since when each rule says what it says, by its id.
    since: HashMap<String, Time>,
    pub(crate) tree: Tree,
    company: Level,
    departments: HashMap<i64, Level>,
    members: HashMap<MemberId, Level>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// Nobody set it.
    BuiltIn(&'static Spec),
    /// A rule of the document.
    Rule(&'a Rule),
    /// A grant.
    Grant(&'a Grant),
}

/// What became of a rule that says something about the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It holds, alone or with others.
    Holds,
    /// Something more specific holds.
    Overridden,
    /// A level above is locked.
    LockedOut,
}

/// What holds, and why.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) value: Value,
    /// Whose word it is, the decisive one first.
    pub(crate) sources: Vec<Source<'a>>,
}

impl Policy {
    /// Looks up what a document names. What it does not find applies to nobody.
    pub(crate) fn new(version: i64, document: Document, since: HashMap<String, Time>, tree: Tree) -> Self {
        let mut policy = Self {
            version,
            rules: document.rules,
            since,
            tree,
            company: Level::new(),
            departments: HashMap::new(),
            members: HashMap::new(),
        };
        for (at, rule) in policy.rules.iter().enumerate() {
            for (scope, _) in &rule.scopes {
                let level = match scope {
                    Scope::Company => Some(&mut policy.company),
                    Scope::Department(path) => {
                        policy.tree.paths.get(path).map(|sk| policy.departments.entry(*sk).or_default())
                    }
                    Scope::Member(id) => Some(policy.members.entry(id.clone()).or_default()),
                };
                if let Some(level) = level {
                    level.extend(rule.sets.keys().map(|setting| (*setting, at)));
                }
            }
        }
        policy
    }

    /// What holds for somebody.
    pub(crate) fn of<'a>(&'a self, subject: &'a Subject, now: Time) -> Effective<'a> {
        Effective { policy: self, subject, now }
    }

    /// Whether any rule sets this.
    pub(crate) fn sets(&self, setting: Setting) -> bool {
        self.rules.iter().any(|rule| rule.sets.contains_key(&setting))
    }

    fn rule_in<'a>(&'a self, level: Option<&Level>, setting: Setting) -> Option<&'a Rule> {
        level?.get(&setting).and_then(|at| self.rules.get(*at))
    }

    /// Since when a rule says what it says.
    pub(crate) fn since(&self, rule: &str) -> Option<Time> {
        self.since.get(rule).copied()
    }

    /// What holds for the company where no department and no member says otherwise.
    pub(crate) fn for_company(&self, setting: Setting) -> Value {
        self.rule_in(Some(&self.company), setting)
            .and_then(|rule| rule.sets.get(&setting))
            .map_or_else(|| built_in(setting), |(value, _)| value.clone())
    }

    /// A rule as verdicts name it.
    pub(crate) fn name(&self, source: Source<'_>) -> RuleRef {
        match source {
            Source::BuiltIn(spec) => RuleRef::built_in(spec.rule),
            Source::Rule(rule) => RuleRef {
                id: rule.id.clone(),
                title: Some(rule.title.as_str().into()),
                why: Some(rule.reason.as_str().into()),
                set_by: Some(rule.owner.as_str().into()),
                since: self.since(&rule.id),
            },
            Source::Grant(grant) => RuleRef {
                id: format!("GRANT-{}", grant.id),
                title: None,
                why: None,
                set_by: grant.by.clone(),
                since: Some(grant.since),
            },
        }
    }
}

/// The built-in value of a setting.
pub(crate) fn built_in(setting: Setting) -> Value {
    BUILT_IN.with(|values| values.get(&setting).cloned().unwrap_or(Value::Switch(false)))
}

thread_local! {
    static BUILT_IN: BTreeMap<Setting, Value> = TABLE
        .iter()
        .filter_map(|spec| super::document::built_in_value(spec).map(|value| (spec.setting, value)))
        .collect();
}

/// What holds for one person at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effective<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) subject: &'a Subject,
    now: Time,
}

/// What one level says.
#[derive(Clone, Copy)]
struct Said<'a> {
    source: Source<'a>,
    locked: bool,
}

impl<'a> Effective<'a> {
    /// The value of a setting, and whose word it is.
    pub(crate) fn find(&self, setting: Setting) -> Found<'a> {
        self.look(setting).0
    }

    /// Every rule and grant that says something about a setting for this person, from the company down,
    /// with what became of it.
    pub(crate) fn chain(&self, setting: Setting) -> Vec<(Source<'a>, Fate)> {
        self.look(setting).1
    }

    /// The value of a setting.
    pub(crate) fn value(&self, setting: Setting) -> Value {
        self.find(setting).value
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, setting: Setting) -> bool {
        self.value(setting).is_on()
    }

    /// A number; none is no bound.
    pub(crate) fn count(&self, setting: Setting) -> Option<u32> {
        self.value(setting).count()
    }

    /// The rule that decided a setting.
    pub(crate) fn rule(&self, setting: Setting) -> RuleRef {
        let source = self.find(setting).sources.first().copied();
        self.policy.name(source.unwrap_or(Source::BuiltIn(setting.spec())))
    }

    /// Who sees what is hidden by a setting: everybody named by each of these.
    pub(crate) fn visible_to(&self, setting: Setting) -> Vec<(&'a Rule, &'a VisibleTo)> {
        let sources = self.find(setting).sources;
        let rule = |source| match source {
            Source::Rule(rule) => Some((rule, &rule.visible_to)),
            Source::BuiltIn(_) | Source::Grant(_) => None,
        };
        sources.into_iter().filter_map(rule).collect()
    }

    /// A grant for the member, or for one of these departments.
    fn grant(&self, setting: Setting, department: Option<i64>) -> Option<&'a Grant> {
        let grants = self.subject.grants.iter().filter(|_| setting == Setting::External);
        grants
            .filter(|grant| grant.department == department && grant.is_live(self.now))
            .max_by_key(|grant| grant.id)
    }

    /// What a level says: a grant is the later word, unless the rule is locked.
    fn said(&self, setting: Setting, rule: Option<&'a Rule>, grant: Option<&'a Grant>) -> Option<Said<'a>> {
        match (rule, grant) {
            (Some(rule), _) if rule.locked => Some(Said { source: Source::Rule(rule), locked: true }),
            (_, Some(grant)) => Some(Said { source: Source::Grant(grant), locked: false }),
            (Some(rule), None) => Some(Said { source: Source::Rule(rule), locked: false }),
            (None, None) => None,
        }
        .filter(|said| value_of(said.source, setting).is_some())
    }

    fn look(&self, setting: Setting) -> (Found<'a>, Vec<(Source<'a>, Fate)>) {
        let policy = self.policy;
        let company = self.said(setting, policy.rule_in(Some(&policy.company), setting), None);
        let member = self.said(
            setting,
            policy.rule_in(policy.members.get(&self.subject.id), setting),
            self.grant(setting, None),
        );
        // For each way from a root to a department of theirs, what is said on it.
        let ways: Vec<Vec<Said<'a>>> = self
            .subject
            .departments
            .iter()
            .map(|department| {
                let way = policy.tree.way_to(*department).into_iter();
                way.filter_map(|at| {
                    let rule = policy.rule_in(policy.departments.get(&at), setting);
                    self.said(setting, rule, self.grant(setting, Some(at)))
                })
                .collect()
            })
            .collect();
        let locked_company = company.is_some_and(|said| said.locked);
        // On each way the first locked one, else the nearest.
        let holding: Vec<Said<'a>> = ways
            .iter()
            .filter(|_| !locked_company)
            .filter_map(|way| way.iter().find(|said| said.locked).or(way.last()).copied())
            .collect();
        let locked_department = holding.iter().any(|said| said.locked);
        let may_member = !locked_company && !locked_department;
        let sources = match (member.filter(|_| may_member), holding.is_empty(), company) {
            (Some(member), ..) => vec![member.source],
            (None, false, _) => holding.iter().map(|said| said.source).collect(),
            (None, true, Some(company)) => vec![company.source],
            (None, true, None) => vec![Source::BuiltIn(setting.spec())],
        };
        let found = strictest(setting, sources);
        let chain = self.fates(&found, company, &ways, member, (locked_company, locked_department));
        (found, chain)
    }

    fn fates(
        &self,
        found: &Found<'a>,
        company: Option<Said<'a>>,
        ways: &[Vec<Said<'a>>],
        member: Option<Said<'a>>,
        (locked_company, locked_department): (bool, bool),
    ) -> Vec<(Source<'a>, Fate)> {
        let fate = |said: &Said<'a>, locked_above: bool| {
            if found.sources.contains(&said.source) {
                Fate::Holds
            } else if locked_above {
                Fate::LockedOut
            } else {
                Fate::Overridden
            }
        };
        let mut chain: Vec<(Source<'a>, Fate)> = Vec::new();
        let mut add = |said: &Said<'a>, locked_above: bool| {
            // Ways share their upper parts.
            if !chain.iter().any(|(source, _)| *source == said.source) {
                chain.push((said.source, fate(said, locked_above)));
            }
        };
        if let Some(said) = &company {
            add(said, false);
        }
        for way in ways {
            let mut locked = locked_company;
            for said in way {
                add(said, locked);
                locked |= said.locked;
            }
        }
        if let Some(said) = &member {
            add(said, locked_company || locked_department);
        }
        chain
    }
}

fn value_of(source: Source<'_>, setting: Setting) -> Option<Value> {
    match source {
        Source::BuiltIn(spec) => Some(built_in(spec.setting)),
        Source::Rule(rule) => rule.sets.get(&setting).map(|(value, _)| value.clone()),
        Source::Grant(_) => (setting == Setting::External).then_some(Value::Switch(true)),
    }
}

/// The strictest of what several departments say, with those who say it first.
fn strictest(setting: Setting, sources: Vec<Source<'_>>) -> Found<'_> {
    let mut unique: Vec<Source<'_>> = Vec::new();
    for source in sources {
        if !unique.contains(&source) {
            unique.push(source);
        }
    }
    let kind = setting.spec().kind;
    let values: Vec<Value> = unique.iter().filter_map(|source| value_of(*source, setting)).collect();
    let value =
        values.iter().cloned().reduce(|a, b| kind.stricter(&a, &b)).unwrap_or_else(|| built_in(setting));
    // Who says exactly what holds goes first; of those who share in it, in the order of departments.
    let mut sources: Vec<(bool, Source<'_>)> =
        unique.into_iter().zip(&values).map(|(source, said)| (*said != value, source)).collect();
    sources.sort_by_key(|(differs, _)| *differs);
    let all_share = sources.iter().all(|(differs, _)| *differs);
    let sources = sources.into_iter().filter(|(differs, _)| all_share || !differs).map(|(_, source)| source);
    Found { value, sources: sources.collect() }
}
