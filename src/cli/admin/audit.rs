//! `namecard admin audit`

use std::io::{self, Read as _};
use std::path::Path;

use super::args::{AuditArgs, AuditCommand, AuditFormat};
use super::company_id;
use crate::api::{AUDIT_PAGE, AuditActor, AuditFound, AuditHead, AuditRow, AuditVerify};
use crate::cli::Context;
use crate::cli::failure::Failure;
use crate::cli::output::put_file;
use crate::client::Client;
use crate::domain::CompanyId;
use crate::formats::{Formulas, plain_csv};
use crate::i18n::{Text, say};
use crate::text::SafeText;

/// Cells of a name in a line.
const NAME_CELLS: usize = 30;
/// Longest file of heads that is read.
const MAX_HEADS: u64 = 64 << 20;
/// Most heads that the log is held against: the newest ones.
const NEWEST: usize = 1_000;

pub(super) async fn run(context: &Context, client: &Client, args: &AuditArgs) -> Result<u8, Failure> {
    let company = company_id(context, args.company.as_deref())?;
    match &args.command {
        AuditCommand::List { after, action, object, limit } => {
            let only = (action.as_deref(), object.as_deref());
            // Without a place to begin: the newest.
            let after = match after {
                Some(after) => *after,
                None if only == (None, None) => {
                    let head = client.audit(company.as_ref(), 0, only, 1).await?.head;
                    (head.seq - limit).max(0)
                }
                None => 0,
            };
            let page = client.audit(company.as_ref(), after, only, *limit).await?;
            print(context, args.format, &page.items)?;
            Ok(0)
        }
        AuditCommand::Export { out, force } => {
            let rows = all(client, company.as_ref()).await?;
            export(context, args.format, &rows, out.as_deref(), *force)
        }
        AuditCommand::Head => {
            let head = client.audit(company.as_ref(), 0, (None, None), 1).await?.head;
            if args.format == AuditFormat::Json {
                context.out.json(&head)?;
            } else {
                context.out.line(&SafeText::clean(&format!("{} {}", head.seq, head.hash)))?;
            }
            Ok(0)
        }
        AuditCommand::Verify { from } => verify(context, client, company, args.format, from.as_deref()).await,
    }
}

async fn all(client: &Client, company: Option<&CompanyId>) -> Result<Vec<AuditRow>, Failure> {
    let mut rows = Vec::new();
    let mut after = 0;
    // Reading writes a row itself: the end is where it was at the beginning.
    let mut end = None;
    loop {
        let page = client.audit(company, after, (None, None), AUDIT_PAGE).await?;
        let end = *end.get_or_insert(page.head.seq);
        rows.extend(page.items.into_iter().filter(|row| row.seq <= end));
        match page.next.filter(|next| *next < end) {
            Some(next) => after = next,
            None => return Ok(rows),
        }
    }
}

fn export(
    context: &Context,
    format: AuditFormat,
    rows: &[AuditRow],
    out: Option<&Path>,
    force: bool,
) -> Result<u8, Failure> {
    let Some(file) = out else {
        print(context, format, rows)?;
        return Ok(0);
    };
    let words = &context.words;
    let content = match format {
        AuditFormat::Json => serde_json::to_string_pretty(rows).map_err(io::Error::other)? + "\n",
        _ => csv(rows),
    };
    let shown = SafeText::clean(&file.display().to_string());
    put_file(words, file, &content, force)?;
    let n = SafeText::number(rows.len() as u64);
    context.out.line(&words.fill(Text::AuditExported, &[("n", n), ("file", shown)]))?;
    Ok(0)
}

/// A word for whoever did something, the same in every language.
fn actor_word(actor: &AuditActor) -> String {
    match actor {
        AuditActor::Member(Some(who)) => format!("member/{}", who.id.as_str()),
        AuditActor::Member(None) => "member".to_owned(),
        AuditActor::Outsider(company) => format!("company/{}", company.as_str()),
        AuditActor::Visitor => "visitor".to_owned(),
        AuditActor::Operator => "operator".to_owned(),
        AuditActor::Program => "program".to_owned(),
    }
}

fn csv(rows: &[AuditRow]) -> String {
    let text = |text: &Option<crate::text::Untrusted>| {
        text.as_ref().map(|text| text.whole().as_str().to_owned()).unwrap_or_default()
    };
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.seq.to_string(),
                row.at.timestamp().to_string(),
                actor_word(&row.actor),
                row.action.clone(),
                row.object.whole().as_str().to_owned(),
                text(&row.old_state),
                text(&row.new_state),
                row.policy_version.map(|version| version.to_string()).unwrap_or_default(),
                row.call.clone(),
                row.hash.clone(),
            ]
        })
        .collect();
    let names = [
        "seq",
        "at",
        "actor",
        "action",
        "object",
        "old_state",
        "new_state",
        "policy_version",
        "call",
        "hash",
    ];
    plain_csv(&names, &rows, Formulas::Marked)
}

