//! `namecard admin`: what a company's admin and the operator do.

pub(super) mod args;
mod audit;
mod grants;
mod partners;
mod policy;

use super::Context;
use super::args::{AdminCommand, CompanyCommand, RoleName, TokenArgs, TokenCommand, TokenFormat};
use super::failure::Failure;
use crate::api::{
    CompanyReply, IssuedToken, IssuedTokens, NewCompany, NewTokens, RoleReply, SetRole, SpecialRole,
    TokenList,
};
use crate::client::{Client, Method};
use crate::domain::{CompanyId, MemberId};
use crate::formats::{Formulas, plain_csv};
use crate::i18n::{Text, say};
use crate::text::SafeText;
use args::MemberCommand;

pub(super) async fn run(context: &Context, client: &Client, command: &AdminCommand) -> Result<u8, Failure> {
    match command {
        AdminCommand::Company { command: CompanyCommand::Create { id, name, domain } } => {
            create(context, client, id, name, domain.as_deref()).await
        }
        AdminCommand::Role { member, role, company } => {
            set_role(context, client, member, *role, company.as_deref()).await
        }
        AdminCommand::Token(args) => token(context, client, args).await,
        AdminCommand::Policy(args) => policy::run(context, client, args).await,
        AdminCommand::Grant(args) => grants::run(context, client, args).await,
        AdminCommand::Member { command: MemberCommand::Leave { member, of } } => {
            grants::leave(context, client, member, (of.company.as_deref(), of.format)).await
        }
        AdminCommand::Partner(args) => partners::run(context, client, args).await,
        AdminCommand::Handover(args) => partners::handovers(context, client, args).await,
        AdminCommand::Audit(args) => audit::run(context, client, args).await,
        #[cfg(feature = "server")]
        AdminCommand::Doctor(args) => super::doctor::report::ask(context, client, args).await,
        // They work on files of this machine, without a client.
        #[cfg(feature = "server")]
        AdminCommand::Backup(_) | AdminCommand::Restore(_) => Ok(2),
    }
}

/// A company's id as it was typed.
pub(super) fn company_id(context: &Context, typed: Option<&str>) -> Result<Option<CompanyId>, Failure> {
    let bad = |text: &str, why: String| {
        let values = [("id", SafeText::clean(text).cut(40)), ("why", SafeText::clean(&why))];
        Failure::Usage(context.words.fill(Text::BadCompanyId, &values))
    };
    typed.map(|text| CompanyId::new(text).map_err(|error| bad(text, error.to_string()))).transpose()
}

fn member_id(context: &Context, typed: &str) -> Result<MemberId, Failure> {
    MemberId::new(typed).map_err(|error| {
        let values = [("id", SafeText::clean(typed).cut(40)), ("why", SafeText::clean(&error.to_string()))];
        Failure::Usage(context.words.fill(Text::BadMemberId, &values))
    })
}

async fn create(
    context: &Context,
    client: &Client,
    id: &str,
    name: &str,
    domain: Option<&str>,
) -> Result<u8, Failure> {
    let Some(id) = company_id(context, Some(id))? else { return Ok(2) };
    let new = NewCompany {
        id,
        name: crate::domain::normalise_line(name).into(),
        domain: domain.map(|domain| domain.trim().trim_start_matches('@').to_ascii_lowercase().into()),
        time_zone: context.zone.iana_name().map(str::to_owned),
        made_up: false,
    };
    let reply: CompanyReply = client.call(Method::Post, "/v1/companies", None, Some(&new)).await?;
    let values = [("company", reply.company.id.shown()), ("name", reply.company.name.line(40))];
    context.out.line(&context.words.fill(Text::CompanyMade, &values))?;
    Ok(0)
}

