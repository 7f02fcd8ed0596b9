//! The requester's private page.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::form::form_pairs;
use super::voice::Voice;
use super::{Token, failed, not_found, render, views};
use crate::api::ProblemCode;
use crate::domain::{NoteKind, ReasonCode, Seen, Time};
use crate::i18n::Text;
use crate::server::approvals::ApprovalError;
use crate::server::respond::Failure;
use crate::server::secrets::{normalise_token, sha256};
use crate::server::store::requests::{self, StatusRow};
use crate::server::store::{Write, handovers};
use crate::server::{App, approvals, ids};
use crate::text::{SafeText, Untrusted};

async fn find(app: &App, token: &str) -> Result<Option<StatusRow>, Failure> {
    let token = normalise_token(token).unwrap_or_default();
    let mut read = app.store().read().await?;
    Ok(requests::by_status(read.conn(), &sha256(token.as_bytes()), app.now()).await?)
}

/// What became of the request, as far as the requester may know.
pub(super) async fn show(State(app): State<App>, Token(token): Token, headers: HeaderMap) -> Response {
    let found = match find(&app, &token).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(Voice::of(&app, &headers)),
        Err(failure) => return failed(&app, &headers, &failure),
    };
    let w = Voice::of(&app, &headers);
    let more = match more(&app, &found).await {
        Ok(more) => more,
        Err(failure) => return failed(&app, &headers, &failure),
    };
    let now = app.now();
    let seen = found.row.lifetime.seen_at(now);
    // A request that nobody has is the company's.
    let target = found.row.target_who.as_ref().map(|who| &who.name);
    let name = target.unwrap_or(&found.row.company_name).whole();
    let date = date(found.row.expires_as_heard(now));
    let (state, why) = match seen {
        Seen::Pending => (Text::PageStatusPending, Text::PageStatusPendingWhy),
        Seen::Approved => (Text::PageStatusApproved, Text::PageStatusApprovedWhy),
        Seen::NotAccepted => (Text::PageStatusNotAccepted, Text::PageStatusNotAcceptedWhy),
        Seen::Withdrawn => (Text::PageStatusWithdrawn, Text::PageStatusWithdrawnWhy),
        Seen::Expired => (Text::PageStatusExpired, Text::PageStatusExpiredWhy),
    };
    let token = normalise_token(&token).unwrap_or_default();
    let page = views::Status {
        why: w.fill(why, &[("name", name.clone()), ("date", date)]),
        state: w.get(state),
        reason: if seen == Seen::NotAccepted { reason(&w, &found) } else { None },
        name,
        title: found.target_title.as_ref().map(|title| title.whole()),
        company: found.row.company_name.whole(),
        pending: seen == Seen::Pending,
        approved: seen == Seen::Approved,
        question: more.question.filter(|_| seen == Seen::Pending),
        handover: more.handover.map(|(who, until)| {
            let values = [("name", who.whole()), ("date", date_time(until))];
            w.fill(Text::PageHandedOver, &values)
        }),
        link: app.address().status_link(&token),
        path: format!("/s/{token}"),
        w,
    };
    render(StatusCode::OK, &page)
}

/// What concerns the requester besides the state.
struct More {
    question: Option<SafeText>,
    handover: Option<(Untrusted, Time)>,
}

async fn more(app: &App, found: &StatusRow) -> Result<More, Failure> {
    let now = app.now();
    let mut read = app.store().read().await?;
    let parties = requests::parties(read.conn(), &found.row, now).await?;
    let mut more = More { question: None, handover: None };
    if parties.question_open {
        let notes = requests::notes(read.conn(), found.row.sk).await?;
        let last = notes.into_iter().rev().find(|note| note.what == NoteKind::Question);
        more.question = last.and_then(|note| note.text).map(|text| text.whole());
    }
    let handover = handovers::of_visitor(read.conn(), found.row.sk, now).await?;
    more.handover = handover.map(|(_, until, name)| (name, until));
    Ok(more)
}

