//! External contacts: one row per side of a connection, owned by one member.

use sqlx::Row as _;

use super::members::member_id;
use super::visible::{self, sees};
use super::{Conn, Row, StoreError, Write, flag};
use crate::api::Problem;
use crate::domain::{
    AddWay, Channel, Contact, ContactAction, ContactId, ContactKind, HistoryEntry, HistoryKind, Source, Time,
    Who, contact_tag,
};
use crate::server::access::Viewer;
use crate::server::looks::look_of;
use crate::server::policy::domain_of;
use crate::text::Untrusted;

/// A contact with its hidden keys.
#[derive(Clone, Debug)]
pub(crate) struct ContactRow {
    pub(crate) sk: i64,
    pub(crate) company: i64,
    pub(crate) owner: i64,
    /// The member of another company that it is.
    pub(crate) peer: Option<i64>,
    /// Whether they pass to somebody else at a moment to come.
    pub(crate) promised: bool,
    pub(crate) contact: Contact,
}

/// Between the tags of a row; normalised tags hold no control characters.
const BETWEEN: char = '\u{1f}';

/// Columns of a contact `c` at the moment bound as $2.
const COLUMNS: &str =
    "c.sk, c.company, c.owner, c.peer, c.id, c.kind, c.name, c.company_name, c.title, c.phones, c.emails,
    c.remark, c.description, c.channel, c.add_way, c.card_label, c.since, c.revision,
    c.gone_at IS NOT NULL AS promised,
    (SELECT string_agg(t.tag, char(31) ORDER BY t.tag) FROM contact_tags t WHERE t.contact = c.sk AND t.own = 0) AS tags,
    (SELECT string_agg(t.tag, char(31) ORDER BY t.tag) FROM contact_tags t WHERE t.contact = c.sk AND t.own = 1) AS own_tags,
    c.peer IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM contacts o WHERE o.owner = c.peer AND o.peer = c.owner AND o.since <= $2
          AND (o.gone_at IS NULL OR o.gone_at > $2)) AS one_sided,
    c.peer IS NOT NULL AND EXISTS (
        SELECT 1 FROM members m JOIN partner_links l
            ON (l.proposer = m.company AND l.accepter = c.company) OR (l.accepter = m.company AND l.proposer = c.company)
        WHERE m.sk = c.peer AND l.since <= $2 AND (l.ended_at IS NULL OR l.ended_at > $2)) AS verified,
    (SELECT MAX(h.due_at) FROM handover_items h JOIN contacts mine ON mine.sk = h.contact
        WHERE mine.peer = c.owner AND mine.owner = c.peer AND h.state = 'told' AND h.due_at > $2) AS refuse_until,
    (SELECT m.name FROM handover_items h JOIN contacts mine ON mine.sk = h.contact
            JOIN contacts new ON new.sk = h.made JOIN members m ON m.sk = new.owner
        WHERE mine.peer = c.owner AND mine.owner = c.peer AND h.state = 'told' AND h.due_at > $2
        ORDER BY h.due_at DESC LIMIT 1) AS passes_to";

/// A contact is there from its `since` on, until it is gone: before, the approval can still be undone.
const PRESENT: &str = "c.since <= $2 AND (c.gone_at IS NULL OR c.gone_at > $2)";

