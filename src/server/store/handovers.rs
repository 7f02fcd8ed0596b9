//! What is handed over, item by item.

use sqlx::Row as _;

use super::contacts::{self, ContactRow};
use super::{Conn, StoreError, Write};
use crate::domain::{HandoverItem, ItemState, Time, VerdictCode};
use crate::text::Untrusted;

/// One thing that is handed over.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) n: i64,
    pub(crate) contact: Option<i64>,
    pub(crate) contact_id: String,
    /// Whether the contact is gone, or promised to somebody else.
    pub(crate) gone: bool,
    /// The member of another company that the contact is.
    pub(crate) peer: Option<i64>,
    pub(crate) pending: Option<i64>,
}

/// Writes what is handed over.
pub(crate) async fn add_items(
    tx: &mut Write,
    request: i64,
    contacts: &[i64],
    pending: &[i64],
) -> Result<(), StoreError> {
    let contacts = contacts.iter().map(|sk| (Some(*sk), None));
    let pending = pending.iter().map(|sk| (None, Some(*sk)));
    for (n, (contact, pending)) in (1_i64..).zip(contacts.chain(pending)) {
        sqlx::query(
            "INSERT INTO handover_items (request, n, contact, pending, state) VALUES ($1, $2, $3, $4, 'waiting')",
        )
        .bind(request)
        .bind(n)
        .bind(contact)
        .bind(pending)
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// What nobody has taken yet.
pub(crate) async fn items(conn: &mut Conn, request: i64) -> Result<Vec<Item>, StoreError> {
    let rows = sqlx::query(
        "SELECT h.n, h.contact, h.pending, c.id, c.peer, c.gone_at IS NOT NULL AS gone FROM handover_items h LEFT JOIN contacts c ON c.sk = h.contact
         WHERE h.request = $1 AND h.state = 'waiting' ORDER BY h.n",
    )
    .bind(request)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Item {
                n: row.try_get("n")?,
                contact: row.try_get("contact")?,
                contact_id: row.try_get::<Option<String>, _>("id")?.unwrap_or_default(),
                gone: row.try_get::<i64, _>("gone")? != 0,
                peer: row.try_get("peer")?,
                pending: row.try_get("pending")?,
            })
        })
        .collect()
}

/// What is handed over, as it is listed at `now`.
pub(crate) async fn listed(
    conn: &mut Conn,
    request: i64,
    now: Time,
) -> Result<Vec<HandoverItem>, StoreError> {
    let rows = sqlx::query(
        "SELECT h.state, h.reason, h.due_at, h.pending, COALESCE(c.name, r.name) AS name,
                COALESCE(c.company_name, r.company_name) AS company_name
         FROM handover_items h LEFT JOIN contacts c ON c.sk = h.contact LEFT JOIN requests r ON r.sk = h.pending
         WHERE h.request = $1 ORDER BY h.n",
    )
    .bind(request)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let state = ItemState::parse(row.try_get("state")?)
                .ok_or(StoreError::Unexpected("handover_items.state"))?;
            let due = row.try_get::<Option<i64>, _>("due_at")?.map(Time::from_micros);
            // Nobody has to run for it to be done: the time has come, or it has not.
            let over = due.is_some_and(|due| due <= now);
            let state = if state == ItemState::Told && over { ItemState::Done } else { state };
            Ok(HandoverItem {
                name: row.try_get::<String, _>("name")?.into(),
                company: row.try_get::<Option<String>, _>("company_name")?.map(Untrusted::from),
                pending: row.try_get::<Option<i64>, _>("pending")?.is_some(),
                state,
                reason: row.try_get("reason")?,
                due: due.filter(|_| state == ItemState::Told),
            })
        })
        .collect()
}

/// What became of an item.
pub(crate) async fn settle(
    tx: &mut Write,
    request: i64,
    n: i64,
    state: ItemState,
    reason: Option<&str>,
    due: Option<Time>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE handover_items SET state = $3, reason = $4, due_at = COALESCE($5, due_at)
         WHERE request = $1 AND n = $2",
    )
    .bind(request)
    .bind(n)
    .bind(state.as_str())
    .bind(reason)
    .bind(due.map(Time::as_micros))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A request that is named and not handed over, and why.
pub(crate) async fn leave_out(
    tx: &mut Write,
    request: i64,
    pending: i64,
    why: VerdictCode,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE handover_items SET state = 'failed', reason = $3 WHERE request = $1 AND pending = $2",
    )
    .bind(request)
    .bind(pending)
    .bind(why.as_str())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The contact is told, and may refuse until `due`.
pub(crate) async fn tell_contact(
    tx: &mut Write,
    request: i64,
    n: i64,
    made: i64,
    at: Time,
    due: Time,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE handover_items SET state = 'told', told_at = $4, due_at = $5, made = $3 WHERE request = $1 AND n = $2",
    )
    .bind(request)
    .bind(n)
    .bind(made)
    .bind(at.as_micros())
    .bind(due.as_micros())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether a contact is being handed over already: offered, or promised and not refused.
pub(crate) async fn is_under_way(conn: &mut Conn, contact: i64, now: Time) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM handover_items h JOIN requests r ON r.sk = h.request
         WHERE h.contact = $1 AND ((h.state = 'waiting' AND r.state = 'pending')
                                   OR (h.state = 'told' AND h.due_at > $2)))",
    )
    .bind(contact)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?;
    Ok(found != 0)
}

