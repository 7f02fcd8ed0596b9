//! Requests that only another system can decide.

use serde::{Deserialize, Serialize};

use super::request::words;
use super::{RequestState, Time};
use crate::text::Untrusted;

/// Longest link, in bytes.
const MAX_LINK: usize = 1_000;

/// The system that alone can decide a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Elsewhere {
    /// What it is called.
    pub system: Untrusted,
    /// Where the request is decided there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Untrusted>,
    /// Since when it is decided there; none: it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Time>,
}

words! {
    /// What another system says of a request.
    ElsewhereState {
        /// It waits there.
        Pending = "pending",
        /// It was approved there.
        Approved = "approved",
        /// It was rejected there.
        Rejected = "rejected",
        /// It was taken back, or is over.
        Withdrawn = "withdrawn",
    }
}

impl ElsewhereState {
    /// What the request is by that.
    pub const fn state(self) -> RequestState {
        match self {
            Self::Pending => RequestState::Pending,
            Self::Approved => RequestState::Approved,
            Self::Rejected => RequestState::Rejected,
            Self::Withdrawn => RequestState::Withdrawn,
        }
    }
}

/// Whether a link may be opened from here: https, a host without a name or password before it, and nothing
/// that is not plainly seen.
pub fn is_plain_link(link: &str) -> bool {
    let Some(rest) = link.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_graphic() && !"\"'<>\\^`{|}".contains(c);
    link.len() <= MAX_LINK && !host.is_empty() && !host.contains('@') && link.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::is_plain_link;

    #[test]
    fn a_link_that_is_opened_is_plain() {
        for good in ["https://work.example", "https://work.example:8443/app?x=%20&y=1#a"] {
            assert!(is_plain_link(good), "{good}");
        }
        for bad in [
            "",
            "http://work.example/",
            "javascript:alert(1)",
            "HTTPS://work.example/",
            "https:///x",
            "https://acme.example@evil.example/",
            "https://work.example/a b",
            "https://work.example/\u{202e}x",
            "https://wörk.example/",
            "https://work.example/'$(x)'",
            &format!("https://work.example/{}", "a".repeat(1_000)),
        ] {
            assert!(!is_plain_link(bad), "{bad}");
        }
    }
}
