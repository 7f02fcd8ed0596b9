//! The tables of `docs/json.md`, and whether objects have their shapes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The tables of `docs/json.md`: by heading, the types of the fields.
pub fn documented() -> BTreeMap<String, BTreeMap<String, String>> {
    let page = include_str!("../../docs/json.md");
    let mut tables: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut heading = "";
    for line in page.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text;
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if let [field, kind, _] = cells[..]
            && let Some(field) = field.strip_prefix('`').and_then(|field| field.strip_suffix('`'))
        {
            let old = tables.entry(heading.to_owned()).or_default().insert(field.to_owned(), kind.to_owned());
            assert_eq!(old, None, "{heading}: {field} stands twice");
        }
    }
    tables
}

/// The heading whose fields stand in the objects of this one too.
pub fn shared_with(heading: &str) -> Option<&'static str> {
    match heading {
        "show a contact" => Some("contacts"),
        "watch" | "show a handover" => Some("requests"),
        _ => None,
    }
}

/// Adds the path of every field below a value, with the kinds of values that it has.
fn collect(value: &Value, path: &str, found: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    if !path.is_empty() && !path.ends_with("[]") {
        found.entry(path.to_owned()).or_default().insert(kind);
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(value, &path, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, &format!("{path}[]"), found)),
        _ => {}
    }
}

/// Objects of one shape hold exactly the fields of its table, each always, each of its type.
#[track_caller]
pub fn assert_shape(heading: &str, objects: &[Value]) {
    let mut table = documented().remove(heading).unwrap_or_else(|| panic!("no table {heading}"));
    if let Some(shared) = shared_with(heading) {
        table.extend(documented().remove(shared).unwrap());
    }
    assert!(!objects.is_empty(), "{heading}: nothing to compare");
    let top = |fields: &mut dyn Iterator<Item = &String>| -> BTreeSet<String> {
        fields.filter(|field| !field.contains(['.', '['])).cloned().collect()
    };
    for object in objects {
        let fields = object.as_object().unwrap();
        assert_eq!(top(&mut fields.keys()), top(&mut table.keys()), "{heading}: {object}");
    }
    let mut found = BTreeMap::new();
    objects.iter().for_each(|object| collect(object, "", &mut found));
    for (field, kinds) in &found {
        let said = table.get(field).unwrap_or_else(|| panic!("{heading}: {field} is not in the table"));
        for kind in kinds {
            let fits = said.split(" or ").any(|word| {
                word == *kind
                    || (word == "time" && *kind == "text")
                    || (said.starts_with("true or false") && *kind == "true or false")
            });
            assert!(fits, "{heading}: {field} is {kind}, the table says {said}");
        }
    }
    // What stands in the table was seen, as far as something stood where it belongs.
    for field in table.keys() {
        let parent = field.rsplit_once('.').map(|(parent, _)| parent.trim_end_matches("[]"));
        let is_there = parent.is_none_or(|parent| {
            found.get(parent).is_some_and(|kinds| kinds.contains("object"))
                || found.keys().any(|seen| seen.starts_with(&format!("{parent}[].")))
        });
        assert!(!is_there || found.contains_key(field), "{heading}: {field} is never there");
    }
    // Times are times.
    for (field, _) in table.iter().filter(|(_, kind)| kind.starts_with("time")) {
        for object in objects {
            if let Some(text) =
                object.pointer(&format!("/{}", field.replace('.', "/"))).and_then(Value::as_str)
            {
                assert!(text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(), "{field}: {text}");
            }
        }
    }
}
