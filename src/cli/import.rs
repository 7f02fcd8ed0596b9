//! `namecard import`: one's own company from a file.

use std::collections::HashMap;
use std::io::{self, BufRead as _, IsTerminal as _, Read, Write as _};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Context;
use super::args::{FileKind, Format, ImportArgs};
use super::backend::Backend;
use super::decide::key;
use super::failure::Failure;
use crate::api::{
    Applied, ApplyImport, ImportPlan, ImportReply, ImportRowsReply, NewCompany, NewImport, Signed,
};
use crate::client::{Client, Method};
use crate::domain::{Company, CompanyId, Fault, ImportRow, MemberId, RefusedRow};
use crate::formats::{CsvError, CsvPeople, JsonPeople, PeopleItem, VcardPeople, WholeFileError};
use crate::i18n::Text;
use crate::text::SafeText;

/// Bytes of rows sent at once.
const PIECE: usize = 1 << 20;
/// Names of people listed of each kind.
const LISTED: usize = 20;

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
    let file = read(context, args)?;
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

/// A file that was read: its rows, what could not be read of it, and what it tells of the company.
struct PeopleFile {
    name: SafeText,
    pieces: Vec<Bytes>,
    refused: Vec<RefusedRow>,
    /// The domain that most addresses have.
    domain: Option<String>,
}

fn read(context: &Context, args: &ImportArgs) -> Result<PeopleFile, Failure> {
    let name = SafeText::clean(&args.file.display().to_string());
    let source: Box<dyn Read> = if args.file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = std::fs::File::open(&args.file)
            .map_err(|error| Failure::of_file(&context.words, Text::CannotRead, &args.file, &error))?;
        Box::new(file)
    };
    let whole = |error: WholeFileError| whole_file_failure(context, &name, &error);
    let mut people = match args.from.unwrap_or_else(|| kind_of(&args.file)) {
        FileKind::Csv => {
            let people = CsvPeople::new(source).map_err(|error| csv_failure(context, &name, &error))?;
            People::Csv(Box::new(people))
        }
        FileKind::Json => People::Json(JsonPeople::new(source).map_err(whole)?),
        FileKind::Vcard => People::Vcard(VcardPeople::new(source).map_err(whole)?),
    };
    let mut file = PeopleFile { name: name.clone(), pieces: Vec::new(), refused: Vec::new(), domain: None };
    let mut domains: HashMap<String, usize> = HashMap::new();
    let mut piece: Vec<u8> = Vec::new();
    loop {
        let item = match &mut people {
            People::Csv(people) => people.next()?,
            People::Json(people) => people.next().map_err(whole)?,
            People::Vcard(people) => people.next(),
        };
        let row = match item {
            None => break,
            Some(PeopleItem::Refused(refused)) => {
                file.refused.push(refused);
                continue;
            }
            Some(PeopleItem::Department(row)) => ImportRow::Department(row),
            Some(PeopleItem::Row(row)) => {
                if let Some((_, domain)) = row.email.as_data().rsplit_once('@') {
                    *domains.entry(domain.trim().to_ascii_lowercase()).or_default() += 1;
                }
                ImportRow::Member(row)
            }
        };
        serde_json::to_writer(&mut piece, &row).map_err(io::Error::other)?;
        piece.push(b'\n');
        if piece.len() >= PIECE {
            file.pieces.push(std::mem::take(&mut piece).into());
        }
    }
    if !piece.is_empty() {
        file.pieces.push(piece.into());
    }
    file.domain =
        domains.into_iter().max_by_key(|(domain, count)| (*count, domain.clone())).map(|(domain, _)| domain);
    Ok(file)
}

/// A file of any kind, open.
enum People {
    Csv(Box<CsvPeople<Box<dyn Read>>>),
    Json(JsonPeople),
    Vcard(VcardPeople),
}

/// What a file is by its name.
fn kind_of(file: &std::path::Path) -> FileKind {
    let ending = file.extension().map(|ending| ending.to_ascii_lowercase());
    match ending.as_ref().and_then(|ending| ending.to_str()) {
        Some("json") => FileKind::Json,
        Some("vcf" | "vcard") => FileKind::Vcard,
        _ => FileKind::Csv,
    }
}

