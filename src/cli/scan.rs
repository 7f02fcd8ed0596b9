//! `namecard scan`

use super::Context;
use super::add::{self, Say};
use super::args::{Format, ScanArgs};
use super::failure::Failure;
use super::{verdict, why};
use crate::client::{Client, read_all};
use crate::domain::Aim;

pub(super) async fn run(context: &Context, client: &Client, args: &ScanArgs) -> Result<u8, Failure> {
    let aim = match args.source.as_str() {
        "-" => match read_all(std::io::stdin().lock()) {
            Ok(file) => client.aim_at_file(file).await,
            Err(fault) => Aim::Unread(fault),
        },
        source => client.aim_at_path(source).await,
    };
    if args.add {
        let say =
            Say { purpose: args.purpose.as_deref(), message: args.message.as_deref(), format: args.format };
        return add::add(context, client, &args.source, aim, &say).await;
    }
    match aim {
        // It was read and says something: that is what was asked.
        Aim::Nowhere(scanned) if args.format == Format::Table => {
            verdict::tell_scanned(context, &scanned)?;
            Ok(0)
        }
        Aim::Nowhere(_) => {
            context.out.json(&verdict::shape(&args.source, &aim, None))?;
            Ok(0)
        }
        aim => why::tell(context, &args.source, aim, args.format),
    }
}
