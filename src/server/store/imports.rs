//! Imports: rows staged, and what a company's directory holds now.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Row as _};

use super::{Conn, Db, StoreError, Write};
use crate::api::NewCompany;
use crate::domain::{ImportRow, MemberId, Time};
use crate::server::looks::look_of;
use crate::server::secrets::Hash;
use crate::text::Untrusted;

/// An import that was begun.
#[derive(Clone, Debug)]
pub(crate) struct ImportHead {
    pub(crate) id: i64,
    pub(crate) company: Option<i64>,
    pub(crate) create: Option<NewCompany>,
    pub(crate) actor: String,
}

/// Begins an import and forgets the ones that nobody finished in a day.
pub(crate) async fn begin(
    tx: &mut Write,
    company: Option<i64>,
    create: Option<&NewCompany>,
    actor: &str,
) -> Result<i64, StoreError> {
    let now = tx.now();
    let day_ago = now.before(std::time::Duration::from_secs(24 * 3600));
    sqlx::query("DELETE FROM imports WHERE created_at < $1")
        .bind(day_ago.as_micros())
        .execute(tx.conn())
        .await?;
    let made = create.map(serde_json::to_string).transpose()?;
    Ok(sqlx::query_scalar(
        "INSERT INTO imports (company, made_company, actor, created_at) VALUES ($1, $2, $3, $4) RETURNING id",
    )
    .bind(company)
    .bind(made)
    .bind(actor)
    .bind(now.as_micros())
    .fetch_one(tx.conn())
    .await?)
}

/// Finds an import.
pub(crate) async fn head(conn: &mut Conn, id: i64) -> Result<Option<ImportHead>, StoreError> {
    let row = sqlx::query("SELECT company, made_company, actor FROM imports WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let create: Option<&str> = row.try_get("made_company")?;
    Ok(Some(ImportHead {
        id,
        company: row.try_get("company")?,
        create: create.map(serde_json::from_str).transpose()?,
        actor: row.try_get("actor")?,
    }))
}

/// Stages rows behind the ones that are there. Returns how many there are now.
pub(crate) async fn stage(tx: &mut Write, import: i64, rows: &[String]) -> Result<i64, StoreError> {
    let first: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(n), 0) FROM staged_rows WHERE import = $1")
        .bind(import)
        .fetch_one(tx.conn())
        .await?;
    let mut n = first;
    for piece in rows.chunks(500) {
        let mut insert: QueryBuilder<Db> = QueryBuilder::new("INSERT INTO staged_rows (import, n, row) ");
        insert.push_values(piece, |mut values, row| {
            n += 1;
            values.push_bind(import).push_bind(n).push_bind(row.as_str());
        });
        insert.build().persistent(false).execute(tx.conn()).await?;
    }
    Ok(n)
}

/// The staged rows, in their order.
pub(crate) async fn rows(conn: &mut Conn, import: i64) -> Result<Vec<ImportRow>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar("SELECT row FROM staged_rows WHERE import = $1 ORDER BY n")
        .bind(import)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok(serde_json::from_str(row)?)).collect()
}

/// Forgets an import and its rows.
pub(crate) async fn forget(tx: &mut Write, import: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM imports WHERE id = $1").bind(import).execute(tx.conn()).await?;
    Ok(())
}

/// What an import has to know of a member who is there.
#[derive(Clone, Debug)]
pub(crate) struct Present {
    pub(crate) sk: i64,
    pub(crate) id: MemberId,
    pub(crate) name: Untrusted,
    pub(crate) status: String,
    pub(crate) source_hash: Hash,
    pub(crate) manager: Option<String>,
    pub(crate) special_role: String,
    pub(crate) revision: i64,
}

