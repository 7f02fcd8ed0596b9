//! People out of vCards 3.0 and 4.0, each with the line on which its card begins.

use std::io::Read;

use calcard::vcard::{VCard, VCardEntry, VCardProperty, VCardValue, VCardVersion};
use calcard::{Entry, Parser};

use super::csv::{MAX_LINE, PeopleItem, refused};
use super::json_in::{WholeFileError, read_text};
use crate::domain::{MemberRow, RowFault};
use crate::text::Untrusted;

/// Reads people card by card.
#[derive(Debug)]
pub struct VcardPeople {
    text: String,
    at: usize,
    line: u64,
}

/// Whether a line begins or ends a card. A folded line begins with a blank and does neither.
fn is_mark(line: &str, word: &str) -> bool {
    line.trim_end().eq_ignore_ascii_case(word)
}

impl VcardPeople {
    /// Reads the file.
    pub fn new(source: impl Read) -> Result<Self, WholeFileError> {
        Ok(Self { text: read_text(source)?, at: 0, line: 1 })
    }

    /// The next card, or nothing at the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "readers of other files have errors here, and look the same"
    )]
    pub fn next(&mut self) -> Option<PeopleItem> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut length = 0;
        let mut lines = 0;
        let mut begun: Option<(usize, u64)> = None;
        let mut stray = false;
        for line in rest.split_inclusive('\n') {
            let begins = is_mark(line, "BEGIN:VCARD");
            if begins && (begun.is_some() || stray) {
                // What stands before it is a card without an end, or none at all.
                break;
            }
            if begins {
                begun = Some((length, self.line + lines));
            } else if begun.is_none() && !line.trim().is_empty() && !stray {
                stray = true;
                begun = Some((length, self.line + lines));
            }
            length += line.len();
            lines += 1;
            if begun.is_some() && is_mark(line, "END:VCARD") {
                break;
            }
        }
        let (from, at) = begun?;
        let item = card(rest.get(from..length).unwrap_or_default(), at);
        self.at += length;
        self.line += lines;
        Some(item)
    }
}

fn card(text: &str, line: u64) -> PeopleItem {
    if text.len() > MAX_LINE {
        return PeopleItem::Refused(refused(line, RowFault::LineTooLong));
    }
    let ended = text.lines().last().is_some_and(|last| is_mark(last, "END:VCARD"));
    match Parser::new(text).entry() {
        Entry::VCard(card) if ended => member(&card, line),
        _ => PeopleItem::Refused(refused(line, RowFault::Malformed)),
    }
}

fn member(card: &VCard, line: u64) -> PeopleItem {
    let wrong = |column: &str, value: String| {
        let mut fault = refused(line, RowFault::UnknownWord);
        fault.column = Some(column.into());
        fault.value = Some(value.into());
        PeopleItem::Refused(fault)
    };
    if !matches!(card.version(), Some(VCardVersion::V3_0 | VCardVersion::V4_0)) {
        return wrong("VERSION", first(card, &VCardProperty::Version));
    }
    let kind = first(card, &VCardProperty::Kind);
    if !kind.is_empty() && !kind.eq_ignore_ascii_case("individual") {
        return wrong("KIND", kind);
    }
    let uid = first(card, &VCardProperty::Uid);
    let mut row = MemberRow {
        line,
        id: uid.strip_prefix("urn:uuid:").unwrap_or(&uid).into(),
        name: whole(card, &VCardProperty::Fn).into(),
        alias: first(card, &VCardProperty::Nickname).into(),
        title: whole(card, &VCardProperty::Title).into(),
        ..MemberRow::default()
    };
    // The first part is the company; what follows leads from its root down.
    let units = card.property(&VCardProperty::Org).map(texts).unwrap_or_default();
    let path: Vec<Untrusted> =
        units.into_iter().skip(1).filter(|unit| !unit.trim().is_empty()).map(Untrusted::from).collect();
    if !path.is_empty() {
        row.departments.push(path);
    }
    // A directory has room for one of each: the first counts.
    for number in card.entries.iter().filter(|entry| entry.name == VCardProperty::Tel) {
        let text = texts(number).join(",");
        let text = text.strip_prefix("tel:").unwrap_or(&text);
        let place = if is_mobile(number) { &mut row.mobile } else { &mut row.phone };
        if place.is_empty() {
            *place = text.into();
        }
    }
    let email = first(card, &VCardProperty::Email);
    row.email = email.strip_prefix("mailto:").unwrap_or(&email).into();
    PeopleItem::Row(Box::new(row))
}

fn is_mobile(number: &VCardEntry) -> bool {
    number
        .params
        .iter()
        .filter_map(|param| param.value.as_text())
        .any(|kind| ["cell", "mobile"].iter().any(|word| kind.eq_ignore_ascii_case(word)))
}

/// The texts of a property, its parts one after another.
fn texts(entry: &VCardEntry) -> Vec<String> {
    let mut found = Vec::new();
    for value in &entry.values {
        match value {
            VCardValue::Component(parts) => found.extend(parts.iter().cloned()),
            value => found.extend(value.as_text().map(str::to_owned)),
        }
    }
    found
}

fn first(card: &VCard, property: &VCardProperty) -> String {
    card.property(property).and_then(|entry| texts(entry).into_iter().next()).unwrap_or_default()
}

