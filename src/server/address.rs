//! Where visitors reach this server.

/// A longer link does not fit the code that fits a small window (version 3, alphanumeric).
const LONGEST_LINK: usize = 61;

/// Why an address cannot be the public one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither http nor https.
    #[error("it must begin with https:// or http://")]
    Scheme,
    /// Something else than a host and a port stands behind the scheme.
    #[error("it must name a host and perhaps a port, and nothing behind them")]
    Host,
    /// The card links would be too long for a code that fits a small window.
    #[error("it is too long for the code on a namecard: 32 characters are the most")]
    TooLong,
}

/// The public address that card links begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Scheme, host and port in upper case: the small QR code knows no other letters.
    origin: String,
    /// Whether it opens on this computer only.
    pub local_only: bool,
    /// Whether it is another one than before, so that older codes do not open.
    pub moved: bool,
}

impl Address {
    /// The embedded server's address on this computer.
    pub fn local(port: u16, moved: bool) -> Self {
        Self { origin: format!("HTTP://127.0.0.1:{port}"), local_only: true, moved }
    }

    /// The address under which visitors reach a company's server.
    pub fn public(url: &str) -> Result<Self, AddressError> {
        let url = url.trim_end_matches('/');
        let rest = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let host = rest.ok_or(AddressError::Scheme)?;
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if host.is_empty() || !host.chars().all(known) {
            return Err(AddressError::Host);
        }
        if url.len() + "/C/".len() + 26 > LONGEST_LINK {
            return Err(AddressError::TooLong);
        }
        Ok(Self { origin: url.to_ascii_uppercase(), local_only: false, moved: false })
    }

    /// The host, in capitals.
    pub(crate) fn host(&self) -> &str {
        let rest = self.origin.split_once("://").map_or(self.origin.as_str(), |(_, rest)| rest);
        match rest.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => rest.split(':').next().unwrap_or_default(),
        }
    }

    /// The link that a card's code holds.
    pub(crate) fn card_link(&self, token: &str) -> String {
        format!("{}/C/{token}", self.origin)
    }

    /// The token of a card link of this server; none for a link of any other place.
    pub(crate) fn token_of(&self, link: &str) -> Option<String> {
        let link = link.trim().to_ascii_uppercase();
        let rest = link.strip_prefix(&self.origin)?.strip_prefix("/C/")?;
        rest.get(..26).filter(|_| rest.len() == 26).map(str::to_owned)
    }

    /// The link of a visitor's private page.
    pub(crate) fn status_link(&self, token: &str) -> String {
        format!("{}/s/{token}", self.origin.to_ascii_lowercase())
    }
}
