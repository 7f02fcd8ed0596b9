//! External contacts: one row per side of a connection, owned by one member.

use sqlx::Row as _;

use super::members::member_id;
use super::{Conn, Row, StoreError, Write};
use crate::domain::{
    AddWay, Channel, Contact, ContactAction, ContactId, ContactKind, HistoryEntry, HistoryKind, Source, Time,
    Who,
};
use crate::text::Untrusted;

/// A contact with its hidden keys.
#[derive(Clone, Debug)]
pub(crate) struct ContactRow {
    pub(crate) sk: i64,
    pub(crate) company: i64,
    pub(crate) owner: i64,
    pub(crate) contact: Contact,
}

const COLUMNS: &str =
    "c.sk, c.company, c.owner, c.id, c.kind, c.name, c.company_name, c.title, c.phones, c.emails, c.remark,
    c.channel, c.card_label, c.since, c.revision";

/// A contact is there from its `since` on: before, the approval can still be undone.
const PRESENT: &str = "c.gone_at IS NULL AND c.since <= $2";

fn read(row: &Row, as_of: i64) -> Result<ContactRow, StoreError> {
    let text = |column: &str| -> Result<Option<Untrusted>, StoreError> {
        Ok(row.try_get::<Option<String>, _>(column)?.map(Untrusted::from))
    };
    let kind = match row.try_get("kind")? {
        "wechat" => ContactKind::Wechat,
        "member" => ContactKind::Member,
        "visitor" => ContactKind::Visitor,
        _ => return Err(StoreError::Unexpected("contacts.kind")),
    };
    Ok(ContactRow {
        sk: row.try_get("sk")?,
        company: row.try_get("company")?,
        owner: row.try_get("owner")?,
        contact: Contact {
            id: ContactId::new(row.try_get("id")?).map_err(|_| StoreError::Unexpected("contacts.id"))?,
            revision: row.try_get("revision")?,
            as_of,
            kind,
            name: row.try_get::<String, _>("name")?.into(),
            company: text("company_name")?,
            title: text("title")?,
            phones: serde_json::from_str(row.try_get("phones")?)?,
            emails: serde_json::from_str(row.try_get("emails")?)?,
            remark: text("remark")?,
            source: Source {
                channel: Channel::parse(row.try_get("channel")?)
                    .ok_or(StoreError::Unexpected("contacts.channel"))?,
                add_way: AddWay::TheyAsked,
                card_label: text("card_label")?,
            },
            since: Time::from_micros(row.try_get("since")?),
            allowed: vec![ContactAction::EditRemark, ContactAction::Remove],
        },
    })
}

/// A member's contacts after an id, in the order of ids.
pub(crate) async fn page(
    conn: &mut Conn,
    owner: i64,
    now: Time,
    after: &str,
    limit: i64,
    as_of: i64,
) -> Result<Vec<Contact>, StoreError> {
    let rows = sqlx::query(sql!(
        "SELECT {COLUMNS} FROM contacts c WHERE c.owner = $1 AND {PRESENT} AND c.id > $3 ORDER BY c.id LIMIT $4 + 0"
    ))
    .bind(owner)
    .bind(now.as_micros())
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| read(row, as_of).map(|row| row.contact)).collect()
}

/// How many contacts a member has.
pub(crate) async fn count(conn: &mut Conn, owner: i64, now: Time) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(sql!("SELECT COUNT(*) FROM contacts c WHERE c.owner = $1 AND {PRESENT}"))
        .bind(owner)
        .bind(now.as_micros())
        .fetch_one(conn)
        .await?)
}

/// One contact that is there.
pub(crate) async fn by_id(
    conn: &mut Conn,
    id: &ContactId,
    now: Time,
    as_of: i64,
) -> Result<Option<ContactRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} FROM contacts c WHERE c.id = $1 AND {PRESENT}"))
        .bind(id.as_str())
        .bind(now.as_micros())
        .fetch_optional(conn)
        .await?
        .map(|row| read(&row, as_of))
        .transpose()
}

