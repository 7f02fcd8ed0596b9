//! Answers to writes, kept so that the same write sent again is answered the same and done once.

use std::time::Duration;

use sqlx::Row as _;

use super::{StoreError, Write};
use crate::server::secrets::Hash;

/// How long an answer is kept: longer than a client keeps a decision it could not send.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Which write: by whom, where, under which key.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) actor: String,
    pub(crate) route: &'static str,
    pub(crate) key: String,
    pub(crate) body_hash: Hash,
}

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What is known of a write.
pub(crate) enum Known {
    /// Nothing: do it.
    New,
    /// It was done: here is the answer.
    Done(Reply),
    /// The key was used for something else.
    OtherBody,
}

/// Looks whether the write was done before.
pub(crate) async fn find(tx: &mut Write, call: &Call) -> Result<Known, StoreError> {
    let row = sqlx::query(
        "SELECT body_hash, status, etag, body FROM replies WHERE actor = $1 AND route = $2 AND key = $3",
    )
    .bind(&call.actor)
    .bind(call.route)
    .bind(&call.key)
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(Known::New) };
    let hash: Vec<u8> = row.try_get("body_hash")?;
    if hash != call.body_hash {
        return Ok(Known::OtherBody);
    }
    let status: i64 = row.try_get("status")?;
    Ok(Known::Done(Reply {
        status: u16::try_from(status).map_err(|_| StoreError::Unexpected("replies.status"))?,
        etag: row.try_get("etag")?,
        body: row.try_get("body")?,
    }))
}

/// Keeps the answer, and drops the ones that are too old.
pub(crate) async fn keep(tx: &mut Write, call: &Call, reply: &Reply) -> Result<(), StoreError> {
    let now = tx.now();
    sqlx::query("DELETE FROM replies WHERE at < $1")
        .bind(now.before(KEPT).as_micros())
        .execute(tx.conn())
        .await?;
    sqlx::query(
        "INSERT INTO replies (actor, route, key, body_hash, status, etag, body, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&call.actor)
    .bind(call.route)
    .bind(&call.key)
    .bind(call.body_hash.as_slice())
    .bind(i64::from(reply.status))
    .bind(reply.etag.as_deref())
    .bind(reply.body.as_slice())
    .bind(now.as_micros())
    .execute(tx.conn())
    .await?;
    Ok(())
}
