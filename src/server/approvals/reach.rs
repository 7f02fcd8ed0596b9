//! Whom somebody means: what they typed, pasted or scanned, looked up as far as they may know.

use crate::domain::{ContactId, MemberId};
use crate::server::App;
use crate::server::access::Viewer;
use crate::server::policy::{CardState, Coverage, domain_of, same_company};
use crate::server::secrets::{normalise_token, sha256};
use crate::server::store::cards::{self, OpenCard};
use crate::server::store::linked::{self, LinkedRow};
use crate::server::store::{
    Reading, StoreError, companies, contacts, introductions, links, members, relations,
};

/// Somebody who was meant.
#[derive(Clone, Debug)]
pub(crate) enum Meant {
    /// Nobody that the viewer may know of.
    Nobody,
    /// A colleague.
    Colleague(MemberId),
    /// A card of one's own that has ended.
    OwnCard(CardState),
    /// A contact that is there.
    Contact(ContactId),
    /// A card link that leads nowhere.
    DeadCard,
    /// An address or a name, and nobody known behind it.
    Address {
        /// Its domain, in lower case.
        domain: Option<String>,
        /// Whether it is of the viewer's own company.
        own: bool,
    },
    /// A member of another company.
    Outside(Box<OutsidePerson>),
}

/// A member of another company, and how the viewer comes to them.
#[derive(Clone, Debug)]
pub(crate) struct OutsidePerson {
    pub(crate) company: i64,
    pub(crate) member: i64,
    /// By their card.
    pub(crate) card: Option<OpenCard>,
    /// By a partner link.
    pub(crate) link: Option<Coverage>,
    /// By a colleague's introduction: its hidden key, and whose it is.
    pub(crate) introduced: Option<(i64, i64)>,
}

/// Looks up what somebody typed: a card link, an id, an address; anything else is a name or a number that
/// nobody is known behind.
pub(crate) async fn look_up(
    app: &App,
    store: &mut impl Reading,
    viewer: &Viewer,
    typed: &str,
) -> Result<Meant, StoreError> {
    let typed = typed.trim();
    if let Some(token) = card_token(app, typed) {
        return by_card(store, viewer, app, &token).await;
    }
    if let Ok(id) = ContactId::new(typed) {
        return by_outside_id(store, viewer, app, &id).await;
    }
    if typed.contains('@')
        && let Some(domain) = domain_of(typed)
    {
        return by_address(store, viewer, app, typed, domain).await;
    }
    if let Ok(id) = MemberId::new(typed)
        && let Some(row) = members::seen(store.conn(), viewer, &id).await?
    {
        return Ok(Meant::Colleague(row.whole.id));
    }
    if let Some(id) = relations::by_phone(store.conn(), viewer, typed).await? {
        return Ok(Meant::Colleague(id));
    }
    Ok(Meant::Address { domain: None, own: false })
}

/// The token of a card link of this server, or a bare token. A link of any other host is not one.
fn card_token(app: &App, typed: &str) -> Option<String> {
    match typed.split_once("://") {
        Some(_) => app.address().token_of(typed).and_then(|token| normalise_token(&token)),
        None => normalise_token(typed),
    }
}

async fn by_card(
    store: &mut impl Reading,
    viewer: &Viewer,
    app: &App,
    token: &str,
) -> Result<Meant, StoreError> {
    let hash = sha256(token.as_bytes());
    let open = cards::open(store.conn(), &hash, app.now()).await?;
    let strange = |card: &OpenCard| card.company != viewer.company;
    let Some(card) = open.filter(|card| !(card.spent || card.hidden && strange(card))) else {
        // Of one's own card one may know why it no longer opens.
        let own = cards::own_code(store.conn(), &hash, viewer.member, app.now()).await?;
        return Ok(own.map_or(Meant::DeadCard, Meant::OwnCard));
    };
    if card.company == viewer.company {
        let row = members::by_sk(store.conn(), card.member).await?;
        // A colleague who is hidden does not exist, not even by their card.
        let seen = match row {
            Some(row) => members::seen(store.conn(), viewer, &row.whole.id).await?,
            None => None,
        };
        return Ok(seen.map_or(Meant::DeadCard, |row| Meant::Colleague(row.whole.id)));
    }
    let (company, member) = (card.company, card.member);
    outside(
        store,
        viewer,
        app,
        OutsidePerson { company, member, card: Some(card), link: None, introduced: None },
    )
    .await
}

/// Adds what else leads to somebody; an existing contact comes before everything.
async fn outside(
    store: &mut impl Reading,
    viewer: &Viewer,
    app: &App,
    mut person: OutsidePerson,
) -> Result<Meant, StoreError> {
    let now = app.now();
    if person.link.is_none()
        && links::between(store.conn(), viewer.company, person.company, now).await?.is_some()
    {
        let covered = links::shows(store.conn(), viewer.company, person.member, now).await?;
        person.link = Some(if covered { Coverage::Covered } else { Coverage::NotCovered });
    }
    if person.introduced.is_none() {
        person.introduced = introductions::of(store.conn(), viewer.member, person.member).await?;
    }
    Ok(Meant::Outside(Box::new(person)))
}

async fn by_outside_id(
    store: &mut impl Reading,
    viewer: &Viewer,
    app: &App,
    id: &ContactId,
) -> Result<Meant, StoreError> {
    let now = app.now();
    let contact = contacts::by_id(store.conn(), id, now, 0).await?;
    if let Some(contact) = contact.filter(|contact| contact.owner == viewer.member) {
        return Ok(Meant::Contact(contact.contact.id));
    }
    if let Some(linked) = linked::by_id(store.conn(), viewer.company, id, now).await? {
        return by_link(store, viewer, app, linked).await;
    }
    if let Some((introduction, by, company, member)) =
        introductions::by_id(store.conn(), viewer.member, id).await?
    {
        let person =
            OutsidePerson { company, member, card: None, link: None, introduced: Some((introduction, by)) };
        return outside(store, viewer, app, person).await;
    }
    Ok(Meant::Nobody)
}

async fn by_link(
    store: &mut impl Reading,
    viewer: &Viewer,
    app: &App,
    linked: LinkedRow,
) -> Result<Meant, StoreError> {
    let person = OutsidePerson {
        company: linked.company,
        member: linked.member,
        card: None,
        link: Some(Coverage::Covered),
        introduced: None,
    };
    outside(store, viewer, app, person).await
}

async fn by_address(
    store: &mut impl Reading,
    viewer: &Viewer,
    app: &App,
    email: &str,
    domain: String,
) -> Result<Meant, StoreError> {
    if let Some(id) = relations::by_email(store.conn(), viewer, email).await? {
        return Ok(Meant::Colleague(id));
    }
    if let Some(id) = contacts::with_email(store.conn(), viewer.member, email, app.now()).await? {
        return Ok(Meant::Contact(id));
    }
    if let Some(linked) = linked::by_email(store.conn(), viewer.company, email, app.now()).await? {
        return by_link(store, viewer, app, linked).await;
    }
    let company = companies::get(store.conn(), viewer.company).await?;
    let own =
        company.and_then(|row| row.domain).map(|own| own.as_data().trim_start_matches('@').to_lowercase());
    let own = same_company(Some(&domain), own.as_deref());
    Ok(Meant::Address { domain: Some(domain), own })
}
