//! The numbered outbox, and the moments at which time will add to it.

use sqlx::Row as _;

use super::{Conn, StoreError, Write};
use crate::api::{EventKind, EventType};
use crate::domain::Time;

/// Rows that the change feed can go back.
pub(crate) const KEPT: i64 = 100_000;

/// One row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) kind: EventKind,
    pub(crate) what: EventType,
    pub(crate) id: String,
    /// Whose object it is; none for everybody of the company.
    pub(crate) member: Option<i64>,
}

/// An object as the outbox names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched<'a> {
    pub(crate) company: i64,
    pub(crate) kind: EventKind,
    pub(crate) id: &'a str,
    pub(crate) member: Option<i64>,
    pub(crate) revision: i64,
}

/// The number of the last row.
pub(crate) async fn head(conn: &mut Conn, company: i64) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("SELECT seq FROM companies WHERE sk = $1").bind(company).fetch_one(conn).await?)
}

/// Leaves out so many numbers that no follower's place is within reach: each starts again.
pub(crate) async fn leap(conn: &mut Conn) -> Result<(), StoreError> {
    sqlx::query("UPDATE companies SET seq = seq + $1").bind(10 * KEPT).execute(conn).await?;
    Ok(())
}

/// Whether the feed still reaches back to `since`.
pub(crate) fn reaches(head: i64, since: i64) -> bool {
    since <= head && since >= 0 && head - since <= KEPT
}

/// Rows after `since`, oldest first.
pub(crate) async fn after(
    conn: &mut Conn,
    company: i64,
    since: i64,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query(
        "SELECT seq, kind, what, id, member FROM outbox WHERE company = $1 AND seq > $2 ORDER BY seq LIMIT $3 + 0",
    )
    .bind(company)
    .bind(since)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Entry {
                seq: row.try_get("seq")?,
                kind: EventKind::parse(row.try_get("kind")?).ok_or(StoreError::Unexpected("outbox.kind"))?,
                what: EventType::parse(row.try_get("what")?).ok_or(StoreError::Unexpected("outbox.what"))?,
                id: row.try_get("id")?,
                member: row.try_get("member")?,
            })
        })
        .collect()
}

/// Numbers and writes a row; its readers are woken when the change is committed.
pub(crate) async fn add(
    tx: &mut Write,
    object: Touched<'_>,
    what: EventType,
    cause: Option<&str>,
) -> Result<i64, StoreError> {
    let seq: i64 = sqlx::query_scalar("UPDATE companies SET seq = seq + 1 WHERE sk = $1 RETURNING seq")
        .bind(object.company)
        .fetch_one(tx.conn())
        .await?;
    let now = tx.now().as_micros();
    sqlx::query(
        "INSERT INTO outbox (company, seq, at, kind, what, id, member, revision, cause)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(object.company)
    .bind(seq)
    .bind(now)
    .bind(object.kind.as_str())
    .bind(what.as_str())
    .bind(object.id)
    .bind(object.member)
    .bind(object.revision)
    .bind(cause)
    .execute(tx.conn())
    .await?;
    tx.heads.retain(|(company, _)| *company != object.company);
    tx.heads.push((object.company, seq));
    Ok(seq)
}

/// Somebody changed an object.
pub(crate) async fn changed(tx: &mut Write, object: Touched<'_>) -> Result<i64, StoreError> {
    add(tx, object, EventType::Changed, None).await
}

/// The member that stands for everybody of a company among expected moments.
const EVERYBODY: i64 = 0;

/// At `at` time makes a difference to an object in this revision.
pub(crate) async fn expect(
    tx: &mut Write,
    object: Touched<'_>,
    cause: &str,
    at: Time,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO deadlines (company, kind, id, revision, cause, member, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (company, kind, id, revision, cause, member) DO NOTHING",
    )
    .bind(object.company)
    .bind(object.kind.as_str())
    .bind(object.id)
    .bind(object.revision)
    .bind(cause)
    .bind(object.member.unwrap_or(EVERYBODY))
    .bind(at.as_micros())
    .execute(tx.conn())
    .await?;
    tx.deadlines = true;
    Ok(())
}

/// Nothing is expected of an object any more, whoever would have heard.
pub(crate) async fn expect_nothing(tx: &mut Write, kind: EventKind, id: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM deadlines WHERE kind = $1 AND id = $2")
        .bind(kind.as_str())
        .bind(id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The next moment at which time makes a difference.
pub(crate) async fn next_deadline(conn: &mut Conn) -> Result<Option<Time>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar("SELECT MIN(at) FROM deadlines").fetch_one(conn).await?;
    Ok(at.map(Time::from_micros))
}

/// Turns up to `limit` passed moments into outbox rows. Returns how many there were.
pub(crate) async fn announce_due(tx: &mut Write, limit: i64) -> Result<usize, StoreError> {
    let now = tx.now().as_micros();
    let rows = sqlx::query(
        "SELECT company, kind, id, revision, cause, member FROM deadlines WHERE at <= $1 ORDER BY at LIMIT $2 + 0",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?;
    for row in &rows {
        let id: String = row.try_get("id")?;
        let cause: String = row.try_get("cause")?;
        let member: i64 = row.try_get("member")?;
        let object = Touched {
            company: row.try_get("company")?,
            kind: EventKind::parse(row.try_get("kind")?).ok_or(StoreError::Unexpected("deadlines.kind"))?,
            id: &id,
            member: Some(member).filter(|member| *member != EVERYBODY),
            revision: row.try_get("revision")?,
        };
        // What a company's people see all changed at once: they start again.
        let what = if object.kind == EventKind::Company { EventType::Reset } else { EventType::Due };
        add(tx, object, what, Some(&cause)).await?;
        sqlx::query(
            "DELETE FROM deadlines WHERE company = $1 AND kind = $2 AND id = $3 AND revision = $4 AND cause = $5
               AND member = $6",
        )
        .bind(object.company)
        .bind(object.kind.as_str())
        .bind(object.id)
        .bind(object.revision)
        .bind(&cause)
        .bind(member)
        .execute(tx.conn())
        .await?;
    }
    Ok(rows.len())
}
