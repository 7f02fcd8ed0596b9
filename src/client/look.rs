//! Looking into a file or a link for whom it leads to. Nothing that is found is opened.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::domain::{Said, SaidPerson, ScanFault, Scanned};
use crate::formats::{MAX_ONE, OneVcard, is_vcard, one_vcard};
use crate::qr::{self, OpenError, ReadError};
use crate::text::Untrusted;

/// Longest file in bytes.
pub(super) const MAX_LOOK: u64 = 10 << 20;
/// No pass over a picture begins after this.
const LOOK_TIME: Duration = Duration::from_secs(5);
/// How the names of files end that are looked into.
const KINDS: &[&str] = &["png", "jpg", "jpeg", "webp", "gif", "vcf"];

/// The file that a text names: one whose name ends like a picture's or a vCard's. A link is none.
pub(super) fn named_file(text: &str) -> Option<PathBuf> {
    let path = path_of(text);
    let kind = path.extension()?.to_str()?.to_ascii_lowercase();
    (KINDS.contains(&kind.as_str()) && !text.contains("://")).then_some(path)
}

/// A path as people type it: `~/` is their home, and quotes are what a terminal puts around the name of a
/// file that was dropped on it.
pub(super) fn path_of(text: &str) -> PathBuf {
    let text = text.trim();
    let quoted = ['\'', '"'].iter().find_map(|mark| text.strip_prefix(*mark)?.strip_suffix(*mark));
    let text = quoted.unwrap_or(text);
    match (text.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(text),
    }
}

/// Reads a file: a plain one, not a link to one, and no longer than is looked into.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, ScanFault> {
    let unreadable = |error: &io::Error| ScanFault::Unreadable(error.to_string().into());
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        // A link.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(ScanFault::NotAFile);
        }
        Err(error) => return Err(unreadable(&error)),
    };
    let found = file.metadata().map_err(|error| unreadable(&error))?;
    if !found.is_file() {
        return Err(ScanFault::NotAFile);
    }
    read_all(file)
}

/// Reads what comes, no longer than is looked into.
pub fn read_all(from: impl Read) -> Result<Vec<u8>, ScanFault> {
    let mut bytes = Vec::new();
    let read = from.take(MAX_LOOK + 1).read_to_end(&mut bytes);
    read.map_err(|error| ScanFault::Unreadable(error.to_string().into()))?;
    if bytes.len() as u64 > MAX_LOOK { Err(ScanFault::TooLong) } else { Ok(bytes) }
}

/// Looks into the content of a file. `card_link` is any card link of the server that one is signed in to:
/// it says which links are its own.
pub(super) fn look_into(file: &[u8], card_link: &str) -> Result<Scanned, ScanFault> {
    if is_vcard(file) {
        let card = one_vcard(file).map_err(|_| ScanFault::BadCard)?;
        return Ok(Scanned { said: vec![Said::Person(person(card, card_link))], pass: None });
    }
    let begun = Instant::now();
    let picture = qr::open(file).map_err(|error| match error {
        OpenError::Unknown => ScanFault::Unknown,
        OpenError::TooLarge => ScanFault::TooManyPixels,
        OpenError::Broken => ScanFault::Broken,
    })?;
    let mut fault = ScanFault::NoCode { seen: false };
    let mut first: Option<Scanned> = None;
    for (pass, found) in qr::passes(&picture) {
        match found {
            Ok(codes) => {
                let said = codes.iter().map(|code| what(code, card_link)).collect();
                let scanned = Scanned { said, pass: Some(pass) };
                // A namecard is what is looked for; another code may hide it from this pass alone.
                if !scanned.ways().is_empty() {
                    return Ok(scanned);
                }
                first = first.or(Some(scanned));
            }
            Err(ReadError::Damaged) => fault = ScanFault::NoCode { seen: true },
            Err(ReadError::NoCode) => {}
        }
        if begun.elapsed() > LOOK_TIME {
            fault = ScanFault::TimedOut;
            break;
        }
    }
    first.ok_or(fault)
}

/// What the content of a code, or a link, says.
pub(super) fn what(text: &str, card_link: &str) -> Said {
    let text = text.trim();
    if is_vcard(text.as_bytes()) && text.len() <= MAX_ONE {
        return match one_vcard(text.as_bytes()) {
            Ok(card) => Said::Person(person(card, card_link)),
            Err(_) => Said::Text(text.into()),
        };
    }
    if is_own(text, card_link) {
        return Said::Card(text.into());
    }
    match host(text) {
        Some(host) => Said::Elsewhere { link: text.into(), host },
        None => Said::Text(text.into()),
    }
}

/// Whether a link is a card link of the same server as another one: the same but for the token.
fn is_own(link: &str, card_link: &str) -> bool {
    let origin = |link: &str| {
        let link = link.to_ascii_uppercase();
        let (origin, token) = link.rsplit_once("/C/").map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        let token = token.len() == 26 && token.bytes().all(|b| b.is_ascii_alphanumeric());
        (token && origin.contains("://")).then_some(origin)
    };
    origin(link).is_some_and(|own| origin(card_link) == Some(own))
}