/// A contact never came to be: nobody gets it. Returns whether it was to be handed over.
pub(crate) async fn drop_contact(tx: &mut Write, contact: i64) -> Result<bool, StoreError> {
    let rows = sqlx::query("SELECT request, n, made, state FROM handover_items WHERE contact = $1")
        .bind(contact)
        .fetch_all(tx.conn())
        .await?;
    let now = tx.now();
    for row in &rows {
        let state = ItemState::parse(row.try_get("state")?);
        if !matches!(state, Some(ItemState::Waiting | ItemState::Told)) {
            continue;
        }
        if let Some(made) = row.try_get::<Option<i64>, _>("made")? {
            contacts::end_at(tx, made, Some(now)).await?;
        }
        let reason = Some(VerdictCode::NotVisible.as_str());
        settle(tx, row.try_get("request")?, row.try_get("n")?, ItemState::Failed, reason, None).await?;
    }
    Ok(!rows.is_empty())
}

/// When a contact comes by a handover all the same, because one of the two takes the other over and nobody has
/// refused yet.
pub(crate) async fn comes_at(conn: &mut Conn, contact: i64, now: Time) -> Result<Option<Time>, StoreError> {
    let due: Option<i64> = sqlx::query_scalar(
        "SELECT MIN(h.due_at) FROM contacts c
         JOIN contacts m ON (m.owner = c.owner AND m.peer = c.peer) OR (m.owner = c.peer AND m.peer = c.owner)
         JOIN handover_items h ON h.made = m.sk
         WHERE c.sk = $1 AND h.state = 'told' AND h.due_at > $2",
    )
    .bind(contact)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?;
    Ok(due.map(Time::from_micros))
}

/// Whether somebody has the same person as a contact already.
pub(crate) async fn has_same_person(
    conn: &mut Conn,
    contact: i64,
    owner: i64,
    now: Time,
) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM contacts c JOIN contacts o ON o.peer = c.peer
         WHERE c.sk = $1 AND c.peer IS NOT NULL AND o.owner = $2 AND (o.gone_at IS NULL OR o.gone_at > $3))",
    )
    .bind(contact)
    .bind(owner)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?;
    Ok(found != 0)
}

/// An item whose contact was told and may still refuse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) request: i64,
    pub(crate) n: i64,
    pub(crate) made: i64,
    pub(crate) peer: Option<i64>,
    pub(crate) due: Time,
}

/// The item of a contact, while they may refuse.
pub(crate) async fn told(conn: &mut Conn, contact: i64, now: Time) -> Result<Option<Told>, StoreError> {
    let row = sqlx::query(
        "SELECT h.request, h.n, h.made, h.due_at, c.peer FROM handover_items h JOIN contacts c ON c.sk = h.contact
         WHERE h.contact = $1 AND h.state = 'told' AND h.due_at > $2",
    )
    .bind(contact)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Told {
            request: row.try_get("request")?,
            n: row.try_get("n")?,
            made: row.try_get("made")?,
            peer: row.try_get("peer")?,
            due: Time::from_micros(row.try_get("due_at")?),
        })
    })
    .transpose()
}

/// The contact of a visitor whose request this was, while they may refuse: its hidden key, until when, and
/// the name of whoever takes over.
pub(crate) async fn of_visitor(
    conn: &mut Conn,
    request: i64,
    now: Time,
) -> Result<Option<(i64, Time, Untrusted)>, StoreError> {
    let row = sqlx::query(
        "SELECT c.sk, h.due_at, m.name FROM contacts c JOIN handover_items h ON h.contact = c.sk
         JOIN contacts n ON n.sk = h.made JOIN members m ON m.sk = n.owner
         WHERE c.request = $1 AND c.peer IS NULL AND h.state = 'told' AND h.due_at > $2",
    )
    .bind(request)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok((
            row.try_get("sk")?,
            Time::from_micros(row.try_get("due_at")?),
            row.try_get::<String, _>("name")?.into(),
        ))
    })
    .transpose()
}

/// The row in which a member of another company has one of our members, at a moment.
pub(crate) async fn row_of_peer(
    conn: &mut Conn,
    owner: i64,
    peer: i64,
    at: Time,
) -> Result<Option<ContactRow>, StoreError> {
    let sk: Option<i64> = sqlx::query_scalar(
        "SELECT sk FROM contacts WHERE owner = $1 AND peer = $2 AND since <= $3
           AND (gone_at IS NULL OR gone_at > $3) LIMIT 1",
    )
    .bind(owner)
    .bind(peer)
    .bind(at.as_micros())
    .fetch_optional(&mut *conn)
    .await?;
    match sk {
        Some(sk) => contacts::by_sk(conn, sk, at).await,
        None => Ok(None),
    }
}

/// Whose a contact is: company, owner, id.
pub(crate) async fn owner_of(
    conn: &mut Conn,
    contact: i64,
) -> Result<Option<(i64, i64, String)>, StoreError> {
    let row = sqlx::query("SELECT company, owner, id FROM contacts WHERE sk = $1")
        .bind(contact)
        .fetch_optional(conn)
        .await?;
    row.map(|row| Ok((row.try_get("company")?, row.try_get("owner")?, row.try_get("id")?))).transpose()
}
