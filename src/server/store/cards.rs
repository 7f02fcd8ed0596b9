//! Namecards and their codes.

use sqlx::Row as _;

use super::contacts::Lines;
use super::{Conn, Row, StoreError, Write};
use crate::domain::{CardId, CardKind, Phone, Status, Time};
use crate::server::policy::CardState;
use crate::server::secrets::Hash;
use crate::text::Untrusted;

/// A card with the code it has now.
#[derive(Clone, Debug)]
pub(crate) struct CardRow {
    pub(crate) sk: i64,
    pub(crate) id: CardId,
    pub(crate) company: i64,
    pub(crate) member: i64,
    pub(crate) kind: CardKind,
    pub(crate) label: Option<Untrusted>,
    pub(crate) uses: i64,
    pub(crate) max_uses: Option<i64>,
    /// Open requests that came by it.
    pub(crate) pending: i64,
    pub(crate) generation: i64,
    pub(crate) revision: i64,
    /// When the present code was made, and when it ends.
    pub(crate) created: Time,
    pub(crate) expires: Time,
    /// When the code before it ends.
    pub(crate) previous_until: Option<Time>,
}

impl CardRow {
    /// Whether it opens at a moment.
    pub(crate) fn is_live(&self, now: Time) -> bool {
        self.expires > now && self.max_uses.is_none_or(|most| self.uses < most)
    }
}

fn card_id(row: &Row) -> Result<CardId, StoreError> {
    CardId::new(row.try_get("id")?).map_err(|_| StoreError::Unexpected("cards.id"))
}

/// Columns of a card with its present code. `$2` is the moment.
const COLUMNS: &str = "c.sk, c.id, c.company, c.member, c.kind, c.label, c.uses, c.max_uses, c.generation,
    c.revision, k.created_at, k.expires_at,
    (SELECT o.expires_at FROM card_codes o
     WHERE o.card = c.sk AND o.generation = c.generation - 1 AND o.expires_at > $2) AS previous_until,
    (SELECT COUNT(*) FROM requests r
     WHERE r.card = c.sk AND r.state IN ('pending', 'pending_manager') AND r.expires_at > $2) AS pending
    FROM cards c JOIN card_codes k ON k.card = c.sk AND k.generation = c.generation";

fn read(row: &Row) -> Result<CardRow, StoreError> {
    Ok(CardRow {
        sk: row.try_get("sk")?,
        id: card_id(row)?,
        company: row.try_get("company")?,
        member: row.try_get("member")?,
        kind: CardKind::parse(row.try_get("kind")?).ok_or(StoreError::Unexpected("cards.kind"))?,
        label: row.try_get::<Option<String>, _>("label")?.map(Untrusted::from),
        uses: row.try_get("uses")?,
        max_uses: row.try_get("max_uses")?,
        pending: row.try_get("pending")?,
        generation: row.try_get("generation")?,
        revision: row.try_get("revision")?,
        created: Time::from_micros(row.try_get("created_at")?),
        expires: Time::from_micros(row.try_get("expires_at")?),
        previous_until: row.try_get::<Option<i64>, _>("previous_until")?.map(Time::from_micros),
    })
}

/// A member's first printed card, if there is one that was not revoked.
pub(crate) async fn printed(conn: &mut Conn, member: i64, now: Time) -> Result<Option<CardRow>, StoreError> {
    sqlx::query(sql!(
        "SELECT {COLUMNS} WHERE c.member = $1 AND c.kind = 'printed' AND c.revoked_at IS NULL ORDER BY c.sk LIMIT 1"
    ))
    .bind(member)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?
    .as_ref()
    .map(read)
    .transpose()
}

/// A member's cards that were not revoked and whose present code lives after `after`, the oldest first.
pub(crate) async fn of_member(
    conn: &mut Conn,
    member: i64,
    now: Time,
    after: Time,
) -> Result<Vec<CardRow>, StoreError> {
    let rows = sqlx::query(sql!(
        "SELECT {COLUMNS} WHERE c.member = $1 AND c.revoked_at IS NULL AND k.expires_at > $3 ORDER BY c.sk"
    ))
    .bind(member)
    .bind(now.as_micros())
    .bind(after.as_micros())
    .fetch_all(conn)
    .await?;
    rows.iter().map(read).collect()
}