/// Everybody who was not taken out, by the key of their id. Members who left are among them.
pub(crate) async fn present(conn: &mut Conn, company: i64) -> Result<HashMap<String, Present>, StoreError> {
    let rows = sqlx::query(
        "SELECT m.sk, m.id, m.id_key, m.name, m.status, m.source_hash, m.special_role, m.revision, boss.id_key AS boss
         FROM members m LEFT JOIN members boss ON boss.sk = m.manager
         WHERE m.company = $1 AND m.gone_at IS NULL",
    )
    .bind(company)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let hash: Vec<u8> = row.try_get("source_hash")?;
            Ok((
                row.try_get("id_key")?,
                Present {
                    sk: row.try_get("sk")?,
                    id: super::members::member_id(row.try_get("id")?)?,
                    name: row.try_get::<String, _>("name")?.into(),
                    status: row.try_get("status")?,
                    source_hash: hash
                        .try_into()
                        .map_err(|_| StoreError::Unexpected("members.source_hash"))?,
                    manager: row.try_get("boss")?,
                    special_role: row.try_get("special_role")?,
                    revision: row.try_get("revision")?,
                },
            ))
        })
        .collect()
}

/// A member to be written: columns as they are stored.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) sk: i64,
    pub(crate) id: MemberId,
    pub(crate) name: String,
    pub(crate) alias: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) external_title: Option<String>,
    pub(crate) phones: String,
    pub(crate) emails: String,
    pub(crate) office: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) manager: Option<i64>,
    pub(crate) attributes: String,
    pub(crate) special_role: &'static str,
    pub(crate) source_hash: Hash,
    pub(crate) keys: String,
    /// Department, place, leader, order.
    pub(crate) places: Vec<(i64, i64, bool, i64)>,
}

/// The hidden key that the next new member gets.
pub(crate) async fn next_member_key(conn: &mut Conn) -> Result<i64, StoreError> {
    let last: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(sk), 0) FROM members").fetch_one(conn).await?;
    Ok(last + 1)
}

/// Adds members who are new.
pub(crate) async fn insert(tx: &mut Write, company: i64, new: &[Written]) -> Result<(), StoreError> {
    for piece in new.chunks(200) {
        let mut query: QueryBuilder<Db> = QueryBuilder::new(
            "INSERT INTO members (sk, company, id, id_key, name, alias, title, external_title, phones, emails, office,
                status, manager, attributes, special_role, source_hash, look, revision) ",
        );
        query.push_values(piece, |mut row, member| {
            row.push_bind(member.sk)
                .push_bind(company)
                .push_bind(member.id.as_str())
                .push_bind(member.id.key())
                .push_bind(&member.name)
                .push_bind(&member.alias)
                .push_bind(&member.title)
                .push_bind(&member.external_title)
                .push_bind(&member.phones)
                .push_bind(&member.emails)
                .push_bind(&member.office)
                .push_bind(member.status)
                .push_bind(member.manager)
                .push_bind(&member.attributes)
                .push_bind(member.special_role)
                .push_bind(member.source_hash.as_slice())
                .push_bind(look_of(&member.name))
                .push_bind(1_i64);
        });
        query.build().persistent(false).execute(tx.conn()).await?;
    }
    write_places_and_keys(tx, company, new).await
}

/// Writes members who look different. Their revision rises by one.
pub(crate) async fn update(tx: &mut Write, company: i64, changed: &[Written]) -> Result<(), StoreError> {
    for member in changed {
        sqlx::query(
            "UPDATE members SET id = $2, name = $3, alias = $4, title = $5, external_title = $6, phones = $7,
                emails = $8, office = $9, status = $10, manager = $11, attributes = $12, special_role = $13,
                source_hash = $14, look = $15, revision = revision + 1 WHERE sk = $1",
        )
        .bind(member.sk)
        .bind(member.id.as_str())
        .bind(&member.name)
        .bind(&member.alias)
        .bind(&member.title)
        .bind(&member.external_title)
        .bind(&member.phones)
        .bind(&member.emails)
        .bind(&member.office)
        .bind(member.status)
        .bind(member.manager)
        .bind(&member.attributes)
        .bind(member.special_role)
        .bind(member.source_hash.as_slice())
        .bind(look_of(&member.name))
        .execute(tx.conn())
        .await?;
        for table in
            ["DELETE FROM member_departments WHERE member = $1", "DELETE FROM member_keys WHERE member = $1"]
        {
            sqlx::query(table).bind(member.sk).execute(tx.conn()).await?;
        }
    }
    write_places_and_keys(tx, company, changed).await
}

