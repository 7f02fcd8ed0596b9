//! vCard, as phones and address books read it: 3.0 (RFC 2426) and 4.0 (RFC 6350).

use crate::domain::PhoneKind;

/// Longest line of a vCard in bytes, its line break not counted.
const FOLD_AT: usize = 75;

/// Which vCard is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VcardVersion {
    /// The one that everything reads.
    #[default]
    V3,
    /// The newer one.
    V4,
}

/// What a vCard says of a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vcard<'a> {
    /// By what it is known again.
    pub uid: Option<&'a str>,
    /// The whole name.
    pub name: &'a str,
    /// Second name.
    pub alias: Option<&'a str>,
    /// Company.
    pub company: Option<&'a str>,
    /// Department, from the root down.
    pub department: Vec<&'a str>,
    /// Title.
    pub title: Option<&'a str>,
    /// Telephone numbers, and what they are for where that is known.
    pub phones: Vec<(Option<PhoneKind>, &'a str)>,
    /// Mail addresses.
    pub emails: Vec<&'a str>,
    /// What one noted of them.
    pub note: Option<&'a str>,
    /// A link.
    pub url: Option<&'a str>,
}

impl Vcard<'_> {
    /// Writes it. Values are escaped; control characters are left out, and what has nothing else in it.
    pub fn write(&self, version: VcardVersion) -> String {
        let mut card = String::new();
        line(&mut card, "BEGIN:VCARD");
        line(&mut card, if version == VcardVersion::V3 { "VERSION:3.0" } else { "VERSION:4.0" });
        let mut property = |name: &str, value: &str| {
            if !value.is_empty() {
                line(&mut card, &format!("{name}:{value}"));
            }
        };
        // 4.0 needs `\;` only where a bare one parts a value; elsewhere some readers show the backslash.
        let plain = |value: &str| escape(value, version == VcardVersion::V3);
        let part = |value: &str| escape(value, true);
        let escaped = |value: Option<&str>| value.map(plain).unwrap_or_default();
        // A uid of 4.0 is a URI unless it says otherwise.
        property(if version == VcardVersion::V3 { "UID" } else { "UID;VALUE=text" }, &escaped(self.uid));
        // The whole name is given as the family name: where it is to be split nobody knows but its owner.
        property("N", &format!("{};;;;", part(self.name)));
        property("FN", &plain(self.name));
        property("NICKNAME", &escaped(self.alias));
        if self.company.is_some() || !self.department.is_empty() {
            let units = self.company.into_iter().chain((self.company.is_none()).then_some(""));
            let units: Vec<String> = units.chain(self.department.iter().copied()).map(part).collect();
            property("ORG", &units.join(";"));
        }
        property("TITLE", &escaped(self.title));
        for (kind, number) in &self.phones {
            property(
                match kind {
                    Some(PhoneKind::Mobile) => "TEL;TYPE=CELL",
                    Some(PhoneKind::Work) => "TEL;TYPE=WORK",
                    None => "TEL",
                },
                &plain(number),
            );
        }
        for email in &self.emails {
            // 4.0 has only one kind of address, and no word for it.
            property(
                if version == VcardVersion::V3 { "EMAIL;TYPE=INTERNET" } else { "EMAIL" },
                &plain(email),
            );
        }
        property("NOTE", &escaped(self.note));
        property("URL", &escaped(self.url));
        line(&mut card, "END:VCARD");
        card
    }
}

fn escape(value: &str, semicolons: bool) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ';' if !semicolons => out.push(c),
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push_str("\\n");
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Appends a line, folded at 75 bytes between characters.
fn line(card: &mut String, text: &str) {
    let mut used = 0;
    for c in text.chars() {
        if used + c.len_utf8() > FOLD_AT {
            card.push_str("\r\n ");
            used = 1;
        }
        card.push(c);
        used += c.len_utf8();
    }
    card.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Vcard, VcardVersion};
    use crate::domain::PhoneKind;

    const VERSIONS: [VcardVersion; 2] = [VcardVersion::V3, VcardVersion::V4];

    #[test]
    fn a_card_is_escaped_and_folded() {
        let long = "x".repeat(100);
        let person = Vcard {
            uid: Some("zhang.san"),
            name: "张三; \r\nTEL:1\r2\n3",
            company: Some("Acme, Inc"),
            department: vec!["R;D", "Lab\\1"],
            title: Some(&long),
            phones: vec![(Some(PhoneKind::Mobile), "+86 138"), (Some(PhoneKind::Work), "1"), (None, "2")],
            emails: vec!["z@acme.example"],
            note: Some("\u{7}\u{9b}"),
            ..Vcard::default()
        };
        for version in VERSIONS {
            let card = person.write(version);
            assert!(card.contains("\r\nN:张三\\; \\nTEL:1\\n2\\n3;;;;\r\n"), "{card}");
            let sign = if version == VcardVersion::V3 { "\\;" } else { ";" };
            assert!(card.contains(&format!("\r\nFN:张三{sign} \\nTEL:1\\n2\\n3\r\n")), "{card}");
            assert!(card.contains("\r\nORG:Acme\\, Inc;R\\;D;Lab\\\\1\r\n"), "{card}");
            assert!(card.contains("\r\nTEL;TYPE=CELL:+86 138\r\nTEL;TYPE=WORK:1\r\nTEL:2\r\n"), "{card}");
            assert!(!card.contains("NOTE"), "nothing is left of it: {card}");
            assert!(card.lines().all(|line| line.len() <= 75));
        }
        assert!(person.write(VcardVersion::V3).contains("VERSION:3.0\r\nUID:zhang.san\r\n"));
        assert!(person.write(VcardVersion::V4).contains("VERSION:4.0\r\nUID;VALUE=text:zhang.san\r\n"));
        let outside = Vcard { name: "Olu", department: vec!["Sales"], ..Vcard::default() };
        assert!(outside.write(VcardVersion::V3).contains("\r\nORG:;Sales\r\n"));
    }

    proptest! {
        #[test]
        fn no_value_makes_a_line_of_its_own(name in any::<String>(), company in any::<String>(), four: bool) {
            let company = format!("A{company}");
            let person = Vcard { name: &name, company: Some(&company), department: vec![&name], ..Vcard::default() };
            let card = person.write(VERSIONS[usize::from(four)]);
            prop_assert!(card.split("\r\n").all(|line| line.len() <= 75), "{}", card);
            let unfolded = card.replace("\r\n ", "");
            let starts: Vec<_> = unfolded.split("\r\n").map(|line| line.split([':', ';']).next().unwrap_or("")).collect();
            let named = !name.chars().all(|c| c.is_control() && c != '\r' && c != '\n');
            let fn_line: &[&str] = if named { &["FN"] } else { &[] };
            let expected = [&["BEGIN", "VERSION", "N"], fn_line, &["ORG", "END", ""]].concat();
            prop_assert_eq!(starts, expected);
            prop_assert!(!unfolded.replace("\r\n", "").contains(|c: char| c.is_control()));
        }
    }
}
