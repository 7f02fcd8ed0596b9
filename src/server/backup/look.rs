//! Looks through a copy of a database: whether it is whole, and what it holds.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::{Connection as _, Row as _};

use super::manifest::AuditHead;
use super::{BackupError, aside};
use crate::config::Scratch;
use crate::domain::CompanyId;
use crate::server::CardKey;
use crate::server::secrets::{hex, sha256};
use crate::server::store::migrate::{self, CHANGES};
use crate::server::store::{Conn, Durability, Store, StoreError, audit, check, copy};

/// What a database holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its schema.
    pub schema: i64,
    /// The rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// People who are in a directory.
    pub people: i64,
    /// The head of each company's audit log.
    pub audit: Vec<AuditHead>,
    /// Companies whose audit log does not hold, each from which row on.
    pub broken: Vec<(CompanyId, i64)>,
    /// Namecards that were not revoked.
    pub cards: u64,
    /// How many of them open with the key; none when there is no key.
    pub cards_that_open: Option<u64>,
}

/// Looks through the database `file`, which nobody else uses. One of an older schema is brought up to date
/// in `scratch`, to see whether that can be done.
pub(super) async fn look(
    file: &Path,
    key: Option<&CardKey>,
    scratch: &Scratch,
) -> Result<Found, BackupError> {
    let mut conn = copy::look_into(file).await?;
    let schema = migrate::fits(&mut conn, CHANGES).await?;
    check::is_whole(&mut conn).await?;
    let rows = check::rows(&mut conn).await?;
    if schema < migrate::newest() {
        conn.close().await?;
        let newer = scratch.file("newer.db");
        let (from, to) = (file.to_owned(), newer.clone());
        aside(move || match std::fs::copy(&from, &to) {
            Ok(_) => Ok(()),
            Err(error) => Err(BackupError::Write(to, error)),
        })
        .await?;
        Store::open(&newer, Durability::Scratch).await?.close().await;
        conn = copy::look_into(&newer).await?;
    }
    let mut found = Found {
        schema,
        rows,
        people: sqlx::query_scalar("SELECT COUNT(*) FROM members WHERE gone_at IS NULL")
            .fetch_one(&mut conn)
            .await?,
        audit: Vec::new(),
        broken: Vec::new(),
        cards: 0,
        cards_that_open: None,
    };
    look_through_logs(&mut conn, &mut found).await?;
    look_at_cards(&mut conn, key, &mut found).await?;
    conn.close().await?;
    Ok(found)
}

async fn look_through_logs(conn: &mut Conn, found: &mut Found) -> Result<(), StoreError> {
    let companies = sqlx::query("SELECT sk, id, audit_seq, audit_hash FROM companies ORDER BY sk")
        .fetch_all(&mut *conn)
        .await?;
    for row in companies {
        let id = CompanyId::new(row.try_get("id")?).map_err(|_| StoreError::Unexpected("companies.id"))?;
        let hash: Vec<u8> = row.try_get("audit_hash")?;
        found.audit.push(AuditHead { company: id.clone(), seq: row.try_get("audit_seq")?, hash: hex(&hash) });
        if let Some(seq) = audit::first_broken(conn, row.try_get("sk")?).await? {
            found.broken.push((id, seq));
        }
    }
    Ok(())
}

/// The newest code of each card, made anew from the key.
async fn look_at_cards(conn: &mut Conn, key: Option<&CardKey>, found: &mut Found) -> Result<(), StoreError> {
    let rows = sqlx::query(
        "SELECT c.id, c.generation, k.token_hash FROM cards c
         JOIN card_codes k ON k.card = c.sk AND k.generation = c.generation WHERE c.revoked_at IS NULL",
    )
    .fetch_all(conn)
    .await?;
    found.cards = rows.len() as u64;
    let Some(key) = key else { return Ok(()) };
    let mut open = 0;
    for row in rows {
        let id = row.try_get("id").ok().and_then(|id| crate::domain::CardId::new(id).ok());
        let id = id.ok_or(StoreError::Unexpected("cards.id"))?;
        let hash: Vec<u8> = row.try_get("token_hash")?;
        open += u64::from(sha256(key.card_token(&id, row.try_get("generation")?).as_bytes()) == *hash);
    }
    found.cards_that_open = Some(open);
    Ok(())
}
