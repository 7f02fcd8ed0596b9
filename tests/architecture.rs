//! The shape of the program: who may import whom, what must stay pure, who may draw, and which
//! libraries may stand in the lock file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A folder or file of `src`, and what it may name besides itself. What is not listed here is an error.
const RULE: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("panics", &[]),
    ("domain", &["text"]),
    ("search", &["domain", "text"]),
    ("qr", &["domain", "text"]),
    ("formats", &["domain", "text"]),
    ("i18n", &["domain", "text"]),
    ("config", &["domain", "text"]),
    ("api", &["domain", "text"]),
    ("client", &["api", "config", "domain", "formats", "i18n", "panics", "qr", "search", "text"]),
    ("server", &["api", "config", "domain", "formats", "i18n", "panics", "qr", "search", "text"]),
    ("tui::keys", &["domain", "i18n", "qr", "search", "text", "tui::model"]),
    ("tui::model", &["domain", "i18n", "qr", "search", "text", "tui::keys"]),
    ("tui::update", &["domain", "i18n", "qr", "search", "text", "tui::keys", "tui::model"]),
    ("tui::view", &["domain", "i18n", "qr", "search", "text", "tui::keys", "tui::model"]),
    (
        "tui::runtime",
        &[
            "client",
            "config",
            "domain",
            "formats",
            "i18n",
            "panics",
            "qr",
            "search",
            "text",
            "tui::keys",
            "tui::model",
            "tui::update",
            "tui::view",
        ],
    ),
    ("embedded", &["api", "client", "config", "demo", "domain", "server", "text"]),
    ("demo", &["api", "client", "domain", "search", "server", "text"]),
    (
        "cli",
        &[
            "api",
            "client",
            "config",
            "demo",
            "domain",
            "embedded",
            "formats",
            "i18n",
            "qr",
            "search",
            "server",
            "text",
            "tui::keys",
            "tui::model",
            "tui::runtime",
            "tui::view",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

struct Source {
    path: String,
    module: Vec<String>,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    found.sort();
    assert!(found.len() > 100, "the sources were found");
    found
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(root().join("src")).unwrap().with_extension("");
            let mut module: Vec<String> =
                inside.components().map(|part| part.as_os_str().to_str().unwrap().to_owned()).collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            let text = code_of(&std::fs::read_to_string(&path).unwrap());
            Source { path: inside.display().to_string(), module, text }
        })
        .collect()
}

/// The text without comments and without what stands in quotes.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        let mut rest = line;
        let mut quoted = false;
        let mut kept = String::new();
        while let Some(c) = rest.chars().next() {
            if !quoted && rest.starts_with("//") {
                break;
            }
            if quoted && c == '\\' {
                rest = rest.get(2..).unwrap_or_default();
                continue;
            }
            if c == '"' && !kept.ends_with('\'') {
                quoted = !quoted;
            } else if !quoted {
                kept.push(c);
            }
            rest = rest.get(c.len_utf8()..).unwrap();
        }
        code.push_str(&kept);
        code.push('\n');
    }
    code
}

/// Every path that begins with `crate::` or `super::`, groups taken apart, as a path from the root.
fn paths(source: &Source) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (start, above) in [("crate::", false), ("super::", true)] {
        for (at, _) in source.text.match_indices(start) {
            let before = source.text.get(..at).unwrap();
            let follows_word =
                before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
            if follows_word {
                continue;
            }
            let mut rest = source.text.get(at + start.len()..).unwrap();
            let mut base = Vec::new();
            if above {
                let mut up = 1;
                while let Some(next) = rest.strip_prefix("super::") {
                    rest = next;
                    up += 1;
                }
                let keep = source.module.len().saturating_sub(up);
                base = source.module.get(..keep).unwrap().to_vec();
            }
            expand(&base, rest, &mut found);
        }
    }
    found
}

/// Takes `a::{b, c::d}` apart. Two parts of each path are enough for the rule.
fn expand(base: &[String], text: &str, found: &mut Vec<Vec<String>>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let mut depth = 0;
        let mut begin = 0;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    return expand(base, group.get(begin..at).unwrap(), found);
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(base, group.get(begin..at).unwrap(), found);
                    begin = at + 1;
                }
                _ => {}
            }
        }
        panic!("a group without an end: {text}");
    }
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if name.is_empty() {
        return;
    }
    let mut path = base.to_vec();
    path.push(name.clone());
    match text.get(name.len()..).unwrap().strip_prefix("::") {
        Some(rest) if path.len() < 3 => expand(&path, rest, found),
        _ => found.push(path),
    }
}

/// The name under which a path stands in the rule.
fn layer(path: &[String]) -> Option<String> {
    let first = path.first()?;
    let name = match (first.as_str(), path.get(1)) {
        ("tui", Some(part)) => format!("tui::{part}"),
        _ => first.clone(),
    };
    RULE.iter().any(|(layer, _)| *layer == name).then_some(name)
}

