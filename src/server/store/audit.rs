//! The audit log: append-only, numbered without a gap per company, each row sealed to the one before.

use futures_util::TryStreamExt as _;
use sqlx::Row as _;

use super::{Conn, StoreError, Write};
use crate::domain::Time;
use crate::server::secrets::{Hash, sha256};

/// Hash before the first row.
pub(crate) const GENESIS: Hash = [0; 32];

/// What is written down. People stand in it as hidden keys, not as names.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) company: i64,
    /// Who: `member/7`, `visitor`, `operator`.
    pub(crate) actor: &'a str,
    /// What, as object and verb: `request.approve`.
    pub(crate) action: &'a str,
    /// To what: its id.
    pub(crate) object: &'a str,
    pub(crate) old_state: Option<&'a str>,
    pub(crate) new_state: Option<&'a str>,
    pub(crate) policy_version: Option<i64>,
    /// Id of the call that did it.
    pub(crate) call: &'a str,
}

/// Writes a row in the same transaction as the change it tells of.
pub(crate) async fn add(tx: &mut Write, entry: Entry<'_>) -> Result<(), StoreError> {
    let head = sqlx::query("SELECT audit_seq, audit_hash FROM companies WHERE sk = $1")
        .bind(entry.company)
        .fetch_one(tx.conn())
        .await?;
    let seq: i64 = head.try_get::<i64, _>("audit_seq")? + 1;
    let prev: Vec<u8> = head.try_get("audit_hash")?;
    let at = tx.now().as_micros();
    let hash = seal(&prev, seq, at, &entry);
    sqlx::query(
        "INSERT INTO audit (company, seq, at, actor, action, object, old_state, new_state, policy_version, call, prev, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(entry.company)
    .bind(seq)
    .bind(at)
    .bind(entry.actor)
    .bind(entry.action)
    .bind(entry.object)
    .bind(entry.old_state)
    .bind(entry.new_state)
    .bind(entry.policy_version)
    .bind(entry.call)
    .bind(&prev)
    .bind(hash.as_slice())
    .execute(tx.conn())
    .await?;
    tx.sealed += 1;
    sqlx::query("UPDATE companies SET audit_seq = $2, audit_hash = $3 WHERE sk = $1")
        .bind(entry.company)
        .bind(seq)
        .bind(hash.as_slice())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The number of the first row of a company's log that does not hold, or that is missing at its end; none
/// when the log holds from its first row to its head.
pub(crate) async fn first_broken(conn: &mut Conn, company: i64) -> Result<Option<i64>, StoreError> {
    let head = sqlx::query("SELECT audit_seq, audit_hash FROM companies WHERE sk = $1")
        .bind(company)
        .fetch_one(&mut *conn)
        .await?;
    let (mut seq, mut prev) = (0, GENESIS.to_vec());
    let mut rows = sqlx::query(
        "SELECT seq, at, actor, action, object, old_state, new_state, policy_version, call, prev, hash
         FROM audit WHERE company = $1 ORDER BY seq",
    )
    .bind(company)
    .fetch(conn);
    while let Some(row) = rows.try_next().await? {
        seq += 1;
        let entry = Entry {
            company,
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            object: row.try_get("object")?,
            old_state: row.try_get("old_state")?,
            new_state: row.try_get("new_state")?,
            policy_version: row.try_get("policy_version")?,
            call: row.try_get("call")?,
        };
        let hash: Vec<u8> = row.try_get("hash")?;
        let holds = row.try_get::<i64, _>("seq")? == seq
            && row.try_get::<&[u8], _>("prev")? == prev
            && seal(&prev, seq, row.try_get("at")?, &entry) == *hash;
        if !holds {
            return Ok(Some(seq));
        }
        prev = hash;
    }
    let whole =
        head.try_get::<i64, _>("audit_seq")? == seq && head.try_get::<&[u8], _>("audit_hash")? == prev;
    Ok(if whole { None } else { Some(seq + 1) })
}

/// A row as it is read.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) seq: i64,
    pub(crate) at: Time,
    /// As it stands there: `member/7`, `visitor`, `operator`.
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) old_state: Option<String>,
    pub(crate) new_state: Option<String>,
    pub(crate) policy_version: Option<i64>,
    pub(crate) call: String,
    pub(crate) hash: Vec<u8>,
}

/// Rows behind a number, in their order. With `action` only those whose action begins so, with `object`
/// only those about it.
pub(crate) async fn page(
    conn: &mut Conn,
    company: i64,
    after: i64,
    (action, object): (Option<&str>, Option<&str>),
    limit: i64,
) -> Result<Vec<Read>, StoreError> {
    let rows = sqlx::query(
        "SELECT seq, at, actor, action, object, old_state, new_state, policy_version, call, hash
         FROM audit WHERE company = $1 AND seq > $2
           AND ($3 IS NULL OR SUBSTR(action, 1, LENGTH($3)) = $3) AND ($4 IS NULL OR object = $4)
         ORDER BY seq LIMIT $5 + 0",
    )
    .bind(company)
    .bind(after)
    .bind(action)
    .bind(object)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Read {
                seq: row.try_get("seq")?,
                at: Time::from_micros(row.try_get("at")?),
                actor: row.try_get("actor")?,
                action: row.try_get("action")?,
                object: row.try_get("object")?,
                old_state: row.try_get("old_state")?,
                new_state: row.try_get("new_state")?,
                policy_version: row.try_get("policy_version")?,
                call: row.try_get("call")?,
                hash: row.try_get("hash")?,
            })
        })
        .collect()
}

/// The number and the seal of a company's newest row.
pub(crate) async fn head(conn: &mut Conn, company: i64) -> Result<(i64, Vec<u8>), StoreError> {
    Ok(sqlx::query_as("SELECT audit_seq, audit_hash FROM companies WHERE sk = $1")
        .bind(company)
        .fetch_one(conn)
        .await?)
}

/// The newest rows of all companies: id, number, seal.
pub(crate) async fn heads(conn: &mut Conn) -> Result<Vec<(String, i64, Vec<u8>)>, StoreError> {
    let heads = sqlx::query_as(
        "SELECT id, audit_seq, audit_hash FROM companies WHERE audit_seq > 0 AND made_up = 0 ORDER BY sk",
    );
    Ok(heads.fetch_all(conn).await?)
}

/// The seal of a row.
pub(crate) async fn seal_of(conn: &mut Conn, company: i64, seq: i64) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar("SELECT hash FROM audit WHERE company = $1 AND seq = $2")
        .bind(company)
        .bind(seq)
        .fetch_optional(conn)
        .await?)
}

/// SHA-256 over a domain word, the seal before, and each field with its length in front.
fn seal(prev: &[u8], seq: i64, at: i64, entry: &Entry<'_>) -> Hash {
    let mut bytes = b"nc-audit-1".to_vec();
    bytes.extend_from_slice(prev);
    let mut field = |value: Option<&[u8]>| {
        // An absent field differs from an empty one.
        bytes.push(u8::from(value.is_some()));
        let value = value.unwrap_or_default();
        bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
        bytes.extend_from_slice(value);
    };
    field(Some(&seq.to_be_bytes()));
    field(Some(&at.to_be_bytes()));
    field(Some(entry.actor.as_bytes()));
    field(Some(entry.action.as_bytes()));
    field(Some(entry.object.as_bytes()));
    field(entry.old_state.map(str::as_bytes));
    field(entry.new_state.map(str::as_bytes));
    field(entry.policy_version.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    field(Some(entry.call.as_bytes()));
    sha256(&bytes)
}
