//! `namecard search`

use serde_json::{Value, json};

use super::Context;
use super::args::{Format, SearchArgs, Where};
use super::failure::Failure;
use crate::api::{Found, Place};
use crate::client::Client;
use crate::i18n::Text;
use crate::text::{SafeText, Untrusted};

/// A person found, in the shape of `docs/json.md`.
fn shape(found: &Found) -> Value {
    json!({
        "id": found.id,
        "name": found.name,
        "department": found.department,
        "title": found.title,
        "company": found.company,
        "where": found.place,
        "why": found.why,
    })
}

pub(super) async fn run(context: &Context, client: &Client, args: &SearchArgs) -> Result<u8, Failure> {
    let place = match args.place {
        Where::Directory => "directory",
        Where::External => "external",
        Where::Linked => "linked",
        Where::All => "all",
    };
    let reply = client.search(&args.query.join(" "), place, args.limit).await?;
    match args.format {
        Format::Json => context.out.json(&reply.items.iter().map(shape).collect::<Vec<_>>())?,
        Format::Table => {
            let words = &context.words;
            let headings =
                [Text::ColumnName, Text::ColumnId, Text::ColumnWhere, Text::ColumnPlace, Text::ColumnTitle];
            let whole = |text: &Option<Untrusted>| text.as_ref().map(Untrusted::whole).unwrap_or_default();
            let rows: Vec<Vec<SafeText>> = reply
                .items
                .iter()
                .map(|found| {
                    let (inside, place) = match found.place {
                        Place::Directory => (Text::Internal, whole(&found.department)),
                        Place::External => (Text::ExternalMark, whole(&found.company)),
                        Place::Linked => (Text::LinkedMark, whole(&found.company)),
                    };
                    vec![
                        found.name.whole(),
                        SafeText::clean(&found.id),
                        words.get(inside),
                        place,
                        whole(&found.title),
                    ]
                })
                .collect();
            context.out.table(&headings.map(|text| words.get(text)), &rows)?;
        }
    }
    if reply.items.is_empty() { Err(Failure::Nobody(context.words.get(Text::SearchNobody))) } else { Ok(0) }
}
