//! A policy as an admin writes it: TOML with one table `[[rule]]` for each rule. Every fault is found at
//! once, with its line and the mend.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::setting::{Kind, Levels, Setting, Spec, TABLE, Value};
use crate::domain::{MemberId, PolicyFault, PolicyFaultCode as Code, contact_tag, normalise_line};
use crate::formats::split_paths;
use crate::server::store::departments::PATH_SIGN;
use crate::text::{Untrusted, nearest};

/// Longest title, owner and reason, in bytes.
const MAX_TEXT: usize = 500;
/// Longest document, in bytes.
pub(crate) const MAX_DOCUMENT: usize = 128 * 1024;
/// Most tags that a company offers.
const MOST_TAGS: usize = 100;
/// Most rules.
const MAX_RULES: usize = 1_000;

/// To whom a rule applies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Everybody.
    Company,
    /// The people of a department and below it, by its path.
    Department(String),
    /// One member.
    Member(MemberId),
}

/// Who sees what a rule hides. Admins and the hidden themselves always do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VisibleTo {
    /// Whoever shares a department with them.
    pub(crate) same_department: bool,
    /// Their manager, and the leaders of their departments and above.
    pub(crate) managers: bool,
    /// The people of these departments and below.
    pub(crate) departments: BTreeSet<String>,
    /// These members.
    pub(crate) members: BTreeSet<MemberId>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Who set it: a person or a role to ask.
    pub(crate) owner: String,
    pub(crate) reason: String,
    /// Each with its line.
    pub(crate) scopes: Vec<(Scope, u32)>,
    /// Whether nothing below may say otherwise.
    pub(crate) locked: bool,
    pub(crate) visible_to: VisibleTo,
    /// What it sets, each with its line.
    pub(crate) sets: BTreeMap<Setting, (Value, u32)>,
    /// Line where it begins.
    pub(crate) line: u32,
    /// Lines of the places that `visible_to` names.
    pub(crate) visible_line: u32,
}

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) rules: Vec<Rule>,
}

/// Names of a rule besides its settings.
const NAMES: [&str; 10] = [
    "id",
    "title",
    "owner",
    "reason",
    "department",
    "member",
    "locked",
    "visible_to",
    "visible_to_departments",
    "visible_to_members",
];

fn fault(line: u32, code: Code, name: &str, mend: Option<String>) -> PolicyFault {
    PolicyFault { line, code, name: Some(name.into()), mend: mend.map(Untrusted::from) }
}

impl Document {
    /// Reads a document. What is faulty is left out; a document with faults is not to be used.
    pub(crate) fn parse(text: &str) -> (Self, Vec<PolicyFault>) {
        let mut reader = Reader { text, faults: Vec::new() };
        let mut document = Self::default();
        if text.len() > MAX_DOCUMENT {
            reader.faults.push(fault(1, Code::WrongValue, "policy", Some(format!("≤ {MAX_DOCUMENT} bytes"))));
            return (document, reader.faults);
        }
        match DeTable::parse(text) {
            Ok(table) => document.rules = reader.document(table.get_ref()),
            Err(_) => reader.not_toml(),
        }
        reader.faults.sort_by_key(|fault| fault.line);
        (document, reader.faults)
    }
}

