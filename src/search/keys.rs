//! What of a person can be searched, field by field.

use super::fold::fold;
use super::pinyin::sounds;
use crate::domain::{Contact, LinkedPerson, Member};
use crate::text::Untrusted;

/// A field that a search looks into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The name.
    Name,
    /// The name's sound.
    Pinyin,
    /// Alias or remark: another name of the same person.
    Alias,
    /// Job title.
    Title,
    /// Department, with the ones above it.
    Department,
    /// Company of somebody outside.
    Company,
    /// Mail address.
    Email,
    /// Telephone number: digits only.
    Phone,
    /// Id.
    Id,
}

impl Field {
    const ALL: [Self; 9] = [
        Self::Name,
        Self::Pinyin,
        Self::Alias,
        Self::Title,
        Self::Department,
        Self::Company,
        Self::Email,
        Self::Phone,
        Self::Id,
    ];

    /// The letter that stands before the field in prepared keys.
    pub(super) const fn tag(self) -> char {
        match self {
            Self::Name => 'n',
            Self::Pinyin => 'p',
            Self::Alias => 'a',
            Self::Title => 't',
            Self::Department => 'd',
            Self::Company => 'c',
            Self::Email => 'e',
            Self::Phone => 'f',
            Self::Id => 'i',
        }
    }

    pub(super) fn from_tag(tag: char) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.tag() == tag)
    }
}

/// A set of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields(u16);

impl Fields {
    /// Every field.
    pub const ALL: Self = Self(u16::MAX);
    /// None: whoever has none is not there.
    pub const NONE: Self = Self(0);

    const fn bit(field: Field) -> u16 {
        1 << field as u16
    }

    /// Takes a field out.
    pub const fn remove(&mut self, field: Field) {
        self.0 &= !Self::bit(field);
    }

    /// Whether a field is in the set.
    pub const fn holds(self, field: Field) -> bool {
        self.0 & Self::bit(field) != 0
    }
}

/// Between two fields of one person.
pub(super) const FIELD_END: char = '\u{1f}';

/// The prepared keys of one person: folded text per field, in one string that can be stored.
///
/// Folding takes out every control character, so the separators cannot be forged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(String);

impl Keys {
    /// No keys yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field's text, folding it. Several values of one field may be added.
    pub fn add(&mut self, field: Field, text: &str) {
        let folded = match field {
            Field::Phone => text.chars().filter(char::is_ascii_digit).collect(),
            _ => fold(text),
        };
        if folded.is_empty() {
            return;
        }
        if field == Field::Name {
            let sounds = sounds(&folded);
            self.push(field, &folded);
            if !sounds.is_empty() {
                self.push(Field::Pinyin, &sounds);
            }
        } else {
            self.push(field, &folded);
        }
    }

    fn push(&mut self, field: Field, folded: &str) {
        if !self.0.is_empty() {
            self.0.push(FIELD_END);
        }
        self.0.push(field.tag());
        self.0.push_str(folded);
    }

    /// Keys of a member. `path` names the main department and the ones above it.
    pub fn of_member(member: &Member, path: &str) -> Self {
        let mut keys = Self::new();
        keys.add(Field::Name, member.name.as_data());
        keys.add_some(Field::Alias, member.alias.as_ref());
        keys.add_some(Field::Title, member.title.as_ref());
        keys.add(Field::Department, path);
        for email in &member.emails {
            keys.add(Field::Email, email.as_data());
        }
        for phone in &member.phones {
            keys.add(Field::Phone, phone.number.as_data());
        }
        keys.add(Field::Id, member.id.as_str());
        keys
    }

    /// Keys of an external contact.
    pub fn of_contact(contact: &Contact) -> Self {
        let mut keys = Self::new();
        keys.add(Field::Name, contact.name.as_data());
        keys.add_some(Field::Alias, contact.remark.as_ref());
        keys.add_some(Field::Title, contact.title.as_ref());
        keys.add_some(Field::Company, contact.company.as_ref());
        for email in &contact.emails {
            keys.add(Field::Email, email.as_data());
        }
        for phone in &contact.phones {
            keys.add(Field::Phone, phone.as_data());
        }
        keys
    }

    /// Keys of somebody whom a linked company shows.
    pub fn of_linked(person: &LinkedPerson) -> Self {
        let mut keys = Self::new();
        keys.add(Field::Name, person.name.as_data());
        keys.add_some(Field::Title, person.title.as_ref());
        keys.add_some(Field::Department, person.department.as_ref());
        keys.add(Field::Company, person.company.as_data());
        keys
    }

    fn add_some(&mut self, field: Field, text: Option<&Untrusted>) {
        if let Some(text) = text {
            self.add(field, text.as_data());
        }
    }

    /// The form to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Keys};

    #[test]
    fn separators_cannot_be_forged() {
        let mut keys = Keys::new();
        keys.add(Field::Name, "Ann\u{1f}eann@evil.example\nx");
        assert_eq!(keys.as_str(), "nann eann@evil.example x");
    }

    #[test]
    fn phones_keep_their_digits_only() {
        let mut keys = Keys::new();
        keys.add(Field::Phone, "+86 (10) 5555-0142");
        assert_eq!(keys.as_str(), "f861055550142");
    }
}
