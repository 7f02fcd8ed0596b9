//! `namecard admin grant` and `admin member leave`

use super::args::{GrantArgs, GrantCommand};
use super::{company_id, member_id};
use crate::api::{Grant, Grants, NewGrant};
use crate::cli::args::Format;
use crate::cli::decide::key;
use crate::cli::failure::Failure;
use crate::cli::{Context, when};
use crate::client::Client;
use crate::domain::{CompanyId, Fault, MemberId, Time};
use crate::i18n::{Text, say};
use crate::text::SafeText;

/// Cells of a name in a line.
const NAME_CELLS: usize = 40;

pub(super) async fn run(context: &Context, client: &Client, args: &GrantArgs) -> Result<u8, Failure> {
    match &args.command {
        Some(GrantCommand::List { of }) => {
            let company = company_id(context, of.company.as_deref())?;
            let grants = client.grants(company.as_ref()).await?;
            print(context, of.format, &grants)
        }
        Some(GrantCommand::Revoke { id, of }) => {
            let company = company_id(context, of.company.as_deref())?;
            let left = client.revoke_grant(*id, company.as_ref(), &key()?).await?;
            if of.format == Format::Json {
                context.out.json(&left.items)?;
            } else {
                let n = SafeText::number(u64::try_from(*id).unwrap_or(0));
                context.out.line(&context.words.fill(Text::GrantTaken, &[("n", n)]))?;
            }
            Ok(0)
        }
        None => give(context, client, args).await,
    }
}

async fn give(context: &Context, client: &Client, args: &GrantArgs) -> Result<u8, Failure> {
    let (Some(_), Some(whom)) = (args.what, &args.whom) else { return Ok(2) };
    let company = company_id(context, args.company.as_deref())?;
    let until = args.until.as_deref().map(|until| when::read(context, until)).transpose()?;
    let grants = given(client, company, whom, until).await?;
    if args.format == Format::Json {
        context.out.json(&grants.items)?;
        return Ok(0);
    }
    let whom = ("whom", SafeText::clean(whom).cut(NAME_CELLS));
    let line = match until {
        Some(until) => {
            context.words.fill(Text::GrantedUntil, &[whom, ("date", say::date(until, &context.zone))])
        }
        None => context.words.fill(Text::Granted, &[whom]),
    };
    context.out.line(&line)?;
    Ok(0)
}

/// Gives it to a member of this id, else to a department of this path.
async fn given(
    client: &Client,
    company: Option<CompanyId>,
    whom: &str,
    until: Option<Time>,
) -> Result<Grants, Failure> {
    let mut new = NewGrant { company, member: MemberId::new(whom).ok(), department: None, until };
    let key = key()?;
    if new.member.is_some() {
        match client.grant(&new, &key).await {
            Err(Fault::NotFound) => new.member = None,
            done => return Ok(done?),
        }
    }
    new.department = Some(whom.into());
    match client.grant(&new, &format!("{key}d")).await {
        Err(Fault::NotFound) => Err(Failure::About(SafeText::clean(whom).cut(NAME_CELLS), Fault::NotFound)),
        done => Ok(done?),
    }
}

fn print(context: &Context, format: Format, grants: &Grants) -> Result<u8, Failure> {
    if format == Format::Json {
        context.out.json(&grants.items)?;
        return Ok(0);
    }
    let (words, zone) = (&context.words, &context.zone);
    let headings =
        [Text::ColumnNumber, Text::ColumnWhom, Text::ColumnSince, Text::ColumnUntil, Text::ColumnWho];
    let row = |grant: &Grant| {
        let whom = match (&grant.member, &grant.department) {
            (Some(member), _) => member.name.line(NAME_CELLS),
            (None, Some(department)) => department.line(NAME_CELLS),
            (None, None) => SafeText::default(),
        };
        vec![
            SafeText::number(u64::try_from(grant.id).unwrap_or(0)),
            whom,
            say::date(grant.since, zone),
            grant.until.map(|until| say::date(until, zone)).unwrap_or_default(),
            grant.by.as_ref().map_or_else(|| words.get(Text::ActorOperator), |by| by.name.line(NAME_CELLS)),
        ]
    };
    let rows: Vec<Vec<SafeText>> = grants.items.iter().map(row).collect();
    context.out.table(&headings.map(|text| words.get(text)), &rows)?;
    Ok(0)
}

/// A member has left.
pub(super) async fn leave(
    context: &Context,
    client: &Client,
    member: &str,
    (company, format): (Option<&str>, Format),
) -> Result<u8, Failure> {
    let (member, company) = (member_id(context, member)?, company_id(context, company)?);
    let reply = client.mark_left(&member, company, &key()?).await?;
    if format == Format::Json {
        context.out.json(&reply)?;
        return Ok(0);
    }
    let words = &context.words;
    context.out.line(&words.fill(Text::MemberLeft, &[("member", reply.member.shown())]))?;
    if let Some(handover) = &reply.handover {
        context.out.line(&words.fill(Text::HandoverWaits, &[("id", SafeText::clean(handover.as_str()))]))?;
    }
    Ok(0)
}