fn read(row: &Row, as_of: i64) -> Result<ContactRow, StoreError> {
    let text = |column: &str| -> Result<Option<Untrusted>, StoreError> {
        Ok(row.try_get::<Option<String>, _>(column)?.map(Untrusted::from))
    };
    let tags = |column: &str| -> Result<Vec<Untrusted>, StoreError> {
        let all: Option<&str> = row.try_get(column)?;
        Ok(all.into_iter().flat_map(|all| all.split(BETWEEN)).map(Untrusted::from).collect())
    };
    let kind = ContactKind::parse(row.try_get("kind")?).ok_or(StoreError::Unexpected("contacts.kind"))?;
    let refuse_until = row.try_get::<Option<i64>, _>("refuse_until")?.map(Time::from_micros);
    let one_sided = row.try_get::<i64, _>("one_sided")? != 0;
    let peer: Option<i64> = row.try_get("peer")?;
    let promised = row.try_get::<i64, _>("promised")? != 0;
    let mut allowed = vec![ContactAction::EditRemark, ContactAction::EditTags];
    // Whoever is on the way to somebody else is neither ended nor given away from here.
    if !promised {
        allowed.extend([ContactAction::Remove, ContactAction::HandOver]);
    }
    if peer.is_some() && !one_sided {
        allowed.push(ContactAction::Introduce);
    }
    if refuse_until.is_some() {
        allowed.push(ContactAction::Refuse);
    }
    Ok(ContactRow {
        sk: row.try_get("sk")?,
        company: row.try_get("company")?,
        owner: row.try_get("owner")?,
        peer,
        promised,
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
            description: text("description")?,
            tags: tags("tags")?,
            own_tags: tags("own_tags")?,
            verified: row.try_get::<i64, _>("verified")? != 0,
            one_sided,
            refuse_until,
            passes_to: text("passes_to")?,
            source: Source {
                channel: Channel::parse(row.try_get("channel")?)
                    .ok_or(StoreError::Unexpected("contacts.channel"))?,
                add_way: AddWay::parse(row.try_get("add_way")?)
                    .ok_or(StoreError::Unexpected("contacts.add_way"))?,
                card_label: text("card_label")?,
            },
            since: Time::from_micros(row.try_get("since")?),
            allowed,
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

/// The same with those that are there when held decisions take effect.
pub(crate) async fn count_with_held(conn: &mut Conn, owner: i64, now: Time) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM contacts WHERE owner = $1 AND (gone_at IS NULL OR gone_at > $2)",
    )
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

/// One contact that is there, by its hidden key.
pub(crate) async fn by_sk(conn: &mut Conn, sk: i64, now: Time) -> Result<Option<ContactRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} FROM contacts c WHERE c.sk = $1 AND {PRESENT}"))
        .bind(sk)
        .bind(now.as_micros())
        .fetch_optional(conn)
        .await?
        .map(|row| read(&row, 0))
        .transpose()
}

/// Not a contact by a yes that is held, as long as its owner is who asked: they have not heard of it. The
/// moment is bound as $3.
const HEARD_OF: &str = "NOT (c.since > $3 AND EXISTS (
    SELECT 1 FROM requests r WHERE r.sk = c.request AND r.requester = c.owner))";

/// A member's contact with a member of another company, that is there or will be, as far as they have heard.
pub(crate) async fn with_peer(
    conn: &mut Conn,
    owner: i64,
    peer: i64,
    now: Time,
) -> Result<Option<ContactId>, StoreError> {
    let id: Option<String> = sqlx::query_scalar(sql!(
        "SELECT c.id FROM contacts c
         WHERE c.owner = $1 AND c.peer = $2 AND (c.gone_at IS NULL OR c.gone_at > $3) AND {HEARD_OF} LIMIT 1"
    ))
    .bind(owner)
    .bind(peer)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?;
    id.map(|id| ContactId::new(&id).map_err(|_| StoreError::Unexpected("contacts.id"))).transpose()
}

/// A member's contact with this address, that is there or will be, as far as they have heard.
pub(crate) async fn with_email(
    conn: &mut Conn,
    owner: i64,
    email: &str,
    now: Time,
) -> Result<Option<ContactId>, StoreError> {
    let id: Option<String> = sqlx::query_scalar(sql!(
        "SELECT c.id FROM contacts c JOIN json_each(c.emails) e
         WHERE c.owner = $1 AND LOWER(e.value) = LOWER($2) AND (c.gone_at IS NULL OR c.gone_at > $3)
           AND {HEARD_OF} LIMIT 1"
    ))
    .bind(owner)
    .bind(email)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?;
    id.map(|id| ContactId::new(&id).map_err(|_| StoreError::Unexpected("contacts.id"))).transpose()
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
            let id: Option<String> = row.try_get("id")?;
            let who = match id {
                Some(id) => Some(Who { id: member_id(&id)?, name: row.try_get::<String, _>("name")?.into() }),
                None => None,
            };
            Ok(HistoryEntry {
                at: Time::from_micros(row.try_get("at")?),
                what: HistoryKind::parse(row.try_get("what")?)
                    .ok_or(StoreError::Unexpected("contact_history.what"))?,
                who,
                rule: row.try_get("rule")?,
                policy_version: row.try_get("policy_version")?,
            })
        })
        .collect()
}

/// Numbers and addresses that a contact is shown with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    pub(crate) phones: Vec<Untrusted>,
    pub(crate) emails: Vec<Untrusted>,
}

/// A contact that an approval makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewContact<'a> {
    pub(crate) company: i64,
    pub(crate) owner: i64,
    /// The member of another company that it is; none: a visitor.
    pub(crate) peer: Option<i64>,
    pub(crate) add_way: AddWay,
    pub(crate) request: i64,
    pub(crate) since: Time,
    pub(crate) tags: &'a [Untrusted],
}