fn whole_file_failure(context: &Context, file: &SafeText, error: &WholeFileError) -> Failure {
    let words = &context.words;
    let at = |text, line: &u64| words.fill(text, &[("line", SafeText::number(*line))]);
    let why = match error {
        WholeFileError::Io(error) => SafeText::clean(&error.to_string()),
        WholeFileError::Empty => words.get(Text::CsvEmpty),
        WholeFileError::TooLong => words.get(Text::FileTooLong),
        WholeFileError::Utf8(line) => at(Text::FileNotUtf8, line),
        WholeFileError::Json(line) => at(Text::FileNotJson, line),
    };
    Failure::Said(SafeText::join([file, &why], ": "))
}

fn csv_failure(context: &Context, file: &SafeText, error: &CsvError) -> Failure {
    let words = &context.words;
    let why = match error {
        CsvError::Io(error) => SafeText::clean(&error.to_string()),
        CsvError::Empty => words.get(Text::CsvEmpty),
        CsvError::Header => words.get(Text::CsvHeader),
        CsvError::MissingColumn(column) => {
            words.fill(Text::CsvMissingColumn, &[("column", SafeText::constant(column))])
        }
        CsvError::DoubleColumn(column) => words.fill(Text::CsvDoubleColumn, &[("column", column.line(40))]),
    };
    Failure::Said(SafeText::join([file, &why], ": "))
}

async fn bring_in(
    context: &Context,
    args: &ImportArgs,
    client: &Client,
    file: PeopleFile,
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
            NewImport { company: None, create: Some(new_company(context, args, file.domain.as_deref())?) }
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
    file: PeopleFile,
    sign_in: Option<Signed>,
) -> Result<u8, Failure> {
    let begun: ImportReply = client.call(Method::Post, "/v1/imports", None, Some(&begin)).await?;
    let path = format!("/v1/imports/{}", begun.id);
    let outcome = plan_and_apply(context, args, client, &path, file, sign_in).await;
    if !matches!(outcome, Ok(0)) || args.dry_run {
        // What was only planned, or refused, is of no use to anybody; a day later it goes by itself.
        let _: Result<ImportReply, Fault> = client.call(Method::Delete, &path, None, None::<&()>).await;
    }
    outcome
}

