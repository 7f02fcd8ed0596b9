//! What members set for themselves: whether they take requests, and who decides while they are away.

use std::collections::HashMap;

use sqlx::Row as _;

use super::members::member_id;
use super::{Conn, StoreError, Write, flag, visible};
use crate::domain::{Away, Time, Who};
use crate::server::access::Viewer;

/// A member's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnSettings {
    pub(crate) accepts: bool,
    pub(crate) away_until: Option<Time>,
    pub(crate) stand_in: Option<Who>,
    pub(crate) revision: i64,
}

/// A member's own settings; what holds without any when they set none.
pub(crate) async fn of(conn: &mut Conn, member: i64) -> Result<OwnSettings, StoreError> {
    let row = sqlx::query(
        "SELECT s.accepts, s.away_until, s.revision, m.id, m.name FROM member_settings s
         LEFT JOIN members m ON m.sk = s.stand_in WHERE s.member = $1",
    )
    .bind(member)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else {
        return Ok(OwnSettings { accepts: true, away_until: None, stand_in: None, revision: 0 });
    };
    let id: Option<String> = row.try_get("id")?;
    let stand_in = match id {
        Some(id) => Some(Who { id: member_id(&id)?, name: row.try_get::<String, _>("name")?.into() }),
        None => None,
    };
    Ok(OwnSettings {
        accepts: row.try_get::<i64, _>("accepts")? != 0,
        away_until: row.try_get::<Option<i64>, _>("away_until")?.map(Time::from_micros),
        stand_in,
        revision: row.try_get("revision")?,
    })
}

/// Whether a member takes requests, by their own word.
pub(crate) async fn accepts(conn: &mut Conn, member: i64) -> Result<bool, StoreError> {
    let accepts: Option<i64> = sqlx::query_scalar("SELECT accepts FROM member_settings WHERE member = $1")
        .bind(member)
        .fetch_optional(conn)
        .await?;
    Ok(accepts != Some(0))
}

/// Sets them, if the revision is still the one named.
pub(crate) async fn set(
    tx: &mut Write,
    member: i64,
    revision: i64,
    accepts: bool,
    away_until: Option<Time>,
    stand_in: Option<i64>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO member_settings (member, accepts, away_until, stand_in, revision)
         SELECT $1, $3, $4, $5, 1 WHERE $2 = 0 OR EXISTS (SELECT 1 FROM member_settings WHERE member = $1)
         ON CONFLICT (member) DO UPDATE SET accepts = $3, away_until = $4, stand_in = $5, revision = revision + 1
         WHERE revision = $2",
    )
    .bind(member)
    .bind(revision)
    .bind(flag(accepts))
    .bind(away_until.map(Time::as_micros))
    .bind(stand_in)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Who of a company is away at `now`, by hidden key. A stand-in who is not there for the viewer is none.
pub(crate) async fn away(
    conn: &mut Conn,
    viewer: &Viewer,
    now: Time,
) -> Result<HashMap<i64, Away>, StoreError> {
    let seen = visible::sees("b.sk", "$2", "$3");
    let rows = sqlx::query(sql!(
        "SELECT s.member, s.away_until, b.id, b.name FROM member_settings s JOIN members m ON m.sk = s.member
         LEFT JOIN members b ON b.sk = s.stand_in AND b.gone_at IS NULL AND b.status <> 'left' AND {seen}
         WHERE m.company = $1 AND s.away_until > $4"
    ))
    .bind(viewer.company)
    .bind(viewer.member)
    .bind(visible::admin(viewer))
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?;
    let mut all = HashMap::with_capacity(rows.len());
    for row in rows {
        let stand_in = match row.try_get::<Option<String>, _>("id")? {
            Some(id) => Some(Who { id: member_id(&id)?, name: row.try_get::<String, _>("name")?.into() }),
            None => None,
        };
        let until = Time::from_micros(row.try_get("away_until")?);
        all.insert(row.try_get("member")?, Away { until, stand_in });
    }
    Ok(all)
}

/// Whoever is away and had this member stand in for them has nobody any more.
pub(crate) async fn forget_stand_in(tx: &mut Write, member: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE member_settings SET stand_in = NULL, revision = revision + 1 WHERE stand_in = $1")
        .bind(member)
        .execute(tx.conn())
        .await?;
    Ok(())
}
