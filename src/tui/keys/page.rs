//! The page of keys for the documentation, made from the table that the program runs on.

use super::table::{BINDINGS, Binding, Scope};
use crate::i18n::Words;
use crate::tui::model::help::shown_keys;

/// The page in Markdown: each scope with its keys, their names in files, and what they do in each of
/// the languages.
pub fn page(languages: &[Words]) -> String {
    let mut page = "# Keys\n\nMade from the program's own table of keys. A key is looked up innermost \
                    first: field or layer, page, then everywhere.\n"
        .to_owned();
    for scope in Scope::ALL {
        let title = cells(languages.iter().map(|words| words.get(scope.title()).to_string()), " · ");
        page.push_str(&format!("\n## {title}\n\n`{}`\n\n", scope.name()));
        let heads = cells(languages.iter().map(|words| words.lang().tag().to_owned()), " | ");
        page.push_str(&format!("| Keys | Name | {heads} |\n|---|---|{}\n", "---|".repeat(languages.len())));
        for binding in BINDINGS.iter().filter(|binding| binding.scope == *scope) {
            page.push_str(&row(binding, languages));
        }
    }
    page
}

fn row(binding: &Binding, languages: &[Words]) -> String {
    let keys = cells(binding.keys.iter().map(|keys| format!("`{}`", shown_keys(keys))), " ");
    let help = cells(languages.iter().map(|words| words.get(binding.action.help()).to_string()), " | ");
    format!("| {keys} | {} | {help} |\n", binding.action.name())
}

fn cells(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.map(|part| part.replace('|', "\\|")).collect::<Vec<_>>().join(between)
}