fn print(context: &Context, format: AuditFormat, rows: &[AuditRow]) -> Result<(), Failure> {
    match format {
        AuditFormat::Json => context.out.json(&rows)?,
        AuditFormat::Csv => context.out.data(&csv(rows))?,
        AuditFormat::Table => table(context, rows)?,
    }
    Ok(())
}

fn actor(context: &Context, actor: &AuditActor) -> SafeText {
    let words = &context.words;
    match actor {
        AuditActor::Member(Some(who)) => who.name.line(NAME_CELLS),
        AuditActor::Member(None) => words.get(Text::ActorMember),
        AuditActor::Outsider(company) => company.shown(),
        AuditActor::Visitor => words.get(Text::ActorVisitor),
        AuditActor::Operator => words.get(Text::ActorOperator),
        AuditActor::Program => words.get(Text::ActorProgram),
    }
}

fn table(context: &Context, rows: &[AuditRow]) -> io::Result<()> {
    let (words, now) = (&context.words, jiff::Timestamp::now().into());
    let headings = [
        Text::ColumnNumber,
        Text::ColumnWhen,
        Text::ColumnWho,
        Text::ColumnAction,
        Text::ColumnObject,
        Text::ColumnState,
    ];
    let rows: Vec<Vec<SafeText>> = rows
        .iter()
        .map(|row| {
            let mut state = row.old_state.as_ref().map(|old| old.line(NAME_CELLS)).unwrap_or_default();
            if let Some(new) = &row.new_state {
                if !state.as_str().is_empty() {
                    state.push_constant(" -> ");
                }
                state.push(&new.line(NAME_CELLS));
            }
            vec![
                SafeText::number(u64::try_from(row.seq).unwrap_or(0)),
                say::date_time(row.at, now, &context.zone),
                actor(context, &row.actor),
                SafeText::clean(&row.action),
                row.object.line(NAME_CELLS),
                state,
            ]
        })
        .collect();
    context.out.table(&headings.map(|text| words.get(text)), &rows)
}

/// The heads in a file that was kept.
fn kept(context: &Context, client: &str, file: &Path) -> Result<Vec<AuditHead>, Failure> {
    let words = &context.words;
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(MAX_HEADS).read_to_string(&mut text))
        .map_err(|error| Failure::of_file(words, Text::CannotRead, file, &error))?;
    let mut heads = AuditHead::read(&text, client).map_err(|line| {
        let shown = SafeText::clean(&file.display().to_string());
        let values = [("file", shown), ("line", SafeText::number(line as u64))];
        Failure::Said(words.fill(Text::AuditBadHead, &values))
    })?;
    let old = heads.len().saturating_sub(NEWEST);
    Ok(heads.split_off(old))
}

async fn verify(
    context: &Context,
    client: &Client,
    company: Option<CompanyId>,
    format: AuditFormat,
    from: Option<&Path>,
) -> Result<u8, Failure> {
    let mut body = AuditVerify { company: company.clone(), anchors: Vec::new() };
    if let Some(file) = from {
        let id = match company {
            Some(company) => company,
            None => client.account().await?.company.id,
        };
        body.anchors = kept(context, id.as_str(), file)?;
    }
    let found = client.verify_audit(&body).await?;
    let code = u8::from(!found.is_whole());
    if format == AuditFormat::Json {
        context.out.json(&found)?;
        return Ok(code);
    }
    for line in sentences(context, &found, body.anchors.len()) {
        context.out.line(&line)?;
    }
    Ok(code)
}

fn sentences(context: &Context, found: &AuditFound, anchors: usize) -> Vec<SafeText> {
    let words = &context.words;
    let number = |n: i64| SafeText::number(u64::try_from(n).unwrap_or(0));
    let mut lines = Vec::new();
    let wrong = [
        (found.broken, Text::AuditBroken),
        (found.forked, Text::AuditForked),
        (found.cut_off, Text::AuditCutOff),
    ];
    for (seq, text) in wrong {
        if let Some(seq) = seq {
            lines.push(words.fill(text, &[("n", number(seq))]));
        }
    }
    if found.is_whole() {
        let values = [("n", number(found.rows)), ("hash", SafeText::clean(&found.head.hash))];
        lines.push(words.fill(Text::AuditWhole, &values));
        if anchors > 0 {
            lines.push(words.fill(Text::AuditHeadsMatch, &[("n", SafeText::number(anchors as u64))]));
        }
    }
    lines
}
