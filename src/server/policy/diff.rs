//! What is not the same in two documents, rule by rule.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Rule, Scope, path_shown};
use super::setting::Written;
use crate::api::{LineChange, RuleChange, RuleFate};
use crate::text::Untrusted;

/// The rules that are new, gone, or say something else, in the order of the new document, then the old one.
pub(crate) fn diff(before: &Document, after: &Document) -> Vec<RuleChange> {
    let find = |document: &'_ Document, id: &str| -> Option<BTreeMap<String, String>> {
        document.rules.iter().find(|rule| rule.id.eq_ignore_ascii_case(id)).map(lines)
    };
    let mut changes = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for rule in after.rules.iter().chain(&before.rules) {
        if !seen.insert(rule.id.to_ascii_lowercase()) {
            continue;
        }
        let (old, new) = (find(before, &rule.id), find(after, &rule.id));
        let what = match (&old, &new) {
            (None, _) => RuleFate::Added,
            (_, None) => RuleFate::Removed,
            (Some(old), Some(new)) if old == new => continue,
            _ => RuleFate::Changed,
        };
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let lines =
            names.into_iter().filter(|name| old.get(*name) != new.get(*name)).map(|name| LineChange {
                name: name.clone(),
                before: old.get(name).map(|text| Untrusted::from(text.as_str())),
                after: new.get(name).map(|text| Untrusted::from(text.as_str())),
            });
        changes.push(RuleChange { rule: rule.id.as_str().into(), what, lines: lines.collect() });
    }
    changes
}

/// A rule as names and what stands there.
fn lines(rule: &Rule) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    let mut put = |name: &str, text: String| {
        if !text.is_empty() {
            lines.insert(name.to_owned(), text);
        }
    };
    put("title", rule.title.clone());
    put("owner", rule.owner.clone());
    put("reason", rule.reason.clone());
    if rule.locked {
        put("locked", "true".to_owned());
    }
    let of = |wanted: fn(&Scope) -> Option<String>| -> String {
        let found: BTreeSet<String> = rule.scopes.iter().filter_map(|(scope, _)| wanted(scope)).collect();
        found.into_iter().collect::<Vec<_>>().join(", ")
    };
    put(
        "department",
        of(|scope| match scope {
            Scope::Department(path) => Some(path_shown(path)),
            _ => None,
        }),
    );
    put(
        "member",
        of(|scope| match scope {
            Scope::Member(id) => Some(id.as_str().to_owned()),
            _ => None,
        }),
    );
    let seen = &rule.visible_to;
    let words = [("same_department", seen.same_department), ("managers", seen.managers)];
    let words: Vec<&str> = words.into_iter().filter(|(_, said)| *said).map(|(word, _)| word).collect();
    put("visible_to", words.join(", "));
    let paths: Vec<String> = seen.departments.iter().map(|path| path_shown(path)).collect();
    put("visible_to_departments", paths.join(", "));
    let ids: Vec<&str> = seen.members.iter().map(|id| id.as_str()).collect();
    put("visible_to_members", ids.join(", "));
    for (setting, (value, _)) in &rule.sets {
        let spec = setting.spec();
        put(spec.name, Written(spec.kind, value).to_string());
    }
    lines
}

/// The ids of rules that say exactly the same in two documents.
pub(crate) fn unchanged(before: &Document, after: &Document) -> BTreeSet<String> {
    let old: BTreeMap<String, BTreeMap<String, String>> =
        before.rules.iter().map(|rule| (rule.id.clone(), lines(rule))).collect();
    let same = after.rules.iter().filter(|rule| old.get(&rule.id) == Some(&lines(rule)));
    same.map(|rule| rule.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::{diff, unchanged};
    use crate::api::RuleFate;
    use crate::server::policy::Document;

    fn document(rules: &[(&str, &str)]) -> Document {
        let rule = |(id, lines): &(&str, &str)| {
            format!("[[rule]]\nid = \"{id}\"\ntitle = \"t\"\nowner = \"o\"\nreason = \"r\"\n{lines}\n")
        };
        let (document, faults) = Document::parse(&rules.iter().map(rule).collect::<String>());
        assert_eq!(faults, []);
        document
    }

    #[test]
    fn rules_are_compared_by_what_they_say() {
        let before =
            document(&[("A", "external = true"), ("B", "purpose = true"), ("C", "undo_seconds = 5")]);
        let after = document(&[
            ("C", "undo_seconds = 5"),
            ("A", "external = false\nlocked = true"),
            ("D", "purpose = false"),
        ]);
        let changes = diff(&before, &after);
        let told: Vec<(&str, RuleFate)> =
            changes.iter().map(|change| (change.rule.as_data(), change.what)).collect();
        assert_eq!(told, [("A", RuleFate::Changed), ("D", RuleFate::Added), ("B", RuleFate::Removed)]);
        let lines: Vec<(&str, Option<&str>, Option<&str>)> = changes[0]
            .lines
            .iter()
            .map(|line| {
                let (before, after) = (line.before.as_ref(), line.after.as_ref());
                (line.name.as_str(), before.map(|text| text.as_data()), after.map(|text| text.as_data()))
            })
            .collect();
        assert_eq!(lines, [("external", Some("true"), Some("false")), ("locked", None, Some("true"))]);
        assert_eq!(unchanged(&before, &after).into_iter().collect::<Vec<_>>(), ["C"]);
        assert_eq!(diff(&before, &before), []);
    }
}
