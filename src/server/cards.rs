//! A member's namecards: made, changed, given new codes, revoked.

use std::time::Duration;

use super::access::{Actor, Viewer};
use super::policy::{Effective, Setting};
use super::respond::Failure;
use super::store::cards::{self, CardRow, Like};
use super::store::companies::{self, CompanyRow};
use super::store::contacts::Lines;
use super::store::outbox::{self, Touched};
use super::store::{Conn, Reading, StoreError, Write, audit, members, policies};
use super::{App, ids};
use crate::api::{CardBody, EventKind, NewCard, Problem};
use crate::domain::{Card, CardId, CardKind, Time, Who, normalise_line};
use crate::text::Untrusted;

/// Longest label, in graphemes.
const LABEL: usize = 40;
/// Live cards of each kind but the printed one, of which the policy says how many.
const MOST: usize = 20;
/// How long a card whose life is over is still listed.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);
/// The most that a use count may be.
const MOST_USES: i64 = 1_000_000;

/// How the code before a rotation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// After the days of grace, for a printed card; others end at once.
    Grace,
    /// At once: it got into wrong hands.
    AtOnce,
}

/// What the policy says of a kind of card.
fn life(rules: &Effective<'_>, kind: CardKind) -> Duration {
    match kind {
        CardKind::Printed => rules.printed_card_life(),
        CardKind::Event => rules.event_card_life(),
        CardKind::Screen => rules.screen_card_life(),
    }
}

/// The viewer's first printed card, if there is one with a live code.
pub(crate) async fn find(
    app: &App,
    store: &mut impl Reading,
    viewer: &Viewer,
) -> Result<Option<Card>, StoreError> {
    let now = app.now();
    match cards::printed(store.conn(), viewer.member, now).await? {
        Some(row) if row.expires > now => Ok(Some(show(app, store, row).await?)),
        _ => Ok(None),
    }
}

/// The viewer's cards that were not revoked.
pub(crate) async fn list(
    app: &App,
    store: &mut impl Reading,
    viewer: &Viewer,
) -> Result<Vec<Card>, StoreError> {
    let now = app.now();
    let mut all = Vec::new();
    for row in cards::of_member(store.conn(), viewer.member, now, now.before(KEPT)).await? {
        all.push(show(app, store, row).await?);
    }
    Ok(all)
}

/// Makes the viewer's printed card, or gives it a new code when its life is over.
pub(crate) async fn ensure(
    app: &App,
    tx: &mut Write,
    viewer: &Viewer,
    call: &str,
) -> Result<Card, StoreError> {
    let now = tx.now();
    let row = match cards::printed(tx.conn(), viewer.member, now).await? {
        Some(row) if row.expires > now => row,
        // Before a first code, and behind one whose life is over, no code is live: none is ended early.
        Some(row) => {
            let (sk, id, kind, generation) = (row.sk, row.id, row.kind, row.generation);
            let code = Code { sk, id: &id, kind, generation, ending: Ending::Grace, expires: None };
            next_code(app, tx, viewer, code, ("card.renew", call)).await?;
            present(tx, viewer, &id).await?
        }
        None => {
            let id = ids::card(now);
            let kind = CardKind::Printed;
            let sk = cards::add(tx, viewer.company, viewer.member, &id, kind).await?;
            let code = Code { sk, id: &id, kind, generation: 0, ending: Ending::Grace, expires: None };
            next_code(app, tx, viewer, code, ("card.make", call)).await?;
            present(tx, viewer, &id).await?
        }
    };
    show(app, tx, row).await
}

/// Makes another card.
pub(crate) async fn make(
    app: &App,
    tx: &mut Write,
    viewer: &Viewer,
    new: &NewCard,
    call: &str,
) -> Result<Card, Failure> {
    let now = tx.now();
    let policy = tx.policy(viewer.company).await?;
    let subject = policies::subject(tx.conn(), viewer.member).await?;
    let rules = policy.of(&subject, now);
    let most = match new.kind {
        CardKind::Printed => {
            rules.count(Setting::PrintedCards).and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST)
        }
        CardKind::Event | CardKind::Screen => MOST,
    };
    let live = cards::of_member(tx.conn(), viewer.member, now, now).await?;
    if live.iter().filter(|card| card.kind == new.kind && card.is_live(now)).count() >= most {
        return Err(Problem::invalid("kind", "too_many").into());
    }
    let label = label(&new.like)?;
    let like = like(tx, viewer, &rules, &new.like, label.as_deref()).await?;
    let expires = end(&new.like, now, life(&rules, new.kind))?;
    let id = ids::card(now);
    let sk = cards::add(tx, viewer.company, viewer.member, &id, new.kind).await?;
    cards::set(tx, sk, &like).await?;
    let code = Code { sk, id: &id, kind: new.kind, generation: 0, ending: Ending::Grace, expires };
    next_code(app, tx, viewer, code, ("card.make", call)).await?;
    let row = present(tx, viewer, &id).await?;
    Ok(show(app, tx, row).await?)
}

