//! Who and what is known in a company, to tell look-alikes by.

use std::collections::BTreeSet;

use super::visible::sees;
use super::{Conn, StoreError, Write};
use crate::domain::Time;
use crate::search::fold;
use crate::server::looks::look_of;
use crate::text::Untrusted;

/// Present colleagues `m` who are there for the member bound as `$3` and are drawn like `$2`.
fn drawn_like() -> String {
    let admin = "(SELECT v.special_role = 'admin' FROM members v WHERE v.sk = $3)";
    format!(
        "FROM members m WHERE m.company = $1 AND m.look = $2 AND m.gone_at IS NULL AND m.status <> 'left' AND {}",
        sees("m.sk", "$3", admin)
    )
}

/// Names of colleagues, as far as a member sees them, and of contacts that are drawn like this one.
pub(crate) async fn names_that_look_like(
    conn: &mut Conn,
    company: i64,
    viewer: i64,
    look: &str,
) -> Result<Vec<Untrusted>, StoreError> {
    let colleagues = drawn_like();
    let names: Vec<String> = sqlx::query_scalar(sql!(
        "SELECT m.name {colleagues}
         UNION SELECT name FROM contacts WHERE company = $1 AND look = $2 AND gone_at IS NULL LIMIT 20"
    ))
    .bind(company)
    .bind(look)
    .bind(viewer)
    .fetch_all(conn)
    .await?;
    Ok(names.into_iter().map(Untrusted::from).collect())
}

/// Whether a colleague whom a member sees has exactly this name, as search compares names.
pub(crate) async fn has_colleague_named(
    conn: &mut Conn,
    company: i64,
    viewer: i64,
    name: &str,
) -> Result<bool, StoreError> {
    let colleagues = drawn_like();
    let names: Vec<String> = sqlx::query_scalar(sql!("SELECT m.name {colleagues} LIMIT 20"))
        .bind(company)
        .bind(look_of(name))
        .bind(viewer)
        .fetch_all(conn)
        .await?;
    let folded = fold(name);
    Ok(names.iter().any(|known| fold(known) == folded))
}

/// Mail domains that a company knows: its own, those of companies that it is linked with, and those of its
/// contacts. In lower case.
pub(crate) async fn domains(conn: &mut Conn, company: i64) -> Result<BTreeSet<String>, StoreError> {
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT domain FROM companies WHERE sk = $1 AND domain IS NOT NULL
         UNION SELECT c.domain FROM partner_links l
            JOIN companies c ON c.sk = CASE l.proposer WHEN $1 THEN l.accepter ELSE l.proposer END
            WHERE (l.proposer = $1 OR l.accepter = $1) AND l.since IS NOT NULL AND l.ended_at IS NULL
              AND c.domain IS NOT NULL
         UNION SELECT domain FROM contacts WHERE company = $1 AND domain IS NOT NULL AND gone_at IS NULL",
    )
    .bind(company)
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(|domain| domain.trim_start_matches('@').to_lowercase()).collect())
}

/// How many requests came to a company since a moment, from an address of this domain, or from the same
/// address or number.
pub(crate) async fn sent_since(
    conn: &mut Conn,
    company: i64,
    domain: Option<&str>,
    (email_key, phone_key): (Option<&str>, Option<&str>),
    since: Time,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM requests WHERE company = $1 AND created_at > $2
           AND (email_key = $3 OR phone_key = $4
                OR ($5 IS NOT NULL AND SUBSTR(email_key, INSTR(email_key, '@') + 1) = $5))",
    )
    .bind(company)
    .bind(since.as_micros())
    .bind(email_key)
    .bind(phone_key)
    .bind(domain)
    .fetch_one(conn)
    .await?)
}

/// Rows filled in at once.
const BATCH: i64 = 2_000;

/// Fills in how names are drawn where it is not known yet: rows of before there was such a column. Returns
/// whether there were any.
pub(super) async fn fill_in(tx: &mut Write) -> Result<bool, StoreError> {
    use sqlx::Row as _;

    let mut any = false;
    for table in ["members", "contacts"] {
        loop {
            let rows = sqlx::query(sql!("SELECT sk, name FROM {table} WHERE look IS NULL LIMIT {BATCH}"))
                .fetch_all(tx.conn())
                .await?;
            if rows.is_empty() {
                break;
            }
            any = true;
            for row in rows {
                let (sk, name): (i64, String) = (row.try_get("sk")?, row.try_get("name")?);
                sqlx::query(sql!("UPDATE {table} SET look = $2 WHERE sk = $1"))
                    .bind(sk)
                    .bind(look_of(&name))
                    .execute(tx.conn())
                    .await?;
            }
        }
    }
    Ok(any)
}
