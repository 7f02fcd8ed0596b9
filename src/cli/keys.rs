//! `namecard keys`

use serde_json::{Value, json};

use super::Context;
use super::args::{KeysArgs, KeysFormat};
use super::failure::Failure;
use crate::i18n::{Text, Words};
use crate::text::SafeText;
use crate::tui::keys::{Binding, KeyMap, Scope, page};
use crate::tui::model::help::shown_keys;

/// The bindings of the live map, in the order of the help.
fn bindings(map: &KeyMap) -> impl Iterator<Item = &'static Binding> {
    Scope::ALL.iter().flat_map(|scope| map.of_scope(*scope))
}

/// A binding in the shape of `docs/json.md`.
fn shape(binding: &Binding, words: &Words) -> Value {
    json!({
        "scope": binding.scope.name(),
        "action": binding.action.name(),
        "keys": binding.keys,
        "what": words.get(binding.action.help()).as_str(),
    })
}

pub(super) fn run(context: &Context, args: &KeysArgs) -> Result<u8, Failure> {
    let words = &context.words;
    let map = KeyMap::new();
    match args.format {
        KeysFormat::Json => {
            context.out.json(&bindings(&map).map(|binding| shape(binding, words)).collect::<Vec<_>>())?;
        }
        KeysFormat::Markdown => {
            context.out.bytes(page(std::slice::from_ref(words)).as_bytes())?;
        }
        KeysFormat::Table => {
            let rows: Vec<Vec<SafeText>> = bindings(&map)
                .map(|binding| {
                    let keys: Vec<SafeText> =
                        binding.keys.iter().map(|keys| SafeText::clean(&shown_keys(keys))).collect();
                    vec![
                        words.get(binding.scope.title()),
                        SafeText::join(&keys, "  "),
                        words.get(binding.action.help()),
                    ]
                })
                .collect();
            let headings = [Text::ColumnWhere, Text::ColumnKeys, Text::ColumnDoes];
            context.out.table(&headings.map(|text| words.get(text)), &rows)?;
        }
    }
    Ok(0)
}
