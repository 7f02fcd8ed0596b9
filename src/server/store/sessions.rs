//! Who is signed in. The database knows only hashes of tokens.

use std::time::Duration;

use sqlx::Row as _;

use super::{Conn, StoreError, Write};
use crate::domain::Time;
use crate::server::secrets::{Hash, hex};

const IDLE: Duration = Duration::from_secs(14 * 24 * 3600);
const ABSOLUTE: Duration = Duration::from_secs(90 * 24 * 3600);
/// The session that lies beside an embedded database ends with the file only: who can read it can
/// read the database too.
const LOCAL: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// `last_used_at` is written at most this often.
const TOUCH: Duration = Duration::from_secs(60);

/// A live session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) company: i64,
    pub(crate) member: i64,
    /// Whether `last_used_at` is due to be written.
    pub(crate) stale: bool,
    /// Until when nothing but a change ends it, and nothing is due to be written.
    pub(crate) until: Time,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionKind {
    /// Of this computer's embedded server.
    Local,
    /// Of somebody who signed in.
    Signed,
    /// An access token: it does not end by lying idle.
    Access,
}

/// Most live access tokens of one member.
pub(crate) const MOST_ACCESS: usize = 20;

/// An access token as it is listed. The token itself is not known.
#[derive(Clone, Debug)]
pub(crate) struct AccessRow {
    /// The first digits of its hash: enough to name it, nothing to sign in with.
    pub(crate) id: String,
    pub(crate) hash: Vec<u8>,
    pub(crate) member: i64,
    pub(crate) created: Time,
    pub(crate) last_used: Time,
    pub(crate) expires: Time,
}

/// The id of a token with this hash.
pub(crate) fn access_id(hash: &[u8]) -> String {
    hex(hash.get(..6).unwrap_or(hash))
}

/// Whether a text has the form of a token's id.
pub(crate) fn is_access_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Live access tokens of a company, or of one member of it, oldest first.
pub(crate) async fn access_tokens(
    conn: &mut Conn,
    company: i64,
    member: Option<i64>,
    now: Time,
) -> Result<Vec<AccessRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT token_hash, member, created_at, last_used_at, expires_at FROM sessions
         WHERE company = $1 AND kind = 'access' AND ended_at IS NULL AND expires_at > $2
           AND ($3 IS NULL OR member = $3)
         ORDER BY created_at, token_hash",
    )
    .bind(company)
    .bind(now.as_micros())
    .bind(member)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let hash: Vec<u8> = row.try_get("token_hash")?;
            Ok(AccessRow {
                id: access_id(&hash),
                hash,
                member: row.try_get("member")?,
                created: Time::from_micros(row.try_get("created_at")?),
                last_used: Time::from_micros(row.try_get("last_used_at")?),
                expires: Time::from_micros(row.try_get("expires_at")?),
            })
        })
        .collect()
}

/// Ends the session or access token with this hash.
pub(crate) async fn end(tx: &mut Write, hash: &[u8]) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query("UPDATE sessions SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL")
        .bind(hash)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Makes a session. Returns when it ends at the latest.
pub(crate) async fn add(
    tx: &mut Write,
    hash: &Hash,
    company: i64,
    member: i64,
    kind: SessionKind,
) -> Result<Time, StoreError> {
    let now = tx.now();
    let (word, life) = match kind {
        SessionKind::Local => ("local", LOCAL),
        SessionKind::Signed => ("signed", ABSOLUTE),
        SessionKind::Access => ("access", ABSOLUTE),
    };
    let expires = now.after(life);
    sqlx::query(
        "INSERT INTO sessions (token_hash, company, member, kind, created_at, last_used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)",
    )
    .bind(hash.as_slice())
    .bind(company)
    .bind(member)
    .bind(word)
    .bind(now.as_micros())
    .bind(expires.as_micros())
    .execute(tx.conn())
    .await?;
    Ok(expires)
}

/// Finds the live session of a token: neither ended nor expired nor idle for too long, of a present
/// member of a company that is not retired.
pub(crate) async fn find(conn: &mut Conn, hash: &Hash, now: Time) -> Result<Option<Session>, StoreError> {
    let row = sqlx::query(
        "SELECT s.company, s.member, s.kind, s.last_used_at, s.expires_at
         FROM sessions s JOIN members m ON m.sk = s.member JOIN companies c ON c.sk = s.company
         WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2
           AND m.gone_at IS NULL AND m.status IN ('active', 'not_activated') AND c.retired_at IS NULL",
    )
    .bind(hash.as_slice())
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let kind: String = row.try_get("kind")?;
    let local = kind == "local";
    let last_used = Time::from_micros(row.try_get("last_used_at")?);
    let idle = now.since(last_used);
    let expires = Time::from_micros(row.try_get("expires_at")?);
    if kind == "signed" && idle > IDLE {
        return Ok(None);
    }
    Ok(Some(Session {
        company: row.try_get("company")?,
        member: row.try_get("member")?,
        stale: !local && idle > TOUCH,
        until: if local { expires } else { expires.min(last_used.after(TOUCH)) },
    }))
}

/// Notes that a session was used.
pub(crate) async fn touch(tx: &mut Write, hash: &Hash) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query("UPDATE sessions SET last_used_at = $2 WHERE token_hash = $1")
        .bind(hash.as_slice())
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends every session of a company.
pub(crate) async fn end_all(tx: &mut Write, company: i64) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query("UPDATE sessions SET ended_at = $2 WHERE company = $1 AND ended_at IS NULL")
        .bind(company)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends the sessions that lie beside this database for anybody but `member`.
pub(crate) async fn end_local_of_others(tx: &mut Write, member: i64) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query(
        "UPDATE sessions SET ended_at = $2 WHERE kind = 'local' AND member <> $1 AND ended_at IS NULL",
    )
    .bind(member)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends every session of a member.
pub(crate) async fn end_of_member(tx: &mut Write, member: i64) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query("UPDATE sessions SET ended_at = $2 WHERE member = $1 AND ended_at IS NULL")
        .bind(member)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}
