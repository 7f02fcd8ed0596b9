//! `namecard whoami`

use serde_json::json;

use super::Context;
use super::args::{Format, WhoamiArgs};
use super::failure::Failure;
use super::show::pairs;
use crate::client::Client;
use crate::i18n::Text;
use crate::text::SafeText;

pub(super) async fn run(context: &Context, client: &Client, args: &WhoamiArgs) -> Result<u8, Failure> {
    let account = client.account().await?;
    let (me, company) = (&account.me, &account.company);
    if args.format == Format::Json {
        context.out.json(&json!({
            "id": me.member.id,
            "name": me.member.name,
            "roles": me.roles,
            "company": {"id": company.id, "name": company.name, "made_up": company.made_up},
        }))?;
        return Ok(0);
    }
    let words = &context.words;
    let roles: Vec<SafeText> = me.roles.iter().map(|role| words.role(*role)).collect();
    let demo = if company.made_up { words.get(Text::Demo) } else { SafeText::default() };
    pairs(
        context,
        vec![
            (words.get(Text::LabelId), me.member.id.shown()),
            (words.get(Text::LabelName), me.member.name.whole()),
            (words.get(Text::LabelRoles), SafeText::join(&roles, ", ")),
            (
                words.get(Text::LabelCompany),
                SafeText::join([&company.name.whole(), &company.id.shown(), &demo], " · "),
            ),
        ],
    )?;
    Ok(0)
}