/// The reason, when the approver ticked that it be told.
fn reason(w: &Voice, found: &StatusRow) -> Option<SafeText> {
    let decision = found.row.last.as_ref().map(|last| &last.mark).filter(|decision| decision.told)?;
    let reason = match decision.reason? {
        ReasonCode::NotKnown => w.get(Text::ReasonNotKnown),
        ReasonCode::WrongContact => w.get(Text::ReasonWrongContact),
        ReasonCode::NoBusinessReason => w.get(Text::ReasonNoBusinessReason),
        ReasonCode::LooksFake => w.get(Text::ReasonLooksFake),
        ReasonCode::PersonalAccount => w.get(Text::ReasonPersonalAccount),
        ReasonCode::Other => decision.text.as_ref()?.whole(),
    };
    Some(w.fill(Text::PageStatusReason, &[("reason", reason)]))
}

/// The day, as it is written everywhere.
fn date(at: Time) -> SafeText {
    SafeText::clean(&at.timestamp().strftime("%Y-%m-%d").to_string())
}

/// The moment, in UTC: nobody knows where the reader is.
fn date_time(at: Time) -> SafeText {
    SafeText::clean(&at.timestamp().strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// What became of something sent from the page: back to it, or it is not there.
fn back(app: &App, outcome: Result<bool, Failure>, token: &str, headers: &HeaderMap) -> Response {
    match outcome {
        Ok(true) => {
            let token = normalise_token(token).unwrap_or_default();
            Redirect::to(&format!("/s/{token}")).into_response()
        }
        Ok(false) => not_found(Voice::of(app, headers)),
        Err(failure) => failed(app, headers, &failure),
    }
}

/// The requester answers the approver's question.
pub(super) async fn answer(
    State(app): State<App>,
    Token(token): Token,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    back(&app, try_answer(&app, &token, &body).await, &token, &headers)
}

async fn try_answer(app: &App, token: &str, body: &[u8]) -> Result<bool, Failure> {
    let mut tx = app.write().await?;
    let now = tx.now();
    let Some(found) = in_write(&mut tx, token).await? else { return Ok(false) };
    let text = form_pairs(body).into_iter().find(|(name, _)| name == "text").map(|(_, text)| text);
    let text = text.and_then(|text| String::from_utf8(text).ok()).unwrap_or_default();
    let text = Untrusted::from(text);
    match approvals::answer_of_visitor(&mut tx, &found.row, &text, &ids::call(now)).await {
        Ok(()) => tx.commit().await?,
        // Answered before, or decided meanwhile: the page says what is true.
        Err(ApprovalError::Told(problem)) if problem.code == ProblemCode::NotOpen => {}
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}

/// The contact refuses whoever takes over.
pub(super) async fn refuse(State(app): State<App>, Token(token): Token, headers: HeaderMap) -> Response {
    back(&app, try_refuse(&app, &token).await, &token, &headers)
}

async fn try_refuse(app: &App, token: &str) -> Result<bool, Failure> {
    let mut tx = app.write().await?;
    let now = tx.now();
    let Some(found) = in_write(&mut tx, token).await? else { return Ok(false) };
    if let Some((contact, ..)) = handovers::of_visitor(tx.conn(), found.row.sk, now).await? {
        approvals::refuse(&mut tx, contact, ("visitor", found.row.company), &ids::call(now)).await?;
        tx.commit().await?;
    }
    Ok(true)
}

async fn in_write(tx: &mut Write, token: &str) -> Result<Option<StatusRow>, Failure> {
    let token = normalise_token(token).unwrap_or_default();
    let now = tx.now();
    Ok(requests::by_status(tx.conn(), &sha256(token.as_bytes()), now).await?)
}

/// The requester takes the request back.
pub(super) async fn withdraw(State(app): State<App>, Token(token): Token, headers: HeaderMap) -> Response {
    back(&app, try_withdraw(&app, &token).await, &token, &headers)
}

/// Whether there is such a request. One that is no longer pending stays as it is; its page says so.
async fn try_withdraw(app: &App, token: &str) -> Result<bool, Failure> {
    let mut tx = app.write().await?;
    let now = tx.now();
    let Some(found) = in_write(&mut tx, token).await? else { return Ok(false) };
    approvals::withdraw(&mut tx, &found.row, &ids::call(now)).await?;
    tx.commit().await?;
    Ok(true)
}
