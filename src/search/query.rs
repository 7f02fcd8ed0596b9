//! What somebody typed into the search field.

use super::fold::fold;
use super::keys::Field;

/// A parsed query: every term must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    pub(super) terms: Vec<Term>,
}

/// One word, possibly tied to a field (`dept:runtime`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Term {
    pub(super) field: Option<FieldName>,
    pub(super) text: String,
    /// The digits, when the term can be a part of a telephone number.
    pub(super) digits: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum FieldName {
    Department,
    Title,
    Email,
    Phone,
    Company,
}

impl FieldName {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "dept" | "department" => Self::Department,
            "title" => Self::Title,
            "email" | "mail" => Self::Email,
            "phone" | "tel" => Self::Phone,
            "company" => Self::Company,
            _ => return None,
        })
    }

    pub(super) fn covers(self, field: Field) -> bool {
        field
            == match self {
                Self::Department => Field::Department,
                Self::Title => Field::Title,
                Self::Email => Field::Email,
                Self::Phone => Field::Phone,
                Self::Company => Field::Company,
            }
    }
}

/// Characters that people write between the digits of a telephone number.
const PHONE_SIGNS: &str = "+-()./";

/// At most so many words are looked at.
const MAX_TERMS: usize = 16;

impl Query {
    /// Reads what was typed. Never fails: anything is a query, an empty one matches nobody.
    pub fn parse(typed: &str) -> Self {
        let folded = fold(&typed.chars().take(256).collect::<String>());
        let mut terms: Vec<Term> = Vec::new();
        for word in folded.split(' ').filter(|word| !word.is_empty()).take(MAX_TERMS) {
            let (field, text) = match word.split_once(':') {
                Some((name, text)) => match FieldName::parse(name) {
                    // A field without a word yet: the user is still typing.
                    Some(_) if text.is_empty() => continue,
                    Some(field) => (Some(field), text),
                    None => (None, word),
                },
                None => (None, word),
            };
            let is_number = text.chars().all(|c| c.is_ascii_digit() || PHONE_SIGNS.contains(c));
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            terms.push(Term {
                field,
                text: text.to_owned(),
                digits: (is_number && digits.len() >= 2).then_some(digits),
            });
        }
        Self { terms }
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldName, Query};

    #[test]
    fn words_fields_and_numbers_are_told_apart() {
        let query = Query::parse("  Zoë dept:Runtime +86-138 x:y title: ");
        let terms: Vec<_> =
            query.terms.iter().map(|t| (t.field, t.text.as_str(), t.digits.as_deref())).collect();
        assert_eq!(
            terms,
            [
                (None, "zoe", None),
                (Some(FieldName::Department), "runtime", None),
                (None, "+86-138", Some("86138")),
                (None, "x:y", None),
            ]
        );
        assert!(Query::parse(" \t").is_empty());
    }
}