/// A value in which a comma that nobody escaped is a comma.
fn whole(card: &VCard, property: &VCardProperty) -> String {
    card.property(property).map(|entry| texts(entry).join(",")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::VcardPeople;
    use crate::domain::{MemberRow, PhoneKind, RowFault, normalise_line};
    use crate::formats::people::any_people;
    use crate::formats::{PeopleItem, Vcard, VcardVersion};

    fn read(file: &str) -> Vec<Result<MemberRow, (u64, RowFault)>> {
        let mut people = VcardPeople::new(file.as_bytes()).unwrap();
        let mut rows = Vec::new();
        while let Some(item) = people.next() {
            rows.push(match item {
                PeopleItem::Row(row) => Ok(*row),
                PeopleItem::Refused(fault) => Err((fault.line, fault.code)),
                PeopleItem::Department(row) => panic!("{row:?}"),
            });
        }
        rows
    }

    #[test]
    fn cards_of_other_programs_are_read() {
        let file = "\r\nbegin:vcard\nVERSION:3.0\nUID:urn:uuid:1-2\nFN:Ann, the\n  first\nN:;;;;\nORG:Acme;R\\;D;\nitem1.TEL;TYPE=\"cell,voice\":+86 1\n\
            TEL;TYPE=WORK,VOICE:2\nTEL:3\nEMAIL;TYPE=INTERNET,PREF:a@b.example\nEMAIL:c@b.example\nNICKNAME:A,B\nTITLE:Lead\\, of all\nPHOTO;ENCODING=b:AAAA\nend:vcard\n\
            BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:individual\r\nUID:b\r\nFN:Bob\r\nTEL;VALUE=uri;TYPE=\"cell,text\":tel:+86-2\r\nEND:VCARD";
        let rows = read(file);
        let ann = rows[0].as_ref().unwrap();
        assert_eq!((ann.line, ann.id.as_data(), ann.name.as_data()), (2, "1-2", "Ann, the first"));
        assert_eq!(
            (ann.mobile.as_data(), ann.phone.as_data(), ann.email.as_data()),
            ("+86 1", "2", "a@b.example")
        );
        assert_eq!((ann.alias.as_data(), ann.title.as_data()), ("A", "Lead, of all"));
        assert_eq!(ann.departments, [["R;D".into()]]);
        let bob = rows[1].as_ref().unwrap();
        assert_eq!((bob.line, bob.id.as_data(), bob.mobile.as_data()), (18, "b", "+86-2"));
    }

    #[test]
    fn a_card_that_cannot_be_read_does_not_stop_the_others() {
        let file = "hello\n\nBEGIN:VCARD\nVERSION:2.1\nFN:Old\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:Cut\n\
            BEGIN:VCARD\nVERSION:4.0\nUID:g\nKIND:group\nFN:Group\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nUID:a\nFN:Ann\nEND:VCARD\n\
            BEGIN:VCARD\nFN:No version\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:Cut";
        let found: Vec<_> = read(file).into_iter().map(|row| row.map(|row| row.line)).collect();
        assert_eq!(
            found,
            [
                Err((1, RowFault::Malformed)),
                Err((3, RowFault::UnknownWord)),
                Err((7, RowFault::Malformed)),
                Err((10, RowFault::UnknownWord)),
                Ok(16),
                Err((21, RowFault::UnknownWord)),
                Err((24, RowFault::Malformed)),
            ]
        );
    }

    /// What is left of a text in a card.
    fn kept(text: &str) -> String {
        normalise_line(&text.chars().filter(|c| !c.is_control()).collect::<String>())
    }

    proptest! {
        #[test]
        fn a_card_is_read_back_as_it_was_written(people in any_people(), four: bool) {
            let version = if four { VcardVersion::V4 } else { VcardVersion::V3 };
            let file: String = people.iter().map(|row| {
                Vcard {
                    uid: Some(row.id.as_data()),
                    name: row.name.as_data(),
                    alias: Some(row.alias.as_data()),
                    company: Some("Acme, Inc; \\"),
                    department: row.departments.first().into_iter().flatten().map(|part| part.as_data()).collect(),
                    title: Some(row.title.as_data()),
                    phones: vec![(Some(PhoneKind::Mobile), row.mobile.as_data()), (Some(PhoneKind::Work), row.phone.as_data())],
                    emails: vec![row.email.as_data()],
                    note: Some(row.office.as_data()),
                    url: None,
                }
                .write(version)
            }).collect();
            if people.is_empty() {
                return Ok(());
            }
            let rows = read(&file);
            prop_assert_eq!(rows.len(), people.len());
            for (row, person) in rows.iter().zip(&people) {
                let row = row.as_ref().unwrap();
                let seen = [&row.id, &row.name, &row.alias, &row.title, &row.mobile, &row.phone, &row.email];
                let meant = [&person.id, &person.name, &person.alias, &person.title, &person.mobile, &person.phone, &person.email];
                for (seen, meant) in seen.iter().zip(meant) {
                    let meant = kept(meant.as_data());
                    prop_assert_eq!(normalise_line(seen.as_data()), meant);
                }
                let path: Vec<String> = row.departments.iter().flatten().map(|part| normalise_line(part.as_data())).collect();
                let meant: Vec<String> = person.departments.first().into_iter().flatten().map(|part| kept(part.as_data())).collect();
                prop_assert_eq!(path, meant);
            }
        }

        #[test]
        fn anything_is_read_without_a_panic(lines in prop::collection::vec("(BEGIN:VCARD|END:VCARD|VERSION:[34].0|N|FN|UID|ORG|TEL|PHOTO)?[;:=,\"A\\\\ \t]{0,4}(TYPE=|VALUE=|ENCODING=b|CHARSET=)?\\PC{0,6}", 0..12), end in "\r?\n|\r") {
            if let Ok(mut people) = VcardPeople::new(format!("BEGIN:VCARD{end}{}", lines.join(&end)).as_bytes()) {
                while people.next().is_some() {}
            }
        }
    }
}
