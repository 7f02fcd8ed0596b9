//! A member leaves: their cards die, their sessions and tokens end, and what they leave behind waits for
//! somebody to take it over. All of it in the transaction that takes them out.

use super::access;
use super::approvals::{self, ApprovalError};
use super::policy::Setting;
use super::store::{StoreError, Write, cards, companies, departments, members, sessions, visible};
use crate::domain::{RequestId, Status};

/// Ends a member, who still stands in their departments: a manager is found by them. Returns the handover
/// that waits, when there is something to hand over.
pub(crate) async fn end(
    tx: &mut Write,
    company: i64,
    member: i64,
    call: &str,
) -> Result<Option<RequestId>, StoreError> {
    cards::revoke_of_member(tx, member).await?;
    sessions::end_of_member(tx, member).await?;
    match approvals::leave(tx, company, member, call).await {
        Ok(handover) => Ok(handover),
        Err(ApprovalError::Store(error)) => Err(error),
        // Nothing here is anybody's to be refused.
        Err(ApprovalError::Told(_)) => Err(StoreError::Unexpected("a handover")),
    }
}

/// Marks a member as left, apart from any source. They stay so until their source says something else of
/// them than it said before.
pub(crate) async fn mark_left(
    tx: &mut Write,
    company: i64,
    member: i64,
    call: &str,
) -> Result<Option<RequestId>, StoreError> {
    let handover = end(tx, company, member, call).await?;
    members::set_status(tx, member, Status::Left).await?;
    companies::directory_changed(tx, company).await?;
    departments::count_heads(tx, company).await?;
    companies::reset_followers(tx, company).await?;
    directory_changed(tx, company).await?;
    Ok(handover)
}

/// What follows for the boundary when a policy has changed.
pub(crate) async fn policy_changed(tx: &mut Write, company: i64) -> Result<(), StoreError> {
    directory_changed(tx, company).await
}

/// What follows for the boundary when a directory has changed: other people are hidden, other people give
/// second approvals, and linked companies see other people.
pub(crate) async fn directory_changed(tx: &mut Write, company: i64) -> Result<(), StoreError> {
    let policy = tx.policy(company).await?;
    let hides = policy.sets(Setting::Hidden) || policy.sets(Setting::OwnDepartmentOnly);
    let people = if hides { visible::people(tx.conn(), company).await? } else { Vec::new() };
    let walls = access::walls(&policy, &people);
    if visible::rebuild(tx, company, &walls).await? {
        // Nobody learns what is hidden from them now, nor keeps it.
        companies::reset_followers(tx, company).await?;
    }
    let done = async {
        approvals::renew_managers(tx, company).await?;
        approvals::refresh_linked(tx, company).await
    };
    match done.await {
        Ok(()) => Ok(()),
        Err(ApprovalError::Store(error)) => Err(error),
        Err(ApprovalError::Told(_)) => Err(StoreError::Unexpected("the boundary")),
    }
}