/// A contact as it is written.
struct Written<'a> {
    name: String,
    company_name: Option<String>,
    title: Option<String>,
    lines: &'a Lines,
    channel: String,
    card_label: Option<String>,
}

/// Makes the asked side's contact: the requester, as they showed themselves.
pub(crate) async fn add_requester(
    tx: &mut Write,
    id: &ContactId,
    new: NewContact<'_>,
) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "SELECT name, company_name, title, phone, email, channel, card_label FROM requests WHERE sk = $1",
    )
    .bind(new.request)
    .fetch_one(tx.conn())
    .await?;
    let line = |column: &str| -> Result<Vec<Untrusted>, StoreError> {
        Ok(row.try_get::<Option<String>, _>(column)?.map(Untrusted::from).into_iter().collect())
    };
    let lines = Lines { phones: line("phone")?, emails: line("email")? };
    let written = Written {
        name: row.try_get("name")?,
        company_name: row.try_get("company_name")?,
        title: row.try_get("title")?,
        lines: &lines,
        channel: row.try_get("channel")?,
        card_label: row.try_get("card_label")?,
    };
    write(tx, id, new, written).await
}

/// Makes the asking side's contact: the target, as outsiders see them.
pub(crate) async fn add_target(
    tx: &mut Write,
    id: &ContactId,
    new: NewContact<'_>,
    lines: &Lines,
) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "SELECT m.name, co.name AS company_name, m.external_title, r.channel FROM requests r
         JOIN members m ON m.sk = r.target JOIN companies co ON co.sk = r.company WHERE r.sk = $1",
    )
    .bind(new.request)
    .fetch_one(tx.conn())
    .await?;
    let written = Written {
        name: row.try_get("name")?,
        company_name: row.try_get("company_name")?,
        title: row.try_get("external_title")?,
        lines,
        channel: row.try_get("channel")?,
        card_label: None,
    };
    write(tx, id, new, written).await
}

async fn write(
    tx: &mut Write,
    id: &ContactId,
    new: NewContact<'_>,
    written: Written<'_>,
) -> Result<i64, StoreError> {
    let kind = if new.peer.is_some() { ContactKind::Member } else { ContactKind::Visitor };
    let domain = written.lines.emails.first().and_then(|email| domain_of(email.as_data()));
    let sk: i64 = sqlx::query_scalar(
        "INSERT INTO contacts (company, id, owner, kind, peer, name, company_name, title, phones, emails, look, domain,
                               channel, add_way, card_label, request, since, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1) RETURNING sk",
    )
    .bind(new.company)
    .bind(id.as_str())
    .bind(new.owner)
    .bind(kind.as_str())
    .bind(new.peer)
    .bind(&written.name)
    .bind(&written.company_name)
    .bind(&written.title)
    .bind(serde_json::to_string(&written.lines.phones)?)
    .bind(serde_json::to_string(&written.lines.emails)?)
    .bind(look_of(&written.name))
    .bind(domain)
    .bind(&written.channel)
    .bind(new.add_way.as_str())
    .bind(&written.card_label)
    .bind(new.request)
    .bind(new.since.as_micros())
    .fetch_one(tx.conn())
    .await?;
    add_tags(tx, sk, new.tags, true).await?;
    Ok(sk)
}

/// Copies a contact for a new owner, or for the same owner with a new peer, from a moment on; the old row
/// is gone from then on.
pub(crate) async fn move_to(
    tx: &mut Write,
    from: i64,
    id: &ContactId,
    owner: i64,
    peer: Option<i64>,
    at: Time,
    add_way: Option<AddWay>,
) -> Result<i64, StoreError> {
    let sk: i64 = sqlx::query_scalar(
        "INSERT INTO contacts (company, id, owner, kind, peer, name, company_name, title, phones, emails, remark,
                               description, look, domain, channel, add_way, card_label, request, since, revision)
         SELECT company, $2, $3, kind, $4, name, company_name, title, phones, emails, remark, description, look, domain,
                channel, COALESCE($5, add_way), card_label, NULL, $6, 1 FROM contacts WHERE sk = $1 RETURNING sk",
    )
    .bind(from)
    .bind(id.as_str())
    .bind(owner)
    .bind(peer)
    .bind(add_way.map(AddWay::as_str))
    .bind(at.as_micros())
    .fetch_one(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO contact_tags (contact, tag, own) SELECT $2, tag, own FROM contact_tags WHERE contact = $1",
    )
    .bind(from)
    .bind(sk)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO contact_history (contact, at, what, who, rule, policy_version)
         SELECT $2, at, what, who, rule, policy_version FROM contact_history WHERE contact = $1 ORDER BY rowid",
    )
    .bind(from)
    .bind(sk)
    .execute(tx.conn())
    .await?;
    end_at(tx, from, Some(at)).await?;
    Ok(sk)
}

