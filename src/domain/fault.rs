//! Why a call did not do what was asked, in the words of the product.

use std::time::Duration;

use super::{PolicyFault, RequestState, Time, Verdict, Who};
use crate::text::Untrusted;

/// What went wrong with a call. Carries codes and values, never sentences.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Nobody answers at the server's address.
    #[error("the server cannot be reached")]
    Unreachable,
    /// The server's certificate is not trusted here.
    #[error("the server's certificate is not trusted")]
    Certificate,
    /// The server did not answer in time. When `sent`, a write may or may not have happened.
    #[error("the server did not answer in time")]
    TimedOut {
        /// Whether the request had left.
        sent: bool,
    },
    /// The server does not know this session.
    #[error("not signed in")]
    NotSignedIn,
    /// It does not exist, or not for this viewer.
    #[error("not found")]
    NotFound,
    /// The role does not allow it.
    #[error("not allowed for this role")]
    Forbidden,
    /// Refused by the policy.
    #[error("refused by policy")]
    Refused(Box<Refusal>),
    /// A policy that cannot be applied; the one in force stays.
    #[error("the policy has faults")]
    Policy(Vec<PolicyFault>),
    /// Somebody else decided before.
    #[error("decided already")]
    Decided(Box<Conflict>),
    /// The object has another revision than the one named.
    #[error("changed meanwhile")]
    Changed {
        /// Its revision now.
        revision: i64,
    },
    /// The undo window has passed.
    #[error("the undo window has passed")]
    WindowOver,
    /// Something sent was not acceptable.
    #[error("not acceptable")]
    Invalid {
        /// The field, when one is to blame.
        field: Option<Untrusted>,
        /// What is wrong with it, as a stable code.
        code: Untrusted,
    },
    /// The server is there, but not under the name that it was called by.
    #[error("the server has another name")]
    OtherName,
    /// The server has too much to do.
    #[error("the server is busy")]
    Busy {
        /// When to try again.
        retry_after: Option<Duration>,
    },
    /// The server cannot write: its disk is full.
    #[error("the server's storage is full")]
    StorageFull,
    /// The server failed.
    #[error("the server failed")]
    Server {
        /// HTTP status.
        status: u16,
        /// Code of the problem, when it sent one.
        code: Untrusted,
    },
    /// The answer is not one this program understands.
    #[error("the server's answer was not understood")]
    Garbled,
    /// The server is newer and no longer speaks as this program does.
    #[error("the server is too new for this program")]
    ServerNewer,
    /// The server is older and does not yet speak as this program does.
    #[error("the server is too old for this program")]
    ServerOlder,
    /// The sign-in token lies in the system's keyring, which gives no answer.
    #[error("the keyring does not answer")]
    KeyringSilent,
    /// Another process holds the data on this computer and does not answer.
    #[error("the data is held by process {pid:?}")]
    Held {
        /// Its number, when it is known.
        pid: Option<u32>,
    },
    /// The data was written by a newer version of this program.
    #[error("the data was written by a newer version")]
    NewerData,
    /// The file that the data is in cannot be worked with.
    #[error("the data cannot be worked with: {what:?}")]
    BadData {
        /// The file.
        file: Untrusted,
        /// Why.
        what: DataFault,
    },
    /// The operating system refused something on this computer.
    #[error("failed on this computer")]
    Local(Untrusted),
}

/// What is wrong with the file of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataFault {
    /// It is something else.
    NotADatabase,
    /// It is no longer whole.
    Damaged,
    /// It cannot be written.
    ReadOnly,
    /// It is a directory, its directory is not there, or this user may not.
    CannotOpen,
    /// Another program holds it.
    Locked,
    /// Its schema is not the one that its number stands for.
    Altered,
}

/// A refusal by the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The verdict.
    pub verdict: Verdict,
}

/// Who decided what, when: what the loser of a race is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The state now.
    pub state: RequestState,
    /// The revision now.
    pub revision: i64,
    /// Who decided, when a member did.
    pub by: Option<Who>,
    /// When.
    pub at: Option<Time>,
}

impl Fault {
    /// Whether trying the same call again may help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable | Self::TimedOut { .. } | Self::Busy { .. })
    }
}
