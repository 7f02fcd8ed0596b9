//! A member's printed card: made at first use, renewed when its life is over, rotated on demand.

use super::access::Viewer;
use super::store::cards::{self, CardRow};
use super::store::companies::CompanyRow;
use super::store::contacts::Lines;
use super::store::outbox::{self, Touched};
use super::store::{StoreError, Write, audit, members, policies};
use super::{App, ids};
use crate::api::EventKind;
use crate::domain::{Card, CardKind, Time, Who};

/// How the code before a rotation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// After the days of grace.
    Grace,
    /// At once: it got into wrong hands.
    AtOnce,
}

/// The viewer's printed card, if there is one with a live code.
pub(crate) async fn find(
    app: &App,
    conn: &mut super::store::Conn,
    viewer: &Viewer,
) -> Result<Option<Card>, StoreError> {
    let now = app.now();
    match cards::printed(conn, viewer.member, now).await? {
        Some(row) if row.expires > now => Ok(Some(show(app, conn, row).await?)),
        _ => Ok(None),
    }
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
            let row = (row.sk, row.id, row.generation);
            next_code(app, tx, viewer, row, Ending::Grace, "card.renew", call).await?;
            present(tx, viewer, now).await?
        }
        None => {
            let id = ids::card(now);
            let sk = cards::add(tx, viewer.company, viewer.member, &id, CardKind::Printed).await?;
            next_code(app, tx, viewer, (sk, id, 0), Ending::Grace, "card.make", call).await?;
            present(tx, viewer, now).await?
        }
    };
    show(app, tx.conn(), row).await
}

/// Gives the card a new code. The one before goes on for the days of grace, or ends at once.
pub(crate) async fn rotate(
    app: &App,
    tx: &mut Write,
    viewer: &Viewer,
    row: CardRow,
    ending: Ending,
    call: &str,
) -> Result<Card, StoreError> {
    let now = tx.now();
    next_code(app, tx, viewer, (row.sk, row.id, row.generation), ending, "card.rotate", call).await?;
    let row = present(tx, viewer, now).await?;
    show(app, tx.conn(), row).await
}

async fn next_code(
    app: &App,
    tx: &mut Write,
    viewer: &Viewer,
    (sk, id, generation): (i64, crate::domain::CardId, i64),
    ending: Ending,
    action: &str,
    call: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    let policy = tx.policy(viewer.company).await?;
    let subject = policies::subject(tx.conn(), viewer.member).await?;
    let rules = policy.of(&subject, now);
    let next = generation + 1;
    let hash = super::secrets::sha256(app.card_key().card_token(&id, next).as_bytes());
    let previous_ends = match ending {
        Ending::Grace => Some(now.after(rules.printed_card_grace())),
        Ending::AtOnce => None,
    };
    cards::next_code(tx, sk, next, &hash, now.after(rules.printed_card_life()), previous_ends).await?;
    let object = Touched {
        company: viewer.company,
        kind: EventKind::Card,
        id: id.as_str(),
        member: Some(viewer.member),
        revision: next,
    };
    outbox::changed(tx, object).await?;
    audit::add(
        tx,
        audit::Entry {
            company: viewer.company,
            actor: &super::access::Actor::Member(viewer.clone()).tag(),
            action,
            object: id.as_str(),
            old_state: None,
            new_state: Some(if ending == Ending::AtOnce { "leaked" } else { "live" }),
            policy_version: Some(policy.version),
            call,
        },
    )
    .await
}

async fn present(tx: &mut Write, viewer: &Viewer, now: Time) -> Result<CardRow, StoreError> {
    cards::printed(tx.conn(), viewer.member, now).await?.ok_or(StoreError::Unexpected("cards"))
}

/// The numbers and addresses that a card shows: those that its owner ticked, as far as the owner still has
/// them and the policy lets cards show them.
pub(crate) async fn lines(conn: &mut super::store::Conn, card: i64) -> Result<Lines, StoreError> {
    cards::ticked(conn, card).await
}

async fn show(app: &App, conn: &mut super::store::Conn, row: CardRow) -> Result<Card, StoreError> {
    let owner = members::by_sk(conn, row.member).await?.ok_or(StoreError::Unexpected("cards.member"))?.whole;
    let company: CompanyRow = super::store::companies::get(conn, row.company)
        .await?
        .ok_or(StoreError::Unexpected("cards.company"))?;
    let address = app.address();
    Ok(Card {
        link: address.card_link(&app.card_key().card_token(&row.id, row.generation)),
        id: row.id,
        revision: row.revision,
        kind: CardKind::Printed,
        owner: Who { id: owner.id, name: owner.name },
        title: owner.external_title,
        company: company.name,
        label: row.label,
        created: row.created,
        expires: row.expires,
        previous_until: row.previous_until,
        local_only: address.local_only,
        moved: address.moved,
    })
}