/// Has a contact be gone from a moment on, or not after all.
pub(crate) async fn end_at(tx: &mut Write, sk: i64, at: Option<Time>) -> Result<(), StoreError> {
    sqlx::query("UPDATE contacts SET gone_at = $2, revision = revision + 1 WHERE sk = $1")
        .bind(sk)
        .bind(at.map(Time::as_micros))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Shows a contact as somebody else: the colleague of the former peer who took over.
pub(crate) async fn rename(
    tx: &mut Write,
    sk: i64,
    name: &str,
    title: Option<&str>,
    lines: &Lines,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE contacts SET name = $2, title = $3, phones = $4, emails = $5, look = $6 WHERE sk = $1",
    )
    .bind(sk)
    .bind(name)
    .bind(title)
    .bind(serde_json::to_string(&lines.phones)?)
    .bind(serde_json::to_string(&lines.emails)?)
    .bind(look_of(name))
    .execute(tx.conn())
    .await?;
    Ok(())
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
    sqlx::query(
        "INSERT INTO contact_history (contact, at, what, who, rule, policy_version) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(contact)
    .bind(at.as_micros())
    .bind(what.as_str())
    .bind(who)
    .bind(rule.map(|(rule, _)| rule))
    .bind(rule.map(|(_, version)| version))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A contact by a yes that is held.
#[derive(Clone, Debug)]
pub(crate) struct Coming {
    pub(crate) sk: i64,
    pub(crate) id: ContactId,
    pub(crate) company: i64,
    pub(crate) owner: i64,
    pub(crate) since: Time,
    /// Another yes between the two that is held too, and when it takes effect.
    pub(crate) other: Option<(i64, Time)>,
}

/// Columns of what is to come. The moment is bound as $2.
const COMING: &str = "c.sk, c.id, c.company, c.owner, c.since, o.sk AS other, o.effective_at FROM contacts c
    LEFT JOIN requests o ON o.sk = (
        SELECT r.sk FROM requests r WHERE r.kind = 'connection' AND r.state = 'approved' AND r.effective_at > $2
          AND ((r.requester = c.owner AND r.target = c.peer) OR (r.requester = c.peer AND r.target = c.owner))
        ORDER BY r.effective_at, r.sk LIMIT 1)";

fn coming(row: &Row) -> Result<Coming, StoreError> {
    let other: Option<i64> = row.try_get("other")?;
    let at: Option<i64> = row.try_get("effective_at")?;
    Ok(Coming {
        sk: row.try_get("sk")?,
        id: ContactId::new(row.try_get("id")?).map_err(|_| StoreError::Unexpected("contacts.id"))?,
        company: row.try_get("company")?,
        owner: row.try_get("owner")?,
        since: Time::from_micros(row.try_get("since")?),
        other: other.zip(at.map(Time::from_micros)),
    })
}

/// The contact that a member has with a member of another company, or will have, and keeps.
pub(crate) async fn kept(
    conn: &mut Conn,
    owner: i64,
    peer: i64,
    now: Time,
) -> Result<Option<Coming>, StoreError> {
    sqlx::query(sql!("SELECT {COMING} WHERE c.owner = $1 AND c.peer = $3 AND c.gone_at IS NULL LIMIT 1"))
        .bind(owner)
        .bind(now.as_micros())
        .bind(peer)
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(coming)
        .transpose()
}

/// The contacts that an approval would make, and has not made yet.
pub(crate) async fn of_request(conn: &mut Conn, request: i64, now: Time) -> Result<Vec<Coming>, StoreError> {
    sqlx::query(sql!("SELECT {COMING} WHERE c.request = $1 AND c.since > $2"))
        .bind(request)
        .bind(now.as_micros())
        .fetch_all(conn)
        .await?
        .iter()
        .map(coming)
        .collect()
}

/// Has a contact that is still to come be made by another request; none: by a handover.
pub(crate) async fn begin_by(
    tx: &mut Write,
    sk: i64,
    request: Option<i64>,
    since: Time,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE contacts SET request = $2, since = $3 WHERE sk = $1")
        .bind(sk)
        .bind(request)
        .bind(since.as_micros())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes back a contact that nobody has seen.
pub(crate) async fn unmake(tx: &mut Write, sk: i64) -> Result<(), StoreError> {
    for table in ["contact_history", "contact_tags"] {
        sqlx::query(sql!("DELETE FROM {table} WHERE contact = $1")).bind(sk).execute(tx.conn()).await?;
    }
    sqlx::query("DELETE FROM contacts WHERE sk = $1").bind(sk).execute(tx.conn()).await?;
    Ok(())
}

/// What a member has or will have, and has not promised to anybody.
pub(crate) async fn unpromised(conn: &mut Conn, owner: i64) -> Result<Vec<i64>, StoreError> {
    Ok(sqlx::query_scalar("SELECT sk FROM contacts WHERE owner = $1 AND gone_at IS NULL ORDER BY sk")
        .bind(owner)
        .fetch_all(conn)
        .await?)
}

/// Sets or takes away the remark and the description, if the revision is still the one named.
pub(crate) async fn set_remark(
    tx: &mut Write,
    sk: i64,
    revision: i64,
    remark: Option<&str>,
    description: Option<&str>,
) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE contacts SET remark = $3, description = $4, revision = revision + 1
         WHERE sk = $1 AND revision = $2 AND (gone_at IS NULL OR gone_at > $5)",
    )
    .bind(sk)
    .bind(revision)
    .bind(remark)
    .bind(description)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A tag, cleaned and in its limits.
pub(crate) fn tag(typed: &Untrusted) -> Result<Untrusted, Problem> {
    let tag = contact_tag(typed.as_data());
    tag.map(Untrusted::from).ok_or_else(|| Problem::invalid("tags", "wrong_length"))
}

async fn add_tags(tx: &mut Write, sk: i64, tags: &[Untrusted], own: bool) -> Result<(), StoreError> {
    for tag in tags {
        sqlx::query("INSERT INTO contact_tags (contact, tag, own) VALUES ($1, $2, $3) ON CONFLICT (contact, tag) DO NOTHING")
            .bind(sk)
            .bind(tag.as_data())
            .bind(flag(own))
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// Sets the tags of a contact, if the revision is still the one named.
pub(crate) async fn set_tags(
    tx: &mut Write,
    sk: i64,
    revision: i64,
    company: &[Untrusted],
    own: &[Untrusted],
) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE contacts SET revision = revision + 1
         WHERE sk = $1 AND revision = $2 AND (gone_at IS NULL OR gone_at > $3)",
    )
    .bind(sk)
    .bind(revision)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query("DELETE FROM contact_tags WHERE contact = $1").bind(sk).execute(tx.conn()).await?;
    add_tags(tx, sk, company, false).await?;
    add_tags(tx, sk, own, true).await?;
    Ok(true)
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

/// The other side of a connection: its row and owner, when it is there.
pub(crate) async fn other_side(
    conn: &mut Conn,
    row: &ContactRow,
    now: Time,
) -> Result<Option<ContactRow>, StoreError> {
    let Some(peer) = row.peer else { return Ok(None) };
    sqlx::query(sql!("SELECT {COLUMNS} FROM contacts c WHERE c.owner = $1 AND c.peer = $3 AND {PRESENT}"))
        .bind(peer)
        .bind(now.as_micros())
        .bind(row.owner)
        .fetch_optional(conn)
        .await?
        .map(|row| read(&row, 0))
        .transpose()
}

/// Colleagues of an owner who know the same person: the same member of another company, or the same
/// address.
pub(crate) async fn known_by(
    conn: &mut Conn,
    row: &ContactRow,
    viewer: &Viewer,
    now: Time,
) -> Result<Vec<Who>, StoreError> {
    // The owner is who looks: they see as the viewer does.
    let seen = sees("m.sk", "$2", "$6");
    let emails: Vec<&str> = row.contact.emails.iter().map(Untrusted::as_data).collect();
    let rows = sqlx::query(sql!(
        "SELECT DISTINCT m.id, m.name FROM contacts c JOIN members m ON m.sk = c.owner
         WHERE c.company = $1 AND c.owner <> $2 AND c.since <= $3 AND (c.gone_at IS NULL OR c.gone_at > $3)
           AND m.gone_at IS NULL AND m.status <> 'left' AND {seen}
           AND (c.peer = $4 OR EXISTS (SELECT 1 FROM json_each(c.emails) e JOIN json_each($5) mine
                                       ON LOWER(e.value) = LOWER(mine.value)))
         ORDER BY m.id_key LIMIT 20"
    ))
    .bind(row.company)
    .bind(row.owner)
    .bind(now.as_micros())
    .bind(row.peer)
    .bind(serde_json::to_string(&emails)?)
    .bind(visible::admin(viewer))
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Who { id: member_id(row.try_get("id")?)?, name: row.try_get::<String, _>("name")?.into() })
        })
        .collect()
}
