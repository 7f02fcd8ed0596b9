//! People of a company. Every read that a viewer causes goes through [`crate::server::access`]'s
//! filter of fields; rows that are not present (taken out, or left) are not read at all.

use sqlx::Row as _;

use super::visible::{self, sees};
use super::{Conn, Row, StoreError, Write};
use crate::domain::{Attribute, DepartmentId, Member, MemberId, Membership, Phone, Role, Status, Time};
use crate::server::access::Viewer;
use crate::text::Untrusted;

/// A member as stored, with the hidden key.
#[derive(Clone, Debug)]
pub(crate) struct MemberRow {
    pub(crate) sk: i64,
    /// Hidden keys of the departments, in their order.
    pub(crate) departments: Vec<i64>,
    /// Hidden key of the manager.
    pub(crate) manager: Option<i64>,
    /// With every field: not yet filtered for anybody. [`crate::server::access::Sight`] does that.
    pub(crate) whole: Member,
}

/// Columns of a member, joined with their manager. The list of departments is one text:
/// `id:leader:order:hidden key`, main department first.
const COLUMNS: &str =
    "m.sk, m.id, m.name, m.alias, m.title, m.external_title, m.phones, m.emails, m.office, m.status,
    m.attributes, m.revision, boss.id AS boss, boss.sk AS boss_sk,
    (SELECT string_agg(d.id || ':' || md.leader || ':' || md.ord || ':' || d.sk, ' ' ORDER BY md.place)
     FROM member_departments md JOIN departments d ON d.sk = md.department WHERE md.member = m.sk) AS places";

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

fn read(row: &Row) -> Result<MemberRow, StoreError> {
    let text = |column: &str| -> Result<Option<Untrusted>, StoreError> {
        Ok(row.try_get::<Option<String>, _>(column)?.map(Untrusted::from))
    };
    let phones: Vec<Phone> = serde_json::from_str(row.try_get("phones")?)?;
    let emails: Vec<Untrusted> = serde_json::from_str(row.try_get("emails")?)?;
    let attributes: Vec<Attribute> = serde_json::from_str(row.try_get("attributes")?)?;
    let boss: Option<String> = row.try_get("boss")?;
    let (departments, keys) = places(row.try_get("places")?)?;
    Ok(MemberRow {
        sk: row.try_get("sk")?,
        departments: keys,
        manager: row.try_get("boss_sk")?,
        whole: Member {
            id: member_id(row.try_get("id")?)?,
            revision: row.try_get("revision")?,
            as_of: 0,
            name: row.try_get::<String, _>("name")?.into(),
            alias: text("alias")?,
            departments,
            title: text("title")?,
            external_title: text("external_title")?,
            phones,
            emails,
            office: text("office")?,
            status: Status::parse(row.try_get("status")?).ok_or(StoreError::Unexpected("members.status"))?,
            manager: boss.as_deref().map(member_id).transpose()?,
            attributes,
            masked: Vec::new(),
            allowed: Vec::new(),
        },
    })
}

pub(crate) fn member_id(text: &str) -> Result<MemberId, StoreError> {
    MemberId::new(text).map_err(|_| StoreError::Unexpected("members.id"))
}

/// Memberships, and the hidden keys of their departments.
fn places(text: Option<&str>) -> Result<(Vec<Membership>, Vec<i64>), StoreError> {
    let mut memberships = Vec::new();
    let mut keys = Vec::new();
    for place in text.unwrap_or_default().split(' ').filter(|place| !place.is_empty()) {
        let mut parts = place.split(':');
        let (Some(id), Some(leader), Some(order), Some(key)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(StoreError::Unexpected("member_departments"));
        };
        memberships.push(Membership {
            id: DepartmentId::new(id).map_err(|_| StoreError::Unexpected("departments.id"))?,
            leader: leader == "1",
            order: order.parse().map_err(|_| StoreError::Unexpected("member_departments.ord"))?,
        });
        keys.push(key.parse().map_err(|_| StoreError::Unexpected("member_departments"))?);
    }
    Ok((memberships, keys))
}

