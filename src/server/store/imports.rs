//! Imports: those that were begun, what the directory holds now, and writing what is prepared.

use std::collections::HashMap;

use serde::Deserialize;
use sqlx::Row as _;

use super::{Conn, StoreError, Write};
use crate::api::NewCompany;
use crate::domain::{Attribute, Held, MemberId, Phone, PhoneKind, Status, Time};
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

/// All imports that were begun and not finished.
pub(crate) async fn live(conn: &mut Conn) -> Result<Vec<i64>, StoreError> {
    Ok(sqlx::query_scalar("SELECT id FROM imports").fetch_all(conn).await?)
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

/// Forgets an import. Its file goes by [`super::staging::remove`].
pub(crate) async fn forget(tx: &mut Write, import: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM imports WHERE id = $1").bind(import).execute(tx.conn()).await?;
    Ok(())
}

/// Somebody who is there, as far as rows are checked against each other.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Present {
    pub(crate) sk: i64,
    pub(crate) id: MemberId,
    pub(crate) manager: Option<i64>,
    /// 1 for whoever has left.
    pub(crate) left: u8,
}

/// Those who were not taken out, after an id, at most `limit` of them: a list of [`Present`] as JSON.
pub(crate) async fn present(
    conn: &mut Conn,
    company: i64,
    after: &str,
    limit: i64,
) -> Result<String, StoreError> {
    let list = super::json_list(
        "json_object('sk', sk, 'id', id, 'manager', manager, 'left', status = 'left')",
        "FROM members WHERE company = $1 AND id_key > $2 AND gone_at IS NULL ORDER BY id_key LIMIT $3 + 0",
    );
    let present = sqlx::query_scalar(sql!("{list}")).bind(company).bind(after).bind(limit);
    Ok(present.fetch_one(conn).await?)
}

/// What the directory holds of a member, without their departments, and those by hidden key.
#[derive(Clone, Debug)]
pub(crate) struct HeldRow {
    pub(crate) sk: i64,
    pub(crate) held: Held,
    /// Department, whether they lead it, order; the main one first.
    pub(crate) places: Vec<(i64, bool, i64)>,
    pub(crate) special_role: String,
}

/// A member in the answer of [`held`].
#[derive(Deserialize)]
struct Stored {
    sk: i64,
    id: Untrusted,
    name: Untrusted,
    alias: Option<Untrusted>,
    title: Option<Untrusted>,
    external_title: Option<Untrusted>,
    office: Option<Untrusted>,
    status: Status,
    role: String,
    manager: Option<MemberId>,
    places: Option<String>,
    phones: Vec<Phone>,
    emails: Vec<Untrusted>,
    attributes: Vec<Attribute>,
}

/// What the directory holds of these members, as many as a statement takes: read by [`read_held`].
pub(crate) async fn held(conn: &mut Conn, members: &[i64]) -> Result<String, StoreError> {
    if members.is_empty() {
        return Ok("[]".to_owned());
    }
    let holes: Vec<String> = (1..=members.len()).map(|n| format!("${n}")).collect();
    let list = super::json_list(
        "json_object('sk', m.sk, 'id', m.id, 'name', m.name, 'alias', m.alias, 'title', m.title,
            'external_title', m.external_title, 'office', m.office, 'status', m.status, 'role', m.special_role,
            'manager', boss.id, 'places',
            (SELECT string_agg(md.department || ':' || md.leader || ':' || md.ord, ' ' ORDER BY md.place)
             FROM member_departments md WHERE md.member = m.sk),
            'phones', json(m.phones), 'emails', json(m.emails), 'attributes', json(m.attributes))",
        &format!(
            "FROM members m LEFT JOIN members boss ON boss.sk = m.manager WHERE m.sk IN ({})",
            holes.join(", ")
        ),
    );
    let mut query = sqlx::query_scalar(sql!("{list}"));
    for member in members {
        query = query.bind(*member);
    }
    Ok(query.persistent(false).fetch_one(conn).await?)
}

/// Reads what [`held`] gives.
pub(crate) fn read_held(list: &str) -> Result<Vec<HeldRow>, StoreError> {
    let list: Vec<Stored> = serde_json::from_str(list)?;
    list.into_iter().map(read).collect()
}