async fn set_role(
    context: &Context,
    client: &Client,
    member: &str,
    role: RoleName,
    company: Option<&str>,
) -> Result<u8, Failure> {
    let member = member_id(context, member)?;
    let role = match role {
        RoleName::Admin => SpecialRole::Admin,
        RoleName::Auditor => SpecialRole::Auditor,
        RoleName::None => SpecialRole::None,
    };
    let body = SetRole { company: company_id(context, company)?, role };
    let path = format!("/v1/members/{}/role", member.as_str().replace('@', "%40"));
    let reply: RoleReply = client.call(Method::Put, &path, None, Some(&body)).await?;
    let values = [("member", reply.member.shown()), ("role", SafeText::constant(reply.role.as_str()))];
    context.out.line(&context.words.fill(Text::RoleSet, &values))?;
    Ok(0)
}

async fn token(context: &Context, client: &Client, args: &TokenArgs) -> Result<u8, Failure> {
    let company = company_id(context, args.company.as_deref())?;
    let query = company.as_ref().map(|id| format!("?company={}", id.as_str())).unwrap_or_default();
    match &args.command {
        Some(TokenCommand::List) => {
            let list: TokenList =
                client.call(Method::Get, &format!("/v1/tokens{query}"), None, None::<&()>).await?;
            return print_list(context, args.format, &list);
        }
        Some(TokenCommand::Revoke { id }) => {
            let known = id.chars().all(|c| c.is_ascii_alphanumeric());
            let id = if known { id.as_str() } else { "-" };
            client.forget(&format!("/v1/tokens/{id}{query}")).await?;
            context.out.line(&context.words.get(Text::TokenRevoked))?;
            return Ok(0);
        }
        None => {}
    }
    let member = match (&args.member, args.all) {
        (Some(member), false) => Some(member_id(context, member)?),
        (None, true) => None,
        _ => return Err(Failure::Usage(context.words.get(Text::SayWhoseToken))),
    };
    let body = NewTokens { company, member };
    let issued: IssuedTokens = client.call(Method::Post, "/v1/tokens", None, Some(&body)).await?;
    print_issued(context, args, &issued.items)
}

/// One token stands alone on its line, to be piped on.
fn print_issued(context: &Context, args: &TokenArgs, items: &[IssuedToken]) -> Result<u8, Failure> {
    match args.format {
        TokenFormat::Json => context.out.json(&items)?,
        TokenFormat::Csv => {
            let rows: Vec<Vec<String>> = items
                .iter()
                .map(|item| {
                    let expires = item.expires.timestamp().to_string();
                    let name = item.name.whole().as_str().to_owned();
                    vec![item.member.as_str().to_owned(), name, expires, item.token.clone()]
                })
                .collect();
            let text = plain_csv(&["member", "name", "expires", "token"], &rows, Formulas::Marked);
            context.out.data(&text)?;
        }
        TokenFormat::Table => {
            for item in items {
                let mut line = SafeText::default();
                if args.all {
                    line.push(&item.member.shown());
                    line.push_constant("  ");
                }
                line.push(&SafeText::clean(&item.token));
                context.out.line(&line)?;
            }
        }
    }
    Ok(0)
}

fn print_list(context: &Context, format: TokenFormat, list: &TokenList) -> Result<u8, Failure> {
    if format == TokenFormat::Json {
        context.out.json(&list.items)?;
        return Ok(0);
    }
    let words = &context.words;
    let now = jiff::Timestamp::now().into();
    let headings =
        [Text::ColumnId, Text::ColumnMember, Text::ColumnName, Text::ColumnCreated, Text::ColumnLastUsed];
    let headings: Vec<SafeText> = headings.into_iter().map(|text| words.get(text)).collect();
    let rows: Vec<Vec<SafeText>> = list
        .items
        .iter()
        .map(|token| {
            vec![
                SafeText::clean(&token.id),
                token.member.shown(),
                token.name.line(40),
                say::date_time(token.created, now, &context.zone),
                say::date_time(token.last_used, now, &context.zone),
            ]
        })
        .collect();
    context.out.table(&headings, &rows)?;
    Ok(0)
}