#[test]
fn every_part_names_only_what_it_may() {
    let mut wrong = Vec::new();
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for source in sources() {
        if source.module.as_slice() == ["tui"] {
            continue;
        }
        let own = layer(&source.module).unwrap_or_else(|| panic!("{} stands in no layer", source.path));
        let (_, allowed) = RULE.iter().find(|(layer, _)| *layer == own).unwrap();
        for path in paths(&source) {
            let Some(other) = layer(&path) else { continue };
            *named.entry(other.clone()).or_default() += 1;
            if other != own && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{} names {}", source.path, path.join("::")));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(named.len() >= 18, "the scan sees paths: {named:?}");
}

#[test]
fn the_scan_understands_groups_and_relative_paths() {
    let source = Source {
        path: String::new(),
        module: vec!["tui".into(), "view".into(), "list".into()],
        text: code_of(
            "use crate::{text::SafeText, client::{a, b::c}};\nuse super::super::runtime::Out;\n// crate::server\nlet x = \"crate::server\"; crate::qr::fit();",
        ),
    };
    let mut found: Vec<String> = paths(&source).iter().map(|path| path.join("::")).collect();
    found.sort();
    assert_eq!(found, ["client::a", "client::b::c", "qr::fit", "text::SafeText", "tui::runtime::Out"]);
}

#[test]
fn the_pure_half_names_no_clock_disk_network_or_chance() {
    let pure = [
        "text",
        "domain",
        "search",
        "qr",
        "formats",
        "i18n",
        "api",
        "tui::keys",
        "tui::model",
        "tui::update",
        "tui::view",
    ];
    let banned = [
        "Instant",
        "SystemTime",
        "Timestamp::now",
        "Zoned::now",
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "std::thread",
        "tokio",
        "reqwest",
        "getrandom",
        "crossterm",
        "println!",
        "eprintln!",
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = layer(&source.module).filter(|own| pure.contains(&own.as_str())) else { continue };
        // Tests may do what they like.
        let code = source.text.split("#[cfg(test)]").next().unwrap();
        for word in banned {
            if code.contains(word) {
                wrong.push(format!("{own}: {} names {word}", source.path));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn one_module_alone_puts_text_into_cells() {
    let banned = [
        "set_string",
        "set_stringn",
        "set_line",
        "set_span",
        "set_symbol",
        "set_char",
        "ratatui::text",
        "ratatui::widgets",
    ];
    let mut wrong = Vec::new();
    let mut seen = false;
    for source in sources() {
        if source.path == "tui/view/canvas" {
            seen = source.text.contains("set_stringn");
            continue;
        }
        for word in banned {
            if source.text.contains(word) {
                wrong.push(format!("{} names {word}", source.path));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(seen, "the canvas draws");
}

/// Untrusted text gets out of its type where it is cleaned, where it is data for somebody else, and
/// nowhere else: no file that shows something may ask for the bytes.
#[test]
fn nothing_that_shows_asks_for_the_bytes_of_outside_text() {
    let mut wrong = Vec::new();
    for source in sources() {
        if layer(&source.module).as_deref() == Some("tui::view") && source.text.contains("as_data") {
            wrong.push(source.path);
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn unsafe_code_is_nowhere() {
    for source in sources() {
        assert!(!source.text.contains("unsafe "), "{}", source.path);
        assert!(!source.text.contains("allow(unsafe_code)"), "{}", source.path);
    }
}

fn locked() -> Vec<(String, [u64; 3])> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let lock: toml::Table = lock.parse().unwrap();
    lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let version = package["version"].as_str().unwrap();
            let plain = version.split(['-', '+']).next().unwrap();
            let mut parts = plain.split('.').map(|part| part.parse().unwrap());
            let version = [parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap()];
            (package["name"].as_str().unwrap().to_owned(), version)
        })
        .collect()
}

/// Older drawing libraries let control characters through; older log libraries too.
#[test]
fn the_lock_file_holds_no_library_that_is_too_old_and_no_second_tls() {
    let locked = locked();
    for (name, least) in
        [("ratatui", [0, 30, 0]), ("ratatui-core", [0, 1, 2]), ("tracing-subscriber", [0, 3, 20])]
    {
        let found: Vec<_> = locked.iter().filter(|(other, _)| other == name).collect();
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(found.iter().all(|(_, version)| *version >= least), "{found:?} is older than {least:?}");
    }
    for banned in ["openssl", "openssl-sys", "native-tls", "aws-lc-rs"] {
        assert!(!locked.iter().any(|(name, _)| name == banned), "{banned}");
    }
    for once in ["crossterm", "rustls", "hyper", "sqlx", "libsqlite3-sys", "reqwest", "serde_json"] {
        assert!(locked.iter().filter(|(name, _)| name == once).count() == 1, "{once} stands once");
    }
}

#[test]
fn the_changelog_knows_the_version() {
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    assert!(changelog.lines().any(|line| line.starts_with(&heading)), "{heading} is missing");
}
