//! The requester takes the request back.

use super::decide::forget_effects;
use super::{ApprovalError, touched};
use crate::domain::RequestState;
use crate::server::store::requests::{self, RequestRow};
use crate::server::store::{Write, audit, outbox};

/// Withdraws what the requester sees as pending. A decision that is still held goes with it: they have
/// not heard of it. Returns whether anything was withdrawn.
pub(crate) async fn withdraw(tx: &mut Write, row: &RequestRow, call: &str) -> Result<bool, ApprovalError> {
    if !requests::withdraw(tx, row.sk).await? {
        return Ok(false);
    }
    forget_effects(tx, row).await?;
    outbox::changed(tx, touched(row, row.request.revision + 1)).await?;
    audit::add(
        tx,
        audit::Entry {
            company: row.company,
            actor: "visitor",
            action: "request.withdraw",
            object: row.request.id.as_str(),
            old_state: Some(row.request.state.as_str()),
            new_state: Some(RequestState::Withdrawn.as_str()),
            policy_version: None,
            call,
        },
    )
    .await?;
    Ok(true)
}
