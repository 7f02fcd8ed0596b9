//! `namecard withdraw`

use super::Context;
use super::args::{Format, WithdrawArgs};
use super::decide::key;
use super::failure::Failure;
use super::{ids, requests};
use crate::client::Client;
use crate::i18n::Text;

pub(super) async fn run(context: &Context, client: &Client, args: &WithdrawArgs) -> Result<u8, Failure> {
    let (id, _) = ids::request(client, &context.words, &args.id).await?;
    let request = client.withdraw(&id, &key()?).await?;
    match args.format {
        Format::Json => context.out.json(&requests::shape(&request))?,
        Format::Table => {
            context.out.line(&context.words.fill(Text::AddWithdrawn, &[("id", request.id.shown())]))?;
        }
    }
    Ok(0)
}
