//! `namecard card`

use serde_json::{Value, json};

use super::Context;
use super::args::{CardAction, CardArgs, Format};
use super::decide::key;
use super::failure::Failure;
use super::show::pairs;
use crate::client::Client;
use crate::domain::Card;
use crate::i18n::Text;
use crate::i18n::say;
use crate::text::SafeText;

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
        "created": card.created,
        "expires": card.expires,
        "previous_until": card.previous_until,
        "local_only": card.local_only,
        "moved": card.moved,
    })
}

pub(super) async fn run(context: &Context, client: &Client, args: &CardArgs) -> Result<u8, Failure> {
    let mut card = client.card().await?;
    if let Some(CardAction::Rotate { leaked }) = args.action {
        card = client.rotate_card(&card.id, card.revision, leaked, &key()?).await?;
    }
    match args.format {
        Format::Json => context.out.json(&shape(&card))?,
        Format::Table => show(context, &card)?,
    }
    Ok(0)
}

fn show(context: &Context, card: &Card) -> Result<(), Failure> {
    let words = &context.words;
    let previous = card.previous_until.map(|until| say::date(until, &context.zone)).unwrap_or_default();
    pairs(
        context,
        vec![
            (words.get(Text::LabelLink), SafeText::clean(&card.link)),
            (words.get(Text::LabelName), card.owner.name.whole()),
            (words.get(Text::LabelTitle), card.title.as_ref().map(|title| title.whole()).unwrap_or_default()),
            (words.get(Text::LabelCompany), card.company.whole()),
            (words.get(Text::LabelEnds), say::date(card.expires, &context.zone)),
            (words.get(Text::LabelOlderCode), previous),
        ],
    )?;
    if card.local_only {
        context.out.line(&words.get(Text::CardLocalOnly))?;
    }
    Ok(())
}