/// One of a member's cards, if it was not revoked.
pub(crate) async fn by_id(
    conn: &mut Conn,
    member: i64,
    id: &CardId,
    now: Time,
) -> Result<Option<CardRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} WHERE c.member = $1 AND c.revoked_at IS NULL AND c.id = $3"))
        .bind(member)
        .bind(now.as_micros())
        .bind(id.as_str())
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// Makes a card without a code.
pub(crate) async fn add(
    tx: &mut Write,
    company: i64,
    member: i64,
    id: &CardId,
    kind: CardKind,
) -> Result<i64, StoreError> {
    let now = tx.now().as_micros();
    Ok(sqlx::query_scalar(
        "INSERT INTO cards (company, id, member, kind, generation, created_at, revision)
         VALUES ($1, $2, $3, $4, 0, $5, 0) RETURNING sk",
    )
    .bind(company)
    .bind(id.as_str())
    .bind(member)
    .bind(kind.as_str())
    .bind(now)
    .fetch_one(tx.conn())
    .await?)
}

/// What the owner of a card set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Like<'a> {
    pub(crate) label: Option<&'a str>,
    pub(crate) fields: Vec<&'a str>,
    pub(crate) max_uses: Option<i64>,
}

/// Sets what the owner of a card may set, but for its end.
pub(crate) async fn set(tx: &mut Write, card: i64, like: &Like<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE cards SET label = $2, fields = $3, max_uses = $4, revision = revision + 1 WHERE sk = $1",
    )
    .bind(card)
    .bind(like.label)
    .bind(serde_json::to_string(&like.fields)?)
    .bind(like.max_uses)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets when the present code of a card ends.