async fn plan_and_apply(
    context: &Context,
    args: &ImportArgs,
    client: &Client,
    path: &str,
    file: PeopleFile,
    sign_in: Option<Signed>,
) -> Result<u8, Failure> {
    for piece in &file.pieces {
        let _: ImportRowsReply = client.send_rows(&format!("{path}/rows"), piece.clone()).await?;
    }
    let mut plan: ImportPlan = client.call(Method::Get, &format!("{path}/plan"), None, None::<&()>).await?;
    let unreadable = !file.refused.is_empty();
    plan.refused.extend(file.refused);
    plan.refused.sort_by_key(|refused| refused.line);
    if args.format == Format::Json {
        context.out.json(&shape(args.dry_run, &plan))?;
    }
    tell_refused(context, args, &file.name, &plan)?;
    if args.dry_run {
        if args.format == Format::Table {
            tell_plan(context, args, &plan)?;
        }
        return Ok(if plan.refused.is_empty() { 0 } else { 1 });
    }
    if !plan.refused.is_empty() && !args.skip_bad {
        return Err(Failure::Said(
            context.words.fill(Text::NothingImported, &[("n", SafeText::number(plan.refused.len() as u64))]),
        ));
    }
    if unreadable && args.remove_missing {
        // Whom a row that cannot be read names nobody knows: they would be taken out.
        return Err(Failure::Said(context.words.get(Text::UnreadableAndRemove)));
    }
    let order = ApplyImport {
        skip_bad: args.skip_bad,
        remove_missing: args.remove_missing,
        remove_limit: args.remove_limit,
        sign_in: sign_in.clone(),
    };
    let applied: Result<Applied, Fault> =
        client.call(Method::Post, &format!("{path}/apply"), Some(&key()?), Some(&order)).await;
    let applied = applied
        .map_err(|fault| explain(context, fault, &plan, sign_in.as_ref().map(|signed| &signed.member)))?;
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

/// What the file asks for, in the shape of `docs/json.md`.
fn shape(dry_run: bool, plan: &ImportPlan) -> Value {
    let refused: Vec<Value> = plan
        .refused
        .iter()
        .map(|row| json!({"line": row.line, "column": row.column, "code": row.code, "value": row.value}))
        .collect();
    json!({
        "dry_run": dry_run,
        "plan": {
            "added": plan.added,
            "added_total": plan.added_total,
            "changed": plan.changed,
            "changed_total": plan.changed_total,
            "missing": plan.missing,
            "missing_total": plan.missing_total,
            "unchanged_total": plan.unchanged_total,
            "departments_added": plan.departments_added,
            "refused": refused,
            "notes": plan.notes,
        },
    })
}

/// Faults that this command can explain better than the code alone.
fn explain(context: &Context, fault: Fault, plan: &ImportPlan, member: Option<&MemberId>) -> Failure {
    let Fault::Invalid { field, code } = &fault else { return fault.into() };
    match (field.as_ref().map(|f| f.as_data()), code.as_data()) {
        (Some("sign_in"), _) => {
            let id = member.map(MemberId::shown).unwrap_or_default();
            Failure::Said(context.words.fill(Text::NotInFile, &[("id", id)]))
        }
        (_, "too_many_removed") => Failure::Said(
            context.words.fill(Text::TooManyRemoved, &[("n", SafeText::number(plan.missing_total))]),
        ),
        _ => fault.into(),
    }
}

/// The company to make: what was not said is asked for on a terminal.
fn new_company(context: &Context, args: &ImportArgs, guessed: Option<&str>) -> Result<NewCompany, Failure> {
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
        None if asks => ask(context, Text::AskDomain, guessed)?.ok_or_else(|| usage(Text::SayDomain))?,
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

/// Every refused row with its file, line and reason; and what is done otherwise than rows say.
fn tell_refused(
    context: &Context,
    args: &ImportArgs,
    file: &SafeText,
    plan: &ImportPlan,
) -> Result<(), Failure> {
    let words = &context.words;
    let mut out = io::stderr().lock();
    for refused in &plan.refused {
        let column = refused.column.as_ref().map(|column| column.line(40)).unwrap_or_default();
        let value = refused.value.as_ref().map(|value| value.line(80)).unwrap_or_default();
        let why = SafeText::join([&column, &words.row_fault(refused.code)], " ");
        let why = SafeText::join([&why, &value], ": ");
        writeln!(out, "{file}:{}: {why}", refused.line)?;
    }
    if args.skip_bad || args.dry_run {
        for note in &plan.notes {
            let text = words.fill(Text::RowManagerLeftOut, &[("manager", note.manager.line(64))]);
            writeln!(out, "{file}:{}: {text}", note.line)?;
        }
    }
    Ok(())
}

/// What would be added, changed and removed.
fn tell_plan(context: &Context, args: &ImportArgs, plan: &ImportPlan) -> Result<(), Failure> {
    let words = &context.words;
    let missing = if args.remove_missing { Text::PlanRemoved } else { Text::PlanMissing };
    for (text, total, people) in [
        (Text::PlanAdded, plan.added_total, &plan.added),
        (Text::PlanChanged, plan.changed_total, &plan.changed),
        (missing, plan.missing_total, &plan.missing),
    ] {
        context.out.line(&words.fill(text, &[("n", SafeText::number(total))]))?;
        for person in people.iter().take(LISTED) {
            let mut line = SafeText::constant("  ");
            line.push(&SafeText::join([&person.id.shown(), &person.name.whole()], "  "));
            context.out.line(&line)?;
        }
        let more = usize::try_from(total).unwrap_or(0).saturating_sub(people.len().min(LISTED));
        if more > 0 {
            context.out.line(&words.fill(Text::PlanMore, &[("n", SafeText::number(more as u64))]))?;
        }
    }
    context.out.line(&words.fill(Text::PlanUnchanged, &[("n", SafeText::number(plan.unchanged_total))]))?;
    context
        .out
        .line(&words.fill(Text::PlanDepartments, &[("n", SafeText::number(plan.departments_added))]))?;
    Ok(())
}