/// The host of an address, as the network is asked for it; none for what is no address.
fn host(text: &str) -> Option<Untrusted> {
    if text.contains(char::is_whitespace) || !text.contains("://") {
        return None;
    }
    let url = reqwest::Url::parse(text).ok()?;
    Some(url.host_str().unwrap_or_default().into())
}

fn person(card: OneVcard, card_link: &str) -> SaidPerson {
    let all = |texts: Vec<String>| texts.into_iter().map(Untrusted::from).collect();
    SaidPerson {
        name: card.name.into(),
        company: card.company.map(Into::into),
        title: card.title.map(Into::into),
        emails: all(card.emails),
        phones: all(card.phones),
        card: card.urls.into_iter().find(|url| is_own(url, card_link)).map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_LOOK, is_own, look_into, named_file, read_file, what};
    use crate::domain::{Pass, Said, ScanFault};
    use crate::qr::{Code, Level, png};

    const OWN: &str = "HTTP://127.0.0.1:45678/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1";

    #[test]
    fn only_links_of_the_own_server_are_cards() {
        let other = OWN.replace("7Q2M", "0000");
        assert!(is_own(&other, OWN) && is_own(&other.to_lowercase(), OWN));
        for foreign in [
            "HTTP://127.0.0.1:45679/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1",
            "HTTPS://127.0.0.1:45678/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1",
            "HTTP://127.0.0.1:45678@evil.example/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1",
            "HTTP://127.0.0.1:45678/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA",
            "HTTP://127.0.0.1:45678/C/7Q2M9K4TZR8VPQ1SWN5YB3XE/..",
            "HTTP://127.0.0.1:45678/X/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1",
            "7Q2M9K4TZR8VPQ1SWN5YB3XEA1",
        ] {
            assert!(!is_own(foreign, OWN), "{foreign}");
            assert!(!matches!(what(foreign, OWN), Said::Card(_)));
        }
        // Letters of other scripts in a host are spelled as the network is asked.
        let Said::Elsewhere { host, .. } = what("https://ра\u{443}pal.example/x", OWN) else { panic!() };
        assert!(host.as_data().starts_with("xn--"), "{host:?}");
        assert_eq!(what("hello", OWN), Said::Text("hello".into()));
    }

    #[test]
    fn files_are_known_by_how_their_names_end() {
        for name in ["a.png", "dir/b.JPEG", "./x.vcf", "'my card.gif'", "/tmp/é.webp"] {
            assert!(named_file(name).is_some(), "{name}");
        }
        for name in ["ann@acme.example", "https://x.example/a.png", "张伟", "+86 1", "png", "a.pdf", ""] {
            assert_eq!(named_file(name), None, "{name}");
        }
    }

    #[test]
    fn plain_files_within_the_limit_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("a.png"), b"x").unwrap();
        assert_eq!(read_file(&path("a.png")), Ok(b"x".to_vec()));
        std::os::unix::fs::symlink(path("a.png"), path("link.png")).unwrap();
        assert_eq!(read_file(&path("link.png")), Err(ScanFault::NotAFile));
        assert_eq!(read_file(dir.path()), Err(ScanFault::NotAFile));
        // A pipe that nobody writes to holds nobody up.
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path("pipe.png"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert_eq!(read_file(&path("pipe.png")), Err(ScanFault::NotAFile));
        std::fs::File::create(path("long.png")).unwrap().set_len(MAX_LOOK + 1).unwrap();
        assert_eq!(read_file(&path("long.png")), Err(ScanFault::TooLong));
        assert!(matches!(read_file(&path("none.png")), Err(ScanFault::Unreadable(_))));
    }

    #[test]
    fn a_picture_says_what_its_code_says() {
        let picture = |content: &str| png(&Code::new(content, Level::M).unwrap()).unwrap();
        let scanned = look_into(&picture(OWN), OWN).unwrap();
        assert_eq!((scanned.said, scanned.pass), (vec![Said::Card(OWN.into())], Some(Pass::AsIs)));
        let foreign = look_into(&picture("https://x1.example/a"), OWN).unwrap();
        assert!(foreign.ways().is_empty() && matches!(foreign.said[0], Said::Elsewhere { .. }));
        let card = format!("BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nEMAIL:a@b.example\nURL:{OWN}\nEND:VCARD\n");
        let scanned = look_into(&picture(&card), OWN).unwrap();
        assert_eq!(scanned.ways(), [&OWN.into()], "the card link in it is the way");
        let without = card.replace(OWN, "https://b.example");
        assert_eq!(look_into(without.as_bytes(), OWN).unwrap().ways(), [&"a@b.example".into()]);
        assert_eq!(look_into(b"hello", OWN), Err(ScanFault::Unknown));
        let white = image::GrayImage::from_pixel(50, 50, image::Luma([255]));
        let mut file = std::io::Cursor::new(Vec::new());
        white.write_to(&mut file, image::ImageFormat::Png).unwrap();
        assert_eq!(look_into(file.get_ref(), OWN), Err(ScanFault::NoCode { seen: false }));
    }
}