/// What happened to a contact until now, newest first.
pub(crate) async fn history(
    conn: &mut Conn,
    contact: i64,
    now: Time,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let rows = sqlx::query(
        "SELECT h.at, h.what, h.rule, h.policy_version, m.id, m.name
         FROM contact_history h LEFT JOIN members m ON m.sk = h.who
         WHERE h.contact = $1 AND h.at <= $2 ORDER BY h.at DESC, h.rowid DESC LIMIT 100",
    )
    .bind(contact)
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let what = match row.try_get("what")? {
                "requested" => HistoryKind::Requested,
                "approved" => HistoryKind::Approved,
                "remark_changed" => HistoryKind::RemarkChanged,
                _ => return Err(StoreError::Unexpected("contact_history.what")),
            };
            let id: Option<String> = row.try_get("id")?;
            let who = match id {
                Some(id) => Some(Who { id: member_id(&id)?, name: row.try_get::<String, _>("name")?.into() }),
                None => None,
            };
            Ok(HistoryEntry {
                at: Time::from_micros(row.try_get("at")?),
                what,
                who,
                rule: row.try_get("rule")?,
                policy_version: row.try_get("policy_version")?,
            })
        })
        .collect()
}

/// A contact that an approval makes.
#[derive(Clone, Debug)]
pub(crate) struct NewContact<'a> {
    pub(crate) company: i64,
    pub(crate) id: &'a ContactId,
    pub(crate) owner: i64,
    pub(crate) request: i64,
    pub(crate) since: Time,
}

/// Makes a visitor's contact from their request, to be seen from `since` on.
pub(crate) async fn add_from_request(tx: &mut Write, new: NewContact<'_>) -> Result<i64, StoreError> {
    let request = sqlx::query("SELECT phone, email FROM requests WHERE sk = $1")
        .bind(new.request)
        .fetch_one(tx.conn())
        .await?;
    let list = |column: &str| -> Result<String, StoreError> {
        let value: Option<String> = request.try_get(column)?;
        Ok(serde_json::to_string(&value.into_iter().collect::<Vec<_>>())?)
    };
    Ok(sqlx::query_scalar(
        "INSERT INTO contacts (company, id, owner, kind, name, company_name, title, phones, emails,
                               channel, add_way, card_label, request, since, revision)
         SELECT $1, $2, $3, 'visitor', r.name, r.company_name, r.title, $4, $5,
                r.channel, 'they_asked', r.card_label, r.sk, $6, 1
         FROM requests r WHERE r.sk = $7 RETURNING sk",
    )
    .bind(new.company)
    .bind(new.id.as_str())
    .bind(new.owner)
    .bind(list("phone")?)
    .bind(list("email")?)
    .bind(new.since.as_micros())
    .bind(new.request)
    .fetch_one(tx.conn())
    .await?)
}

/// Adds a line to a contact's history.
pub(crate) async fn note(
    tx: &mut Write,
    contact: i64,
    at: Time,
    what: HistoryKind,
    who: Option<i64>,
    rule: Option<(&str, i64)>,
) -> Result<(), StoreError> {
    let what = match what {
        HistoryKind::Requested => "requested",
        HistoryKind::Approved => "approved",
        HistoryKind::RemarkChanged => "remark_changed",
    };
    sqlx::query(
        "INSERT INTO contact_history (contact, at, what, who, rule, policy_version) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(contact)
    .bind(at.as_micros())
    .bind(what)
    .bind(who)
    .bind(rule.map(|(rule, _)| rule))
    .bind(rule.map(|(_, version)| version))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back the contact that an approval would have made. Returns its id, if there was one.
pub(crate) async fn unmake(tx: &mut Write, request: i64) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT sk, id FROM contacts WHERE request = $1")
        .bind(request)
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sk: i64 = row.try_get("sk")?;
    sqlx::query("DELETE FROM contact_history WHERE contact = $1").bind(sk).execute(tx.conn()).await?;
    sqlx::query("DELETE FROM contacts WHERE sk = $1").bind(sk).execute(tx.conn()).await?;
    Ok(Some(row.try_get("id")?))
}

/// Sets or takes away the remark, if the revision is still the one named.
pub(crate) async fn set_remark(
    tx: &mut Write,
    sk: i64,
    revision: i64,
    remark: Option<&str>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE contacts SET remark = $3, revision = revision + 1 WHERE sk = $1 AND revision = $2 AND gone_at IS NULL",
    )
    .bind(sk)
    .bind(revision)
    .bind(remark)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a connection on this side, if the revision is still the one named.
pub(crate) async fn remove(tx: &mut Write, sk: i64, revision: i64) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE contacts SET gone_at = $3, revision = revision + 1 WHERE sk = $1 AND revision = $2 AND gone_at IS NULL",
    )
    .bind(sk)
    .bind(revision)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
