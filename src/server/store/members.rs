//! People of a company. Every read that a viewer causes goes through [`crate::server::access`]'s
//! filter of fields; rows that are not present (taken out, or left) are not read at all.

use sqlx::Row as _;

use super::visible::{self, sees};
use super::{Conn, StoreError, Write};
use crate::domain::{Attribute, DepartmentId, Member, MemberId, Membership, Phone, Role, Status, Time};
use crate::server::access::Viewer;
use crate::text::Untrusted;

/// A member as stored, with the hidden key.
#[derive(Clone, Debug)]
pub(crate) struct MemberRow {
    pub(crate) sk: i64,
    /// Hidden key of the manager.
    pub(crate) manager: Option<i64>,
    /// With every field: not yet filtered for anybody. [`crate::server::access::Sight`] does that.
    pub(crate) whole: Member,
}

/// A member as one JSON list, joined with their manager. Read by [`read`]. What is stored as JSON goes in
/// as it is.
const ROW: &str =
    "'[' || m.phones || ',' || m.emails || ',' || m.attributes || ',' || json_array(m.sk, m.revision, m.id,
    m.name, m.alias, m.title, m.external_title, m.office, m.status, boss.id, boss.sk, m.places) || ']'";

/// Where members come from, and which of them are there at all.
const FROM: &str = "FROM members m LEFT JOIN members boss ON boss.sk = m.manager AND boss.gone_at IS NULL AND boss.status <> 'left'";

/// The same for a viewer: binds $1 their company, $2 their hidden key, $3 whether they are an admin. A
/// manager who is not there for them is none.
fn seen_from() -> String {
    format!("{FROM} AND {}", sees("boss.sk", "$2", "$3"))
}

/// Who is present, of the viewer's company, and there for them.
fn seen_where() -> String {
    format!("m.company = $1 AND {PRESENT} AND {}", sees("m.sk", "$2", "$3"))
}

const PRESENT: &str = "m.gone_at IS NULL AND m.status <> 'left'";

/// The columns of [`ROW`].
type Columns = (Vec<Phone>, Vec<Untrusted>, Vec<Attribute>, Texts);
type Texts = (
    i64,
    i64,
    MemberId,
    Untrusted,
    Option<Untrusted>,
    Option<Untrusted>,
    Option<Untrusted>,
    Option<Untrusted>,
    Status,
    Option<MemberId>,
    Option<i64>,
    String,
);

fn read((phones, emails, attributes, texts): Columns) -> Result<MemberRow, StoreError> {
    let (sk, revision, id, name, alias, title, external_title, office, status, manager, boss, places) = texts;
    Ok(MemberRow {
        sk,
        manager: boss,
        whole: Member {
            id,
            revision,
            as_of: 0,
            name,
            alias,
            departments: memberships(&places)?,
            title,
            external_title,
            phones,
            emails,
            office,
            status,
            away: None,
            manager,
            attributes,
            masked: Vec::new(),
            allowed: Vec::new(),
        },
    })
}

fn read_one(row: Option<String>) -> Result<Option<MemberRow>, StoreError> {
    row.map(|row| read(serde_json::from_str(&row)?)).transpose()
}

/// Reads a list of rows in one text.
fn read_all(rows: &str) -> Result<Vec<MemberRow>, StoreError> {
    let rows: Vec<Columns> = serde_json::from_str(rows)?;
    rows.into_iter().map(read).collect()
}

/// A query for members. `rest` is what follows the columns.
fn all(rest: &str) -> String {
    super::json_list(ROW, rest)
}

pub(crate) fn member_id(text: &str) -> Result<MemberId, StoreError> {
    MemberId::new(text).map_err(|_| StoreError::Unexpected("members.id"))
}

fn memberships(text: &str) -> Result<Vec<Membership>, StoreError> {
    text.split(' ')
        .filter(|place| !place.is_empty())
        .map(|place| {
            let mut parts = place.split(':');
            let (Some(id), Some(leader), Some(order)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(StoreError::Unexpected("members.places"));
            };
            Ok(Membership {
                id: DepartmentId::new(id).map_err(|_| StoreError::Unexpected("departments.id"))?,
                leader: leader == "1",
                order: order.parse().map_err(|_| StoreError::Unexpected("members.places"))?,
            })
        })
        .collect()
}

/// The text that [`memberships`] reads: departments, whether they are led, and the order in each.
pub(crate) fn places_text<'a>(places: impl IntoIterator<Item = (&'a str, bool, i64)>) -> String {
    let places = places.into_iter().map(|(id, leader, order)| format!("{id}:{}:{order}", u8::from(leader)));
    places.collect::<Vec<_>>().join(" ")
}

