//! Where tokens are kept: in the system's keyring as long as it answers, else in the accounts' own file.

use std::sync::Arc;
use std::time::Duration;

use super::accounts::Account;
use super::keyring::{self, Keyring, KeyringError};
use super::settings::Store;

/// How long the keyring may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reads and keeps the tokens of accounts.
#[derive(Clone)]
pub struct Tokens(Arc<dyn Keyring>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// With the system's keyring.
    pub fn of_system() -> Self {
        Self(keyring::of_system())
    }

    /// With another keyring.
    pub fn with(keyring: Arc<dyn Keyring>) -> Self {
        Self(keyring)
    }

    /// The token of an account; none when none is kept.
    pub async fn read(&self, account: &Account) -> Result<Option<String>, KeyringError> {
        match account.store() {
            Store::Keyring => in_time(self.0.read(&account.item())).await,
            Store::File => Ok(account.token_in_file().map(str::to_owned)),
            Store::Memory => Ok(None),
        }
    }

    /// Keeps a token for an account, as far as the keyring lets it. The account then says where it lies; why
    /// that is not the keyring comes back.
    pub async fn keep(&self, account: &mut Account, wanted: Store, token: &str) -> Option<KeyringError> {
        let refused = match wanted {
            Store::Keyring => in_time(self.0.write(&account.item(), token)).await.err(),
            Store::File | Store::Memory => None,
        };
        match (wanted, refused) {
            (Store::Memory, _) => account.leave_token(Store::Memory),
            (Store::Keyring, None) => account.leave_token(Store::Keyring),
            (Store::File, _) | (Store::Keyring, Some(_)) => account.put_token(token),
        }
        refused
    }

    /// Takes the token of an account out of the keyring, if it lies there.
    pub async fn forget(&self, account: &Account) -> Result<(), KeyringError> {
        match account.store() {
            Store::Keyring => in_time(self.0.remove(&account.item())).await,
            Store::File | Store::Memory => Ok(()),
        }
    }

    /// Whether the keyring answers.
    pub async fn keyring_answers(&self) -> Result<(), KeyringError> {
        let nobody = Account::new("namecard:".into(), String::new(), String::new());
        in_time(self.0.read(&nobody.item())).await.map(|_| ())
    }
}

async fn in_time<T>(doing: impl Future<Output = Result<T, KeyringError>>) -> Result<T, KeyringError> {
    tokio::time::timeout(PATIENCE, doing).await.unwrap_or(Err(KeyringError::Silent))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex};

    use super::{Account, Keyring, KeyringError, Store, Tokens};
    use crate::config::keyring::{Item, Pending};

    /// A keyring in memory.
    #[derive(Default)]
    struct Fake(Mutex<HashMap<String, String>>);

    fn key(item: &Item) -> String {
        format!("{} {} {}", item.server, item.company, item.member)
    }

    impl Keyring for Fake {
        fn read<'a>(&'a self, item: &'a Item) -> Pending<'a, Option<String>> {
            Box::pin(async { Ok(self.0.lock().unwrap().get(&key(item)).cloned()) })
        }

        fn write<'a>(&'a self, item: &'a Item, token: &'a str) -> Pending<'a, ()> {
            self.0.lock().unwrap().insert(key(item), token.to_owned());
            Box::pin(async { Ok(()) })
        }

        fn remove<'a>(&'a self, item: &'a Item) -> Pending<'a, ()> {
            self.0.lock().unwrap().remove(&key(item));
            Box::pin(async { Ok(()) })
        }
    }

    /// A keyring that never answers.
    struct Hanging;

    impl Keyring for Hanging {
        fn read<'a>(&'a self, _: &'a Item) -> Pending<'a, Option<String>> {
            Box::pin(std::future::pending())
        }

        fn write<'a>(&'a self, _: &'a Item, _: &'a str) -> Pending<'a, ()> {
            Box::pin(std::future::pending())
        }

        fn remove<'a>(&'a self, _: &'a Item) -> Pending<'a, ()> {
            Box::pin(std::future::pending())
        }
    }

    fn account(server: &str) -> Account {
        Account::new(server.into(), "acme".into(), "ann".into())
    }

    #[tokio::test]
    async fn a_token_moves_with_the_setting_and_belongs_to_its_server() {
        let fake = Arc::new(Fake::default());
        let tokens = Tokens::with(fake.clone());
        let mut ann = account("https://a");
        assert_eq!(tokens.keep(&mut ann, Store::Keyring, "secret").await, None);
        assert_eq!((ann.store(), ann.token_in_file()), (Store::Keyring, None));
        assert_eq!(tokens.read(&ann).await, Ok(Some("secret".into())));
        let mut elsewhere = account("https://b");
        elsewhere.leave_token(Store::Keyring);
        assert_eq!(tokens.read(&elsewhere).await, Ok(None));
        // Into the file, and nothing is left behind.
        let before = ann.clone();
        tokens.keep(&mut ann, Store::File, "secret").await;
        tokens.forget(&before).await.unwrap();
        assert_eq!(tokens.read(&ann).await, Ok(Some("secret".into())));
        assert!(fake.0.lock().unwrap().is_empty());
        tokens.keep(&mut ann, Store::Memory, "secret").await;
        assert_eq!((tokens.read(&ann).await, ann.token_in_file()), (Ok(None), None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_keyring_that_does_not_answer_in_three_seconds_is_done_without() {
        let tokens = Tokens::with(Arc::new(Hanging));
        let mut ann = account("https://a");
        let begun = tokio::time::Instant::now();
        assert_eq!(tokens.keep(&mut ann, Store::Keyring, "secret").await, Some(KeyringError::Silent));
        // The clock of this test stands still but for waiting.
        assert_eq!(begun.elapsed().as_secs(), 3);
        assert_eq!((ann.store(), ann.token_in_file()), (Store::File, Some("secret")));
        ann.leave_token(Store::Keyring);
        assert_eq!(tokens.read(&ann).await, Err(KeyringError::Silent));
        assert_eq!(tokens.forget(&ann).await, Err(KeyringError::Silent));
    }
}
