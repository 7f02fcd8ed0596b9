//! `namecard card`: what outsiders see, and by which codes they come.

use serde_json::{Value, json};

use super::Context;
use super::args::{CardAction, CardArgs, Format, KindName, OnOff};
use super::decide::key;
use super::failure::Failure;
use super::show::pairs;
use super::when;
use crate::client::Client;
use crate::domain::{Card, CardKind, CardLike, Fault, OwnSettings};
use crate::i18n::{Text, say};
use crate::text::{SafeText, Untrusted};

/// Cells of a label in a line.
const LABEL_CELLS: usize = 40;
/// Fewest characters of an id's end.
const ENOUGH: usize = 6;

/// A card in the shape of `docs/json.md`.
pub(super) fn shape(card: &Card) -> Value {
    json!({
        "id": card.id,
        "revision": card.revision,
        "kind": card.kind,
        "link": card.link,
        "name": card.owner.name,
        "title": card.title,
        "company": card.company,
        "label": card.label,
        "phones": card.phones,
        "emails": card.emails,
        "uses": card.uses,
        "max_uses": card.max_uses,
        "pending": card.pending,
        "created": card.created,
        "expires": card.expires,
        "previous_until": card.previous_until,
        "local_only": card.local_only,
        "moved": card.moved,
    })
}

pub(super) async fn run(context: &Context, client: &Client, args: &CardArgs) -> Result<u8, Failure> {
    let Some(action) = &args.action else { return one(context, args.format, &client.card().await?) };
    let cards = Cards { context, client, format: args.format };
    match action {
        CardAction::List => cards.list().await,
        CardAction::New { kind, label, expires, uses, fields } => {
            let kind = match kind {
                KindName::Printed => CardKind::Printed,
                KindName::Event => CardKind::Event,
                KindName::Screen => CardKind::Screen,
            };
            let like = CardLike {
                label: label.as_deref().map(Untrusted::from),
                fields: cards.fields(fields).await?,
                expires: expires.as_deref().map(|expires| when::read(context, expires)).transpose()?,
                max_uses: *uses,
            };
            one(context, args.format, &client.make_card(kind, &like, &key()?).await?)
        }
        CardAction::Rotate { card, leaked } => {
            let card = cards.named(card.as_deref()).await?;
            let card = client.rotate_card(&card.id, card.revision, *leaked, &key()?).await?;
            one(context, args.format, &card)
        }
        CardAction::Label { text, card } => {
            let label = Some(text.trim()).filter(|text| !text.is_empty()).map(Untrusted::from);
            cards.change(card.as_deref(), |like| like.label = label).await
        }
        CardAction::Expire { when, card } => {
            let end = when::read(context, when)?;
            cards.change(card.as_deref(), |like| like.expires = Some(end)).await
        }
        CardAction::Uses { most, card } => {
            let most = match most.as_str() {
                "unlimited" => None,
                number => Some(number.parse().map_err(|_| {
                    let value = ("value", SafeText::clean(number).cut(40));
                    Failure::Usage(context.words.fill(Text::NotACount, &[value]))
                })?),
            };
            cards.change(card.as_deref(), |like| like.max_uses = most).await
        }
        CardAction::Fields { fields, card } => {
            let fields = cards.fields(fields).await?;
            cards.change(card.as_deref(), |like| like.fields = fields).await
        }
        CardAction::Revoke { card } => {
            let card = cards.named(Some(card)).await?;
            let left = client.revoke_card(&card.id, card.revision, &key()?).await?;
            cards.print(&left)
        }
        CardAction::Accept { to } => cards.accept(*to == OnOff::On).await,
    }
}

fn one(context: &Context, format: Format, card: &Card) -> Result<u8, Failure> {
    match format {
        Format::Json => context.out.json(&shape(card))?,
        Format::Table => show(context, card)?,
    }
    Ok(0)
}

/// The signed-in member's cards.
struct Cards<'a> {
    context: &'a Context,
    client: &'a Client,
    format: Format,
}

