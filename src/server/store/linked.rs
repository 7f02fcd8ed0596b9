//! People of linked companies, as the members of another company see them.

use std::collections::{BTreeSet, HashSet};

use sqlx::Row as _;

use super::{Conn, Row, StoreError, Write};
use crate::domain::{CompanyId, ContactId, LinkedPerson, Time};
use crate::server::ids;
use crate::text::Untrusted;

/// Somebody whom a linked company shows.
#[derive(Clone, Debug)]
pub(crate) struct LinkedRow {
    pub(crate) member: i64,
    pub(crate) company: i64,
    pub(crate) id: ContactId,
    pub(crate) name: Untrusted,
    pub(crate) title: Option<Untrusted>,
    pub(crate) company_id: CompanyId,
    pub(crate) company_name: Untrusted,
    /// Name of the main department.
    pub(crate) department: Option<Untrusted>,
}

impl From<LinkedRow> for LinkedPerson {
    fn from(row: LinkedRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            title: row.title,
            department: row.department,
            company: row.company_name,
            company_id: row.company_id,
        }
    }
}

/// Whoever a live link shows and is present. Binds: $1 the viewing company, $2 now.
const FROM: &str = "FROM linked_people p JOIN partner_links l ON l.sk = p.link
    JOIN members m ON m.sk = p.member JOIN companies co ON co.sk = m.company
    LEFT JOIN member_departments md ON md.member = m.sk AND md.place = 0
    LEFT JOIN departments d ON d.sk = md.department
    WHERE p.viewer_company = $1 AND p.shown = 1 AND l.since <= $2 AND (l.ended_at IS NULL OR l.ended_at > $2)
      AND m.gone_at IS NULL AND m.status IN ('active', 'not_activated') AND co.retired_at IS NULL";
const COLUMNS: &str = "p.id, p.member, m.company, m.name, m.external_title, co.id AS company_id,
    co.name AS company_name, d.name AS department";

fn read(row: &Row) -> Result<LinkedRow, StoreError> {
    let text = |column: &str| -> Result<Option<Untrusted>, StoreError> {
        Ok(row.try_get::<Option<String>, _>(column)?.map(Untrusted::from))
    };
    Ok(LinkedRow {
        member: row.try_get("member")?,
        company: row.try_get("company")?,
        id: ContactId::new(row.try_get("id")?).map_err(|_| StoreError::Unexpected("linked_people.id"))?,
        name: row.try_get::<String, _>("name")?.into(),
        title: text("external_title")?,
        company_id: CompanyId::new(row.try_get("company_id")?)
            .map_err(|_| StoreError::Unexpected("companies.id"))?,
        company_name: row.try_get::<String, _>("company_name")?.into(),
        department: text("department")?,
    })
}

/// People shown to a company after an id, in the order of ids.
pub(crate) async fn page(
    conn: &mut Conn,
    viewer_company: i64,
    now: Time,
    after: &str,
    limit: i64,
) -> Result<Vec<LinkedRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} {FROM} AND p.id > $3 ORDER BY p.id LIMIT $4"))
        .bind(viewer_company)
        .bind(now.as_micros())
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Members of other companies whom a member has for a contact.
pub(crate) async fn known(conn: &mut Conn, owner: i64, now: Time) -> Result<HashSet<i64>, StoreError> {
    let rows: Vec<i64> = sqlx::query_scalar(
        "SELECT peer FROM contacts WHERE owner = $1 AND peer IS NOT NULL AND since <= $2
           AND (gone_at IS NULL OR gone_at > $2)",
    )
    .bind(owner)
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Somebody shown to a company.
pub(crate) async fn by_id(
    conn: &mut Conn,
    viewer_company: i64,
    id: &ContactId,
    now: Time,
) -> Result<Option<LinkedRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} {FROM} AND p.id = $3"))
        .bind(viewer_company)
        .bind(now.as_micros())
        .bind(id.as_str())
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// Somebody shown to a company, by an address that is theirs.
pub(crate) async fn by_email(
    conn: &mut Conn,
    viewer_company: i64,
    email: &str,
    now: Time,
) -> Result<Option<LinkedRow>, StoreError> {
    sqlx::query(sql!(
        "SELECT {COLUMNS} {FROM} AND EXISTS (SELECT 1 FROM json_each(m.emails) e WHERE LOWER(e.value) = LOWER($3))
         ORDER BY p.id LIMIT 1"
    ))
    .bind(viewer_company)
    .bind(now.as_micros())
    .bind(email)
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

/// How many people a link shows to a company.
pub(crate) async fn count(conn: &mut Conn, link: i64, viewer_company: i64) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM linked_people WHERE link = $1 AND viewer_company = $2 AND shown = 1",
    )
    .bind(link)
    .bind(viewer_company)
    .fetch_one(conn)
    .await?)
}

/// Shows a company exactly these people by a link. Whoever was shown before keeps the id.
pub(crate) async fn show(
    tx: &mut Write,
    link: i64,
    viewer_company: i64,
    people: &BTreeSet<i64>,
) -> Result<(), StoreError> {
    let now = tx.now();
    sqlx::query("UPDATE linked_people SET shown = 0 WHERE link = $1 AND viewer_company = $2")
        .bind(link)
        .bind(viewer_company)
        .execute(tx.conn())
        .await?;
    for member in people {
        sqlx::query(
            "INSERT INTO linked_people (viewer_company, member, link, id, shown) VALUES ($1, $2, $3, $4, 1)
             ON CONFLICT (viewer_company, member) DO UPDATE SET shown = 1, link = excluded.link",
        )
        .bind(viewer_company)
        .bind(*member)
        .bind(link)
        .bind(ids::contact(now).as_str())
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
