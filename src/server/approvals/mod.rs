//! The life of a request: submitted, decided, taken back, withdrawn.
//!
//! Each of these is one transaction: the request, its step, the contact, the audit row, the outbox row
//! and the stored answer stand or fall together. Exactly one decision wins.

mod decide;
mod submit;
mod withdraw;

pub(crate) use decide::{decide, undo};
pub(crate) use submit::{Submission, Submitted, submit};
pub(crate) use withdraw::withdraw;

use super::access::Viewer;
use super::store::StoreError;
use super::store::outbox::Touched;
use super::store::requests::RequestRow;
use crate::api::{Current, EventKind, Problem};
use crate::domain::{Request, RequestAction, RequestState, Time};

/// Why a change to a request was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApprovalError {
    /// To be told to the caller.
    #[error("refused: {0:?}")]
    Told(Box<Problem>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Problem> for ApprovalError {
    fn from(problem: Problem) -> Self {
        Self::Told(Box::new(problem))
    }
}

/// Cause of the outbox row that says that an undo window is over.
const EFFECTIVE: &str = "effective";
/// Cause of the outbox row that says that a request's life ended.
const EXPIRED: &str = "expired";

/// The request as the outbox names it, in the revision after the change.
fn touched(row: &RequestRow, revision: i64) -> Touched<'_> {
    Touched {
        company: row.company,
        kind: EventKind::Request,
        id: row.request.id.as_str(),
        member: Some(row.target),
        revision,
    }
}

/// What the loser of a race is told.
fn current(row: &RequestRow) -> Current {
    Current {
        revision: row.request.revision,
        state: Some(row.request.state),
        decided_by: row.request.decision.as_ref().map(|d| d.by.clone()),
        decided_at: row.request.decision.as_ref().map(|d| d.at),
    }
}

/// The request as its viewer sees it, with what they may do now.
pub(crate) fn seen_by(row: RequestRow, viewer: &Viewer, now: Time) -> Request {
    let mut request = row.request;
    if row.target == viewer.member {
        if row.lifetime.is_open(now) {
            request.allowed = vec![RequestAction::Approve, RequestAction::Reject];
        } else if row.lifetime.is_held(now)
            && matches!(request.state, RequestState::Approved | RequestState::Rejected)
            && row.decider == Some(viewer.member)
        {
            request.allowed = vec![RequestAction::Undo];
        }
    }
    request
}