struct Reader<'a> {
    text: &'a str,
    faults: Vec<PolicyFault>,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> u32 {
        let before = self.text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    fn not_toml(&mut self) {
        let errors = DeTable::parse_recoverable(self.text).1;
        let mut lines: Vec<u32> =
            errors.iter().map(|error| self.line(error.span().map_or(0, |span| span.start))).collect();
        lines.sort_unstable();
        // One slip is often several errors of the parser.
        lines.dedup();
        for line in lines {
            self.faults.push(PolicyFault { line, code: Code::NotToml, name: None, mend: None });
        }
    }

    fn document(&mut self, table: &DeTable<'_>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (key, value) in table {
            let line = self.line(key.span().start);
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("rule", DeValue::Array(list)) if list.len() <= MAX_RULES => {
                    for item in list {
                        let line = self.line(item.span().start);
                        match item.get_ref() {
                            DeValue::Table(table) => rules.push(self.rule(line, table)),
                            _ => self.faults.push(fault(
                                line,
                                Code::WrongValue,
                                "rule",
                                Some("[[rule]]".into()),
                            )),
                        }
                    }
                }
                ("rule", _) => {
                    self.faults.push(fault(line, Code::WrongValue, "rule", Some("[[rule]]".into())))
                }
                (name, _) => self.faults.push(fault(line, Code::UnknownName, name, Some("[[rule]]".into()))),
            }
        }
        self.ids(&rules);
        rules
    }

    fn ids(&mut self, rules: &[Rule]) {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for rule in rules.iter().filter(|rule| !rule.id.is_empty()) {
            if let Some(line) = seen.insert(rule.id.to_ascii_lowercase(), rule.line) {
                self.faults.push(fault(rule.line, Code::IdTaken, &rule.id, Some(line.to_string())));
            }
        }
    }

    fn rule(&mut self, line: u32, table: &DeTable<'_>) -> Rule {
        let mut rule = Rule {
            id: String::new(),
            title: String::new(),
            owner: String::new(),
            reason: String::new(),
            scopes: Vec::new(),
            locked: false,
            visible_to: VisibleTo::default(),
            sets: BTreeMap::new(),
            line,
            visible_line: line,
        };
        for (key, value) in table {
            let (name, line) = (key.get_ref().as_ref(), self.line(key.span().start));
            self.entry(&mut rule, name, line, value);
        }
        for (name, text) in
            [("id", &rule.id), ("title", &rule.title), ("owner", &rule.owner), ("reason", &rule.reason)]
        {
            if text.is_empty() && !table.keys().any(|key| key.get_ref() == name) {
                self.faults.push(fault(line, Code::Missing, name, None));
            }
        }
        if rule.sets.is_empty() {
            let known = table.keys().all(|key| NAMES.contains(&key.get_ref().as_ref()));
            // A misspelt setting is told as such.
            if known {
                self.faults.push(fault(line, Code::SetsNothing, &rule.id, None));
            }
        }
        if rule.scopes.is_empty() && !["department", "member"].iter().any(|name| table.contains_key(*name)) {
            rule.scopes.push((Scope::Company, line));
        }
        self.levels(&rule);
        if rule.visible_to != VisibleTo::default()
            && !rule.sets.contains_key(&Setting::Hidden)
            && !rule.sets.contains_key(&Setting::HiddenFields)
        {
            self.faults.push(fault(rule.visible_line, Code::DeadVisible, &rule.id, None));
        }
        rule
    }

    fn levels(&mut self, rule: &Rule) {
        for (setting, (_, line)) in &rule.sets {
            let spec = setting.spec();
            let wrong = rule.scopes.iter().any(|(scope, _)| match (spec.levels, scope) {
                (Levels::Any, _) => false,
                (Levels::Company, scope) => *scope != Scope::Company,
                (Levels::NoMember, scope) => matches!(scope, Scope::Member(_)),
                (Levels::NoCompany, scope) => *scope == Scope::Company,
            });
            if wrong {
                let takes = match spec.levels {
                    Levels::Company | Levels::Any => "",
                    Levels::NoMember => "department",
                    Levels::NoCompany => "department, member",
                };
                self.faults.push(fault(*line, Code::WrongLevel, spec.name, Some(takes.to_owned())));
            }
        }
    }

    fn entry(&mut self, rule: &mut Rule, name: &str, line: u32, value: &Spanned<DeValue<'_>>) {
        match name {
            "id" => {
                if let Some(id) = self.text_of(name, line, value) {
                    let good = id.len() <= 32
                        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
                    if good {
                        rule.id = id;
                    } else {
                        self.faults.push(fault(line, Code::IdForm, &id, None));
                    }
                }
            }
            "title" => rule.title = self.text_of(name, line, value).unwrap_or_default(),
            "owner" => rule.owner = self.text_of(name, line, value).unwrap_or_default(),
            "reason" => rule.reason = self.text_of(name, line, value).unwrap_or_default(),
            "locked" => match value.get_ref() {
                DeValue::Boolean(locked) => rule.locked = *locked,
                _ => self.faults.push(fault(line, Code::WrongValue, name, Some("true | false".into()))),
            },
            "department" => {
                let paths = self.texts_of(name, line, value);
                rule.scopes.extend(
                    paths.iter().flat_map(|path| keys_of(path)).map(|path| (Scope::Department(path), line)),
                );
            }
            "member" => {
                let ids = self.texts_of(name, line, value);
                let members = self.members(line, ids);
                rule.scopes.extend(members.into_iter().map(|id| (Scope::Member(id), line)));
            }
            "visible_to" => {
                rule.visible_line = line;
                for word in self.texts_of(name, line, value) {
                    match word.as_str() {
                        "same_department" => rule.visible_to.same_department = true,
                        "managers" => rule.visible_to.managers = true,
                        _ => {
                            let takes = "\"same_department\" | \"managers\"".to_owned();
                            self.faults.push(fault(line, Code::WrongValue, name, Some(takes)));
                        }
                    }
                }
            }
            "visible_to_departments" => {
                rule.visible_line = line;
                let paths = self.texts_of(name, line, value);
                rule.visible_to.departments.extend(paths.iter().flat_map(|path| keys_of(path)));
            }
            "visible_to_members" => {
                rule.visible_line = line;
                let ids = self.texts_of(name, line, value);
                rule.visible_to.members.extend(self.members(line, ids));
            }
            _ => match Setting::named(name) {
                Some(spec) => match value_of(spec, value.get_ref()) {
                    Some(value) => {
                        rule.sets.insert(spec.setting, (value, line));
                    }
                    None => {
                        self.faults.push(fault(line, Code::WrongValue, name, Some(spec.kind.takes())));
                    }
                },
                None => {
                    let known = TABLE.iter().map(|spec| spec.name).chain(NAMES);
                    let meant = nearest(name, known).map(str::to_owned);
                    self.faults.push(fault(line, Code::UnknownName, name, meant));
                }
            },
        }
    }

    fn members(&mut self, line: u32, ids: Vec<String>) -> Vec<MemberId> {
        let mut members = Vec::new();
        for id in ids {
            match MemberId::new(&id) {
                Ok(id) => members.push(id),
                Err(_) => self.faults.push(fault(line, Code::UnknownMember, &id, None)),
            }
        }
        members
    }

    /// A text of one line, cleaned as everything is that is kept.
    fn text_of(&mut self, name: &str, line: u32, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = value.get_ref().as_str().map(normalise_line);
        match text.filter(|text| !text.is_empty() && text.len() <= MAX_TEXT) {
            Some(text) => Some(text),
            None => {
                self.faults.push(fault(line, Code::WrongValue, name, Some(format!("\"…\" (≤ {MAX_TEXT})"))));
                None
            }
        }
    }

    /// One text, or a list of them.
    fn texts_of(&mut self, name: &str, line: u32, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        let list = match value.get_ref() {
            DeValue::Array(list) => {
                list.iter().map(|item| item.get_ref().as_str().map(normalise_line)).collect()
            }
            other => other.as_str().map(|text| vec![normalise_line(text)]),
        };
        match list.filter(|list: &Vec<String>| !list.is_empty() && list.iter().all(|text| !text.is_empty())) {
            Some(list) => list,
            None => {
                let takes = "\"…\" | [\"…\", …]".to_owned();
                self.faults.push(fault(line, Code::WrongValue, name, Some(takes)));
                Vec::new()
            }
        }
    }
}

