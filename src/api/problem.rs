//! Problems: `application/problem+json` with stable codes.

use serde::{Deserialize, Serialize};

use crate::domain::{PolicyFault, RequestState, Time, Verdict, Who};
use crate::text::Untrusted;

// `tt`, not `literal`: the description does not see the word behind that.
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $text:tt / $status:literal,)*) => {
        /// Stable codes of problems.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        pub enum ProblemCode {
            $($(#[$meta])* #[serde(rename = $text)] $name,)*
        }

        impl ProblemCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    /// A body, header or parameter is not acceptable; `field` names it.
    Invalid = "invalid" / 400,
    /// The write needs an `Idempotency-Key`.
    KeyRequired = "key_required" / 400,
    /// No session, or not a live one.
    Unauthenticated = "unauthenticated" / 401,
    /// The role does not allow it.
    Forbidden = "forbidden" / 403,
    /// The policy refuses; `verdict` says why.
    Refused = "refused" / 403,
    /// It does not exist, or not for this caller.
    NotFound = "not_found" / 404,
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed" / 405,
    /// It was not sent in time.
    Timeout = "timeout" / 408,
    /// Its state allows no such change any more; `current` says what it is.
    NotOpen = "not_open" / 409,
    /// The undo window has passed.
    WindowOver = "window_over" / 409,
    /// The same call is still being worked on.
    InProgress = "in_progress" / 409,
    /// It is there already.
    Exists = "exists" / 409,
    /// Somebody decided before; `current` says who and what.
    AlreadyDecided = "already_decided" / 412,
    /// It has another revision than the one named.
    RevisionChanged = "revision_changed" / 412,
    /// Longer than may be sent.
    TooLarge = "too_large" / 413,
    /// The address is too long.
    UriTooLong = "uri_too_long" / 414,
    /// Not a media type that is taken here.
    MediaType = "media_type" / 415,
    /// This server has another name than the one it was called by.
    Misdirected = "misdirected" / 421,
    /// The key was used with another body.
    KeyReused = "key_reused" / 422,
    /// Some rows of the import are refused; ask the plan.
    RowsRefused = "rows_refused" / 422,
    /// The import would take out more people than the limit.
    TooManyRemoved = "too_many_removed" / 422,
    /// A policy has faults; `faults` says which. The one in force stays.
    PolicyRefused = "policy_refused" / 422,
    /// The write needs `If-Match`.
    RevisionRequired = "revision_required" / 428,
    /// The head of the request is too long, or has too many headers.
    HeadTooLarge = "head_too_large" / 431,
    /// The server failed.
    Internal = "internal" / 500,
    /// The server is stopping or overloaded.
    Unavailable = "unavailable" / 503,
    /// The disk is full.
    StorageFull = "storage_full" / 507,
}

/// A problem, as it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `https://namecard.invalid/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words, for people who read raw answers.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: ProblemCode,
    /// The field, header or parameter to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A stable word for what is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the object is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<Current>>,
    /// The policy's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Box<Verdict>>,
    /// What is wrong with a policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<PolicyFault>,
}

/// What an object is now, for the loser of a race.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Current {
    /// Its revision.
    pub revision: i64,
    /// A request's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<RequestState>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Who>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Time>,
}

impl Problem {
    /// A problem that is its code alone.
    pub fn new(code: ProblemCode) -> Self {
        Self {
            kind: format!("https://namecard.invalid/problems/{}", code.as_str()),
            title: code.as_str().replace('_', " "),
            status: code.status(),
            code,
            field: None,
            reason: None,
            current: None,
            verdict: None,
            faults: Vec::new(),
        }
    }

    /// Something sent is not acceptable.
    pub fn invalid(field: &str, reason: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            reason: Some(reason.to_owned()),
            ..Self::new(ProblemCode::Invalid)
        }
    }

    /// A policy that cannot be applied.
    pub fn policy_faults(faults: Vec<PolicyFault>) -> Self {
        Self { faults, ..Self::new(ProblemCode::PolicyRefused) }
    }

    /// The policy says no.
    pub fn refused(verdict: Verdict) -> Self {
        Self { verdict: Some(Box::new(verdict)), ..Self::new(ProblemCode::Refused) }
    }

    /// What the object is now.
    #[must_use]
    pub fn with_current(mut self, current: Current) -> Self {
        self.current = Some(Box::new(current));
        self
    }

    /// The field as text from outside, for whoever shows it.
    pub fn shown_field(&self) -> Option<Untrusted> {
        self.field.as_deref().map(Untrusted::from)
    }
}
