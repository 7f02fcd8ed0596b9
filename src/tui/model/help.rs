//! The rows of the help: made from the live key map.

use super::env::Env;
use super::layer::HelpRow;
use super::state::State;
use crate::text::SafeText;
use crate::tui::keys::Scope;

/// Keys of `scopes` with what they do; one that is not possible now is marked so.
pub fn help_rows(state: &State, env: &Env, scopes: &[Scope]) -> Vec<HelpRow> {
    let mut rows = Vec::new();
    for scope in scopes {
        if !rows.is_empty() {
            rows.push(HelpRow::Blank);
        }
        rows.push(HelpRow::Heading(env.words.get(scope.title())));
        for binding in env.keymap.of_scope(*scope) {
            let keys: Vec<String> = binding.keys.iter().map(|keys| keys.replace(' ', "")).collect();
            let keys: Vec<String> =
                binding.keys.iter().zip(keys).map(|(with, without)| compact(with, without)).collect();
            let possible = (binding.blocked)(state).is_none();
            rows.push(HelpRow::Key(
                SafeText::clean(&keys.join("  ")),
                env.words.get(binding.action.help()),
                possible,
            ));
        }
    }
    rows
}

/// `g g` is written `gg`; names like `Ctrl-d` keep their blanks between presses.
fn compact(with: &str, without: String) -> String {
    if with.split(' ').all(|key| key.chars().count() == 1) { without } else { with.to_owned() }
}

/// Keys as a footer shows them.
pub fn shown_keys(keys: &str) -> String {
    compact(keys, keys.replace(' ', ""))
}
