//! Partner links: standing agreements of two companies, and whom each shows the other.

use sqlx::Row as _;

use super::{Conn, Row, StoreError, Write};
use crate::domain::Time;

/// A partner link, proposed or in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkRow {
    pub(crate) sk: i64,
    pub(crate) request: i64,
    pub(crate) proposer: i64,
    pub(crate) accepter: i64,
    /// When it begins to hold; none until it is accepted.
    pub(crate) since: Option<Time>,
}

impl LinkRow {
    /// The company on the other side.
    pub(crate) const fn other(&self, company: i64) -> i64 {
        if self.proposer == company { self.accepter } else { self.proposer }
    }
}

const COLUMNS: &str = "sk, request, proposer, accepter, since";

fn read(row: &Row) -> Result<LinkRow, StoreError> {
    let time = |column: &str| -> Result<Option<Time>, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Time::from_micros))
    };
    Ok(LinkRow {
        sk: row.try_get("sk")?,
        request: row.try_get("request")?,
        proposer: row.try_get("proposer")?,
        accepter: row.try_get("accepter")?,
        since: time("since")?,
    })
}

/// Writes a proposal.
pub(crate) async fn propose(
    tx: &mut Write,
    request: i64,
    proposer: i64,
    accepter: i64,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "INSERT INTO partner_links (request, proposer, accepter) VALUES ($1, $2, $3) RETURNING sk",
    )
    .bind(request)
    .bind(proposer)
    .bind(accepter)
    .fetch_one(tx.conn())
    .await?)
}

/// The link that a request proposes.
pub(crate) async fn of_request(conn: &mut Conn, request: i64) -> Result<Option<LinkRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} FROM partner_links WHERE request = $1"))
        .bind(request)
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// The link between two companies that holds at `now`.
pub(crate) async fn between(
    conn: &mut Conn,
    a: i64,
    b: i64,
    now: Time,
) -> Result<Option<LinkRow>, StoreError> {
    sqlx::query(sql!(
        "SELECT {COLUMNS} FROM partner_links
         WHERE since <= $3 AND (ended_at IS NULL OR ended_at > $3)
           AND ((proposer = $1 AND accepter = $2) OR (proposer = $2 AND accepter = $1)) LIMIT 1"
    ))
    .bind(a)
    .bind(b)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

/// Links of a company that hold at `now` or begin to hold later.
pub(crate) async fn of_company(conn: &mut Conn, company: i64, now: Time) -> Result<Vec<LinkRow>, StoreError> {
    sqlx::query(sql!(
        "SELECT {COLUMNS} FROM partner_links
         WHERE (proposer = $1 OR accepter = $1) AND since IS NOT NULL AND (ended_at IS NULL OR ended_at > $2)
         ORDER BY sk"
    ))
    .bind(company)
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Links of a company that hold at `now`, and those that it proposed and nobody answered yet.
pub(crate) async fn all_of_company(
    conn: &mut Conn,
    company: i64,
    now: Time,
) -> Result<Vec<LinkRow>, StoreError> {
    sqlx::query(sql!(
        "SELECT l.sk, l.request, l.proposer, l.accepter, CASE WHEN l.since <= $2 THEN l.since END AS since
         FROM partner_links l JOIN requests r ON r.sk = l.request
         WHERE (l.ended_at IS NULL OR l.ended_at > $2) AND (
            ((l.proposer = $1 OR l.accepter = $1) AND l.since <= $2)
            OR (l.proposer = $1 AND (r.effective_at > $2 OR (r.state = 'pending' AND r.expires_at > $2))))
         ORDER BY l.sk"
    ))
    .bind(company)
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Whether one of two companies has proposed a link to the other, and nobody answered yet.
pub(crate) async fn proposed(conn: &mut Conn, a: i64, b: i64, now: Time) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM partner_links l JOIN requests r ON r.sk = l.request
         WHERE ((l.proposer = $1 AND l.accepter = $2) OR (l.proposer = $2 AND l.accepter = $1))
           AND (r.effective_at > $3 OR (r.state = 'pending' AND r.expires_at > $3)))",
    )
    .bind(a)
    .bind(b)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?;
    Ok(found != 0)
}

/// Has a link hold from a moment on, or not hold after all.
pub(crate) async fn set_since(tx: &mut Write, link: i64, since: Option<Time>) -> Result<(), StoreError> {
    sqlx::query("UPDATE partner_links SET since = $2 WHERE sk = $1")
        .bind(link)
        .bind(since.map(Time::as_micros))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends a link, if it has not ended yet.
pub(crate) async fn end(tx: &mut Write, link: i64, by: i64) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE partner_links SET ended_at = $2, ended_by = $3 WHERE sk = $1 AND ended_at IS NULL",
    )
    .bind(link)
    .bind(now)
    .bind(by)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What one side of a link shows, by hidden keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) departments: Vec<i64>,
    pub(crate) members: Vec<i64>,
}

/// Sets what one side of a link shows.
pub(crate) async fn set_scope(
    tx: &mut Write,
    link: i64,
    company: i64,
    shown: &Shown,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM partner_scopes WHERE link = $1 AND company = $2")
        .bind(link)
        .bind(company)
        .execute(tx.conn())
        .await?;
    let departments = shown.departments.iter().map(|sk| (Some(*sk), None));
    let members = shown.members.iter().map(|sk| (None, Some(*sk)));
    for (department, member) in departments.chain(members) {
        sqlx::query("INSERT INTO partner_scopes (link, company, department, member) VALUES ($1, $2, $3, $4)")
            .bind(link)
            .bind(company)
            .bind(department)
            .bind(member)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// What one side of a link shows.
pub(crate) async fn scope(conn: &mut Conn, link: i64, company: i64) -> Result<Shown, StoreError> {
    let rows = sqlx::query("SELECT department, member FROM partner_scopes WHERE link = $1 AND company = $2")
        .bind(link)
        .bind(company)
        .fetch_all(conn)
        .await?;
    let mut shown = Shown::default();
    for row in rows {
        shown.departments.extend(row.try_get::<Option<i64>, _>("department")?);
        shown.members.extend(row.try_get::<Option<i64>, _>("member")?);
    }
    Ok(shown)
}

/// Whether a link that holds at `now` shows a member to another company.
pub(crate) async fn shows(
    conn: &mut Conn,
    viewer_company: i64,
    member: i64,
    now: Time,
) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM linked_people p JOIN partner_links l ON l.sk = p.link
         WHERE p.viewer_company = $1 AND p.member = $2 AND p.shown = 1
           AND l.since <= $3 AND (l.ended_at IS NULL OR l.ended_at > $3))",
    )
    .bind(viewer_company)
    .bind(member)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?;
    Ok(found != 0)
}
