//! The made-up world: a company, its neighbours, visitors and decisions, filled in through the real
//! router by people who are signed in and visitors who are not. Nothing else of the program knows that
//! it is made up.
//!
//! The same seed gives the same people, texts and relative times; ids and tokens are random.

mod between;
mod busy;
mod cast;
mod dice;
mod maker;
mod names;
mod people;
mod play;
mod scene;
mod story;
mod visits;
mod web;

use std::time::Duration;

use axum::Router;

use crate::api::{Applied, ApplyImport, ImportReply, ImportRowsReply, NewCompany, NewImport, Signed};
use crate::domain::{CompanyId, IdError, ImportRow, MemberId, Time};
use crate::server::Clock;
use dice::Dice;
use people::{MadeUp, SAMPLE};
pub use scene::{Scene, World};
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
    world: World,
) -> Result<(), DemoError> {
    let mut dice = Dice::new(world.seed);
    let web = Web::new(router, operator);
    clock.set(now.before(BACK));
    let home = people::home(&mut dice, world.scene);
    let zone = jiff::tz::TimeZone::system();
    let zone = zone.iana_name().unwrap_or("UTC");
    let neighbours = people::neighbours(&mut dice);
    for company in &neighbours {
        bring_in(&web, company, zone, None).await?;
    }
    bring_in(&web, &home, zone, Some(MemberId::new(SAMPLE)?)).await?;
    let mut acts = between::write(&mut dice, &home, &neighbours, world.scene);
    acts.extend(story::write(&mut dice, &home, world.scene));
    if world.scene == Scene::Busy {
        acts.extend(busy::write(&mut dice, &home));
    }
    play::play(&web, clock, now, home.id, acts).await?;
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
    let what = "making a company";
    let create = NewCompany {
        id: CompanyId::new(company.id)?,
        name: company.name.into(),
        domain: Some(company.domain.into()),
        time_zone: Some(zone.to_owned()),
        made_up: true,
    };
    let order = NewImport { company: None, create: Some(create) };
    let begun: ImportReply = web.operate(what, "POST", "/v1/imports", None, &order).await?;
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
    let path = format!("/v1/imports/{}/apply", begun.id);
    let _: Applied = web.operate(what, "POST", &path, Some(company.id), &order).await?;
    Ok(())
}
