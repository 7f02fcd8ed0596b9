//! `namecard away`

use serde_json::{Value, json};

use super::Context;
use super::args::{AwayAction, AwayArgs, Format};
use super::decide::key;
use super::failure::Failure;
use super::ids::{self, Named};
use super::show::pairs;
use super::when;
use crate::client::Client;
use crate::domain::{Fault, OwnSettings, Who};
use crate::i18n::Text;
use crate::i18n::say;
use crate::text::{SafeText, Untrusted};

/// What one set for oneself in the shape of `docs/json.md`.
fn shape(own: &OwnSettings) -> Value {
    json!({
        "revision": own.revision,
        "accepts": own.accepts,
        "away_until": own.away_until,
        "stand_in": own.stand_in,
    })
}

pub(super) async fn run(context: &Context, client: &Client, args: &AwayArgs) -> Result<u8, Failure> {
    let mut own = client.own_settings().await?;
    if let Some(action) = &args.action {
        let (away_until, stand_in) = match action {
            AwayAction::Off => (None, None),
            AwayAction::Until { date, stand_in } => {
                let until = when::read(context, date)?;
                let stand_in = match stand_in {
                    Some(id) => match ids::find(client, &context.words, id).await? {
                        // Of a stand-in the id is what counts.
                        Named::Member(id) => Some(Who { id, name: Untrusted::default() }),
                        _ => return Err(Failure::About(SafeText::clean(id).cut(40), Fault::NotFound)),
                    },
                    None => None,
                };
                (Some(until), stand_in)
            }
        };
        own = client.set_own_settings(&OwnSettings { away_until, stand_in, ..own }, &key()?).await?;
    }
    match args.format {
        Format::Json => context.out.json(&shape(&own))?,
        Format::Table => tell(context, &own)?,
    }
    Ok(0)
}

fn tell(context: &Context, own: &OwnSettings) -> Result<(), Failure> {
    let words = &context.words;
    let accepts = words.get(if own.accepts { Text::AwayAccepts } else { Text::AwayTakesNone });
    let now = jiff::Timestamp::now().into();
    let away = match own.away_until {
        Some(until) => words.fill(Text::AwayUntil, &[("date", say::date_time(until, now, &context.zone))]),
        None => words.get(Text::AwayHere),
    };
    let stand_in = own
        .stand_in
        .as_ref()
        .map(|who| SafeText::join([&who.name.line(say::NAME_CELLS), &who.id.shown()], " · "));
    pairs(
        context,
        vec![
            (words.get(Text::LabelRequests), accepts),
            (words.get(Text::LabelAway), away),
            (words.get(Text::LabelStandIn), stand_in.unwrap_or_default()),
        ],
    )
}
