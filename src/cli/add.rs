//! `namecard add`

use super::Context;
use super::args::{AddArgs, Format};
use super::decide::key;
use super::failure::Failure;
use super::{contacts, requests, show, verdict};
use crate::client::Client;
use crate::domain::{
    Aim, Aimed, Fault, MeantPerson, NewRequest, Request, RequestId, RequestState, Step, VerdictCode,
};
use crate::i18n::Text;

/// What goes along with a request.
pub(super) struct Say<'a> {
    pub(super) purpose: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    pub(super) format: Format,
}

pub(super) async fn run(context: &Context, client: &Client, args: &AddArgs) -> Result<u8, Failure> {
    if args.permission {
        return ask_permission(context, client, args).await;
    }
    let target = args.target.as_deref().unwrap_or_default();
    let aim = client.aim(target).await;
    let say = Say { purpose: args.purpose.as_deref(), message: args.message.as_deref(), format: args.format };
    add(context, client, target, aim, &say).await
}

/// Does what a target comes to: opens whom one knows, asks whom one may ask. Returns the exit code.
pub(super) async fn add(
    context: &Context,
    client: &Client,
    target: &str,
    aim: Aim,
    say: &Say<'_>,
) -> Result<u8, Failure> {
    let Aim::One(aimed) = aim else { return super::why::tell(context, target, aim, say.format) };
    if let Some(scanned) = aimed.scanned.as_ref().filter(|_| say.format == Format::Table) {
        verdict::tell_scanned(context, scanned)?;
    }
    match aimed.explained.verdict.code {
        code if code.is_yes() => ask(context, client, target, *aimed, say).await,
        VerdictCode::Colleague | VerdictCode::AlreadyConnected | VerdictCode::RequestPending
            if say.format == Format::Table =>
        {
            context.out.line(&context.words.verdict_means(aimed.explained.verdict.code))?;
            open(context, client, &aimed).await?;
            Ok(0)
        }
        code => {
            let code = verdict::code(code);
            match say.format {
                Format::Json => context.out.json(&verdict::shape(target, &Aim::One(aimed), None))?,
                Format::Table => verdict::tell(context, target, &aimed)?,
            }
            Ok(code)
        }
    }
}

/// Shows whom one knows already, as `show` does.
async fn open(context: &Context, client: &Client, aimed: &Aimed) -> Result<(), Failure> {
    match &aimed.explained.meant {
        MeantPerson::Colleague { id } => {
            let member = client.member(id).await?;
            show::member(context, &member, &client.departments().await?.items)
        }
        MeantPerson::Contact { id } => contacts::show(context, &client.contact(id).await?),
        _ => {
            let steps = aimed.explained.verdict.alternatives.iter();
            for step in steps.filter(|step| matches!(step.step, Step::OpenRequest | Step::OpenContact)) {
                let Some(id) = step.id.as_deref() else { continue };
                if let Ok(id) = RequestId::new(id) {
                    return requests::show(context, &client.request_detail(&id).await?);
                }
                if let Ok(id) = crate::domain::ContactId::new(id) {
                    return contacts::show(context, &client.contact(&id).await?);
                }
            }
            Ok(())
        }
    }
}

async fn ask(
    context: &Context,
    client: &Client,
    target: &str,
    mut aimed: Aimed,
    say: &Say<'_>,
) -> Result<u8, Failure> {
    let request = NewRequest {
        to: aimed.to.clone(),
        purpose: say.purpose.unwrap_or_default().into(),
        message: say.message.map(Into::into),
    };
    match client.request_connection(&request, &key()?).await {
        Ok(request) => {
            match say.format {
                Format::Json => {
                    context.out.json(&verdict::shape(target, &Aim::One(Box::new(aimed)), Some(&request)))?;
                }
                Format::Table => tell_sent(context, &request)?,
            }
            Ok(0)
        }
        // The policy looked again, now that there is a purpose or none.
        Err(Fault::Refused(refusal)) => {
            aimed.explained.verdict = refusal.verdict;
            let code = verdict::code(aimed.explained.verdict.code);
            match say.format {
                Format::Json => {
                    context.out.json(&verdict::shape(target, &Aim::One(Box::new(aimed)), None))?;
                }
                Format::Table => verdict::tell(context, target, &aimed)?,
            }
            Ok(code)
        }
        Err(fault) => Err(fault.into()),
    }
}

fn tell_sent(context: &Context, request: &Request) -> Result<(), Failure> {
    let text = match request.state {
        RequestState::Approved => Text::AddApproved,
        RequestState::PendingManager => Text::AddSentManager,
        _ => Text::AddSent,
    };
    context.out.line(&context.words.fill(text, &[("id", request.id.shown())]))?;
    Ok(())
}

/// Asks the admins for the external permission.
async fn ask_permission(context: &Context, client: &Client, args: &AddArgs) -> Result<u8, Failure> {
    let purpose = args.purpose.as_deref().unwrap_or_default().into();
    let request = client.ask_permission(purpose, &key()?).await?;
    match args.format {
        Format::Json => context.out.json(&requests::shape(&request))?,
        Format::Table => {
            let line = context.words.fill(Text::AddPermissionSent, &[("id", request.id.shown())]);
            context.out.line(&line)?;
        }
    }
    Ok(0)
}
