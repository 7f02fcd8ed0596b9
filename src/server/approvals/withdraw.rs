//! The requester takes the request back.

use super::effects::unmake;
use super::tell::{News, tell};
use super::{ApprovalError, find, lost, write_down};
use crate::api::{Problem, ProblemCode};
use crate::domain::{RequestId, RequestState};
use crate::server::access::{Action, Actor, Viewer};
use crate::server::store::Write;
use crate::server::store::requests::{self, RequestRow};

/// Withdraws what the requester sees as pending. A decision that is still held goes with it: they have
/// not heard of it. Returns whether anything was withdrawn.
pub(crate) async fn withdraw(tx: &mut Write, row: &RequestRow, call: &str) -> Result<bool, ApprovalError> {
    take_back(tx, row, ("visitor", row.company), call).await
}

/// A member withdraws their own request.
pub(crate) async fn withdraw_own(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    call: &str,
) -> Result<(), ApprovalError> {
    // No revision is named: a decision that they have not heard of may have raised it.
    let open = find(tx, viewer, Action::Decide, id).await?;
    if open.row.requester != Some(viewer.member) {
        return Err(Problem::new(ProblemCode::Forbidden).into());
    }
    let actor = Actor::Member(viewer.clone()).tag();
    if take_back(tx, &open.row, (&actor, viewer.company), call).await? {
        Ok(())
    } else {
        Err(lost(ProblemCode::NotOpen, &open.row, tx.now()))
    }
}

async fn take_back(
    tx: &mut Write,
    row: &RequestRow,
    actor: (&str, i64),
    call: &str,
) -> Result<bool, ApprovalError> {
    if !requests::withdraw(tx, row.sk).await? {
        return Ok(false);
    }
    unmake(tx, row).await?;
    let now = tx.now();
    let parties = requests::parties(tx.conn(), row, now).await?;
    let news = News { revision: row.revision + 1, requester_hears: true, ..News::default() };
    tell(tx, row, &parties, news).await?;
    write_down(tx, row, actor, "request.withdraw", RequestState::Withdrawn, None, call).await?;
    Ok(true)
}
