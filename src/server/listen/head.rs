//! The head of a request, looked at before anything else reads it.
//!
//! What frames a body must have one meaning only: a proxy in front that reads it otherwise would let one
//! request hide in another. So nothing doubtful is let through, although the reader behind would take it.

use axum::http::{Method, Uri};

use crate::api::{Problem, ProblemCode};
use crate::server::page;

/// Longest head, with its first line.
pub(super) const MAX_HEAD: usize = 16 * 1024;
/// Most headers.
const MAX_HEADERS: usize = 64;
/// Longest address: path and query.
const MAX_TARGET: usize = 2 * 1024;
/// Room for the method and the version beside the address.
const FIRST_LINE: usize = MAX_TARGET + 64;

/// How the end of the body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// It has so many bytes.
    Length(u64),
    /// It comes in chunks, and the last one says so.
    Chunked,
}

/// Why a head is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// Too long, or too many headers.
    TooLong,
    /// The address is too long.
    Target,
    /// Not HTTP.
    Malformed,
    /// The length of the body is no number, or several.
    Length,
    /// A length and chunks at once, or another encoding than chunks.
    Encoding,
    /// No host, or several.
    Host,
}

/// A head that is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) bad: Bad,
    /// Whether a visitor's page was asked for.
    pub(super) page: bool,
}

impl Bad {
    /// The problem that the caller is told.
    pub(super) fn problem(self) -> Problem {
        match self {
            Self::TooLong => Problem::new(ProblemCode::HeadTooLarge),
            Self::Target => Problem::new(ProblemCode::UriTooLong),
            Self::Malformed => Problem::invalid("head", "malformed"),
            Self::Length => Problem::invalid("content-length", "malformed"),
            Self::Encoding => Problem::invalid("transfer-encoding", "ambiguous"),
            Self::Host => Problem::invalid("host", "malformed"),
        }
    }
}

/// Where the head ends, if its end is there. Nothing before `scanned` ends it.
pub(super) fn end(bytes: &[u8], scanned: usize) -> Option<usize> {
    let begin = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n'))?;
    let mut at = begin.max(scanned.saturating_sub(3));
    loop {
        at += memchr::memchr(b'\n', bytes.get(at..)?)? + 1;
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\n'), _) => return Some(at + 1),
            (Some(b'\r'), Some(b'\n')) => return Some(at + 2),
            _ => {}
        }
    }
}

/// Whether a head without an end cannot become a good one.
pub(super) fn hopeless(bytes: &[u8]) -> Option<Refusal> {
    let begin = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(0);
    let line = bytes.get(begin..).unwrap_or_default();
    let bad = if line.len() > FIRST_LINE && !line.iter().take(FIRST_LINE).any(|b| *b == b'\n') {
        Bad::Target
    } else if bytes.len() > MAX_HEAD {
        Bad::TooLong
    } else {
        return None;
    };
    Some(Refusal { bad, page: is_page(line) })
}

/// Looks at a whole head.
pub(super) fn look(head: &[u8]) -> Result<Framing, Refusal> {
    if let Some(refusal) = hopeless(head) {
        return Err(refusal);
    }
    let begin = head.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(0);
    let page = is_page(head.get(begin..).unwrap_or_default());
    framing(head).map_err(|bad| Refusal { bad, page })
}

fn framing(head: &[u8]) -> Result<Framing, Bad> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Bad::TooLong),
        _ => return Err(Bad::Malformed),
    }
    let target = request.path.unwrap_or_default();
    if target.len() > MAX_TARGET {
        return Err(Bad::Target);
    }
    let method = Method::from_bytes(request.method.unwrap_or_default().as_bytes());
    if method.is_err() || Uri::try_from(target).is_err() {
        return Err(Bad::Malformed);
    }
    let values = |name: &str| {
        let found = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value).collect::<Vec<_>>()
    };
    if values("host").len() > 1 {
        return Err(Bad::Host);
    }
    let (lengths, encodings) = (values("content-length"), values("transfer-encoding"));
    match (lengths.as_slice(), encodings.as_slice()) {
        ([], []) => Ok(Framing::Length(0)),
        ([first, rest @ ..], []) => {
            let length = number(first).ok_or(Bad::Length)?;
            if rest.iter().all(|other| number(other) == Some(length)) {
                Ok(Framing::Length(length))
            } else {
                Err(Bad::Length)
            }
        }
        ([], [encoding]) if request.version == Some(1) && encoding.eq_ignore_ascii_case(b"chunked") => {
            Ok(Framing::Chunked)
        }
        _ => Err(Bad::Encoding),
    }
}

