//! The servers that this user has signed in to: `accounts.json`, for this user alone.

use std::fmt;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::keyring::Item;
use super::settings::Store;
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
    /// Where the token lies.
    kept: Store,
    /// The token, if it lies here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account {{ {}, {} / {}, token: redacted }}", self.server, self.company, self.member)
    }
}

impl Account {
    /// An account without a token.
    pub fn new(server: String, company: String, member: String) -> Self {
        Self { server, company, member, kept: Store::Memory, token: None }
    }

    /// Where the token lies.
    pub fn store(&self) -> Store {
        self.kept
    }

    /// The token that lies in this file.
    pub(super) fn token_in_file(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Keeps the token in this file.
    pub(super) fn put_token(&mut self, token: &str) {
        (self.kept, self.token) = (Store::File, Some(token.to_owned()));
    }

    /// The token lies elsewhere, or nowhere.
    pub(super) fn leave_token(&mut self, kept: Store) {
        (self.kept, self.token) = (kept, None);
    }

    /// What the keyring knows it by.
    pub(super) fn item(&self) -> Item {
        Item { server: self.server.clone(), company: self.company.clone(), member: self.member.clone() }
    }

    /// Whether it is the same member's on the same server.
    pub fn is_same(&self, other: &Self) -> bool {
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

    /// All of them; the one used last stands first.
    pub fn all(&self) -> &[Account] {
        &self.accounts
    }

    /// The account in use; none while this computer's own data is.
    pub fn current(&self) -> Option<&Account> {
        self.accounts.first().filter(|_| self.in_use)
    }

    /// The account used last on a server: of this member, if one is named.
    pub fn on(&self, server: &str, member: Option<&str>) -> Option<&Account> {
        let fits = |account: &&Account| {
            account.server == server
                && member.is_none_or(|member| account.member.eq_ignore_ascii_case(member))
        };
        self.accounts.iter().find(fits)
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
        let mut account = Account::new(server.into(), "acme".into(), member.into());
        account.put_token(token);
        account
    }

    #[test]
    fn the_one_used_last_is_first_and_each_stands_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut accounts = Accounts::read(dir.path()).unwrap();
        assert_eq!(accounts.current(), None);
        accounts.use_account(account("https://a", "ann", "1"));
        accounts.use_account(account("https://b", "bob", "2"));
        accounts.use_account(account("https://a", "cho", "4"));
        accounts.use_account(account("https://a", "ann", "3"));
        accounts.write(dir.path()).unwrap();
        let mut accounts = Accounts::read(dir.path()).unwrap();
        assert_eq!(accounts.current().unwrap().token_in_file(), Some("3"));
        assert_eq!(accounts.all().len(), 3);
        accounts.use_local();
        assert_eq!(accounts.current(), None);
        let of = |server: &str, member| accounts.on(server, member).map(|account| account.member.as_str());
        assert_eq!(of("https://b", None), Some("bob"));
        assert_eq!((of("https://a", None), of("https://a", Some("Cho"))), (Some("ann"), Some("cho")));
        assert_eq!((of("https://c", None), of("https://a", Some("bob"))), (None, None));
        let bob = accounts.on("https://b", None).unwrap().clone();
        accounts.forget(&bob);
        assert_eq!(accounts.on("https://b", None), None);
    }

    #[test]
    fn a_token_is_not_printed_and_a_broken_file_is_not_written_over() {
        assert!(!format!("{:?}", account("https://a", "ann", "secret")).contains("secret"));
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("accounts.json"), "{").unwrap();
        assert!(Accounts::read(dir.path()).is_err());
    }
}
