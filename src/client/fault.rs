//! Problems of the API in the words of the product.

use std::time::Duration;

use super::transport::{Reply, TransportError};
use crate::api::{Health, Levels, Problem, ProblemCode};
use crate::domain::{Conflict, Fault, Refusal, RequestState};
use crate::text::Untrusted;

impl From<TransportError> for Fault {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Connect => Self::Unreachable,
            TransportError::Certificate => Self::Certificate,
            TransportError::TimedOut | TransportError::Broken => Self::TimedOut { sent: true },
            TransportError::TooLong => Self::Garbled,
        }
    }
}

/// Whether the server no longer speaks, or does not yet speak, as this client does.
pub(super) fn of_levels(levels: Option<Levels>) -> Option<Fault> {
    let (levels, ours) = (levels?, Levels::OURS.newest);
    if ours < levels.oldest {
        return Some(Fault::ServerNewer);
    }
    (ours > levels.newest).then_some(Fault::ServerOlder)
}

/// Whether this client and a server that says this of itself understand each other.
pub fn understood(health: &Health) -> Result<(), Fault> {
    let levels = Levels { oldest: health.api_oldest, newest: health.api };
    // A server that says nothing of levels is asked, and answers as it can.
    of_levels(Some(levels).filter(|levels| levels.newest > 0)).map_or(Ok(()), Err)
}

/// What an answer that is not a success means.
pub(super) fn of_reply(reply: &Reply) -> Fault {
    let Some(problem) = Some(reply).filter(|reply| reply.is_json).and_then(problem) else {
        return match reply.status {
            401 => Fault::NotSignedIn,
            404 => Fault::NotFound,
            503 => Fault::Busy { retry_after: reply.retry_after.map(Duration::from_secs) },
            // A redirect or a page where JSON belongs: something else answers at this address.
            200..=399 => Fault::Garbled,
            status => Fault::Server { status, code: Untrusted::default() },
        };
    };
    of_problem(problem, reply.retry_after.map(Duration::from_secs))
}

/// What a problem means.
pub(super) fn of_problem(problem: Problem, retry_after: Option<Duration>) -> Fault {
    match problem.code {
        ProblemCode::Unauthenticated => Fault::NotSignedIn,
        ProblemCode::Forbidden => Fault::Forbidden,
        ProblemCode::NotFound => Fault::NotFound,
        ProblemCode::WindowOver => Fault::WindowOver,
        ProblemCode::StorageFull => Fault::StorageFull,
        ProblemCode::Misdirected => Fault::OtherName,
        ProblemCode::Unavailable | ProblemCode::InProgress => Fault::Busy { retry_after },
        ProblemCode::AlreadyDecided | ProblemCode::NotOpen => match problem.current {
            Some(current) => Fault::Decided(Box::new(Conflict {
                state: current.state.unwrap_or(RequestState::Expired),
                revision: current.revision,
                by: current.decided_by,
                at: current.decided_at,
            })),
            None => Fault::Garbled,
        },
        ProblemCode::RevisionChanged => match problem.current {
            Some(current) => Fault::Changed { revision: current.revision },
            None => Fault::Garbled,
        },
        ProblemCode::Refused => match problem.verdict {
            Some(verdict) => Fault::Refused(Box::new(Refusal { verdict: *verdict })),
            None => Fault::Garbled,
        },
        ProblemCode::PolicyRefused => Fault::Policy(problem.faults),
        ProblemCode::Invalid => Fault::Invalid {
            field: problem.field.map(Untrusted::from),
            code: problem.reason.unwrap_or_default().into(),
        },
        ProblemCode::TooLarge => {
            Fault::Invalid { field: problem.field.map(Untrusted::from), code: problem.code.as_str().into() }
        }
        ProblemCode::RowsRefused
        | ProblemCode::TooManyRemoved
        | ProblemCode::Exists
        | ProblemCode::UriTooLong
        | ProblemCode::HeadTooLarge
        | ProblemCode::Timeout
        | ProblemCode::MediaType
        | ProblemCode::KeyRequired
        | ProblemCode::KeyReused
        | ProblemCode::RevisionRequired => Fault::Invalid { field: None, code: problem.code.as_str().into() },
        ProblemCode::MethodNotAllowed | ProblemCode::Internal => {
            Fault::Server { status: problem.status, code: problem.code.as_str().into() }
        }
    }
}

fn problem(reply: &Reply) -> Option<Problem> {
    serde_json::from_slice(&reply.body).ok()
}