/// Members after an id, in the order of ids, and the head of the company's outbox at the same moment.
pub(crate) async fn page(
    conn: &mut Conn,
    viewer: &Viewer,
    after: &str,
    limit: i64,
) -> Result<(Vec<MemberRow>, i64), StoreError> {
    let (from, seen) = (seen_from(), seen_where());
    let rows = all(&format!("{from} WHERE {seen} AND m.id_key > $4 ORDER BY m.id_key LIMIT $5 + 0"));
    // One statement is a consistent view by itself.
    let (rows, head): (String, i64) =
        sqlx::query_as(sql!("SELECT ({rows}), (SELECT seq FROM companies WHERE sk = $1)"))
            .bind(viewer.company)
            .bind(viewer.member)
            .bind(visible::admin(viewer))
            .bind(after)
            .bind(limit)
            .fetch_one(conn)
            .await?;
    Ok((read_all(&rows)?, head))
}

/// The rows of one department as the screen orders them: leaders first.
pub(crate) async fn of_department(
    conn: &mut Conn,
    viewer: &Viewer,
    department: &DepartmentId,
    limit: i64,
) -> Result<Vec<MemberRow>, StoreError> {
    let (from, seen) = (seen_from(), seen_where());
    let rows: String = sqlx::query_scalar(sql!(
        "{}",
        all(&format!(
            "{from}
             JOIN member_departments here ON here.member = m.sk
             JOIN departments this ON this.sk = here.department
             WHERE {seen} AND this.id = $4
             ORDER BY here.leader DESC, here.ord, m.id_key LIMIT $5 + 0"
        ))
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(visible::admin(viewer))
    .bind(department.as_str())
    .bind(limit)
    .fetch_one(conn)
    .await?;
    read_all(&rows)
}

/// A colleague who is there for the viewer. Whoever is hidden is not found, as whoever does not exist.
pub(crate) async fn seen(
    conn: &mut Conn,
    viewer: &Viewer,
    id: &MemberId,
) -> Result<Option<MemberRow>, StoreError> {
    let (from, seen) = (seen_from(), seen_where());
    let row = sqlx::query_scalar(sql!("SELECT {ROW} {from} WHERE {seen} AND m.id_key = $4"))
        .bind(viewer.company)
        .bind(viewer.member)
        .bind(visible::admin(viewer))
        .bind(id.key())
        .fetch_optional(conn)
        .await?;
    read_one(row)
}

/// The departments that a member is in, and whether they lead each.
pub(crate) async fn places_of(conn: &mut Conn, member: i64) -> Result<Vec<(i64, bool)>, StoreError> {
    let rows =
        sqlx::query("SELECT department, leader FROM member_departments WHERE member = $1 ORDER BY place")
            .bind(member)
            .fetch_all(conn)
            .await?;
    rows.iter().map(|row| Ok((row.try_get("department")?, row.try_get::<i64, _>("leader")? != 0))).collect()
}

/// One present member, whoever asks: for whoever administers a company, not for what a viewer sees.
pub(crate) async fn find(
    conn: &mut Conn,
    company: i64,
    id: &MemberId,
) -> Result<Option<MemberRow>, StoreError> {
    let row =
        sqlx::query_scalar(sql!("SELECT {ROW} {FROM} WHERE m.company = $1 AND m.id_key = $2 AND {PRESENT}"));
    read_one(row.bind(company).bind(id.key()).fetch_optional(conn).await?)
}

/// One present member by the hidden key.
pub(crate) async fn by_sk(conn: &mut Conn, sk: i64) -> Result<Option<MemberRow>, StoreError> {
    let row = sqlx::query_scalar(sql!("SELECT {ROW} {FROM} WHERE m.sk = $1 AND {PRESENT}"));
    read_one(row.bind(sk).fetch_optional(conn).await?)
}

/// The id of a present member.
pub(crate) async fn id_of(conn: &mut Conn, sk: i64) -> Result<Option<MemberId>, StoreError> {
    let id: Option<String> =
        sqlx::query_scalar(sql!("SELECT m.id FROM members m WHERE m.sk = $1 AND {PRESENT}"))
            .bind(sk)
            .fetch_optional(conn)
            .await?;
    id.as_deref().map(member_id).transpose()
}

/// Present members by hidden keys, in the order of the keys asked for.
pub(crate) async fn by_sks(conn: &mut Conn, sks: &[i64]) -> Result<Vec<MemberRow>, StoreError> {
    if sks.is_empty() {
        return Ok(Vec::new());
    }
    let holes: Vec<String> = (1..=sks.len()).map(|n| format!("${n}")).collect();
    let rows = all(&format!("{FROM} WHERE m.sk IN ({}) AND {PRESENT}", holes.join(", ")));
    let mut query = sqlx::query_scalar(sql!("{rows}"));
    for sk in sks {
        query = query.bind(*sk);
    }
    let rows: String = query.persistent(false).fetch_one(conn).await?;
    let mut rows = read_all(&rows)?;
    rows.sort_by_key(|row| sks.iter().position(|sk| *sk == row.sk));
    Ok(rows)
}

/// How many are present and there for the viewer.
pub(crate) async fn count(conn: &mut Conn, viewer: &Viewer) -> Result<i64, StoreError> {
    let seen = seen_where();
    Ok(sqlx::query_scalar(sql!("SELECT COUNT(*) FROM members m WHERE {seen}"))
        .bind(viewer.company)
        .bind(viewer.member)
        .bind(visible::admin(viewer))
        .fetch_one(conn)
        .await?)
}

/// Prepared search keys of people one after another.
pub(crate) struct KeysPiece {
    /// A line each: hidden key, a tab, the keys.
    pub(crate) lines: String,
    /// The id of the last of them.
    pub(crate) last: String,
}

/// The prepared search keys of people present after an id, in the order of ids. Many in one text, because a
/// row of an answer costs more than the keys in it.
pub(crate) async fn search_keys(
    conn: &mut Conn,
    company: i64,
    after: &str,
) -> Result<Option<KeysPiece>, StoreError> {
    let row = sqlx::query(sql!(
        "SELECT string_agg(sk || $3 || keys, $4 ORDER BY id_key), MAX(id_key) FROM (
            SELECT m.sk, m.id_key, k.keys FROM members m JOIN member_keys k ON k.member = m.sk
            WHERE m.company = $1 AND m.id_key > $2 AND {PRESENT} ORDER BY m.id_key LIMIT 2000)"
    ))
    .bind(company)
    .bind(after)
    .bind("\t")
    .bind("\n")
    .fetch_one(conn)
    .await?;
    let (lines, last): (Option<String>, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(lines.zip(last).map(|(lines, last)| KeysPiece { lines, last }))
}

/// Active members of a company without a live access token.
pub(crate) async fn without_access(
    conn: &mut Conn,
    company: i64,
    now: Time,
) -> Result<Vec<MemberRow>, StoreError> {
    let rows: String = sqlx::query_scalar(sql!(
        "{}",
        all(&format!(
            "{FROM} WHERE m.company = $1 AND {PRESENT} AND m.status <> 'disabled'
               AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.member = m.sk AND s.kind = 'access'
                               AND s.ended_at IS NULL AND s.expires_at > $2)
             ORDER BY m.id_key"
        ))
    ))
    .bind(company)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?;
    read_all(&rows)
}

/// Sets a member's status.
pub(crate) async fn set_status(tx: &mut Write, member: i64, status: Status) -> Result<(), StoreError> {
    sqlx::query("UPDATE members SET status = $2, revision = revision + 1 WHERE sk = $1")
        .bind(member)
        .bind(status.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Gives a member a special role. Returns the one before.
pub(crate) async fn set_special_role(tx: &mut Write, member: i64, role: &str) -> Result<String, StoreError> {
    let before: String = sqlx::query_scalar("SELECT special_role FROM members WHERE sk = $1")
        .bind(member)
        .fetch_one(tx.conn())
        .await?;
    sqlx::query("UPDATE members SET special_role = $2 WHERE sk = $1")
        .bind(member)
        .bind(role)
        .execute(tx.conn())
        .await?;
    Ok(before)
}

/// What a member may be, weakest first.
pub(crate) async fn roles(conn: &mut Conn, member: i64) -> Result<Vec<Role>, StoreError> {
    let row = sqlx::query(
        "SELECT special_role,
            EXISTS (SELECT 1 FROM members r WHERE r.manager = $1 AND r.gone_at IS NULL AND r.status <> 'left')
            OR EXISTS (
                SELECT 1 FROM member_departments lead
                JOIN department_ancestors a ON a.ancestor = lead.department
                JOIN member_departments other ON other.department = a.department
                WHERE lead.member = $1 AND lead.leader = 1 AND other.member <> $1
            ) AS manages
         FROM members WHERE sk = $1",
    )
    .bind(member)
    .fetch_one(conn)
    .await?;
    let mut roles = vec![Role::Member];
    if row.try_get::<i64, _>("manages")? != 0 {
        roles.push(Role::Manager);
    }
    match row.try_get("special_role")? {
        "admin" => roles.push(Role::Admin),
        "auditor" => roles.push(Role::Auditor),
        _ => {}
    }
    Ok(roles)
}
