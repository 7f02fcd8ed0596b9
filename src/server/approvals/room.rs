//! How many more contacts somebody may have: told with the data, so that nobody finds out by being refused.

use super::side::Standing;
use crate::domain::{ContactRoom, Time, VerdictCode};
use crate::server::access::Viewer;
use crate::server::policy::{Act, Actor, Case, Purpose, Target, verdict};
use crate::server::store::{Reading, StoreError};

/// The viewer's room, with the answer that comes when there is none left, by the function that gives it then. None
/// where there is no limit.
pub(crate) async fn room(
    store: &mut impl Reading,
    viewer: &Viewer,
    now: Time,
) -> Result<Option<ContactRoom>, StoreError> {
    let standing = Standing::of(store, viewer.company, viewer.member, now).await?;
    let Some(left) = standing.room() else { return Ok(None) };
    let answer = verdict(&Case {
        act: Act::Approve,
        actor: Actor::Member(standing.full()),
        target: Target::Nobody,
        purpose: Purpose::Given,
        day_ends: standing.day.ends,
    });
    let limited = answer.code == VerdictCode::ContactLimit;
    Ok(limited.then(|| ContactRoom { left, verdict: answer.into_verdict() }))
}
