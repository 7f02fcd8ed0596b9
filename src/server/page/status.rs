//! The requester's private page.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::voice::Voice;
use super::{Token, failed, not_found, render, views};
use crate::domain::{ReasonCode, Seen, Time};
use crate::i18n::Text;
use crate::server::respond::Failure;
use crate::server::secrets::{normalise_token, sha256};
use crate::server::store::requests::{self, StatusRow};
use crate::server::{App, approvals, ids};
use crate::text::SafeText;

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
    let seen = found.row.lifetime.seen_at(app.now());
    let name = found.row.request.target.name.whole();
    let date = date(found.row.lifetime.expires);
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
        company: found.company_name.whole(),
        pending: seen == Seen::Pending,
        approved: seen == Seen::Approved,
        link: app.address().status_link(&token),
        path: format!("/s/{token}"),
        w,
    };
    render(StatusCode::OK, &page)
}

/// The reason, when the approver ticked that it be told.
fn reason(w: &Voice, found: &StatusRow) -> Option<SafeText> {
    let decision = found.row.request.decision.as_ref().filter(|decision| decision.told)?;
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

/// The requester takes the request back.
pub(super) async fn withdraw(State(app): State<App>, Token(token): Token, headers: HeaderMap) -> Response {
    match try_withdraw(&app, &token).await {
        Ok(true) => {
            let token = normalise_token(&token).unwrap_or_default();
            Redirect::to(&format!("/s/{token}")).into_response()
        }
        Ok(false) => not_found(Voice::of(&app, &headers)),
        Err(failure) => failed(&app, &headers, &failure),
    }
}

/// Whether there is such a request. One that is no longer pending stays as it is; its page says so.
async fn try_withdraw(app: &App, token: &str) -> Result<bool, Failure> {
    let token = normalise_token(token).unwrap_or_default();
    let mut tx = app.write().await?;
    let now = tx.now();
    let Some(found) = requests::by_status(tx.conn(), &sha256(token.as_bytes()), now).await? else {
        return Ok(false);
    };
    approvals::withdraw(&mut tx, &found.row, &ids::call(now)).await?;
    tx.commit().await?;
    Ok(true)
}