/// The stored forms of the paths that a text names.
fn keys_of(text: &str) -> Vec<String> {
    let key = |path: Vec<Untrusted>| {
        let parts: Vec<String> = path.iter().map(|part| normalise_line(part.as_data())).collect();
        parts.join(&PATH_SIGN.to_string())
    };
    split_paths(text).into_iter().map(key).collect()
}

/// The stored form of one path; of several, of the first.
pub(crate) fn path_key(text: &str) -> String {
    keys_of(text).into_iter().next().unwrap_or_default()
}

/// A path as an admin writes it, from its stored form.
pub(crate) fn path_shown(key: &str) -> String {
    let escaped = |part: &str| part.replace('\\', "\\\\").replace('/', "\\/").replace('|', "\\|");
    key.split(PATH_SIGN).map(escaped).collect::<Vec<_>>().join("/")
}

fn value_of(spec: &Spec, value: &DeValue<'_>) -> Option<Value> {
    let texts =
        || -> Option<Vec<&str>> { value.as_array()?.iter().map(|item| item.get_ref().as_str()).collect() };
    match spec.kind {
        Kind::Switch { .. } => match value {
            DeValue::Boolean(on) => Some(Value::Switch(*on)),
            _ => None,
        },
        Kind::Count { least, most, none, zero, .. } => match value.as_str() {
            Some(word) if none == Some(word) => Some(Value::Count(None)),
            Some(word) if zero == Some(word) => Some(Value::Count(Some(0))),
            Some(_) => None,
            None => {
                let number: u32 = value.as_integer()?.as_str().parse().ok()?;
                (least..=most).contains(&number).then_some(Value::Count(Some(number)))
            }
        },
        Kind::Words { known, .. } => {
            let words = texts()?;
            let good = words.iter().all(|word| known.contains(word));
            good.then(|| Value::Words(words.into_iter().map(str::to_owned).collect()))
        }
        Kind::Tags => {
            let tags: BTreeSet<String> = texts()?.into_iter().map(contact_tag).collect::<Option<_>>()?;
            (tags.len() <= MOST_TAGS).then_some(Value::Words(tags))
        }
        Kind::Domains { .. } => texts()?.into_iter().map(domain).collect::<Option<_>>().map(Value::Words),
        Kind::Choice { known } => {
            let word = value.as_str()?;
            known.iter().position(|known| *known == word).map(Value::Choice)
        }
        Kind::Link => {
            let link = value.as_str()?;
            let nobody = MemberId::new("0").ok()?;
            crate::domain::chat_link(link, &nobody).ok()?;
            Some(Value::Text(link.to_owned()))
        }
    }
}