fn read_all(rows: &[Row]) -> Result<Vec<MemberRow>, StoreError> {
    rows.iter().map(read).collect()
}

/// Members after an id, in the order of ids.
pub(crate) async fn page(
    conn: &mut Conn,
    viewer: &Viewer,
    after: &str,
    limit: i64,
) -> Result<Vec<MemberRow>, StoreError> {
    let (from, seen) = (seen_from(), seen_where());
    let rows = sqlx::query(sql!(
        "SELECT {COLUMNS} {from} WHERE {seen} AND m.id_key > $4 ORDER BY m.id_key LIMIT $5"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(visible::admin(viewer))
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    read_all(&rows)
}

/// The rows of one department as the screen orders them: leaders first.
pub(crate) async fn of_department(
    conn: &mut Conn,
    viewer: &Viewer,
    department: &DepartmentId,
    limit: i64,
) -> Result<Vec<MemberRow>, StoreError> {
    let (from, seen) = (seen_from(), seen_where());
    let rows = sqlx::query(sql!(
        "SELECT {COLUMNS} {from}
         JOIN member_departments here ON here.member = m.sk
         JOIN departments this ON this.sk = here.department
         WHERE {seen} AND this.id = $4
         ORDER BY here.leader DESC, here.ord, m.id_key LIMIT $5"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(visible::admin(viewer))
    .bind(department.as_str())
    .bind(limit)
    .fetch_all(conn)
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
    sqlx::query(sql!("SELECT {COLUMNS} {from} WHERE {seen} AND m.id_key = $4"))
        .bind(viewer.company)
        .bind(viewer.member)
        .bind(visible::admin(viewer))
        .bind(id.key())
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
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
    sqlx::query(sql!("SELECT {COLUMNS} {FROM} WHERE m.company = $1 AND m.id_key = $2 AND {PRESENT}"))
        .bind(company)
        .bind(id.key())
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// One present member by the hidden key.
pub(crate) async fn by_sk(conn: &mut Conn, sk: i64) -> Result<Option<MemberRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} {FROM} WHERE m.sk = $1 AND {PRESENT}"))
        .bind(sk)
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
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
    let mut query =
        sqlx::query(sql!("SELECT {COLUMNS} {FROM} WHERE m.sk IN ({}) AND {PRESENT}", holes.join(", ")));
    for sk in sks {
        query = query.bind(*sk);
    }
    let mut rows = read_all(&query.persistent(false).fetch_all(conn).await?)?;
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

/// The prepared search keys of everybody present: pieces of many lines, each a hidden key, a tab and
/// the keys. In pieces, because a row an answer costs more than the keys in it.
pub(crate) async fn search_keys(conn: &mut Conn, company: i64) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(sql!(
        "SELECT string_agg(k.member || $2 || k.keys, $3)
         FROM member_keys k JOIN members m ON m.sk = k.member
         WHERE k.company = $1 AND {PRESENT}
         GROUP BY k.member / 1000 ORDER BY k.member / 1000"
    ))
    .bind(company)
    .bind("\t")
    .bind("\n")
    .fetch_all(conn)
    .await?)
}

/// Active members of a company without a live access token.
pub(crate) async fn without_access(
    conn: &mut Conn,
    company: i64,
    now: Time,
) -> Result<Vec<MemberRow>, StoreError> {
    sqlx::query(sql!(
        "SELECT {COLUMNS} {FROM} WHERE m.company = $1 AND {PRESENT} AND m.status <> 'disabled'
           AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.member = m.sk AND s.kind = 'access'
                           AND s.ended_at IS NULL AND s.expires_at > $2)
         ORDER BY m.id_key"
    ))
    .bind(company)
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?
    .iter()
    .map(read)
    .collect()
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