pub(crate) async fn set_end(tx: &mut Write, card: &CardRow, expires: Time) -> Result<(), StoreError> {
    sqlx::query("UPDATE card_codes SET expires_at = $3 WHERE card = $1 AND generation = $2")
        .bind(card.sk)
        .bind(card.generation)
        .bind(expires.as_micros())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Revokes one card: none of its codes opens any more.
pub(crate) async fn revoke(tx: &mut Write, card: i64) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query("UPDATE cards SET revoked_at = $2, revision = revision + 1 WHERE sk = $1")
        .bind(card)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Gives a card its next code. Those before end at `previous_ends`, unless they end earlier; without it
/// they end as if they had never been live, so that no form given out on them counts any more.
pub(crate) async fn next_code(
    tx: &mut Write,
    card: i64,
    generation: i64,
    token_hash: &Hash,
    expires: Time,
    previous_ends: Option<Time>,
) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query(
        "UPDATE card_codes SET expires_at = COALESCE($2, created_at)
         WHERE card = $1 AND expires_at > COALESCE($2, created_at)",
    )
    .bind(card)
    .bind(previous_ends.map(Time::as_micros))
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO card_codes (card, generation, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(card)
    .bind(generation)
    .bind(token_hash.as_slice())
    .bind(now)
    .bind(expires.as_micros())
    .execute(tx.conn())
    .await?;
    sqlx::query("UPDATE cards SET generation = $2, revision = revision + 1 WHERE sk = $1")
        .bind(card)
        .bind(generation)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What a live code leads to: its card, whose it is, and what it shows.
#[derive(Clone, Debug)]
pub(crate) struct OpenCard {
    pub(crate) card: i64,
    pub(crate) card_id: CardId,
    pub(crate) label: Option<Untrusted>,
    pub(crate) company: i64,
    pub(crate) company_name: Untrusted,
    pub(crate) member: i64,
    pub(crate) name: Untrusted,
    pub(crate) title: Option<Untrusted>,
    /// When this code ends.
    pub(crate) expires: Time,
    /// Whether a rule hides its owner from colleagues: then strangers do not see them either.
    pub(crate) hidden: bool,
    /// Whether it may be used only so often.
    pub(crate) counted: bool,
    /// Whether it was used as often as it may be.
    pub(crate) spent: bool,
}

/// Opens a card by the hash of its token, if the code was live at `at` and later. Unknown, expired, revoked, of a
/// departed member or of a retired company: all the same nothing, by the same statement. One that was used as
/// often as it may be says so: only a form that was sent before leads anywhere by it.
pub(crate) async fn open(
    conn: &mut Conn,
    token_hash: &Hash,
    at: Time,
) -> Result<Option<OpenCard>, StoreError> {
    let row = sqlx::query(
        "SELECT c.sk, c.id, c.label, c.company, c.member, m.name, m.external_title, m.status,
                co.name AS company_name, k.expires_at, c.max_uses IS NOT NULL AS counted,
                COALESCE(c.uses >= c.max_uses, 0) AS spent,
                EXISTS (SELECT 1 FROM hidden_members h WHERE h.member = m.sk) AS hidden
         FROM card_codes k
         JOIN cards c ON c.sk = k.card
         JOIN members m ON m.sk = c.member
         JOIN companies co ON co.sk = c.company
         WHERE k.token_hash = $1 AND k.expires_at > $2 AND c.revoked_at IS NULL
           AND m.gone_at IS NULL AND co.retired_at IS NULL",
    )
    .bind(token_hash.as_slice())
    .bind(at.as_micros())
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let status = Status::parse(row.try_get("status")?).ok_or(StoreError::Unexpected("members.status"))?;
    if matches!(status, Status::Left | Status::Disabled) {
        return Ok(None);
    }
    let text = |column: &str| -> Result<Option<Untrusted>, StoreError> {
        Ok(row.try_get::<Option<String>, _>(column)?.map(Untrusted::from))
    };
    Ok(Some(OpenCard {
        card: row.try_get("sk")?,
        card_id: card_id(&row)?,
        label: text("label")?,
        company: row.try_get("company")?,
        company_name: row.try_get::<String, _>("company_name")?.into(),
        member: row.try_get("member")?,
        name: row.try_get::<String, _>("name")?.into(),
        title: text("external_title")?,
        expires: Time::from_micros(row.try_get("expires_at")?),
        hidden: row.try_get::<i64, _>("hidden")? == 1,
        counted: row.try_get::<i64, _>("counted")? == 1,
        spent: row.try_get::<i64, _>("spent")? == 1,
    }))
}

/// Whether a card is a member's.
pub(crate) async fn is_of(conn: &mut Conn, card: i64, member: i64) -> Result<bool, StoreError> {
    let found: i64 = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM cards WHERE sk = $1 AND member = $2)")
        .bind(card)
        .bind(member)
        .fetch_one(conn)
        .await?;
    Ok(found != 0)
}

/// The numbers and addresses that a card's owner ticked, as far as they still have them.
pub(crate) async fn ticked(conn: &mut Conn, card: i64) -> Result<Lines, StoreError> {
    let row = sqlx::query(
        "SELECT c.fields, m.phones, m.emails FROM cards c JOIN members m ON m.sk = c.member WHERE c.sk = $1",
    )
    .bind(card)
    .fetch_one(conn)
    .await?;
    let ticked: Vec<String> = serde_json::from_str(row.try_get("fields")?)?;
    let phones: Vec<Phone> = serde_json::from_str(row.try_get("phones")?)?;
    let emails: Vec<Untrusted> = serde_json::from_str(row.try_get("emails")?)?;
    let is_ticked = |line: &Untrusted| ticked.iter().any(|ticked| ticked == line.as_data());
    Ok(Lines {
        phones: phones.into_iter().map(|phone| phone.number).filter(is_ticked).collect(),
        emails: emails.into_iter().filter(is_ticked).collect(),
    })
}

/// Uses a card once more, unless it has been used as often as it may be.
pub(crate) async fn use_once(tx: &mut Write, card: i64) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE cards SET uses = uses + 1 WHERE sk = $1 AND (max_uses IS NULL OR uses < max_uses)",
    )
    .bind(card)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a code of one's own that does not open any more is worth.
pub(crate) async fn own_code(
    conn: &mut Conn,
    token_hash: &Hash,
    member: i64,
    now: Time,
) -> Result<Option<CardState>, StoreError> {
    let row = sqlx::query(
        "SELECT c.revoked_at, k.created_at, k.expires_at FROM card_codes k JOIN cards c ON c.sk = k.card
         WHERE k.token_hash = $1 AND c.member = $2",
    )
    .bind(token_hash.as_slice())
    .bind(member)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let revoked: Option<i64> = row.try_get("revoked_at")?;
    let (created, expires): (i64, i64) = (row.try_get("created_at")?, row.try_get("expires_at")?);
    Ok(Some(match (revoked, expires <= now.as_micros()) {
        // One that was said to be in wrong hands ended as if it had never been live.
        (None, true) if expires > created => CardState::Expired,
        (None, false) => CardState::Live,
        _ => CardState::Revoked,
    }))
}

/// Revokes every card of a member.
pub(crate) async fn revoke_of_member(tx: &mut Write, member: i64) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query(
        "UPDATE cards SET revoked_at = $2, revision = revision + 1 WHERE member = $1 AND revoked_at IS NULL",
    )
    .bind(member)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