/// Changes what a card is like.
pub(crate) async fn change(
    app: &App,
    tx: &mut Write,
    viewer: &Viewer,
    row: CardRow,
    body: &CardBody,
    call: &str,
) -> Result<Card, Failure> {
    let policy = tx.policy(viewer.company).await?;
    let subject = policies::subject(tx.conn(), viewer.member).await?;
    let rules = policy.of(&subject, tx.now());
    let label = label(body)?;
    let like = like(tx, viewer, &rules, body, label.as_deref()).await?;
    let now = tx.now();
    if let Some(expires) = end(body, now, life(&rules, row.kind))? {
        cards::set_end(tx, &row, expires).await?;
    }
    cards::set(tx, row.sk, &like).await?;
    told(tx, viewer, &row.id, row.revision + 1, ("card.change", "live", policy.version), call).await?;
    let row = present(tx, viewer, &row.id).await?;
    Ok(show(app, tx, row).await?)
}

/// Revokes a card: it opens no more, and nobody learns that there was one.
pub(crate) async fn revoke(
    tx: &mut Write,
    viewer: &Viewer,
    row: &CardRow,
    call: &str,
) -> Result<(), StoreError> {
    let policy = tx.policy(viewer.company).await?;
    cards::revoke(tx, row.sk).await?;
    told(tx, viewer, &row.id, row.revision + 1, ("card.revoke", "revoked", policy.version), call).await
}

/// Gives the card a new code. That of a printed card goes on for the days of grace, or ends at once.
pub(crate) async fn rotate(
    app: &App,
    tx: &mut Write,
    viewer: &Viewer,
    row: CardRow,
    ending: Ending,
    call: &str,
) -> Result<Card, StoreError> {
    let CardRow { sk, id, kind, generation, expires, .. } = row;
    // The end of an event does not move because its code got out.
    let expires = Some(expires).filter(|at| kind == CardKind::Event && *at > tx.now());
    let code = Code { sk, id: &id, kind, generation, ending, expires };
    next_code(app, tx, viewer, code, ("card.rotate", call)).await?;
    let row = present(tx, viewer, &id).await?;
    show(app, tx, row).await
}

/// The label as it is kept.
fn label(body: &CardBody) -> Result<Option<String>, Problem> {
    use unicode_segmentation::UnicodeSegmentation as _;

    let label = body.label.as_ref().map(|label| normalise_line(label.as_data()));
    match label.filter(|label| !label.is_empty()) {
        Some(label) if label.graphemes(true).count() > LABEL => Err(Problem::invalid("label", "too_long")),
        label => Ok(label),
    }
}

/// When a code ends, if its owner says so: later than now, and not later than its life allows.
fn end(body: &CardBody, now: Time, life: Duration) -> Result<Option<Time>, Problem> {
    match body.expires {
        Some(at) if at <= now || at > now.after(life) => Err(Problem::invalid("expires", "out_of_range")),
        at => Ok(at),
    }
}

/// What the owner set, if it may be so: only their own numbers and addresses, of the kinds that the policy
/// lets cards show.
async fn like<'a>(
    tx: &mut Write,
    viewer: &Viewer,
    rules: &Effective<'_>,
    body: &'a CardBody,
    label: Option<&'a str>,
) -> Result<Like<'a>, Failure> {
    let may = rules.value(Setting::CardFields);
    let owner = members::by_sk(tx.conn(), viewer.member).await?.ok_or(StoreError::Unexpected("members"))?;
    for field in &body.fields {
        let is_phone = owner.whole.phones.iter().any(|phone| phone.number == *field);
        let is_email = owner.whole.emails.contains(field);
        if !is_phone && !is_email {
            return Err(Problem::invalid("fields", "not_yours").into());
        }
        if !may.holds(if is_email { "email" } else { "phone" }) {
            return Err(Problem::invalid("fields", "not_allowed").into());
        }
    }
    if body.max_uses.is_some_and(|most| !(1..=MOST_USES).contains(&most)) {
        return Err(Problem::invalid("max_uses", "out_of_range").into());
    }
    Ok(Like { label, fields: body.fields.iter().map(Untrusted::as_data).collect(), max_uses: body.max_uses })
}

/// The next code of a card.
struct Code<'a> {
    sk: i64,
    id: &'a CardId,
    kind: CardKind,
    /// Of the code before it; 0 when there was none.
    generation: i64,
    ending: Ending,
    /// When it ends, if not when the policy says.
    expires: Option<Time>,
}

