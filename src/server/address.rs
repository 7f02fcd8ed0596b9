//! Where visitors reach this server.

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

    /// The link that a card's code holds.
    pub(crate) fn card_link(&self, token: &str) -> String {
        format!("{}/C/{token}", self.origin)
    }

    /// The link of a visitor's private page.
    pub(crate) fn status_link(&self, token: &str) -> String {
        format!("{}/s/{token}", self.origin.to_ascii_lowercase())
    }
}
