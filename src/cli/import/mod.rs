//! `namecard import`: one's own company from a file.

mod read;
mod tell;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use serde::Deserialize;

use super::Context;
use super::args::{Format, ImportArgs};
use super::backend::Backend;
use super::decide::key;
use super::failure::Failure;
use super::progress::Progress;
use crate::api::{ApplyImport, NewCompany, NewImport, Signed};
use crate::client::{Client, Method};
use crate::domain::{Company, CompanyId, Fault, MemberId};
use crate::i18n::Text;
use crate::text::SafeText;
use read::{Reading, Unreadable};

/// How often the server is asked how far it is.
const ASK: Duration = Duration::from_millis(200);

/// The company that this computer is signed in to.
#[derive(Deserialize)]
struct Local {
    company: Option<Company>,
}

pub(super) async fn run(context: &Context, args: &ImportArgs) -> Result<u8, Failure> {
    let member = args.member.as_deref().map(MemberId::new).transpose();
    let member = member.map_err(|error| {
        Failure::Usage(context.words.fill(
            Text::BadMemberId,
            &[
                ("id", SafeText::clean(args.member.as_deref().unwrap_or_default()).cut(40)),
                ("why", SafeText::clean(&error.to_string())),
            ],
        ))
    })?;
    let file = Reading::begin(context, args).await?;
    let backend = Backend::for_import(context)?;
    let client = backend.operator();
    let outcome = if backend.is_remote() {
        let company = super::admin::company_id(context, args.company.as_deref())?;
        let begin = NewImport { company, create: None };
        import(context, args, &client, begin, file, None).await
    } else {
        bring_in(context, args, &client, file, member).await
    };
    backend.stop().await;
    outcome
}

async fn bring_in(
    context: &Context,
    args: &ImportArgs,
    client: &Client,
    file: Reading,
    member: Option<MemberId>,
) -> Result<u8, Failure> {
    let local: Local = client.call(Method::Get, "/v1/local", None, None::<&()>).await?;
    // Also when whoever was signed in has been taken out: it is still the company of this computer.
    let own = local.company.filter(|company| !company.made_up);
    let begin = match &own {
        Some(company) => NewImport { company: Some(company.id.clone()), create: None },
        None => {
            if member.is_none() && !args.dry_run {
                return Err(Failure::Usage(context.words.get(Text::SayWhoYouAre)));
            }
            NewImport { company: None, create: Some(new_company(context, args)?) }
        }
    };
    let sign_in = member.map(|member| Signed { member, retire_made_up: own.is_none() });
    import(context, args, client, begin, file, sign_in).await
}

async fn import(
    context: &Context,
    args: &ImportArgs,
    client: &Client,
    begin: NewImport,
    file: Reading,
    sign_in: Option<Signed>,
) -> Result<u8, Failure> {
    let import = client.begin_import(&begin).await?;
    let outcome = plan_and_apply(context, args, client, import, file, sign_in).await;
    if !matches!(outcome, Ok(0)) || args.dry_run {
        // What was only planned, or refused, is of no use to anybody; a day later it goes by itself.
        let _: Result<(), Fault> = client.forget_import(import).await;
    }
    outcome
}

/// Sends the rows while they are read. Returns how many the server has, and what could not be read.
async fn send(
    context: &Context,
    client: &Client,
    import: i64,
    file: &mut Reading,
    progress: &mut Progress<'_>,
) -> Result<(u64, Unreadable), Failure> {
    let mut sent = 0;
    loop {
        match file.next(context).await? {
            Ok((lines, count)) => {
                client.send_rows(import, lines).await.map_err(|fault| explain(context, fault, 0, None))?;
                sent += count;
                progress.at(sent, sent);
            }
            Err(unreadable) => return Ok((sent, unreadable)),
        }
    }
}

/// Waits for a call and shows meanwhile how far the server is.
async fn watched<T>(
    client: &Client,
    import: i64,
    rows: u64,
    progress: &mut Progress<'_>,
    call: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    if !progress.is_seen() {
        return call.await;
    }
    let mut call = std::pin::pin!(call);
    loop {
        let look = async {
            tokio::time::sleep(ASK).await;
            client.import_state(import).await
        };
        tokio::select! {
            outcome = &mut call => return outcome,
            // That the server does not say how far it is stops nothing.
            state = look => if let Ok(state) = state {
                if state.writing {
                    progress.step(Text::ProgressWriting);
                }
                progress.at(state.done.min(rows), rows);
            }
        }
    }
}

