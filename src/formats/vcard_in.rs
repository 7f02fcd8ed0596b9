//! People out of vCards 3.0 and 4.0, each with the line on which its card begins.

use std::io::{self, BufRead as _, BufReader, Read};

use calcard::vcard::{VCard, VCardEntry, VCardProperty, VCardValue, VCardVersion};
use calcard::{Entry, Parser};

use super::file::{FileError, MAX_ROW, PeopleItem};
use crate::domain::{MemberRow, RefusedRow, RowFault};
use crate::text::Untrusted;

/// Reads people card by card, without holding the file.
pub(super) struct VcardPeople<R> {
    source: BufReader<R>,
    /// The line that is read next, and its number.
    ahead: Vec<u8>,
    line: u64,
}

/// Whether a line begins or ends a card. A folded line begins with a blank and does neither.
fn is_mark(line: &[u8], word: &[u8]) -> bool {
    line.trim_ascii_end().eq_ignore_ascii_case(word)
}

impl<R: Read> VcardPeople<R> {
    /// Reads the beginning of the file.
    pub(super) fn new(source: R) -> Result<Self, FileError> {
        let mut source = BufReader::with_capacity(64 * 1024, source);
        if source.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            source.consume(3);
        }
        let mut people = Self { source, ahead: Vec::new(), line: 0 };
        people.step()?;
        people.skip_blank_lines()?;
        if people.ahead.is_empty() { Err(FileError::Empty) } else { Ok(people) }
    }

    /// Reads the next line; of one that is too long for any card only as much as shows that.
    fn step(&mut self) -> io::Result<()> {
        self.ahead.clear();
        self.line += 1;
        let room = MAX_ROW as u64 + 1;
        self.source.by_ref().take(room).read_until(b'\n', &mut self.ahead)?;
        if self.ahead.len() > MAX_ROW && !self.ahead.ends_with(b"\n") {
            self.source.skip_until(b'\n')?;
        }
        Ok(())
    }

    fn skip_blank_lines(&mut self) -> io::Result<()> {
        while !self.ahead.is_empty() && self.ahead.trim_ascii().is_empty() {
            self.step()?;
        }
        Ok(())
    }

    /// The next card, or nothing at the end. Only an error of the operating system ends the reading early.
    pub(super) fn next(&mut self) -> Result<Option<PeopleItem>, FileError> {
        self.skip_blank_lines()?;
        if self.ahead.is_empty() {
            return Ok(None);
        }
        let line = self.line;
        let mut text: Vec<u8> = Vec::new();
        let mut is_too_long = false;
        let mut has_ended = false;
        // What stands before the next beginning is a card without an end, or none at all.
        while !self.ahead.is_empty()
            && !has_ended
            && (self.line == line || !is_mark(&self.ahead, b"BEGIN:VCARD"))
        {
            has_ended = is_mark(&self.ahead, b"END:VCARD");
            is_too_long |= text.len() + self.ahead.len() > MAX_ROW;
            if !is_too_long {
                text.extend_from_slice(&self.ahead);
            }
            self.step()?;
        }
        Ok(Some(if is_too_long {
            PeopleItem::refused(line, RowFault::LineTooLong)
        } else {
            card(&text, line, has_ended)
        }))
    }
}

fn card(text: &[u8], line: u64, has_ended: bool) -> PeopleItem {
    let Ok(text) = std::str::from_utf8(text) else { return PeopleItem::refused(line, RowFault::Utf8) };
    match Parser::new(text).entry() {
        Entry::VCard(card) if has_ended => member(&card, line),
        _ => PeopleItem::refused(line, RowFault::Malformed),
    }
}

