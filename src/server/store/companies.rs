//! Companies and their policies.

use sqlx::Row as _;

use super::{Conn, Row, StoreError, Write, flag, outbox, sessions};
use crate::api::{EventKind, EventType, NewCompany};
use crate::domain::{CompanyId, Time};
use crate::server::policy;
use crate::server::store::audit::GENESIS;
use crate::text::Untrusted;

/// A company as stored.
#[derive(Clone, Debug)]
pub(crate) struct CompanyRow {
    pub(crate) sk: i64,
    pub(crate) id: CompanyId,
    pub(crate) name: Untrusted,
    pub(crate) domain: Option<Untrusted>,
    pub(crate) time_zone: String,
    pub(crate) made_up: bool,
    pub(crate) created: Time,
    pub(crate) seq: i64,
    pub(crate) directory_version: i64,
}

const COLUMNS: &str = "sk, id, name, domain, time_zone, made_up, created_at, seq, directory_version";

fn read(row: &Row) -> Result<CompanyRow, StoreError> {
    Ok(CompanyRow {
        sk: row.try_get("sk")?,
        id: CompanyId::new(row.try_get("id")?).map_err(|_| StoreError::Unexpected("companies.id"))?,
        name: row.try_get::<String, _>("name")?.into(),
        domain: row.try_get::<Option<String>, _>("domain")?.map(Untrusted::from),
        time_zone: row.try_get("time_zone")?,
        made_up: row.try_get::<i64, _>("made_up")? != 0,
        created: Time::from_micros(row.try_get("created_at")?),
        seq: row.try_get("seq")?,
        directory_version: row.try_get("directory_version")?,
    })
}

/// A company that is not retired.
pub(crate) async fn get(conn: &mut Conn, sk: i64) -> Result<Option<CompanyRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} FROM companies WHERE sk = $1 AND retired_at IS NULL"))
        .bind(sk)
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// A company that is not retired, by its id.
pub(crate) async fn by_id(conn: &mut Conn, id: &CompanyId) -> Result<Option<CompanyRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} FROM companies WHERE id_key = $1 AND retired_at IS NULL"))
        .bind(id.key())
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// All companies that are not retired.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<CompanyRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} FROM companies WHERE retired_at IS NULL ORDER BY sk"))
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Whether there ever was a company, a retired one too.
pub(crate) async fn any_ever(conn: &mut Conn) -> Result<bool, StoreError> {
    let any: i64 = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM companies)").fetch_one(conn).await?;
    Ok(any == 1)
}

/// Whether an id was ever given, to a company that is retired too.
pub(crate) async fn is_taken(conn: &mut Conn, id: &CompanyId) -> Result<bool, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM companies WHERE id_key = $1")
        .bind(id.key())
        .fetch_one(conn)
        .await?;
    Ok(count > 0)
}

/// Makes a company with the built-in policy as its version 1.
pub(crate) async fn add(tx: &mut Write, new: &NewCompany) -> Result<i64, StoreError> {
    let now = tx.now().as_micros();
    let sk: i64 = sqlx::query_scalar(
        "INSERT INTO companies (id, id_key, name, domain, time_zone, made_up, created_at, audit_hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING sk",
    )
    .bind(new.id.as_str())
    .bind(new.id.key())
    .bind(new.name.as_data())
    .bind(new.domain.as_ref().map(Untrusted::as_data))
    .bind(new.time_zone.as_deref().unwrap_or("UTC"))
    .bind(flag(new.made_up))
    .bind(now)
    .bind(GENESIS.as_slice())
    .fetch_one(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO policies (company, version, document, made_at, made_by) VALUES ($1, 1, $2, $3, $4)",
    )
    .bind(sk)
    .bind(policy::FIRST)
    .bind(now)
    .bind("built-in")
    .execute(tx.conn())
    .await?;
    Ok(sk)
}

/// The directory's content is another one: indexes over it are out of date.
pub(crate) async fn directory_changed(tx: &mut Write, company: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE companies SET directory_version = directory_version + 1 WHERE sk = $1")
        .bind(company)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Everybody who follows the company has to start again.
pub(crate) async fn reset_followers(tx: &mut Write, company: i64) -> Result<i64, StoreError> {
    let object = outbox::Touched { company, kind: EventKind::Company, id: "", member: None, revision: 0 };
    outbox::add(tx, object, EventType::Reset, None).await
}

/// One member has to start again: what they may see has changed.
pub(crate) async fn reset_follower(tx: &mut Write, company: i64, member: i64) -> Result<i64, StoreError> {
    let object =
        outbox::Touched { company, kind: EventKind::Company, id: "", member: Some(member), revision: 0 };
    outbox::add(tx, object, EventType::Reset, None).await
}

/// Ends a company: its cards answer like unknown ones, its sessions end, its followers start again.
pub(crate) async fn retire(tx: &mut Write, company: i64) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query("UPDATE companies SET retired_at = $2 WHERE sk = $1")
        .bind(company)
        .bind(now)
        .execute(tx.conn())
        .await?;
    sessions::end_all(tx, company).await?;
    sqlx::query("DELETE FROM deadlines WHERE company = $1").bind(company).execute(tx.conn()).await?;
    reset_followers(tx, company).await?;
    Ok(())
}
