//! The live map: which chords mean what in which scope.

use super::chord::Chord;
use super::table::{BINDINGS, Binding, Scope};

/// The bindings with their chords read.
#[derive(Clone, Debug)]
pub struct KeyMap {
    rows: Vec<(&'static Binding, Vec<Vec<Chord>>)>,
}

/// What a press means.
#[derive(Clone, Copy, Debug)]
pub enum Resolved {
    /// A binding.
    Bound(&'static Binding),
    /// The beginning of one or more.
    Prefix,
    /// Nothing here.
    Nothing,
}

impl Default for KeyMap {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyMap {
    /// The map as the table has it.
    pub fn new() -> Self {
        let read = |keys: &str| keys.split(' ').map(Chord::parse).collect::<Option<Vec<_>>>();
        let rows = BINDINGS
            .iter()
            .map(|binding| (binding, binding.keys.iter().filter_map(|keys| read(keys)).collect()))
            .collect();
        Self { rows }
    }

    /// What `presses` mean in `scopes`, innermost scope first.
    pub fn resolve(&self, scopes: &[Scope], presses: &[Chord]) -> Resolved {
        for scope in scopes {
            let mut prefix = false;
            for (binding, chords) in self.rows.iter().filter(|(binding, _)| binding.scope == *scope) {
                if chords.iter().any(|keys| keys == presses) {
                    return Resolved::Bound(binding);
                }
                prefix |= chords.iter().any(|keys| keys.starts_with(presses));
            }
            if prefix {
                return Resolved::Prefix;
            }
        }
        Resolved::Nothing
    }

    /// The bindings of a scope, in the table's order.
    pub fn of_scope(&self, scope: Scope) -> impl Iterator<Item = &'static Binding> {
        self.rows.iter().map(|(binding, _)| *binding).filter(move |binding| binding.scope == scope)
    }

    /// What may follow after `presses`: the next chord and the binding it leads to.
    pub fn after(&self, scopes: &[Scope], presses: &[Chord]) -> Vec<(Chord, &'static Binding)> {
        let mut choices: Vec<(Chord, &'static Binding)> = Vec::new();
        for scope in scopes {
            for (binding, chords) in self.rows.iter().filter(|(binding, _)| binding.scope == *scope) {
                for keys in chords {
                    if let (true, Some(next)) = (keys.starts_with(presses), keys.get(presses.len()))
                        && !choices.iter().any(|(chord, _)| chord == next)
                    {
                        choices.push((*next, binding));
                    }
                }
            }
        }
        choices
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{KeyMap, Resolved};
    use crate::tui::keys::{Action, BINDINGS, Chord, Scope};

    fn keys(text: &str) -> Vec<Chord> {
        text.split(' ').map(|key| Chord::parse(key).unwrap()).collect()
    }

    #[test]
    fn every_action_is_bound_and_no_key_stands_twice_in_a_scope() {
        for action in Action::ALL {
            assert!(BINDINGS.iter().any(|b| b.action == *action), "{} is not bound", action.name());
        }
        let mut seen = HashSet::new();
        for binding in BINDINGS {
            for text in binding.keys {
                assert!(text.split(' ').all(|key| Chord::parse(key).is_some()), "{text} is not a key");
                assert!(
                    seen.insert((binding.scope, *text)),
                    "{text} stands twice in {}",
                    binding.scope.name()
                );
                let first = text.split(' ').next().unwrap();
                if first != *text {
                    assert!(
                        !BINDINGS.iter().any(|b| b.scope == binding.scope && b.keys.contains(&first)),
                        "{first} is a key and a prefix in {}",
                        binding.scope.name()
                    );
                }
            }
        }
        let names: HashSet<_> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        assert!(BINDINGS.iter().all(|b| Scope::ALL.contains(&b.scope)));
    }

    #[test]
    fn keys_that_terminals_cannot_tell_apart_or_keep_are_not_used() {
        for binding in BINDINGS {
            for key in binding.keys.iter().flat_map(|keys| keys.split(' ')) {
                let taken = ["Ctrl-s", "Ctrl-q", "Ctrl-i", "Ctrl-m", "Ctrl-j", "Ctrl-h", "Ctrl-b", "Ctrl-k"];
                assert!(!taken.contains(&key), "{key}");
            }
        }
    }

    #[test]
    fn scopes_are_looked_up_innermost_first() {
        let map = KeyMap::new();
        let action = |scopes: &[Scope], text: &str| match map.resolve(scopes, &keys(text)) {
            Resolved::Bound(binding) => Some(binding.action),
            _ => None,
        };
        let page = [Scope::Always, Scope::Approvals, Scope::Page];
        assert_eq!(action(&page, "a"), Some(Action::Approve));
        assert_eq!(action(&[Scope::Always, Scope::Directory, Scope::Page], "a"), None);
        assert_eq!(action(&[Scope::Always, Scope::Field], "a"), None);
        assert_eq!(action(&page, "g g"), Some(Action::First));
        assert!(matches!(map.resolve(&page, &keys("g")), Resolved::Prefix));
        assert!(matches!(map.resolve(&page, &keys("r")), Resolved::Nothing));
        assert!(map.after(&page, &keys("g")).len() >= 4);
    }
}
