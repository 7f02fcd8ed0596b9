//! One person out of a small vCard that somebody was handed: within limits, and nothing of it is fetched.

use calcard::vcard::{VCardEntry, VCardProperty, VCardValue};
use calcard::{Entry, Parser};

/// Longest vCard in bytes.
pub const MAX_ONE: usize = 64 * 1024;
const MAX_LINES: usize = 200;
/// Longest line in bytes, its folds taken out.
const MAX_LINE: usize = 4 * 1024;
const MAX_PROPERTIES: usize = 50;

/// What a vCard says of a person; texts as they stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneVcard {
    /// Name.
    pub name: String,
    /// Company.
    pub company: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Mail addresses.
    pub emails: Vec<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
    /// Addresses of pages.
    pub urls: Vec<String>,
}

/// It cannot be read: not a vCard, not UTF-8, or beyond the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the vCard cannot be read")]
pub struct BadVcard;

/// Whether a file or the content of a code begins like a vCard.
pub fn is_vcard(file: &[u8]) -> bool {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    file.trim_ascii_start().get(..11).is_some_and(|start| start.eq_ignore_ascii_case(b"BEGIN:VCARD"))
}

/// Reads the first card.
pub fn one_vcard(file: &[u8]) -> Result<OneVcard, BadVcard> {
    if !is_vcard(file) || file.len() > MAX_ONE {
        return Err(BadVcard);
    }
    let text = std::str::from_utf8(file).map_err(|_| BadVcard)?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut longest = 0;
    let mut length = 0;
    for line in text.lines() {
        length = if line.starts_with([' ', '\t']) { length + line.len() } else { line.len() };
        longest = longest.max(length);
    }
    if text.lines().count() > MAX_LINES || longest > MAX_LINE {
        return Err(BadVcard);
    }
    let Entry::VCard(card) = Parser::new(text).entry() else { return Err(BadVcard) };
    if card.entries.len() > MAX_PROPERTIES {
        return Err(BadVcard);
    }
    let all = |property: VCardProperty| -> Vec<String> {
        let entries = card.entries.iter().filter(|entry| entry.name == property);
        entries.map(joined).filter(|text| !text.is_empty()).collect()
    };
    let first = |property: VCardProperty| all(property).into_iter().next();
    let plain = |texts: Vec<String>, scheme: &str| {
        texts.iter().map(|text| text.strip_prefix(scheme).unwrap_or(text).to_owned()).collect()
    };
    let company = card.property(&VCardProperty::Org).and_then(|entry| texts(entry).into_iter().next());
    Ok(OneVcard {
        name: first(VCardProperty::Fn).or_else(|| first(VCardProperty::Nickname)).unwrap_or_default(),
        company: company.filter(|company| !company.trim().is_empty()),
        title: first(VCardProperty::Title),
        emails: plain(all(VCardProperty::Email), "mailto:"),
        phones: plain(all(VCardProperty::Tel), "tel:"),
        urls: all(VCardProperty::Url),
    })
}

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

/// A value in which a comma that nobody escaped is a comma.
fn joined(entry: &VCardEntry) -> String {
    texts(entry).join(",").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{BadVcard, MAX_ONE, OneVcard, is_vcard, one_vcard};
    use crate::formats::{Vcard, VcardVersion};

    #[test]
    fn what_we_write_is_read_again() {
        let card = Vcard {
            name: "张伟, Zhang; Wei",
            company: Some("Acme; Ltd"),
            title: Some("Lead"),
            emails: vec!["z@acme.example"],
            phones: vec![(None, "+86 1")],
            url: Some("HTTPS://NC.ACME.EXAMPLE/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1"),
            ..Vcard::default()
        };
        for version in [VcardVersion::V3, VcardVersion::V4] {
            let read = one_vcard(card.write(version).as_bytes()).unwrap();
            let expected = OneVcard {
                name: "张伟, Zhang; Wei".to_owned(),
                company: Some("Acme; Ltd".to_owned()),
                title: Some("Lead".to_owned()),
                emails: vec!["z@acme.example".to_owned()],
                phones: vec!["+86 1".to_owned()],
                urls: vec!["HTTPS://NC.ACME.EXAMPLE/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1".to_owned()],
            };
            assert_eq!(read, expected, "{version:?}");
        }
    }

    #[test]
    fn what_is_beyond_the_limits_is_refused() {
        let with = |more: &str| format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n{more}END:VCARD\r\n");
        assert!(one_vcard(with("").as_bytes()).is_ok());
        for (name, more) in [
            ("bytes", "X:1\r\n".repeat(MAX_ONE)),
            ("lines", " \r\n".repeat(300)),
            ("a long line", format!("NOTE:{}\r\n", "n".repeat(5_000))),
            ("a long folded line", format!("NOTE:n\r\n{}", format!(" {}\r\n", "n".repeat(70)).repeat(80))),
            ("properties", "X-A:1\r\n".repeat(60)),
        ] {
            assert_eq!(one_vcard(with(&more).as_bytes()), Err(BadVcard), "{name}");
        }
        for bad in [&b"BEGIN:VCALENDAR\r\n"[..], b"", b"BEGIN:VCARD\r\nFN:\xff\r\nEND:VCARD\r\n"] {
            assert_eq!(one_vcard(bad), Err(BadVcard));
        }
        assert!(is_vcard("\u{feff}begin:vcard\n".as_bytes()) && !is_vcard(b"BEGIN:VCAR"));
    }
}
