//! `namecard why`

use super::Context;
use super::args::{Format, WhyArgs};
use super::failure::Failure;
use super::verdict;
use crate::client::Client;
use crate::domain::Aim;

pub(super) async fn run(context: &Context, client: &Client, args: &WhyArgs) -> Result<u8, Failure> {
    let aim = client.aim(&args.target).await;
    tell(context, &args.target, aim, args.format)
}

/// Tells what came of a target. Returns the exit code.
pub(super) fn tell(context: &Context, target: &str, aim: Aim, format: Format) -> Result<u8, Failure> {
    if format == Format::Json && !matches!(aim, Aim::Failed(_) | Aim::Unread(_)) {
        context.out.json(&verdict::shape(target, &aim, None))?;
        return Ok(match aim {
            Aim::One(aimed) => verdict::code(aimed.explained.verdict.code),
            Aim::Several(..) => 2,
            _ => 3,
        });
    }
    match aim {
        Aim::One(aimed) => {
            if let Some(scanned) = &aimed.scanned {
                verdict::tell_scanned(context, scanned)?;
            }
            verdict::tell(context, target, &aimed)?;
            Ok(verdict::code(aimed.explained.verdict.code))
        }
        other => Err(verdict::nobody(context, target, other)),
    }
}