async fn next_code(
    app: &App,
    tx: &mut Write,
    viewer: &Viewer,
    code: Code<'_>,
    (action, call): (&str, &str),
) -> Result<(), StoreError> {
    let now = tx.now();
    let policy = tx.policy(viewer.company).await?;
    let subject = policies::subject(tx.conn(), viewer.member).await?;
    let rules = policy.of(&subject, now);
    let Code { sk, id, kind, generation, ending, expires } = code;
    let next = generation + 1;
    let hash = super::secrets::sha256(app.card_key().card_token(id, next).as_bytes());
    let previous_ends = match ending {
        Ending::Grace if kind == CardKind::Printed => Some(now.after(rules.printed_card_grace())),
        Ending::Grace | Ending::AtOnce => None,
    };
    let expires = expires.unwrap_or_else(|| now.after(life(&rules, kind)));
    cards::next_code(tx, sk, next, &hash, expires, previous_ends).await?;
    let state = if ending == Ending::AtOnce { "leaked" } else { "live" };
    told(tx, viewer, id, next, (action, state, policy.version), call).await
}

/// Tells the owner's screens and the audit log.
async fn told(
    tx: &mut Write,
    viewer: &Viewer,
    id: &CardId,
    revision: i64,
    (action, state, version): (&str, &str, i64),
    call: &str,
) -> Result<(), StoreError> {
    let (company, member) = (viewer.company, Some(viewer.member));
    outbox::changed(tx, Touched { company, kind: EventKind::Card, id: id.as_str(), member, revision })
        .await?;
    audit::add(
        tx,
        audit::Entry {
            company,
            actor: &Actor::Member(viewer.clone()).tag(),
            action,
            object: id.as_str(),
            old_state: None,
            new_state: Some(state),
            policy_version: Some(version),
            call,
        },
    )
    .await
}

/// A card was used. Where its uses are numbered, its owner's screens count them at once; elsewhere the
/// request that it brought says enough. Returns whether it could be used once more.
pub(crate) async fn used(tx: &mut Write, card: &cards::OpenCard) -> Result<bool, StoreError> {
    if !cards::use_once(tx, card.card).await? {
        return Ok(false);
    }
    if !card.counted {
        return Ok(true);
    }
    let (company, member) = (card.company, Some(card.member));
    let id = card.card_id.as_str();
    outbox::changed(tx, Touched { company, kind: EventKind::Card, id, member, revision: 0 }).await?;
    Ok(true)
}

async fn present(tx: &mut Write, viewer: &Viewer, id: &CardId) -> Result<CardRow, StoreError> {
    let now = tx.now();
    cards::by_id(tx.conn(), viewer.member, id, now).await?.ok_or(StoreError::Unexpected("cards"))
}

/// The numbers and addresses that a card shows: those that its owner ticked, as far as the owner still has
/// them and the policy lets cards show them.
pub(crate) async fn lines(
    store: &mut impl Reading,
    (company, owner): (i64, i64),
    card: i64,
    now: Time,
) -> Result<Lines, StoreError> {
    let policy = store.policies().of(store.conn(), company).await?;
    let subject = policies::subject(store.conn(), owner).await?;
    let may = policy.of(&subject, now).value(Setting::CardFields);
    let ticked = cards::ticked(store.conn(), card).await?;
    Ok(Lines {
        phones: if may.holds("phone") { ticked.phones } else { Vec::new() },
        emails: if may.holds("email") { ticked.emails } else { Vec::new() },
    })
}

async fn show(app: &App, store: &mut impl Reading, row: CardRow) -> Result<Card, StoreError> {
    let (owner, company) = owner_of(store.conn(), &row).await?;
    let shown = lines(store, (row.company, row.member), row.sk, app.now()).await?;
    let address = app.address();
    Ok(Card {
        link: address.card_link(&app.card_key().card_token(&row.id, row.generation)),
        id: row.id,
        revision: row.revision,
        kind: row.kind,
        title: owner.external_title,
        owner: Who { id: owner.id, name: owner.name },
        company: company.name,
        phones: shown.phones,
        emails: shown.emails,
        label: row.label,
        uses: row.uses,
        max_uses: row.max_uses,
        pending: row.pending,
        created: row.created,
        expires: row.expires,
        previous_until: row.previous_until,
        local_only: address.local_only,
        moved: address.moved,
    })
}

async fn owner_of(conn: &mut Conn, row: &CardRow) -> Result<(crate::domain::Member, CompanyRow), StoreError> {
    let owner = members::by_sk(conn, row.member).await?.ok_or(StoreError::Unexpected("cards.member"))?;
    let company = companies::get(conn, row.company).await?.ok_or(StoreError::Unexpected("cards.company"))?;
    Ok((owner.whole, company))
}
