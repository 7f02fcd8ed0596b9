//! Who may not ask again. A block counts for the whole company.

use super::requests::RequestRow;
use super::{Conn, StoreError, Write};
use crate::domain::Time;

/// Somebody as a block knows them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person<'a> {
    /// A member of another company.
    pub(crate) peer: Option<i64>,
    pub(crate) email_key: Option<&'a str>,
    pub(crate) phone_key: Option<&'a str>,
}

/// Blocks the requester, from a moment on.
pub(crate) async fn add(tx: &mut Write, row: &RequestRow, by: i64, from: Time) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO blocks (company, peer, email_key, phone_key, request, made_by, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(row.company)
    .bind(row.requester)
    .bind(&row.email_key)
    .bind(&row.phone_key)
    .bind(row.sk)
    .bind(by)
    .bind(from.as_micros())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back the block that a request led to.
pub(crate) async fn unmake(tx: &mut Write, request: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM blocks WHERE request = $1").bind(request).execute(tx.conn()).await?;
    Ok(())
}

/// Whether a company has blocked somebody.
pub(crate) async fn holds(
    conn: &mut Conn,
    company: i64,
    person: Person<'_>,
    now: Time,
) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM blocks WHERE company = $1 AND lifted_at IS NULL AND made_at <= $5
           AND (peer = $2 OR email_key = $3 OR phone_key = $4))",
    )
    .bind(company)
    .bind(person.peer)
    .bind(person.email_key)
    .bind(person.phone_key)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?;
    Ok(found != 0)
}
