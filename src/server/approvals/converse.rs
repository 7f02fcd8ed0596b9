//! What is done on a request besides deciding: asking back, answering, passing on, putting out of the way,
//! choosing who takes a handover.

use std::time::Duration;

use super::decide::words;
use super::tell::{News, tell, tell_one};
use super::{ApprovalError, Open, find_at, lost, write_down};
use crate::api::{Problem, ProblemCode};
use crate::domain::{ApprovalKind, MemberId, NoteKind, Part, RequestId, RequestState, Status, Time};
use crate::server::access::{Actor, Viewer};
use crate::server::store::requests::{self, RequestRow};
use crate::server::store::{Write, members};
use crate::text::Untrusted;

/// So long a question keeps its request out of the way, if nobody answers.
const ASKED_FOR: Duration = Duration::from_secs(3 * 24 * 3_600);
/// The longest that a request can be put out of the way.
const LONGEST_SNOOZE: Duration = Duration::from_secs(30 * 24 * 3_600);

/// The request, if it waits for the viewer as its target.
async fn waiting_for_target(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    revision: i64,
) -> Result<Open, ApprovalError> {
    let open = find_at(tx, viewer, id, revision).await?;
    let now = tx.now();
    let part = open.parties.waits_for(&open.row, viewer, now);
    if open.row.kind != ApprovalKind::Connection || !matches!(part, Some(Part::Target | Part::StandIn)) {
        return Err(lost(ProblemCode::NotOpen, &open.row, now));
    }
    Ok(open)
}

/// Tells about a change that leaves the request open.
async fn tell_open(
    tx: &mut Write,
    row: &RequestRow,
    revision: i64,
    requester_hears: bool,
) -> Result<(), ApprovalError> {
    let now = tx.now();
    let parties = requests::parties(tx.conn(), row, now).await?;
    let news = News { revision, expires: Some(row.lifetime.expires), requester_hears, ..News::default() };
    tell(tx, row, &parties, news).await
}

/// Asks the requester something. The request is out of the way until they answer.
pub(crate) async fn question(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    revision: i64,
    text: &Untrusted,
    call: &str,
) -> Result<(), ApprovalError> {
    let Open { row, .. } = waiting_for_target(tx, viewer, id, revision).await?;
    let text = words(Some(text))?.ok_or_else(|| Problem::invalid("text", "missing"))?;
    requests::note(tx, row.sk, NoteKind::Question, Some(viewer.member), None, Some(text.as_data())).await?;
    let until = tx.now().after(ASKED_FOR);
    requests::mark(tx, row.sk, viewer.member, None, Some(until)).await?;
    if !requests::touch(tx, row.sk, revision).await? {
        return Err(lost(ProblemCode::RevisionChanged, &row, tx.now()));
    }
    tell_open(tx, &row, revision + 1, true).await?;
    let actor = Actor::Member(viewer.clone()).tag();
    let state = RequestState::Pending;
    write_down(tx, &row, (&actor, viewer.company), "request.question", state, None, call).await
}

/// A member answers the approver's question.
pub(crate) async fn answer(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    text: &Untrusted,
    call: &str,
) -> Result<(), ApprovalError> {
    let open = super::find(tx, viewer, crate::server::access::Action::Decide, id).await?;
    if open.row.requester != Some(viewer.member) {
        return Err(Problem::new(ProblemCode::Forbidden).into());
    }
    let actor = Actor::Member(viewer.clone()).tag();
    write_answer(tx, &open.row, text, (&actor, viewer.company), call).await
}

/// A visitor answers on their private page.
pub(crate) async fn answer_of_visitor(
    tx: &mut Write,
    row: &RequestRow,
    text: &Untrusted,
    call: &str,
) -> Result<(), ApprovalError> {
    write_answer(tx, row, text, ("visitor", row.company), call).await
}

async fn write_answer(
    tx: &mut Write,
    row: &RequestRow,
    text: &Untrusted,
    actor: (&str, i64),
    call: &str,
) -> Result<(), ApprovalError> {
    let now = tx.now();
    let parties = requests::parties(tx.conn(), row, now).await?;
    if !row.lifetime.is_open(now) || !parties.question_open {
        return Err(lost(ProblemCode::NotOpen, row, now));
    }
    let text = words(Some(text))?.ok_or_else(|| Problem::invalid("text", "missing"))?;
    requests::note(tx, row.sk, NoteKind::Answer, None, None, Some(text.as_data())).await?;
    requests::forget_questions(tx, row.sk).await?;
    if !requests::touch(tx, row.sk, row.revision).await? {
        return Err(lost(ProblemCode::RevisionChanged, row, now));
    }
    tell_open(tx, row, row.revision + 1, true).await?;
    write_down(tx, row, actor, "request.answer", RequestState::Pending, None, call).await
}

