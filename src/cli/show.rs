//! `namecard show`

use serde_json::json;

use super::Context;
use super::args::{Format, ShowArgs};
use super::failure::Failure;
use super::ids::{self, Named};
use super::{contacts, requests};
use crate::client::Client;
use crate::domain::Member;
use crate::i18n::Text;
use crate::i18n::say;
use crate::text::SafeText;

pub(super) async fn run(context: &Context, client: &Client, args: &ShowArgs) -> Result<u8, Failure> {
    match ids::find(client, &context.words, &args.id).await? {
        Named::Member(id) => {
            let member = client.member(&id).await?;
            match args.format {
                Format::Json => {
                    let mut shape = serde_json::to_value(&member).map_err(std::io::Error::other)?;
                    if let Some(fields) = shape.as_object_mut() {
                        fields.insert("where".to_owned(), json!("directory"));
                        fields.remove("as_of");
                    }
                    context.out.json(&shape)?;
                }
                Format::Table => show_member(context, &member)?,
            }
        }
        Named::Contact(id) => {
            let detail = client.contact(&id).await?;
            match args.format {
                Format::Json => {
                    let mut shape = contacts::shape(&detail.contact);
                    if let Some(fields) = shape.as_object_mut() {
                        fields.insert("history".to_owned(), json!(detail.history));
                    }
                    context.out.json(&shape)?;
                }
                Format::Table => contacts::show(context, &detail)?,
            }
        }
        Named::Request(id) => {
            let request = client.request(&id).await?;
            match args.format {
                Format::Json => context.out.json(&requests::shape(&request))?,
                Format::Table => requests::show(context, &request)?,
            }
        }
    }
    Ok(0)
}

/// Labels and values, one pair a line.
pub(super) fn pairs(context: &Context, rows: Vec<(SafeText, SafeText)>) -> Result<(), Failure> {
    let rows: Vec<Vec<SafeText>> = rows
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| vec![label, value])
        .collect();
    let wide = rows.iter().filter_map(|row| row.first()).map(SafeText::width).max().unwrap_or(0);
    for row in rows {
        let cells: Vec<SafeText> = row
            .iter()
            .enumerate()
            .map(|(n, cell)| if n == 0 { cell.fit(wide) } else { cell.clone() })
            .collect();
        context.out.line(&SafeText::join(&cells, "  "))?;
    }
    Ok(())
}

fn show_member(context: &Context, member: &Member) -> Result<(), Failure> {
    let words = &context.words;
    let mut rows =
        vec![(words.get(Text::Internal), member.name.whole()), (words.get(Text::LabelId), member.id.shown())];
    let mut add = |label: Text, value: Option<SafeText>| {
        if let Some(value) = value {
            rows.push((words.get(label), value));
        }
    };
    add(Text::LabelAlias, member.alias.as_ref().map(|text| text.whole()));
    add(Text::LabelTitle, member.title.as_ref().map(|text| text.whole()));
    for email in &member.emails {
        add(Text::LabelEmail, Some(email.whole()));
    }
    add(Text::LabelOffice, member.office.as_ref().map(|text| text.whole()));
    add(Text::LabelReportsTo, member.manager.as_ref().map(|manager| manager.shown()));
    add(Text::LabelOutsideTitle, member.external_title.as_ref().map(|text| text.whole()));
    add(Text::LabelStatus, Some(words.status(member.status)));
    for phone in &member.phones {
        rows.push((words.phone_kind(phone.kind), phone.number.whole()));
    }
    for attribute in &member.attributes {
        rows.push((attribute.name.line(say::NAME_CELLS), attribute.value.whole()));
    }
    pairs(context, rows)
}
