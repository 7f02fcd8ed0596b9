//! `namecard away`

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Context;
use super::args::{AwayAction, AwayArgs, Format};
use super::decide::key;
use super::failure::Failure;
use super::ids::{self, Named};
use super::show::pairs;
use crate::api::OwnSettingsBody;
use crate::client::Client;
use crate::domain::{Fault, OwnSettings, Time};
use crate::i18n::Text;
use crate::i18n::say;
use crate::text::SafeText;

/// What one set for oneself in the shape of `docs/json.md`.
fn shape(own: &OwnSettings) -> Value {
    json!({
        "revision": own.revision,
        "accepts": own.accepts,
        "away_until": own.away_until,
        "stand_in": own.stand_in,
    })
}

/// The end of a day, or a moment as it stands in JSON.
fn moment(text: &str, zone: &TimeZone) -> Option<Time> {
    // A moment begins with a day: it is tried first.
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.into());
    }
    let day: Date = text.parse().ok()?;
    let end = day.at(23, 59, 59, 0).to_zoned(zone.clone()).ok()?;
    Some(end.timestamp().into())
}

pub(super) async fn run(context: &Context, client: &Client, args: &AwayArgs) -> Result<u8, Failure> {
    let mut own = client.own_settings().await?;
    if let Some(action) = &args.action {
        let (away_until, stand_in) = match action {
            AwayAction::Off => (None, None),
            AwayAction::Until { date, stand_in } => {
                let until = moment(date, &context.zone).ok_or_else(|| {
                    let date = SafeText::clean(date).cut(40);
                    Failure::Usage(context.words.fill(Text::AwayNoDate, &[("date", date)]))
                })?;
                let stand_in = match stand_in {
                    Some(id) => match ids::find(client, &context.words, id).await? {
                        Named::Member(id) => Some(id),
                        _ => return Err(Failure::About(SafeText::clean(id).cut(40), Fault::NotFound)),
                    },
                    None => None,
                };
                (Some(until), stand_in)
            }
        };
        let body = OwnSettingsBody { accepts: own.accepts, away_until, stand_in };
        own = client.set_own_settings(own.revision, &body, &key()?).await?;
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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::moment;

    #[test]
    fn a_day_is_away_to_its_end() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let told = |text: &str| moment(text, &zone).map(|time| time.timestamp().to_string());
        assert_eq!(told("2026-12-01").as_deref(), Some("2026-12-01T15:59:59Z"));
        assert_eq!(told("2026-12-01T08:00:00+08:00").as_deref(), Some("2026-12-01T00:00:00Z"));
        assert_eq!(told("tomorrow"), None);
        assert_eq!(told("2026-02-30"), None);
    }
}
