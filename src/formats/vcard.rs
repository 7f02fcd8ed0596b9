//! vCard 3.0, as phones read it (RFC 2426).

use crate::domain::PhoneKind;

/// Longest line of a vCard in bytes, its line break not counted.
const FOLD_AT: usize = 75;

/// Writes one person as a vCard. Values are escaped; control characters are left out.
pub fn vcard(
    name: &str,
    company: Option<&str>,
    title: Option<&str>,
    phones: &[(PhoneKind, &str)],
    emails: &[&str],
    url: Option<&str>,
) -> String {
    let mut card = String::new();
    line(&mut card, "BEGIN:VCARD");
    line(&mut card, "VERSION:3.0");
    // The whole name is given as the family name: where it is to be split nobody knows but its owner.
    line(&mut card, &format!("N:{};;;;", escape(name)));
    line(&mut card, &format!("FN:{}", escape(name)));
    if let Some(company) = company {
        line(&mut card, &format!("ORG:{}", escape(company)));
    }
    if let Some(title) = title {
        line(&mut card, &format!("TITLE:{}", escape(title)));
    }
    for (kind, number) in phones {
        let kind = match kind {
            PhoneKind::Mobile => "CELL",
            PhoneKind::Work => "WORK",
        };
        line(&mut card, &format!("TEL;TYPE={kind}:{}", escape(number)));
    }
    for email in emails {
        line(&mut card, &format!("EMAIL;TYPE=INTERNET:{}", escape(email)));
    }
    if let Some(url) = url {
        line(&mut card, &format!("URL:{}", escape(url)));
    }
    line(&mut card, "END:VCARD");
    card
}

fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
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

    use super::vcard;
    use crate::domain::PhoneKind;

    #[test]
    fn a_card_is_escaped_and_folded() {
        let card = vcard(
            "张三; \r\nTEL:1",
            Some("Acme, Inc"),
            Some(&"x".repeat(100)),
            &[(PhoneKind::Mobile, "+86 138")],
            &["z@acme.example"],
            None,
        );
        assert!(card.contains("FN:张三\\; \\nTEL:1\r\n"), "{card}");
        assert!(card.contains("ORG:Acme\\, Inc\r\n"));
        assert!(card.lines().all(|line| line.len() <= 75));
    }

    proptest! {
        #[test]
        fn no_value_makes_a_line_of_its_own(name in any::<String>(), company in any::<String>()) {
            let card = vcard(&name, Some(&company), None, &[], &[], None);
            let unfolded = card.replace("\r\n ", "");
            let starts: Vec<_> = unfolded.split("\r\n").map(|line| line.split([':', ';']).next().unwrap_or("")).collect();
            prop_assert_eq!(starts, ["BEGIN", "VERSION", "N", "FN", "ORG", "END", ""]);
            prop_assert!(!unfolded.replace("\r\n", "").contains(['\r', '\n']));
        }
    }
}
