//! `namecard approve`, `reject`, `undo`

use std::io::Write as _;

use super::Context;
use super::args::{ApproveArgs, Format, RejectArgs, UndoArgs};
use super::failure::Failure;
use super::{ids, requests, verdict};
use crate::client::Client;
use crate::domain::{DecideOne, Decision, Fault, ReasonCode, Request};
use crate::i18n::Text;
use crate::text::SafeText;

pub(super) async fn approve(context: &Context, client: &Client, args: &ApproveArgs) -> Result<u8, Failure> {
    let decision = Decision { text: args.note.as_deref().map(Into::into), ..Decision::approve() };
    decide_all(context, client, &args.ids, &decision, args.format).await
}

pub(super) async fn reject(context: &Context, client: &Client, args: &RejectArgs) -> Result<u8, Failure> {
    // The word of a reason, or one's own words.
    let (reason, text) = match ReasonCode::parse(args.reason.trim()) {
        Some(reason) if reason != ReasonCode::Other => (reason, None),
        _ => (ReasonCode::Other, Some(args.reason.as_str().into())),
    };
    let decision = Decision { text, tell: args.tell, ..Decision::reject(reason) };
    decide_all(context, client, &args.ids, &decision, args.format).await
}

/// Most decisions that the server takes in one call.
const PIECE: usize = 100;

/// Decides all that was named, each with a result of its own; what fails is told and does not stop the others.
/// That somebody else was first on one of them is told by the exit code before any other failure.
async fn decide_all(
    context: &Context,
    client: &Client,
    given: &[String],
    decision: &Decision,
    format: Format,
) -> Result<u8, Failure> {
    let (mut named, mut done, mut codes) = (Vec::new(), Vec::new(), Vec::new());
    for id in given {
        match find(context, client, id, decision).await {
            Ok(item) => named.push((id, item)),
            Err(failure) => codes.push(tell(context, id, failure)?),
        }
    }
    for piece in named.chunks(PIECE) {
        let items: Vec<DecideOne> = piece.iter().map(|(_, item)| item.clone()).collect();
        let results = match items.as_slice() {
            [one] => {
                let result = client.decide(&one.id, one.revision, &one.decision, &one.key).await;
                vec![(one.id.clone(), result.map(Box::new))]
            }
            _ => client.decide_many(&items).await?,
        };
        // The results come in the order of what was sent.
        for ((given, _), (_, result)) in piece.iter().zip(results) {
            match result {
                Ok(request) => done.push(*request),
                Err(fault) => codes.push(tell(context, given, fault.into())?),
            }
        }
    }
    print(context, &done, format)?;
    let lost = codes.iter().find(|code| **code == CONFLICT).or(codes.last());
    Ok(lost.copied().unwrap_or_default())
}

/// The exit code of a decision that somebody else was first with.
const CONFLICT: u8 = 5;

/// Tells what became of one that was named. Returns the exit code for it.
fn tell(context: &Context, given: &str, failure: Failure) -> Result<u8, Failure> {
    let code = failure.code();
    if let Failure::Fault(Fault::Refused(refusal)) = &failure {
        // Why, by which rule, and what to do instead.
        let mut lines = verdict::verdict_lines(context, given, &refusal.verdict).into_iter();
        let first = lines.next().unwrap_or_default();
        let about = SafeText::join([&SafeText::clean(given).cut(40), &first], ": ");
        writeln!(std::io::stderr(), "namecard: {about}")?;
        for line in lines {
            writeln!(std::io::stderr(), "{line}")?;
        }
        return Ok(code);
    }
    let about = match failure {
        Failure::Fault(fault) => Failure::About(SafeText::clean(given).cut(40), fault),
        said => said,
    };
    for line in about.lines(&context.words) {
        writeln!(std::io::stderr(), "namecard: {line}")?;
    }
    Ok(code)
}

async fn find(
    context: &Context,
    client: &Client,
    given: &str,
    decision: &Decision,
) -> Result<DecideOne, Failure> {
    let (id, revision) = ids::request(client, &context.words, given).await?;
    let revision = match revision {
        Some(revision) => revision,
        None => client.request(&id).await?.revision,
    };
    Ok(DecideOne { id, revision, decision: decision.clone(), key: key()? })
}

pub(super) async fn undo(context: &Context, client: &Client, args: &UndoArgs) -> Result<u8, Failure> {
    let (id, revision) = ids::request(client, &context.words, &args.id).await?;
    let revision = match revision {
        Some(revision) => revision,
        None => client.request(&id).await?.revision,
    };
    let request = client.undo(&id, revision, &key()?).await?;
    print(context, &[request], args.format)?;
    Ok(0)
}

/// A key for one write of this process: what is sent again within it is done once.
pub(super) fn key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Said(SafeText::clean(&error.to_string())))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

fn print(context: &Context, done: &[Request], format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        context.out.json(&done.iter().map(requests::shape).collect::<Vec<_>>())?;
        return Ok(());
    }
    let now = jiff::Timestamp::now().into();
    let headings = [Text::ColumnState, Text::ColumnWho, Text::ColumnId].map(|text| context.words.get(text));
    let rows: Vec<Vec<SafeText>> = done
        .iter()
        .map(|request| {
            vec![requests::state(context, request, now), request.requester.name.whole(), request.id.shown()]
        })
        .collect();
    context.out.table(&headings, &rows)?;
    Ok(())
}
