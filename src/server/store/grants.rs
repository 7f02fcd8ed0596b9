//! The external permission, given apart from the policy's document.

use sqlx::Row as _;

use super::members::member_id;
use super::{Conn, StoreError, Write};
use crate::domain::{Time, Who};

/// A grant to be written: for a member or for a department.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewGrant {
    pub(crate) company: i64,
    pub(crate) member: Option<i64>,
    pub(crate) department: Option<i64>,
    pub(crate) since: Time,
    pub(crate) until: Option<Time>,
    /// Who gives it; none: the operator.
    pub(crate) by: Option<i64>,
    /// The request that asked for it.
    pub(crate) request: Option<i64>,
}

/// Gives. Returns the grant's number.
pub(crate) async fn add(tx: &mut Write, new: NewGrant) -> Result<i64, StoreError> {
    let now = tx.now().as_micros();
    Ok(sqlx::query_scalar(
        "INSERT INTO grants (company, member, department, made_at, since, until, made_by, request)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
    )
    .bind(new.company)
    .bind(new.member)
    .bind(new.department)
    .bind(now)
    .bind(new.since.as_micros())
    .bind(new.until.map(Time::as_micros))
    .bind(new.by)
    .bind(new.request)
    .fetch_one(tx.conn())
    .await?)
}

/// Takes back the grant that a request led to, while it is held.
pub(crate) async fn unmake(tx: &mut Write, request: i64) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query("DELETE FROM grants WHERE request = $1 AND since > $2")
        .bind(request)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes a grant away. Returns whom it was for, when it was there and live.
pub(crate) async fn revoke(
    tx: &mut Write,
    company: i64,
    id: i64,
) -> Result<Option<(Option<i64>, Option<i64>)>, StoreError> {
    let now = tx.now().as_micros();
    let row = sqlx::query(
        "UPDATE grants SET revoked_at = $3 WHERE id = $2 AND company = $1 AND revoked_at IS NULL
         RETURNING member, department",
    )
    .bind(company)
    .bind(id)
    .bind(now)
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| Ok((row.try_get("member")?, row.try_get("department")?))).transpose()
}

/// A grant as it is listed.
#[derive(Clone, Debug)]
pub(crate) struct GrantRow {
    pub(crate) id: i64,
    pub(crate) member: Option<Who>,
    /// The stored path of the department.
    pub(crate) department: Option<String>,
    pub(crate) since: Time,
    pub(crate) until: Option<Time>,
    pub(crate) by: Option<Who>,
}

/// Grants of a company that are live at `now`, oldest first.
pub(crate) async fn list(conn: &mut Conn, company: i64, now: Time) -> Result<Vec<GrantRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT g.id, g.since, g.until, d.path, m.id AS member_id, m.name AS member_name,
                b.id AS by_id, b.name AS by_name
         FROM grants g LEFT JOIN departments d ON d.sk = g.department LEFT JOIN members m ON m.sk = g.member
         LEFT JOIN members b ON b.sk = g.made_by
         WHERE g.company = $1 AND g.revoked_at IS NULL AND (g.until IS NULL OR g.until > $2) ORDER BY g.id",
    )
    .bind(company)
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let who = |id: &str, name: &str| -> Result<Option<Who>, StoreError> {
                let Some(id) = row.try_get::<Option<String>, _>(id)? else { return Ok(None) };
                Ok(Some(Who { id: member_id(&id)?, name: row.try_get::<String, _>(name)?.into() }))
            };
            Ok(GrantRow {
                id: row.try_get("id")?,
                member: who("member_id", "member_name")?,
                department: row.try_get("path")?,
                since: Time::from_micros(row.try_get("since")?),
                until: row.try_get::<Option<i64>, _>("until")?.map(Time::from_micros),
                by: who("by_id", "by_name")?,
            })
        })
        .collect()
}