/// A colleague who may be given something to decide.
async fn colleague(tx: &mut Write, viewer: &Viewer, id: &MemberId) -> Result<i64, ApprovalError> {
    let row = members::seen(tx.conn(), viewer, id).await?;
    let row = row.filter(|row| row.whole.status == Status::Active);
    Ok(row.ok_or_else(|| Problem::invalid("member", "unknown"))?.sk)
}

/// Passes a request to another approver: from then on it is theirs.
pub(crate) async fn pass(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    revision: i64,
    to: &MemberId,
    text: Option<&Untrusted>,
    call: &str,
) -> Result<(), ApprovalError> {
    let Open { row, .. } = waiting_for_target(tx, viewer, id, revision).await?;
    let other = colleague(tx, viewer, to).await?;
    if row.target == Some(other) {
        return Err(Problem::invalid("member", "same").into());
    }
    let text = words(text)?;
    if !requests::pass_on(tx, row.sk, revision, Some(other)).await? {
        return Err(lost(ProblemCode::RevisionChanged, &row, tx.now()));
    }
    let text = text.as_ref().map(Untrusted::as_data);
    requests::note(tx, row.sk, NoteKind::Passed, Some(viewer.member), Some(other), text).await?;
    tell_moved(tx, &row, revision + 1, Some(row.lifetime.expires)).await?;
    let actor = Actor::Member(viewer.clone()).tag();
    let state = RequestState::Pending;
    write_down(tx, &row, (&actor, viewer.company), "request.pass", state, None, call).await
}

/// Tells about a request that has another target now: the one before hears that it is gone.
pub(super) async fn tell_moved(
    tx: &mut Write,
    before: &RequestRow,
    revision: i64,
    expires: Option<Time>,
) -> Result<(), ApprovalError> {
    let now = tx.now();
    let Some(row) = requests::by_sk(tx.conn(), before.sk, now).await? else { return Ok(()) };
    let mut parties = requests::parties(tx.conn(), &row, now).await?;
    parties.past.extend(before.target);
    let news = News { revision, expires, requester_hears: true, ..News::default() };
    tell(tx, &row, &parties, news).await
}

/// Puts a request out of the viewer's way until a moment, or back into it.
pub(crate) async fn snooze(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    until: Option<Time>,
) -> Result<(), ApprovalError> {
    let open = super::find_any(tx, viewer, crate::server::access::Action::Decide, id).await?;
    let now = tx.now();
    if open.parties.waits_for(&open.row, viewer, now).is_none() {
        return Err(lost(ProblemCode::NotOpen, &open.row, now));
    }
    if until.is_some_and(|until| until <= now || until > now.after(LONGEST_SNOOZE)) {
        return Err(Problem::invalid("until", "out_of_range").into());
    }
    requests::mark(tx, open.row.sk, viewer.member, until, open.row.asked_until).await?;
    tell_one(tx, &open.row, (viewer.company, viewer.member)).await
}

/// Gives a handover to somebody to take over.
pub(crate) async fn assign(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    revision: i64,
    to: &MemberId,
    call: &str,
) -> Result<(), ApprovalError> {
    let Open { row, parties, .. } = find_at(tx, viewer, id, revision).await?;
    let now = tx.now();
    if row.kind != ApprovalKind::Handover || !row.lifetime.is_open(now) {
        return Err(lost(ProblemCode::NotOpen, &row, now));
    }
    if !parties.assigns(viewer) {
        return Err(Problem::new(ProblemCode::Forbidden).into());
    }
    let other = colleague(tx, viewer, to).await?;
    if row.requester == Some(other) || row.target == Some(other) {
        return Err(Problem::invalid("member", "same").into());
    }
    if !requests::pass_on(tx, row.sk, revision, Some(other)).await? {
        return Err(lost(ProblemCode::RevisionChanged, &row, now));
    }
    requests::note(tx, row.sk, NoteKind::Assigned, Some(viewer.member), Some(other), None).await?;
    tell_moved(tx, &row, revision + 1, Some(row.lifetime.expires)).await?;
    let actor = Actor::Member(viewer.clone()).tag();
    let state = RequestState::Pending;
    write_down(tx, &row, (&actor, viewer.company), "handover.assign", state, None, call).await
}
