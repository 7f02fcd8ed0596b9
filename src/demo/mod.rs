//! The made-up world: a company, its neighbours, visitors and decisions, filled in through the real
//! router by people who are signed in and visitors who are not. Nothing else of the program knows that
//! it is made up.
//!
//! The same seed gives the same people, texts and relative times; ids and tokens are random.

mod cast;
mod dice;
mod names;
mod people;
mod story;
mod web;

use std::time::Duration;

use axum::Router;

use crate::api::{Applied, ApplyImport, ImportReply, ImportRowsReply, NewCompany, NewImport, Signed};
use crate::domain::{CompanyId, IdError, ImportRow, MemberId, Time};
use crate::server::Clock;
use dice::Dice;
use people::{MadeUp, SAMPLE};
use web::Web;

/// How far back the world begins.
const BACK: Duration = Duration::from_secs(60 * 24 * 3600);

/// Why the world could not be filled in.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The server answered otherwise than it should.
    #[error("filling in the made-up company: {what}: the server answered {status}")]
    Answer {
        /// What was tried.
        what: &'static str,
        /// HTTP status.
        status: u16,
    },
    /// An id of ours is not one.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Something of ours cannot be sent.
    #[error("filling in the made-up company: {0}")]
    Json(#[from] serde_json::Error),
}

/// Fills a fresh server whose clock we hold: from two months before `now` until `now`.
pub async fn fill(
    router: Router,
    operator: &str,
    clock: &Clock,
    now: Time,
    seed: u64,
) -> Result<(), DemoError> {
    let mut dice = Dice::new(seed);
    let web = Web::new(router, operator);
    clock.set(now.before(BACK));
    let home = people::home(&mut dice);
    let zone = jiff::tz::TimeZone::system();
    let zone = zone.iana_name().unwrap_or("UTC");
    for company in people::neighbours(&mut dice) {
        bring_in(&web, &company, zone, None).await?;
    }
    bring_in(&web, &home, zone, Some(MemberId::new(SAMPLE)?)).await?;
    let story = story::write(&mut dice, &home);
    story::play(&web, clock, now, &home, story).await?;
    clock.set(now);
    Ok(())
}

/// Makes a company and imports its people, as a file would.
async fn bring_in(
    web: &Web,
    company: &MadeUp,
    zone: &str,
    sign_in: Option<MemberId>,
) -> Result<(), DemoError> {
    let create = NewCompany {
        id: CompanyId::new(company.id)?,
        name: company.name.into(),
        domain: Some(company.domain.into()),
        time_zone: Some(zone.to_owned()),
        made_up: true,
    };
    let begun: ImportReply =
        web.operate("POST", "/v1/imports", None, &NewImport { company: None, create: Some(create) }).await?;
    let mut lines = String::new();
    for row in &company.rows {
        lines.push_str(&serde_json::to_string::<ImportRow>(row)?);
        lines.push('\n');
    }
    let _: ImportRowsReply = web.send_rows(&format!("/v1/imports/{}/rows", begun.id), lines).await?;
    let order = ApplyImport {
        sign_in: sign_in.map(|member| Signed { member, retire_made_up: false }),
        ..ApplyImport::default()
    };
    let _: Applied =
        web.operate("POST", &format!("/v1/imports/{}/apply", begun.id), Some(company.id), &order).await?;
    Ok(())
}