async fn write_places_and_keys(tx: &mut Write, company: i64, members: &[Written]) -> Result<(), StoreError> {
    let places: Vec<_> = members.iter().flat_map(|m| m.places.iter().map(|place| (m.sk, *place))).collect();
    for piece in places.chunks(1_000) {
        let mut query: QueryBuilder<Db> =
            QueryBuilder::new("INSERT INTO member_departments (member, department, place, leader, ord) ");
        query.push_values(piece, |mut row, (member, (department, place, leader, ord))| {
            row.push_bind(*member)
                .push_bind(*department)
                .push_bind(*place)
                .push_bind(super::flag(*leader))
                .push_bind(*ord);
        });
        query.build().persistent(false).execute(tx.conn()).await?;
    }
    for piece in members.chunks(1_000) {
        let mut query: QueryBuilder<Db> =
            QueryBuilder::new("INSERT INTO member_keys (member, company, keys) ");
        query.push_values(piece, |mut row, member| {
            row.push_bind(member.sk).push_bind(company).push_bind(&member.keys);
        });
        query.build().persistent(false).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Takes a member out of the directory. Whoever reported to them reports to nobody.
pub(crate) async fn take_out(tx: &mut Write, member: i64) -> Result<(), StoreError> {
    let now: Time = tx.now();
    for statement in [
        "DELETE FROM member_departments WHERE member = $1",
        "DELETE FROM member_keys WHERE member = $1",
        "UPDATE members SET manager = NULL, revision = revision + 1 WHERE manager = $1",
    ] {
        sqlx::query(statement).bind(member).execute(tx.conn()).await?;
    }
    sqlx::query("UPDATE members SET gone_at = $2, revision = revision + 1 WHERE sk = $1")
        .bind(member)
        .bind(now.as_micros())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Hidden keys of members whose main department is one of these or lies below one.
pub(crate) async fn based_below(conn: &mut Conn, departments: &[i64]) -> Result<Vec<i64>, StoreError> {
    let mut members: Vec<i64> = Vec::new();
    for department in departments {
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT md.member FROM member_departments md
             JOIN department_ancestors a ON a.department = md.department
             WHERE md.place = 0 AND a.ancestor = $1",
        )
        .bind(*department)
        .fetch_all(&mut *conn)
        .await?;
        members.extend(found);
    }
    members.sort_unstable();
    members.dedup();
    Ok(members)
}

/// Writes what search finds a member by.
pub(crate) async fn set_keys(tx: &mut Write, member: i64, keys: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE member_keys SET keys = $2 WHERE member = $1")
        .bind(member)
        .bind(keys)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ids of departments that hold any of these members, with every department above them.
pub(crate) async fn departments_above(conn: &mut Conn, members: &[i64]) -> Result<Vec<String>, StoreError> {
    let mut ids: Vec<String> = Vec::new();
    for piece in members.chunks(500) {
        let holes: Vec<String> = (1..=piece.len()).map(|n| format!("${n}")).collect();
        let mut query = sqlx::query_scalar(sql!(
            "SELECT DISTINCT d.id FROM member_departments md
             JOIN department_ancestors a ON a.department = md.department
             JOIN departments d ON d.sk = a.ancestor WHERE md.member IN ({})",
            holes.join(", ")
        ));
        for member in piece {
            query = query.bind(*member);
        }
        let found: Vec<String> = query.persistent(false).fetch_all(&mut *conn).await?;
        ids.extend(found);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
