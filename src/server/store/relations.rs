//! Who stands to whom in a company: managers, leaders, admins, who knows whom.

use sqlx::Row as _;

use super::links::Shown;
use super::members::member_id;
use super::requests::RequestRow;
use super::visible::{self, sees};
use super::{Conn, Row, StoreError};
use crate::domain::{KnownBy, MemberId, Time, Who};
use crate::server::access::Viewer;
use crate::server::policy::{domain_of, is_consumer};
use crate::text::Untrusted;

/// Whoever can act: present, and not disabled.
const ACTIVE: &str = "m.gone_at IS NULL AND m.status IN ('active', 'not_activated')";

fn who(row: &Row) -> Result<Who, StoreError> {
    Ok(Who { id: member_id(row.try_get("id")?)?, name: row.try_get::<String, _>("name")?.into() })
}

/// The admins of a company.
pub(crate) async fn admins(conn: &mut Conn, company: i64) -> Result<Vec<i64>, StoreError> {
    Ok(sqlx::query_scalar(sql!(
        "SELECT m.sk FROM members m WHERE m.company = $1 AND m.special_role = 'admin' AND {ACTIVE} ORDER BY m.sk"
    ))
    .bind(company)
    .fetch_all(conn)
    .await?)
}

/// The company of a member, present or not.
pub(crate) async fn company_of(conn: &mut Conn, member: i64) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar("SELECT company FROM members WHERE sk = $1")
        .bind(member)
        .fetch_optional(conn)
        .await?)
}

/// The direct manager of a member, present or not, when they can act.
pub(crate) async fn manager_of(conn: &mut Conn, member: i64) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(sql!(
        "SELECT m.sk FROM members r JOIN members m ON m.sk = r.manager WHERE r.sk = $1 AND {ACTIVE}"
    ))
    .bind(member)
    .fetch_optional(conn)
    .await?)
}

/// Leaders of a member's main department and of those above it, the nearest first.
pub(crate) async fn leaders_above(conn: &mut Conn, member: i64) -> Result<Vec<i64>, StoreError> {
    // The deeper a department lies, the more there are above it.
    Ok(sqlx::query_scalar(sql!(
        "SELECT m.sk FROM member_departments mine
         JOIN department_ancestors a ON a.department = mine.department
         JOIN member_departments lead ON lead.department = a.ancestor AND lead.leader = 1
         JOIN members m ON m.sk = lead.member
         WHERE mine.member = $1 AND mine.place = 0 AND {ACTIVE}
         ORDER BY (SELECT COUNT(*) FROM department_ancestors d WHERE d.department = a.ancestor) DESC,
                  lead.ord, m.id_key"
    ))
    .bind(member)
    .fetch_all(conn)
    .await?)
}

/// Whom one side of a link shows: the people of its departments and below, and its members.
pub(crate) async fn in_scope(conn: &mut Conn, company: i64, shown: &Shown) -> Result<Vec<i64>, StoreError> {
    let mut people: Vec<i64> = Vec::new();
    for department in &shown.departments {
        let found: Vec<i64> = sqlx::query_scalar(sql!(
            "SELECT DISTINCT m.sk FROM department_ancestors a
             JOIN member_departments md ON md.department = a.department
             JOIN members m ON m.sk = md.member
             WHERE a.ancestor = $2 AND m.company = $1 AND {ACTIVE}"
        ))
        .bind(company)
        .bind(*department)
        .fetch_all(&mut *conn)
        .await?;
        people.extend(found);
    }
    for member in &shown.members {
        let found: Option<i64> = sqlx::query_scalar(sql!(
            "SELECT m.sk FROM members m WHERE m.sk = $2 AND m.company = $1 AND {ACTIVE}"
        ))
        .bind(company)
        .bind(*member)
        .fetch_optional(&mut *conn)
        .await?;
        people.extend(found);
    }
    Ok(people)
}

