//! Requests that only another system can decide: found by its own name for them, and changed by it alone.

use super::{Conn, RequestRow, StoreError, columns, read, tables};
use crate::domain::{RequestState, Requester, Time};
use crate::server::store::Write;
use crate::text::Untrusted;

/// What another system says of a request besides what every request says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FromElsewhere<'a> {
    /// What it is called.
    pub(crate) system: &'a str,
    /// Its own name for the request.
    pub(crate) key: &'a str,
    /// Where it is decided there.
    pub(crate) link: Option<&'a str>,
    /// When it came to that system.
    pub(crate) created: Time,
    /// When it was decided there.
    pub(crate) ended: Option<Time>,
}

/// The request of a company by the name that another system has for it.
pub(crate) async fn find_elsewhere(
    conn: &mut Conn,
    company: i64,
    (system, key): (&str, &str),
    now: Time,
) -> Result<Option<RequestRow>, StoreError> {
    let (columns, tables) = (columns("$4"), tables("0"));
    sqlx::query(sql!(
        "SELECT {columns} {tables} WHERE r.company = $1 AND r.system = $2 AND r.system_key = $3"
    ))
    .bind(company)
    .bind(system)
    .bind(key)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

/// What a request of another system is like now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LikeElsewhere<'a> {
    /// Whom it is for.
    pub(crate) target: i64,
    pub(crate) requester: &'a Requester,
    pub(crate) purpose: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    pub(crate) card_label: Option<&'a str>,
    pub(crate) link: Option<&'a str>,
    pub(crate) created: Time,
    pub(crate) expires: Time,
}

/// Has a request be what the other system says of it.
pub(crate) async fn set_elsewhere(
    tx: &mut Write,
    request: i64,
    like: LikeElsewhere<'_>,
) -> Result<(), StoreError> {
    let text = |field: &Option<Untrusted>| field.as_ref().map(|text| text.as_data().to_owned());
    sqlx::query(
        "UPDATE requests SET target = $2, name = $3, company_name = $4, title = $5, email = $6, phone = $7,
            purpose = $8, message = $9, card_label = $10, system_link = $11, created_at = $12, expires_at = $13,
            revision = revision + 1
         WHERE sk = $1",
    )
    .bind(request)
    .bind(like.target)
    .bind(like.requester.name.as_data())
    .bind(text(&like.requester.company))
    .bind(text(&like.requester.title))
    .bind(text(&like.requester.email))
    .bind(text(&like.requester.phone))
    .bind(like.purpose)
    .bind(like.message)
    .bind(like.card_label)
    .bind(like.link)
    .bind(like.created.as_micros())
    .bind(like.expires.as_micros())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has a request be over as the other system says.
pub(crate) async fn end_elsewhere(
    tx: &mut Write,
    request: i64,
    state: RequestState,
) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query(
        "UPDATE requests SET state = $2, system_ended_at = $3, revision = revision + 1 WHERE sk = $1",
    )
    .bind(request)
    .bind(state.as_str())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