fn read(row: Stored) -> Result<HeldRow, StoreError> {
    let number = |kind: PhoneKind| {
        let phone = row.phones.iter().find(|phone| phone.kind == kind);
        phone.map(|phone| phone.number.clone()).unwrap_or_default()
    };
    let places = row.places.unwrap_or_default();
    let places = places.split(' ').filter(|place| !place.is_empty()).map(|place| {
        let (department, rest) = place.split_once(':')?;
        let (leader, order) = rest.split_once(':')?;
        Some((department.parse().ok()?, leader == "1", order.parse().ok()?))
    });
    let places = places.collect::<Option<_>>().ok_or(StoreError::Unexpected("member_departments"))?;
    let (mobile, phone) = (number(PhoneKind::Mobile), number(PhoneKind::Work));
    let mut attributes = row.attributes;
    attributes.sort();
    Ok(HeldRow {
        sk: row.sk,
        held: Held {
            id: row.id,
            name: row.name,
            alias: row.alias.unwrap_or_default(),
            departments: Vec::new(),
            leader_of: Vec::new(),
            title: row.title.unwrap_or_default(),
            external_title: row.external_title.unwrap_or_default(),
            mobile,
            phone,
            email: row.emails.into_iter().next().unwrap_or_default(),
            manager: row.manager,
            office: row.office.unwrap_or_default(),
            status: row.status,
            attributes,
        },
        places,
        special_role: row.role,
    })
}

/// Ids and names of these members, in their order.
pub(crate) async fn named(
    conn: &mut Conn,
    members: &[i64],
) -> Result<Vec<(MemberId, Untrusted)>, StoreError> {
    let held = read_held(&held(conn, members).await?)?;
    let mut found: HashMap<i64, Held> = held.into_iter().map(|row| (row.sk, row.held)).collect();
    let known = members.iter().filter_map(|sk| found.remove(sk));
    known.map(|held| Ok((super::members::member_id(held.id.as_data())?, held.name))).collect()
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

/// Ids and revisions of these members as they are now.
pub(crate) async fn revisions(conn: &mut Conn, members: &[i64]) -> Result<Vec<(String, i64)>, StoreError> {
    let mut found = Vec::new();
    for member in members {
        let row = sqlx::query_as("SELECT id, revision FROM members WHERE sk = $1").bind(*member);
        found.push(row.fetch_one(&mut *conn).await?);
    }
    Ok(found)
}

/// The last hidden keys that were given. What is numbered below nought gets the ones that follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastKeys {
    pub(crate) member: i64,
    pub(crate) department: i64,
}

impl LastKeys {
    /// The hidden key of a member as they were numbered.
    pub(crate) const fn of_member(self, member: i64) -> i64 {
        if member < 0 { self.member - member } else { member }
    }
}

/// A column of what is prepared, its numbers below nought turned into hidden keys after `last`.
fn key(column: &str, last: &str) -> String {
    format!("CASE WHEN {column} < 0 THEN {last} - {column} ELSE {column} END")
}

/// The last hidden keys that were given.
pub(crate) async fn last_keys(conn: &mut Conn) -> Result<LastKeys, StoreError> {
    let row = sqlx::query(
        "SELECT (SELECT COALESCE(MAX(sk), 0) FROM members) AS member,
                (SELECT COALESCE(MAX(sk), 0) FROM departments) AS department",
    )
    .fetch_one(conn)
    .await?;
    Ok(LastKeys { member: row.try_get("member")?, department: row.try_get("department")? })
}

/// Whether what is prepared gives somebody who is there another role than they have now.
pub(crate) async fn changes_roles(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM staging.members p JOIN members m ON m.sk = p.member
                        WHERE p.special_role <> m.special_role)",
    )
    .persistent(false)
    .fetch_one(conn)
    .await?)
}

/// Makes the departments that are prepared.
pub(crate) async fn write_departments(
    tx: &mut Write,
    company: i64,
    source: &str,
    last: LastKeys,
) -> Result<(), StoreError> {
    sqlx::query(sql!(
        "INSERT INTO departments (sk, company, id, source, path, parent, name, english_name, ord, revision)
         SELECT $3 - department, $1, id, $2, path, {}, name, english_name, ord, 1
         FROM staging.departments ORDER BY department DESC",
        key("parent", "$3")
    ))
    .persistent(false)
    .bind(company)
    .bind(source)
    .bind(last.department)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO department_ancestors (department, ancestor) SELECT {}, {} FROM staging.ancestors",
        key("department", "$1"),
        key("ancestor", "$1")
    ))
    .persistent(false)
    .bind(last.department)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes the members that are prepared, where they belong, and what search finds them by. The revision of
