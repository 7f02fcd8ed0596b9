//! `namecard query`: addresses for mail programs, in the lines that they read.

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::Context;
use super::args::{Mailer, QueryArgs};
use super::failure::Failure;
use crate::api::{Found, Place};
use crate::client::Client;
use crate::domain::{ContactId, Fault, MemberId, is_mail_address};
use crate::i18n::Text;
use crate::text::{SafeText, Untrusted};

/// People that are looked at.
const MOST: u32 = 100;
/// Calls at a time.
const AT_ONCE: usize = 8;

/// One line: an address, whose it is, and on which side of the boundary they are.
struct Line {
    address: SafeText,
    name: SafeText,
    place: Place,
}

pub(super) async fn run(context: &Context, client: &Client, args: &QueryArgs) -> Result<u8, Failure> {
    let found = find(client, &args.words.join(" ")).await;
    match args.mailer {
        Mailer::Mutt => for_mutt(context, found),
        Mailer::Aerc => for_aerc(context, &found?),
    }
}

/// Mutt shows the first line as a message, and reads nothing else of a command that fails: what standard
/// error said would be written across its screen.
fn for_mutt(context: &Context, found: Result<Vec<Line>, Failure>) -> Result<u8, Failure> {
    let words = &context.words;
    let (code, lines) = match found {
        Ok(lines) => (if lines.is_empty() { 3 } else { 0 }, lines),
        Err(failure) => {
            context.out.line(&SafeText::join(&failure.lines(words), " "))?;
            return Ok(failure.code());
        }
    };
    let count = SafeText::number(i64::try_from(lines.len()).unwrap_or(i64::MAX));
    context.out.line(&match code {
        0 => words.fill(Text::QueryFound, &[("n", count)]),
        _ => words.get(Text::QueryNoAddress),
    })?;
    print(context, &lines)?;
    Ok(code)
}

/// Aerc takes every line for an address, and asks at every key: nobody found is not worth a sentence.
fn for_aerc(context: &Context, lines: &[Line]) -> Result<u8, Failure> {
    print(context, lines)?;
    Ok(if lines.is_empty() { 3 } else { 0 })
}

fn print(context: &Context, lines: &[Line]) -> Result<(), Failure> {
    for line in lines {
        let place = match line.place {
            Place::Directory => SafeText::constant("directory"),
            Place::External => SafeText::constant("external"),
            Place::Linked => SafeText::constant("linked"),
        };
        let mut shown = line.address.clone();
        for column in [&line.name, &place] {
            shown.push_constant("\t");
            shown.push(column);
        }
        context.out.line(&shown)?;
    }
    Ok(())
}

/// The addresses of whoever matches, best first.
async fn find(client: &Client, query: &str) -> Result<Vec<Line>, Failure> {
    let people = client.search(query, "all", MOST).await?.items;
    let lines: Vec<Vec<Line>> = futures_util::stream::iter(people)
        .map(|person| async move { lines_of(client, &person).await })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(lines.into_iter().flatten().collect())
}

async fn lines_of(client: &Client, person: &Found) -> Result<Vec<Line>, Fault> {
    let emails = match addresses(client, person).await {
        // Gone since the search.
        Err(Fault::NotFound) => return Ok(Vec::new()),
        other => other?,
    };
    let lines = emails
        .iter()
        // What is spelled out for a reader would be another address, and two in one would be two recipients.
        .filter(|email| is_mail_address(email.as_data()))
        .map(|email| Line { address: email.whole(), name: person.name.whole(), place: person.place });
    Ok(lines.collect())
}

async fn addresses(client: &Client, person: &Found) -> Result<Vec<Untrusted>, Fault> {
    match person.place {
        Place::Directory => {
            let id = MemberId::new(&person.id).map_err(|_| Fault::Garbled)?;
            client.member(&id).await.map(|member| member.emails)
        }
        Place::External => {
            let id = ContactId::new(&person.id).map_err(|_| Fault::Garbled)?;
            client.contact(&id).await.map(|detail| detail.contact.emails)
        }
        // What they can be written to comes with being connected.
        Place::Linked => Ok(Vec::new()),
    }
}
