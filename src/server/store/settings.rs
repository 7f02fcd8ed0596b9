//! What concerns the whole server: who this computer is signed in as.

use super::{Conn, StoreError, Write};

const SIGNED_COMPANY: &str = "signed_in_company";
const SIGNED_MEMBER: &str = "signed_in_member";
const OPERATOR: &str = "operator_token_hash";

/// The company and member (their hidden keys) that this computer is signed in as.
pub(crate) async fn signed_in(conn: &mut Conn) -> Result<Option<(i64, i64)>, StoreError> {
    let company = get(conn, SIGNED_COMPANY).await?;
    let member = get(conn, SIGNED_MEMBER).await?;
    Ok(company.zip(member))
}

/// Says who this computer is signed in as. The session of whoever it was before ends.
pub(crate) async fn sign_in(tx: &mut Write, company: i64, member: i64) -> Result<(), StoreError> {
    set(tx, SIGNED_COMPANY, company).await?;
    set(tx, SIGNED_MEMBER, member).await?;
    super::sessions::end_local_of_others(tx, member).await
}

/// The hash of the operator's token, in hexadecimal digits; none when none was ever issued.
pub(crate) async fn operator(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    text(conn, OPERATOR).await
}

/// Keeps the hash of the operator's token. The one before is no longer good.
pub(crate) async fn set_operator(tx: &mut Write, hash: &str) -> Result<(), StoreError> {
    set(tx, OPERATOR, hash).await
}

/// Forgets the operator's token: the next start draws another one. Returns whether there was one.
pub(crate) async fn forget_operator(conn: &mut Conn) -> Result<bool, StoreError> {
    let gone = sqlx::query("DELETE FROM settings WHERE name = $1").bind(OPERATOR).execute(conn).await?;
    Ok(gone.rows_affected() > 0)
}

async fn text(conn: &mut Conn, name: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
        .bind(name)
        .fetch_optional(conn)
        .await?)
}

async fn get(conn: &mut Conn, name: &str) -> Result<Option<i64>, StoreError> {
    Ok(text(conn, name).await?.and_then(|value| value.parse().ok()))
}

async fn set(tx: &mut Write, name: &str, value: impl ToString) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO settings (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value.to_string())
    .execute(tx.conn())
    .await?;
    Ok(())
}