/// who is there rises by one.
pub(crate) async fn write_members(tx: &mut Write, company: i64, last: LastKeys) -> Result<(), StoreError> {
    let manager = key("p.manager", "$1");
    sqlx::query(sql!(
        "INSERT INTO members (sk, company, id, id_key, name, alias, title, external_title, phones, emails, office,
            status, manager, attributes, special_role, places, look, revision)
         SELECT $1 - p.member, $2, id, id_key, name, alias, title, external_title, phones, emails, office,
            status, {manager}, attributes, COALESCE(special_role, 'none'), places, look, 1
         FROM staging.members p WHERE member < 0 ORDER BY member DESC"
    ))
    .persistent(false)
    .bind(last.member)
    .bind(company)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "UPDATE members SET id = p.id, name = p.name, alias = p.alias, title = p.title,
            external_title = p.external_title, phones = p.phones, emails = p.emails, office = p.office,
            status = p.status, manager = {manager}, attributes = p.attributes,
            special_role = COALESCE(p.special_role, members.special_role), places = p.places,
            look = p.look, revision = members.revision + 1
         FROM staging.members p WHERE p.member > 0 AND members.sk = p.member"
    ))
    .persistent(false)
    .bind(last.member)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "DELETE FROM member_departments WHERE member IN (SELECT member FROM staging.members WHERE member > 0)",
    )
    .persistent(false)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO member_departments (member, department, place, leader, ord)
         SELECT {}, {}, place, leader, ord FROM staging.places",
        key("member", "$1"),
        key("department", "$2")
    ))
    .persistent(false)
    .bind(last.member)
    .bind(last.department)
    .execute(tx.conn())
    .await?;
    sqlx::query(sql!(
        "INSERT INTO member_keys (member, company, keys) SELECT {}, $2, keys FROM staging.keys WHERE true
         ON CONFLICT (member) DO UPDATE SET keys = excluded.keys",
        key("member", "$1")
    ))
    .persistent(false)
    .bind(last.member)
    .bind(company)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Those whose cards, tokens and sessions end and who may leave something behind.
pub(crate) async fn leaving_something(conn: &mut Conn) -> Result<Vec<i64>, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT e.member FROM staging.ends e
         WHERE EXISTS (SELECT 1 FROM contacts c WHERE c.owner = e.member AND c.gone_at IS NULL)
            OR EXISTS (SELECT 1 FROM requests r WHERE r.target = e.member)
            OR EXISTS (SELECT 1 FROM requests r WHERE r.requester = e.member)
            OR EXISTS (SELECT 1 FROM member_settings s WHERE s.stand_in = e.member)
         ORDER BY e.member",
    )
    .persistent(false)
    .fetch_all(conn)
    .await?)
}

/// Ends cards, tokens and sessions of those for whom that is prepared, and takes out who is to go. Whoever
/// reported to them reports to nobody.
pub(crate) async fn write_ends(tx: &mut Write) -> Result<(), StoreError> {
    let now: Time = tx.now();
    for statement in [
        "UPDATE cards SET revoked_at = $1, revision = revision + 1
         WHERE revoked_at IS NULL AND member IN (SELECT member FROM staging.ends)",
        "UPDATE sessions SET ended_at = $1
         WHERE ended_at IS NULL AND member IN (SELECT member FROM staging.ends)",
        "UPDATE members SET manager = NULL, revision = revision + 1
         WHERE manager IN (SELECT member FROM staging.ends WHERE gone = 1)",
        "UPDATE members SET gone_at = $1, places = '', revision = revision + 1
         WHERE sk IN (SELECT member FROM staging.ends WHERE gone = 1)",
    ] {
        sqlx::query(statement).persistent(false).bind(now.as_micros()).execute(tx.conn()).await?;
    }
    for statement in [
        "DELETE FROM member_departments WHERE member IN (SELECT member FROM staging.ends WHERE gone = 1)",
        "DELETE FROM member_keys WHERE member IN (SELECT member FROM staging.ends WHERE gone = 1)",
    ] {
        sqlx::query(statement).persistent(false).execute(tx.conn()).await?;
    }
    Ok(())
}
