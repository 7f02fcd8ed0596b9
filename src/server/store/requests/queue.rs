//! What waits for whom: lists and counts.

use super::{Conn, RequestRow, StoreError, columns, read, state_at, tables};
use crate::domain::{RequestState, Time};
use crate::server::access::Viewer;

/// Whose stand-in the viewer is now: members who are away.
const AWAY: &str = "(SELECT m.member FROM member_settings m WHERE m.stand_in = $1 AND m.away_until > $2)";

/// Whether the viewer is an approver `a` of `r`: by name, or as an admin where no name stands.
const APPROVES: &str =
    "a.request = r.sk AND (a.member = $1 OR (a.member IS NULL AND a.company = $3 AND $4 = 1))";

/// Whether the viewer may give a second approval on `r`: not who asks, not whom it is for, and not who gave
/// the first one.
const SECOND: &str = "COALESCE(r.target, 0) <> $1 AND COALESCE(r.requester, 0) <> $1 AND NOT EXISTS (
    SELECT 1 FROM request_steps f WHERE f.request = r.sk AND f.part = 'target' AND f.undone_at IS NULL AND f.who = $1)";

/// The SQL twin of [`super::Parties::waits_for`]: whether `r` waits for the viewer. Binds: $1 the viewer,
/// $2 now, $3 their company, $4 whether they are an admin.
fn waits() -> String {
    format!(
        "(r.expires_at > $2 AND (r.effective_at IS NULL OR r.effective_at <= $2) AND (
            (r.state = 'pending' AND (r.target = $1 OR r.target IN {AWAY}))
            OR (r.state IN ('pending', 'pending_manager') AND EXISTS (
                SELECT 1 FROM request_approvers a WHERE {APPROVES} AND (
                    (r.state = 'pending' AND a.part = 'admin')
                    OR (r.state = 'pending' AND a.part = 'assigner' AND r.target IS NULL)
                    OR (r.state = 'pending_manager' AND {SECOND} AND (
                        (a.part = 'manager_asked' AND r.manager_asked = 1)
                        OR (a.part = 'manager_asking' AND r.manager_asking = 1))))))))"
    )
}

/// The SQL twin of [`super::Parties::held_for`]: whether a decision on `r` that the viewer's queue was
/// about can still be taken back.
fn held() -> String {
    format!(
        "(r.effective_at > $2 AND s.who IS NOT NULL AND (s.who = $1
            OR (s.part = 'target' AND (r.target = $1 OR r.target IN {AWAY}))
            OR (EXISTS (SELECT 1 FROM request_approvers a WHERE {APPROVES} AND a.part = s.part)
                AND (s.part NOT IN ('manager_asked', 'manager_asking') OR COALESCE(r.requester, 0) <> $1))))"
    )
}

/// A viewer's queue: what waits, and what was decided and can still be taken back; most urgent first.
pub(crate) async fn queue(
    conn: &mut Conn,
    viewer: &Viewer,
    now: Time,
) -> Result<Vec<RequestRow>, StoreError> {
    let wanted = Wanted { which: Box::Approvals, state: None, after: None, limit: i64::from(u32::MAX) };
    page(conn, viewer, wanted, now).await
}

/// Which requests a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Box {
    /// The queue.
    Approvals,
    /// Everything that was ever asked of the viewer, or decided by them.
    Incoming,
    /// Everything that the viewer ever asked.
    Outgoing,
}

/// Which of a viewer's requests a page holds.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Of which box.
    pub(crate) which: Box,
    /// Only in this state.
    pub(crate) state: Option<RequestState>,
    /// Only behind the row that ends then, in microseconds, and has this id.
    pub(crate) after: Option<(i64, String)>,
    /// At most so many.
    pub(crate) limit: i64,
}

/// A page of a viewer's requests as they are at `now`, by when they end and id.
pub(crate) async fn page(
    conn: &mut Conn,
    viewer: &Viewer,
    wanted: Wanted,
    now: Time,
) -> Result<Vec<RequestRow>, StoreError> {
    let Wanted { which, state, after, limit } = wanted;
    let boxed = match which {
        Box::Approvals => format!("({} OR {})", waits(), held()),
        Box::Incoming => format!(
            "(r.target = $1 OR EXISTS (SELECT 1 FROM request_steps p WHERE p.request = r.sk AND p.who = $1)
              OR EXISTS (SELECT 1 FROM request_notes n WHERE n.request = r.sk AND n.who = $1)
              OR (r.kind <> 'connection' AND EXISTS (SELECT 1 FROM request_approvers a WHERE {APPROVES}))
              OR {})",
            waits()
        ),
        Box::Outgoing => "(r.requester = $1 AND r.kind <> 'handover')".to_owned(),
    };
    let (columns, tables, state_at) = (columns("$2"), tables("$1"), state_at("$2"));
    let (ends, id) = after.unwrap_or((i64::MIN, String::new()));
    sqlx::query(sql!(
        "SELECT {columns} {tables} WHERE {boxed} AND ($5 IS NULL OR {state_at} = $5)
           AND (r.expires_at > $6 OR (r.expires_at = $6 AND r.id > $7))
         ORDER BY r.expires_at, r.id LIMIT $8"
    ))
    .bind(viewer.member)
    .bind(now.as_micros())
    .bind(viewer.company)
    .bind(super::super::flag(viewer.is_admin()))
    .bind(state.map(RequestState::as_str))
    .bind(ends)
    .bind(id)
    .bind(limit)
    .fetch_all(conn)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// How many wait for a viewer. What was decided and is still held does not count, nor what they put out of
/// the way or asked about.
pub(crate) async fn count_open(conn: &mut Conn, viewer: &Viewer, now: Time) -> Result<i64, StoreError> {
    let waits = waits();
    Ok(sqlx::query_scalar(sql!(
        "SELECT COUNT(*) FROM requests r WHERE {waits} AND NOT EXISTS (
            SELECT 1 FROM request_marks k WHERE k.request = r.sk AND k.member = $1
              AND (k.snoozed_until > $2 OR k.asked_until > $2))"
    ))
    .bind(viewer.member)
    .bind(now.as_micros())
    .bind(viewer.company)
    .bind(super::super::flag(viewer.is_admin()))
    .fetch_one(conn)
    .await?)
}

/// Ids of requests and contacts of a member that end in `tail`; at most ten.
pub(crate) async fn by_tail(
    conn: &mut Conn,
    viewer: &Viewer,
    now: Time,
    tail: &str,
) -> Result<Vec<String>, StoreError> {
    let waits = waits();
    // The tail holds Crockford characters only: nothing in it means anything to LIKE.
    Ok(sqlx::query_scalar(sql!(
        "SELECT r.id FROM requests r
         WHERE r.id LIKE $5 AND (r.target = $1 OR r.requester = $1 OR {waits}
           OR EXISTS (SELECT 1 FROM request_steps p WHERE p.request = r.sk AND p.who = $1))
         UNION ALL SELECT id FROM contacts
         WHERE owner = $1 AND since <= $2 AND (gone_at IS NULL OR gone_at > $2) AND id LIKE $5
         LIMIT 10"
    ))
    .bind(viewer.member)
    .bind(now.as_micros())
    .bind(viewer.company)
    .bind(super::super::flag(viewer.is_admin()))
    .bind(format!("%{tail}"))
    .fetch_all(conn)
    .await?)
}