async fn plan_and_apply(
    context: &Context,
    args: &ImportArgs,
    client: &Client,
    import: i64,
    mut file: Reading,
    sign_in: Option<Signed>,
) -> Result<u8, Failure> {
    let mut progress = Progress::new(&context.words, Text::ProgressSent);
    let (rows, unreadable) = send(context, client, import, &mut file, &mut progress).await?;
    progress.step(Text::ProgressChecked);
    let mut plan = watched(client, import, rows, &mut progress, client.plan_import(import)).await?;
    drop(progress);
    plan.refused_total = plan.refused_total.saturating_add_unsigned(unreadable.total);
    plan.refused.extend(unreadable.rows);
    plan.refused.sort_by_key(|refused| refused.line);
    if args.format == Format::Json {
        context.out.json(&tell::shape(args.dry_run, &plan))?;
    }
    tell::refused(context, args, &file.name, &plan)?;
    if args.dry_run {
        if args.format == Format::Table {
            tell::plan(context, args, &plan)?;
        }
        return Ok(if plan.refused_total == 0 { 0 } else { 1 });
    }
    if plan.refused_total > 0 && !args.skip_bad {
        return Err(Failure::Said(
            context.words.fill(Text::NothingImported, &[("n", SafeText::number(plan.refused_total))]),
        ));
    }
    if unreadable.total > 0 && args.remove_missing {
        // Whom a row that cannot be read names nobody knows: they would be taken out.
        return Err(Failure::Said(context.words.get(Text::UnreadableAndRemove)));
    }
    let order = ApplyImport {
        skip_bad: args.skip_bad,
        remove_missing: args.remove_missing,
        remove_limit: args.remove_limit,
        sign_in: sign_in.clone(),
    };
    let key = key()?;
    let mut progress = Progress::new(&context.words, Text::ProgressPrepared);
    let applying = client.apply_import(import, &order, &key);
    let applied = watched(client, import, rows, &mut progress, applying).await;
    drop(progress);
    let member = sign_in.as_ref().map(|signed| &signed.member);
    let applied = applied.map_err(|fault| explain(context, fault, plan.missing_total, member))?;
    if args.format == Format::Table {
        let n = SafeText::number;
        context.out.line(&context.words.fill(
            Text::Imported,
            &[
                ("company", applied.company.shown()),
                ("added", n(applied.added)),
                ("changed", n(applied.changed)),
                ("removed", n(applied.removed)),
                ("unchanged", n(applied.unchanged)),
            ],
        ))?;
    }
    Ok(0)
}

/// Faults that this command can explain better than the code alone.
fn explain(context: &Context, fault: Fault, missing: i64, member: Option<&MemberId>) -> Failure {
    let Fault::Invalid { field, code } = &fault else { return fault.into() };
    match (field.as_ref().map(|f| f.as_data()), code.as_data()) {
        (Some("sign_in"), _) => {
            let id = member.map(MemberId::shown).unwrap_or_default();
            Failure::Said(context.words.fill(Text::NotInFile, &[("id", id)]))
        }
        (_, "too_many_removed") => {
            Failure::Said(context.words.fill(Text::TooManyRemoved, &[("n", SafeText::number(missing))]))
        }
        (_, "too_large") => Failure::Said(context.words.get(Text::ImportTooLarge)),
        _ => fault.into(),
    }
}

/// The company to make: what was not said is asked for on a terminal.
fn new_company(context: &Context, args: &ImportArgs) -> Result<NewCompany, Failure> {
    let usage = |missing| Failure::Usage(context.words.get(missing));
    let asks = io::stdin().is_terminal() && io::stderr().is_terminal() && args.file.as_os_str() != "-";
    let name = match &args.name {
        Some(name) => name.clone(),
        None if args.dry_run => "-".to_owned(),
        None if asks => ask(context, Text::AskName, None)?.ok_or_else(|| usage(Text::SayName))?,
        None => return Err(usage(Text::SayName)),
    };
    let domain = match &args.domain {
        Some(domain) => domain.clone(),
        None if args.dry_run => String::new(),
        None if asks => {
            let guessed = read::guess_domain(args);
            ask(context, Text::AskDomain, guessed.as_deref())?.ok_or_else(|| usage(Text::SayDomain))?
        }
        None => return Err(usage(Text::SayDomain)),
    };
    let domain = domain.trim().trim_start_matches('@').to_ascii_lowercase();
    let zone = context.zone.iana_name().map(str::to_owned);
    Ok(NewCompany {
        id: company_id(&domain, &name).ok_or_else(|| usage(Text::SayDomain))?,
        name: crate::domain::normalise_line(&name).into(),
        domain: Some(domain.into()).filter(|domain: &crate::text::Untrusted| !domain.is_empty()),
        time_zone: zone,
        made_up: false,
    })
}

/// An id from the domain's first part, else from what of the name an id can hold.
fn company_id(domain: &str, name: &str) -> Option<CompanyId> {
    let from_name: String =
        crate::search::fold(name).chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let first = domain.split('.').next().unwrap_or_default();
    [first, &from_name, "company"].into_iter().find_map(|text| CompanyId::new(text).ok())
}

/// Asks a question on the terminal. An empty answer takes what is proposed, if anything is.
fn ask(context: &Context, question: Text, proposed: Option<&str>) -> Result<Option<String>, Failure> {
    let mut text = context.words.get(question);
    if let Some(proposed) = proposed {
        text.push_constant(" [");
        text.push(&SafeText::clean(proposed));
        text.push_constant("]");
    }
    let mut out = io::stderr().lock();
    write!(out, "{text} ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let answer = answer.trim();
    Ok(if answer.is_empty() { proposed.map(str::to_owned) } else { Some(answer.to_owned()) })
}