fn member(card: &VCard, line: u64) -> PeopleItem {
    let wrong = |column: &str, value: String| {
        let (column, value) = (Some(column.into()), Some(value.into()));
        PeopleItem::Refused(RefusedRow { line, column, code: RowFault::UnknownWord, value })
    };
    if !matches!(card.version(), Some(VCardVersion::V3_0 | VCardVersion::V4_0)) {
        return wrong("VERSION", first(card, &VCardProperty::Version));
    }
    let kind = first(card, &VCardProperty::Kind);
    if !kind.is_empty() && !kind.eq_ignore_ascii_case("individual") {
        return wrong("KIND", kind);
    }
    let uid = first(card, &VCardProperty::Uid);
    // The first part is the company; what follows leads from its root down. A card without a company says
    // nothing of where somebody works.
    let main_department = card.property(&VCardProperty::Org).map(|company| {
        let units = texts(company).into_iter().skip(1);
        units.filter(|unit| !unit.trim().is_empty()).map(Untrusted::from).collect()
    });
    // A directory has room for one of each: the first counts.
    let (mut mobile, mut phone) = (Untrusted::default(), Untrusted::default());
    for number in card.entries.iter().filter(|entry| entry.name == VCardProperty::Tel) {
        let text = texts(number).join(",");
        let text = text.strip_prefix("tel:").unwrap_or(&text);
        let place = if is_mobile(number) { &mut mobile } else { &mut phone };
        if place.is_empty() {
            *place = text.into();
        }
    }
    let email = first(card, &VCardProperty::Email);
    // Of what else a directory holds a card says nothing, so that it stays.
    PeopleItem::Row(Box::new(MemberRow {
        line,
        id: uid.strip_prefix("urn:uuid:").unwrap_or(&uid).into(),
        name: whole(card, &VCardProperty::Fn).into(),
        alias: Some(first(card, &VCardProperty::Nickname).into()),
        main_department,
        title: Some(whole(card, &VCardProperty::Title).into()),
        mobile: Some(mobile),
        phone: Some(phone),
        email: Some(email.strip_prefix("mailto:").unwrap_or(&email).into()),
        ..MemberRow::default()
    }))
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
    use crate::domain::{Held, MemberRow, PhoneKind, RowFault};
    use crate::formats::file::MAX_ROW;
    use crate::formats::people::{any_people, any_person, imported};
    use crate::formats::{PeopleItem, Vcard, VcardVersion};
    use crate::text::Untrusted;

    fn read(file: &[u8]) -> Vec<Result<MemberRow, (u64, RowFault)>> {
        let mut people = VcardPeople::new(file).unwrap();
        let mut rows = Vec::new();
        while let Some(item) = people.next().unwrap() {
            rows.push(match item {
                PeopleItem::Row(row) => Ok(*row),
                PeopleItem::Refused(fault) => Err((fault.line, fault.code)),
                PeopleItem::Department(row) => panic!("{row:?}"),
            });
        }
        rows
    }

    fn data(text: &Option<Untrusted>) -> &str {
        text.as_ref().unwrap().as_data()
    }

    #[test]
    fn cards_of_other_programs_are_read() {
        let file = "\r\nbegin:vcard\nVERSION:3.0\nUID:urn:uuid:1-2\nFN:Ann, the\n  first\nN:;;;;\nORG:Acme;R\\;D;\nitem1.TEL;TYPE=\"cell,voice\":+86 1\n\
            TEL;TYPE=WORK,VOICE:2\nTEL:3\nEMAIL;TYPE=INTERNET,PREF:a@b.example\nEMAIL:c@b.example\nNICKNAME:A,B\nTITLE:Lead\\, of all\nPHOTO;ENCODING=b:AAAA\nend:vcard\n\
            BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:individual\r\nUID:b\r\nFN:Bob\r\nTEL;VALUE=uri;TYPE=\"cell,text\":tel:+86-2\r\nEND:VCARD";
        let rows = read(file.as_bytes());
        let ann = rows[0].as_ref().unwrap();
        assert_eq!((ann.line, ann.id.as_data(), ann.name.as_data()), (2, "1-2", "Ann, the first"));
        assert_eq!((data(&ann.mobile), data(&ann.phone), data(&ann.email)), ("+86 1", "2", "a@b.example"));
        assert_eq!((data(&ann.alias), data(&ann.title)), ("A", "Lead, of all"));
        assert_eq!(ann.main_department, Some(vec!["R;D".into()]));
        let bob = rows[1].as_ref().unwrap();
        assert_eq!((bob.line, bob.id.as_data(), data(&bob.mobile)), (18, "b", "+86-2"));
        assert_eq!((data(&bob.title), &bob.main_department), ("", &None));
        // What a card has no room for it says nothing of.
        let silent = MemberRow {
            alias: None,
            main_department: None,
            title: None,
            mobile: None,
            phone: None,
            email: None,
            ..ann.clone()
        };
        let other = MemberRow { id: ann.id.clone(), name: ann.name.clone(), line: 2, ..MemberRow::default() };
        assert_eq!(silent, other);
    }

    #[test]
    fn a_card_that_cannot_be_read_does_not_stop_the_others() {
        let mut file = b"hello\n\nBEGIN:VCARD\nVERSION:2.1\nFN:Old\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:Cut\n\
            BEGIN:VCARD\nVERSION:4.0\nUID:g\nKIND:group\nFN:Group\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nUID:a\nFN:Ann\nEND:VCARD\n\
            BEGIN:VCARD\nFN:No version\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:\xff\nEND:VCARD\nBEGIN:VCARD\nPHOTO:"
            .to_vec();
        file.extend(std::iter::repeat_n(b'x', 3 * MAX_ROW));
        file.extend_from_slice(b"\nEND:VCARD\nBEGIN:VCARD\n");
        file.extend(b" folded\n".iter().copied().cycle().take(2 * MAX_ROW));
        file.extend_from_slice(b"\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:Cut");
        let found: Vec<_> = read(&file).into_iter().map(|row| row.map(|row| row.line)).collect();
        let folded = 2 * MAX_ROW as u64 / 8;
        assert_eq!(
            found,
            [
                Err((1, RowFault::Malformed)),
                Err((3, RowFault::UnknownWord)),
                Err((7, RowFault::Malformed)),
                Err((10, RowFault::UnknownWord)),
                Ok(16),
                Err((21, RowFault::UnknownWord)),
                Err((24, RowFault::Utf8)),
                Err((28, RowFault::LineTooLong)),
                Err((31, RowFault::LineTooLong)),
                Err((31 + folded + 3, RowFault::Malformed)),
            ]
        );
    }

    /// The person without the characters that a card has no room for.
    fn without_controls(mut row: MemberRow) -> Option<MemberRow> {
        let parts = row.departments.iter_mut().chain(&mut row.leader_of).flatten().flatten();
        let texts = [&mut row.alias, &mut row.title, &mut row.mobile, &mut row.phone];
        for text in parts.chain(texts.into_iter().flatten()).chain([&mut row.name]) {
            *text = text.as_data().chars().filter(|c| !c.is_control()).collect::<String>().into();
        }
        row.check().ok().map(|checked| checked.row)
    }

    fn written(held: &Held, version: VcardVersion) -> String {
        Vcard {
            uid: Some(held.id.as_data()),
            name: held.name.as_data(),
            alias: Some(held.alias.as_data()),
            company: Some("Acme, Inc; \\"),
            department: held.departments.first().into_iter().flatten().map(Untrusted::as_data).collect(),
            title: Some(held.title.as_data()),
            phones: vec![
                (Some(PhoneKind::Mobile), held.mobile.as_data()),
                (Some(PhoneKind::Work), held.phone.as_data()),
            ],
            emails: vec![held.email.as_data()],
            note: Some(held.office.as_data()),
            url: None,
        }
        .write(version)
    }

    proptest! {
        /// Onto the same people nothing changes; onto other people all that a card holds becomes theirs, and
        /// the rest stays.
        #[test]
        fn what_went_out_as_cards_comes_in_again(people in any_people(), other in any_person(), four: bool) {
            let version = if four { VcardVersion::V4 } else { VcardVersion::V3 };
            let people = people.into_iter().filter_map(without_controls);
            let people: Vec<Held> = people.map(|row| imported(row, None)).collect();
            let file: String = people.iter().map(|held| written(held, version)).collect();
            if people.is_empty() {
                return Ok(());
            }
            let rows = read(file.as_bytes());
            prop_assert_eq!(rows.len(), people.len());
            for (row, held) in rows.into_iter().zip(people) {
                let row = row.unwrap();
                let other = imported(other.clone(), None);
                prop_assert_eq!(&imported(row.clone(), Some(held.clone())), &held);
                let seen = imported(row, Some(other.clone()));
                prop_assert_eq!(seen.departments.first(), held.departments.first().or(other.leader_of.first()));
                let expected = Held {
                    id: held.id,
                    name: held.name,
                    alias: held.alias,
                    departments: seen.departments.clone(),
                    title: held.title,
                    mobile: held.mobile,
                    phone: held.phone,
                    email: held.email,
                    ..other
                };
                prop_assert_eq!(seen, expected);
            }
        }

        #[test]
        fn anything_is_read_without_a_panic(lines in prop::collection::vec("(BEGIN:VCARD|END:VCARD|VERSION:[34].0|N|FN|UID|ORG|TEL|PHOTO)?[;:=,\"A\\\\ \t]{0,4}(TYPE=|VALUE=|ENCODING=b|CHARSET=)?\\PC{0,6}", 0..12), end in "\r?\n|\r") {
            if let Ok(mut people) = VcardPeople::new(format!("BEGIN:VCARD{end}{}", lines.join(&end)).as_bytes()) {
                while people.next().unwrap().is_some() {}
            }
        }
    }
}
