//! The servers that this user has signed in to: `accounts.json`, for this user alone.

use std::fmt;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{read_small, write_private};

/// The name that stands for this computer's own data instead of a server's address.
pub const LOCAL: &str = "local";

/// An account on a server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The server's address: scheme, host and port. The token is sent nowhere else.
    pub server: String,
    /// The company's id.
    pub company: String,
    /// The member's id.
    pub member: String,
    /// The token.
    token: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account {{ {}, {} / {}, token: redacted }}", self.server, self.company, self.member)
    }
}

impl Account {
    /// An account with its token.
    pub fn new(server: String, company: String, member: String, token: String) -> Self {
        Self { server, company, member, token }
    }

    /// The token, to be sent to [`Account::server`].
    pub fn token(&self) -> &str {
        &self.token
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.server, &self.company, &self.member) == (&other.server, &other.company, &other.member)
    }
}

/// The accounts there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// Whether the first of them is in use; if not, this computer's own data is.
    #[serde(default)]
    in_use: bool,
    /// The one used last stands first.
    #[serde(default)]
    accounts: Vec<Account>,
}

const FILE: &str = "accounts.json";

impl Accounts {
    /// Reads the file in the data directory; none there means no accounts. A file that cannot be
    /// understood is an error: it must not be written over.
    pub fn read(dir: &Path) -> io::Result<Self> {
        let Some(bytes) = read_small(&dir.join(FILE))? else { return Ok(Self::default()) };
        serde_json::from_slice(&bytes)
            .map_err(|_| io::Error::other(format!("{} cannot be read", dir.join(FILE).display())))
    }

    /// Writes the file, readable by this user alone.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        write_private(&dir.join(FILE), &bytes)
    }

    /// The account in use; none while this computer's own data is.
    pub fn current(&self) -> Option<&Account> {
        self.accounts.first().filter(|_| self.in_use)
    }

    /// The account used last on a server.
    pub fn on(&self, server: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.server == server)
    }

    /// Uses an account from now on; one of the same member on the same server is replaced.
    pub fn use_account(&mut self, account: Account) {
        self.accounts.retain(|known| !known.is_same(&account));
        self.accounts.insert(0, account);
        self.in_use = true;
    }

    /// Uses this computer's own data from now on. Accounts are kept.
    pub fn use_local(&mut self) {
        self.in_use = false;
    }

    /// Forgets an account. This computer's own data is used from now on.
    pub fn forget(&mut self, account: &Account) {
        self.accounts.retain(|known| !known.is_same(account));
        self.in_use = false;
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Accounts};

    fn account(server: &str, member: &str, token: &str) -> Account {
        Account::new(server.into(), "acme".into(), member.into(), token.into())
    }

    #[test]
    fn the_one_used_last_is_first_and_each_stands_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut accounts = Accounts::read(dir.path()).unwrap();
        assert_eq!(accounts.current(), None);
        accounts.use_account(account("https://a", "ann", "1"));
        accounts.use_account(account("https://b", "bob", "2"));
        accounts.use_account(account("https://a", "ann", "3"));
        accounts.write(dir.path()).unwrap();
        let mut accounts = Accounts::read(dir.path()).unwrap();
        assert_eq!(accounts.current().unwrap().token(), "3");
        assert_eq!(accounts.accounts.len(), 2);
        accounts.use_local();
        assert_eq!(accounts.current(), None);
        assert_eq!(accounts.on("https://b").unwrap().member, "bob");
        assert_eq!(accounts.on("https://c"), None);
        let bob = accounts.on("https://b").unwrap().clone();
        accounts.forget(&bob);
        assert_eq!(accounts.on("https://b"), None);
    }

    #[test]
    fn a_token_is_not_printed_and_a_broken_file_is_not_written_over() {
        assert!(!format!("{:?}", account("https://a", "ann", "secret")).contains("secret"));
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("accounts.json"), "{").unwrap();
        assert!(Accounts::read(dir.path()).is_err());
    }
}