/// The built-in value of a setting. None would be a slip in the table: a test looks.
pub(super) fn built_in_value(spec: &Spec) -> Option<Value> {
    let text = format!("value = {}", spec.built_in);
    let table = DeTable::parse(&text).ok()?;
    value_of(spec, table.get_ref().get("value")?.get_ref())
}

/// A mail domain in lower case, without `@` or `*.` in front of it.
fn domain(text: &str) -> Option<String> {
    let domain = text.trim().trim_start_matches('@').trim_start_matches("*.").to_lowercase();
    let good = !domain.is_empty()
        && domain.len() <= 253
        && domain
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-'));
    good.then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::{Code, Document, Scope, path_shown};
    use crate::server::policy::setting::{Setting, Value};

    fn codes(text: &str) -> Vec<(u32, Code)> {
        Document::parse(text).1.into_iter().map(|fault| (fault.line, fault.code)).collect()
    }

    const RULE: &str = "[[rule]]\nid = \"A\"\ntitle = \"t\"\nowner = \"o\"\nreason = \"r\"\n";

    #[test]
    fn a_rule_says_for_whom_what_and_why() {
        let text = format!(
            "{RULE}department = [\"Acme/R\\\\/D\", \"Acme/Sales\"]\nexternal = false\nmanager_out = \"always\"\n"
        );
        let (document, faults) = Document::parse(&text);
        assert_eq!(faults, []);
        let rule = &document.rules[0];
        assert_eq!(rule.sets[&Setting::External], (Value::Switch(false), 7));
        assert_eq!(rule.sets[&Setting::ManagerOut], (Value::Count(Some(0)), 8));
        let Scope::Department(path) = &rule.scopes[0].0 else { panic!("{rule:?}") };
        assert_eq!(path_shown(path), "Acme/R\\/D");
        assert_eq!(rule.scopes.len(), 2);
        assert_eq!(Document::parse("# nothing\n"), (Document::default(), Vec::new()));
    }

    #[test]
    fn every_fault_is_found_with_its_line() {
        assert_eq!(codes("[[rule]]\nid = \n[[rul"), [(2, Code::NotToml), (3, Code::NotToml)]);
        assert_eq!(codes("rules = 1\n"), [(1, Code::UnknownName)]);
        assert_eq!(
            codes("[[rule]]\nid = \"A B\"\nexternal = 1\nexternl = true\nrequest_days = 0\n"),
            [
                (1, Code::Missing),
                (1, Code::Missing),
                (1, Code::Missing),
                (2, Code::IdForm),
                (3, Code::WrongValue),
                (4, Code::UnknownName),
                (5, Code::WrongValue),
            ]
        );
        let twice = format!("{RULE}external = true\n{RULE}external = true\n");
        assert_eq!(codes(&twice), [(7, Code::IdTaken)]);
        assert_eq!(codes(RULE), [(1, Code::SetsNothing)]);
        assert_eq!(codes(&format!("{RULE}hidden = true\n")), [(6, Code::WrongLevel)]);
        assert_eq!(
            codes(&format!("{RULE}member = \"a\"\nchat_link = \"https://x/{{id}}\"\n")),
            [(7, Code::WrongLevel)]
        );
        assert_eq!(codes(&format!("{RULE}chat_link = \"file:///{{id}}\"\n")), [(6, Code::WrongValue)]);
        assert_eq!(
            codes(&format!("{RULE}external = true\nvisible_to = \"managers\"\n")),
            [(7, Code::DeadVisible)]
        );
        assert_eq!(codes(&format!("{RULE}blocked_domains = [\"a b\"]\n")), [(6, Code::WrongValue)]);
    }

    #[test]
    fn what_was_meant_is_offered() {
        let (_, faults) = Document::parse(&format!("{RULE}extrenal = true\n"));
        assert_eq!(faults[0].mend.as_ref().map(|mend| mend.as_data()), Some("external"));
    }
}