/// Colleagues whose rows may hold an address or a number, to be looked at more closely.
async fn holding(
    conn: &mut Conn,
    viewer: &Viewer,
    column: &str,
    part: &str,
) -> Result<Vec<(MemberId, String)>, StoreError> {
    let seen = sees("m.sk", "$2", "$3");
    let escaped = part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let rows = sqlx::query(sql!(
        "SELECT m.id, m.{column} AS held FROM members m
         WHERE m.company = $1 AND {seen} AND m.{column} LIKE $4 ESCAPE '\\'
           AND m.gone_at IS NULL AND m.status <> 'left' ORDER BY m.id_key LIMIT 50"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(visible::admin(viewer))
    .bind(format!("%{escaped}%"))
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| Ok((member_id(row.try_get("id")?)?, row.try_get("held")?))).collect()
}

/// The colleague with this address, as far as the viewer may know it.
pub(crate) async fn by_email(
    conn: &mut Conn,
    viewer: &Viewer,
    email: &str,
) -> Result<Option<MemberId>, StoreError> {
    for (id, held) in holding(conn, viewer, "emails", email).await? {
        let emails: Vec<Untrusted> = serde_json::from_str(&held)?;
        if emails.iter().any(|known| known.as_data().eq_ignore_ascii_case(email)) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The colleague with this number, as far as the viewer may know it. Fewer than seven digits are none.
pub(crate) async fn by_phone(
    conn: &mut Conn,
    viewer: &Viewer,
    number: &str,
) -> Result<Option<MemberId>, StoreError> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let wanted = digits(number);
    let is_number = number.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
    let Some(tail) = wanted.get(wanted.len().saturating_sub(4)..).filter(|_| is_number && wanted.len() >= 7)
    else {
        return Ok(None);
    };
    for (id, held) in holding(conn, viewer, "phones", tail).await? {
        let phones: Vec<crate::domain::Phone> = serde_json::from_str(&held)?;
        if phones.iter().any(|phone| digits(phone.number.as_data()).ends_with(&wanted)) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// An admin whom the viewer can ask.
pub(crate) async fn admin_to_ask(conn: &mut Conn, viewer: &Viewer) -> Result<Option<Who>, StoreError> {
    let seen = sees("m.sk", "$2", "$3");
    sqlx::query(sql!(
        "SELECT m.id, m.name FROM members m
         WHERE m.company = $1 AND m.sk <> $2 AND m.special_role = 'admin' AND {ACTIVE} AND {seen}
         ORDER BY m.id_key LIMIT 1"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(visible::admin(viewer))
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(who)
    .transpose()
}

/// A colleague who has somebody outside as a contact.
pub(crate) async fn who_knows(
    conn: &mut Conn,
    viewer: &Viewer,
    peer: i64,
    now: Time,
) -> Result<Option<Who>, StoreError> {
    let seen = sees("m.sk", "$2", "$3");
    sqlx::query(sql!(
        "SELECT m.id, m.name FROM contacts c JOIN members m ON m.sk = c.owner
         WHERE c.company = $1 AND c.peer = $4 AND c.owner <> $2 AND c.since <= $5
           AND (c.gone_at IS NULL OR c.gone_at > $5) AND {ACTIVE} AND {seen} ORDER BY c.since LIMIT 1"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(visible::admin(viewer))
    .bind(peer)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(who)
    .transpose()
}

/// A member as they were, present or not: id, name and title.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: MemberId,
    pub(crate) name: Untrusted,
    pub(crate) title: Option<Untrusted>,
}

/// Somebody by the hidden key, present or not.
pub(crate) async fn person(conn: &mut Conn, member: i64) -> Result<Option<Person>, StoreError> {
    let row = sqlx::query("SELECT id, name, title FROM members WHERE sk = $1")
        .bind(member)
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        Ok(Person {
            id: member_id(row.try_get("id")?)?,
            name: row.try_get::<String, _>("name")?.into(),
            title: row.try_get::<Option<String>, _>("title")?.map(Untrusted::from),
        })
    })
    .transpose()
}

/// Colleagues who know whoever sent a request, or somebody of the same company; at most twenty.
pub(crate) async fn known_by(
    conn: &mut Conn,
    row: &RequestRow,
    viewer: &Viewer,
    now: Time,
) -> Result<Vec<KnownBy>, StoreError> {
    let domain = row.typed.email.as_ref().and_then(|email| domain_of(email.as_data()));
    let domain = domain.filter(|domain| !is_consumer(domain));
    let email = row.typed.email.as_ref().map(Untrusted::as_data);
    let seen = sees("m.sk", "$2", "$8");
    let rows = sqlx::query(sql!(
        "SELECT m.id, m.name, c.name AS known,
                (c.peer IS NOT NULL AND c.peer = $4) OR (c.emails LIKE '%' || $5 || '%') AS same_person
         FROM contacts c JOIN members m ON m.sk = c.owner LEFT JOIN members o ON o.sk = c.peer
         WHERE c.company = $1 AND c.owner <> $2 AND c.since <= $3 AND (c.gone_at IS NULL OR c.gone_at > $3)
           AND (c.peer = $4 OR c.emails LIKE '%' || $5 || '%' OR c.domain = $6 OR o.company = $7)
           AND {ACTIVE} AND {seen}
         ORDER BY same_person DESC, c.since LIMIT 20"
    ))
    .bind(row.company)
    .bind(viewer.member)
    .bind(now.as_micros())
    .bind(row.requester)
    .bind(email.map(|email| email.replace(['%', '_'], "")))
    .bind(domain)
    .bind(row.requester_company.filter(|company| *company != row.company))
    .bind(visible::admin(viewer))
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|found| {
            Ok(KnownBy {
                who: who(found)?,
                name: found.try_get::<String, _>("known")?.into(),
                same_person: found.try_get::<Option<i64>, _>("same_person")?.unwrap_or(0) != 0,
            })
        })
        .collect()
}