/// Digits and nothing else.
fn number(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok()?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// Whether the first line asks for a visitor's page.
fn is_page(line: &[u8]) -> bool {
    let mut words = line.splitn(3, |b| *b == b' ');
    let target = words.nth(1).and_then(|target| target.get(..3)).unwrap_or_default();
    std::str::from_utf8(target).is_ok_and(page::is_page)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bad, Framing, MAX_HEAD, Refusal, end, hopeless, look};

    fn bad(head: &str) -> Option<Bad> {
        look(head.as_bytes()).err().map(|refusal| refusal.bad)
    }

    #[test]
    fn a_body_ends_in_one_way_only() {
        let get = |headers: &str| look(format!("PUT /x HTTP/1.1\r\n{headers}\r\n").as_bytes());
        for (headers, framing) in [
            ("", Framing::Length(0)),
            ("content-length: 7\r\n", Framing::Length(7)),
            ("Content-Length: 7\r\ncontent-length:7\r\n", Framing::Length(7)),
            ("transfer-encoding: Chunked\r\n", Framing::Chunked),
            ("x: a\n", Framing::Length(0)),
        ] {
            assert_eq!(get(headers), Ok(framing), "{headers:?}");
        }
        for (headers, bad) in [
            ("content-length: 7\r\ntransfer-encoding: chunked\r\n", Bad::Encoding),
            ("transfer-encoding: chunked\r\ncontent-length: 7\r\n", Bad::Encoding),
            ("transfer-encoding: gzip, chunked\r\n", Bad::Encoding),
            ("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", Bad::Encoding),
            ("transfer-encoding: identity\r\n", Bad::Encoding),
            ("transfer-encoding: \r\n", Bad::Encoding),
            ("content-length: 7\r\ncontent-length: 8\r\n", Bad::Length),
            ("content-length: 7, 7\r\n", Bad::Length),
            ("content-length: +7\r\n", Bad::Length),
            ("content-length: -7\r\n", Bad::Length),
            ("content-length: 0x7\r\n", Bad::Length),
            ("content-length: \r\n", Bad::Length),
            ("content-length: 99999999999999999999\r\n", Bad::Length),
            ("content-length : 7\r\n", Bad::Malformed),
            (" content-length: 7\r\n", Bad::Malformed),
            ("x: a\r\n b\r\n", Bad::Malformed),
            ("x: a\0b\r\n", Bad::Malformed),
            ("x: a\rcontent-length: 7\r\n", Bad::Malformed),
            ("x\r\n", Bad::Malformed),
            ("host: a\r\nhost: b\r\n", Bad::Host),
        ] {
            assert_eq!(get(headers).map_err(|refusal| refusal.bad), Err(bad), "{headers:?}");
        }
        assert_eq!(bad("PUT /x HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n"), Some(Bad::Encoding));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for head in [
            "\u{16}\u{3}\u{1}\n\n",
            "GET\n\n",
            "GET /\n\n",
            "GET / HTTP/2.0\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1 x\r\n\r\n",
            "G@T / HTTP/1.1\r\n\r\n",
            "GET \u{1} HTTP/1.1\r\n\r\n",
            "GET a/b HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(bad(head), Some(Bad::Malformed), "{head:?}");
        }
        assert_eq!(bad("\r\n\r\nGET / HTTP/1.1\r\n\r\n"), None, "blank lines before a request are none");
    }

    #[test]
    fn sizes_are_bounded_at_the_very_byte() {
        let of = |target: usize, headers: usize, padding: usize| {
            let headers: String = (0..headers).map(|n| format!("x{n}: 1\r\n")).collect();
            let padding =
                if padding == 0 { String::new() } else { format!("p: {}\r\n", "y".repeat(padding)) };
            format!("GET /{} HTTP/1.1\r\n{headers}{padding}\r\n", "z".repeat(target - 1))
        };
        assert_eq!(bad(&of(2_048, 64, 0)), None);
        assert_eq!(bad(&of(2_049, 1, 0)), Some(Bad::Target));
        assert_eq!(bad(&of(1, 65, 0)), Some(Bad::TooLong));
        let room = MAX_HEAD - of(1, 1, 1).len() + 1;
        assert_eq!(of(1, 1, room).len(), MAX_HEAD);
        assert_eq!(bad(&of(1, 1, room)), None);
        assert_eq!(bad(&of(1, 1, room + 1)), Some(Bad::TooLong));
    }

    #[test]
    fn an_endless_head_is_given_up_early_and_a_visitor_reads_a_page() {
        let endless = |begin: &str| hopeless(format!("{begin}{}", "a".repeat(3_000)).as_bytes());
        assert_eq!(endless("GET /v1/"), Some(Refusal { bad: Bad::Target, page: false }));
        assert_eq!(endless("GET /C/"), Some(Refusal { bad: Bad::Target, page: true }));
        assert_eq!(endless("GET / HTTP/1.1\r\nx: "), None);
        let long = format!("GET /s/x HTTP/1.1\r\nx: {}", "a".repeat(MAX_HEAD));
        assert_eq!(hopeless(long.as_bytes()), Some(Refusal { bad: Bad::TooLong, page: true }));
        assert_eq!(hopeless(&b"\r\n".repeat(MAX_HEAD)).map(|refusal| refusal.bad), Some(Bad::TooLong));
    }

    proptest! {
        #[test]
        fn the_end_is_found_however_the_head_comes(
            lines in prop::collection::vec("[a-z\r]{0,5}", 0..6),
            rest in "[a-z\r\n]{0,9}",
            scanned in 0_usize..60,
        ) {
            let text = format!("GET /{}\r\n\r\n{rest}", lines.join("\n"));
            let whole = end(text.as_bytes(), 0);
            // However far the bytes that were there before had been looked through.
            let before = scanned.min(whole.unwrap_or(0).saturating_sub(1));
            if end(text.as_bytes().get(..before).unwrap(), 0).is_none() {
                prop_assert_eq!(end(text.as_bytes(), before), whole);
            }
        }

        #[test]
        fn nothing_that_is_sent_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (end(&bytes, 0), hopeless(&bytes), look(&bytes));
        }
    }
}
