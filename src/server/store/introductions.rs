//! Contacts that a colleague passed on: whoever got one may ask the person outside.

use sqlx::Row as _;

use super::members::member_id;
use super::{Conn, StoreError, Write};

use crate::domain::{ContactId, Introduction, Time, Who};
use crate::server::ids;
use crate::text::Untrusted;

/// Passes a contact on to a colleague. Passing it twice is passing it once.
pub(crate) async fn add(
    tx: &mut Write,
    company: i64,
    contact: i64,
    by: i64,
    member: i64,
    peer: i64,
) -> Result<(), StoreError> {
    let now = tx.now();
    if of(tx.conn(), member, peer).await?.is_some() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO introductions (id, company, contact, made_by, member, peer, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(ids::contact(now).as_str())
    .bind(company)
    .bind(contact)
    .bind(by)
    .bind(member)
    .bind(peer)
    .bind(now.as_micros())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The unused introduction of a member to somebody outside: its hidden key, and who made it. It counts as
/// long as whoever made it has the contact.
pub(crate) async fn of(conn: &mut Conn, member: i64, peer: i64) -> Result<Option<(i64, i64)>, StoreError> {
    let row = sqlx::query(
        "SELECT i.sk, i.made_by FROM introductions i JOIN contacts c ON c.sk = i.contact
         WHERE i.member = $1 AND i.peer = $2 AND i.used_by IS NULL AND c.gone_at IS NULL LIMIT 1",
    )
    .bind(member)
    .bind(peer)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((row.try_get("sk")?, row.try_get("made_by")?))).transpose()
}

/// An unused introduction by its id: hidden key, who made it, and the person's company and hidden key.
pub(crate) async fn by_id(
    conn: &mut Conn,
    member: i64,
    id: &ContactId,
) -> Result<Option<(i64, i64, i64, i64)>, StoreError> {
    let row = sqlx::query(
        "SELECT i.sk, i.made_by, m.company, i.peer FROM introductions i
         JOIN contacts c ON c.sk = i.contact JOIN members m ON m.sk = i.peer
         WHERE i.member = $1 AND i.id = $2 AND i.used_by IS NULL AND c.gone_at IS NULL",
    )
    .bind(member)
    .bind(id.as_str())
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok((row.try_get("sk")?, row.try_get("made_by")?, row.try_get("company")?, row.try_get("peer")?))
    })
    .transpose()
}

/// An introduction led to a request.
pub(crate) async fn use_for(tx: &mut Write, introduction: i64, request: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE introductions SET used_by = $2 WHERE sk = $1")
        .bind(introduction)
        .bind(request)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Introductions of a member that were not used yet, newest first.
pub(crate) async fn list(conn: &mut Conn, member: i64) -> Result<Vec<Introduction>, StoreError> {
    let rows = sqlx::query(
        "SELECT i.id, i.made_at, p.name, p.external_title, co.name AS company, b.id AS by_id, b.name AS by_name
         FROM introductions i JOIN contacts c ON c.sk = i.contact JOIN members p ON p.sk = i.peer
         JOIN companies co ON co.sk = p.company JOIN members b ON b.sk = i.made_by
         WHERE i.member = $1 AND i.used_by IS NULL AND c.gone_at IS NULL AND p.gone_at IS NULL AND p.status <> 'left'
         ORDER BY i.sk DESC",
    )
    .bind(member)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Introduction {
                id: ContactId::new(row.try_get("id")?)
                    .map_err(|_| StoreError::Unexpected("introductions.id"))?,
                name: row.try_get::<String, _>("name")?.into(),
                title: row.try_get::<Option<String>, _>("external_title")?.map(Untrusted::from),
                company: row.try_get::<String, _>("company")?.into(),
                by: Who {
                    id: member_id(row.try_get("by_id")?)?,
                    name: row.try_get::<String, _>("by_name")?.into(),
                },
                at: Time::from_micros(row.try_get("made_at")?),
            })
        })
        .collect()
}
