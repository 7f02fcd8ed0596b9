//! The system's keyring, as far as tokens need one.

#[cfg(target_os = "linux")]
mod secret_service;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What the keyring is still doing.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeyringError>> + Send + 'a>>;

/// Why the keyring did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// There is none here.
    #[error("there is no keyring")]
    Absent,
    /// It is locked.
    #[error("the keyring is locked")]
    Locked,
    /// It gave no answer in time.
    #[error("the keyring does not answer")]
    Silent,
    /// It answered with something else.
    #[error("the keyring refuses")]
    Refused,
}

/// Whose token it is, and for which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Scheme, host and port.
    pub server: String,
    /// The company's id.
    pub company: String,
    /// The member's id.
    pub member: String,
}

/// Keeps tokens by what they are for.
pub trait Keyring: Send + Sync {
    /// The token; none when none is kept.
    fn read<'a>(&'a self, item: &'a Item) -> Pending<'a, Option<String>>;

    /// Keeps a token; one that was kept for the same is replaced.
    fn write<'a>(&'a self, item: &'a Item, token: &'a str) -> Pending<'a, ()>;

    /// Forgets a token.
    fn remove<'a>(&'a self, item: &'a Item) -> Pending<'a, ()>;
}

/// The keyring of this system. Nothing is asked of it yet.
pub fn of_system() -> Arc<dyn Keyring> {
    #[cfg(target_os = "linux")]
    return Arc::new(secret_service::SecretService);
    #[cfg(not(target_os = "linux"))]
    Arc::new(NoKeyring)
}

/// Where there is none that this program knows.
#[cfg(not(target_os = "linux"))]
struct NoKeyring;

#[cfg(not(target_os = "linux"))]
impl Keyring for NoKeyring {
    fn read<'a>(&'a self, _: &'a Item) -> Pending<'a, Option<String>> {
        Box::pin(async { Err(KeyringError::Absent) })
    }

    fn write<'a>(&'a self, _: &'a Item, _: &'a str) -> Pending<'a, ()> {
        Box::pin(async { Err(KeyringError::Absent) })
    }

    fn remove<'a>(&'a self, _: &'a Item) -> Pending<'a, ()> {
        Box::pin(async { Err(KeyringError::Absent) })
    }
}