impl Cards<'_> {
    async fn list(&self) -> Result<u8, Failure> {
        // The printed one is made when there is none yet.
        self.client.card().await?;
        self.print(&self.client.cards().await?)
    }

    fn print(&self, cards: &[Card]) -> Result<u8, Failure> {
        if self.format == Format::Json {
            self.context.out.json(&cards.iter().map(shape).collect::<Vec<_>>())?;
            return Ok(0);
        }
        let words = &self.context.words;
        let headings = [
            Text::ColumnKind,
            Text::ColumnLabel,
            Text::ColumnUntil,
            Text::ColumnUses,
            Text::ColumnWaiting,
            Text::ColumnId,
        ];
        let count = |n: i64| SafeText::number(u64::try_from(n).unwrap_or(0));
        let rows: Vec<Vec<SafeText>> = cards
            .iter()
            .map(|card| {
                let mut uses = count(card.uses);
                if let Some(most) = card.max_uses {
                    uses.push_constant("/");
                    uses.push(&count(most));
                }
                vec![
                    words.get(kind(card.kind)),
                    card.label.as_ref().map(|label| label.line(LABEL_CELLS)).unwrap_or_default(),
                    say::date(card.expires, &self.context.zone),
                    uses,
                    count(card.pending),
                    SafeText::clean(card.id.as_str()),
                ]
            })
            .collect();
        self.context.out.table(&headings.map(|text| words.get(text)), &rows)?;
        Ok(0)
    }

    /// The card of this id, or of the end of one; none named: the printed one.
    async fn named(&self, given: Option<&str>) -> Result<Card, Failure> {
        let Some(given) = given else { return Ok(self.client.card().await?) };
        let wanted = given.to_ascii_lowercase();
        let mut found = self.client.cards().await?;
        let fits = |card: &Card| {
            let id = card.id.as_str().to_ascii_lowercase();
            id == wanted || (wanted.len() >= ENOUGH && id.ends_with(&wanted))
        };
        found.retain(fits);
        match found.len() {
            1 => Ok(found.remove(0)),
            _ => Err(Failure::About(SafeText::clean(given).cut(LABEL_CELLS), Fault::NotFound)),
        }
    }

    async fn change(&self, card: Option<&str>, change: impl FnOnce(&mut CardLike)) -> Result<u8, Failure> {
        let card = self.named(card).await?;
        let mut like = card.like();
        change(&mut like);
        let card = self.client.change_card(&card.id, card.revision, &like, &key()?).await?;
        one(self.context, self.format, &card)
    }

    /// What is to be shown: one's own numbers and addresses, or a word for all of a kind.
    async fn fields(&self, given: &[String]) -> Result<Vec<Untrusted>, Failure> {
        if given.is_empty() || given.iter().any(|word| word == "none") {
            return Ok(Vec::new());
        }
        let me = self.client.account().await?.me.member;
        let mut fields: Vec<Untrusted> = Vec::new();
        for word in given {
            match word.as_str() {
                "phone" => fields.extend(me.phones.iter().map(|phone| phone.number.clone())),
                "email" => fields.extend(me.emails.iter().cloned()),
                own => fields.push(own.into()),
            }
        }
        Ok(fields)
    }

    async fn accept(&self, accepts: bool) -> Result<u8, Failure> {
        let own = OwnSettings { accepts, ..self.client.own_settings().await? };
        let own = self.client.set_own_settings(&own, &key()?).await?;
        if self.format == Format::Json {
            self.context.out.json(&own)?;
        } else {
            let text = if own.accepts { Text::AcceptsOn } else { Text::AcceptsOff };
            self.context.out.line(&self.context.words.get(text))?;
        }
        Ok(0)
    }
}

const fn kind(kind: CardKind) -> Text {
    match kind {
        CardKind::Printed => Text::KindPrinted,
        CardKind::Event => Text::KindEvent,
        CardKind::Screen => Text::KindScreen,
    }
}

fn show(context: &Context, card: &Card) -> Result<(), Failure> {
    let words = &context.words;
    let shown: Vec<SafeText> = card.phones.iter().chain(&card.emails).map(Untrusted::whole).collect();
    let previous = card.previous_until.map(|until| say::date(until, &context.zone)).unwrap_or_default();
    pairs(
        context,
        vec![
            (words.get(Text::LabelLink), SafeText::clean(&card.link)),
            (words.get(Text::LabelName), card.owner.name.whole()),
            (words.get(Text::LabelTitle), card.title.as_ref().map(|title| title.whole()).unwrap_or_default()),
            (words.get(Text::LabelCompany), card.company.whole()),
            (words.get(Text::LabelCardLabel), card.label.as_ref().map(Untrusted::whole).unwrap_or_default()),
            (words.get(Text::LabelShows), SafeText::join(&shown, ", ")),
            (words.get(Text::LabelEnds), say::date(card.expires, &context.zone)),
            (words.get(Text::LabelOlderCode), previous),
        ],
    )?;
    if card.local_only {
        context.out.line(&words.get(Text::CardLocalOnly))?;
    }
    Ok(())
}
