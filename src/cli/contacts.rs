//! `namecard contacts`

use serde_json::{Value, json};

use super::Context;
use super::args::{ContactsArgs, Format};
use super::failure::Failure;
use super::show::pairs;
use crate::client::Client;
use crate::domain::{Contact, ContactDetail};
use crate::i18n::Text;
use crate::i18n::say;
use crate::text::{SafeText, Untrusted};

/// A contact in the shape of `docs/json.md`: every field is there, whether it has a value or not.
pub(super) fn shape(contact: &Contact) -> Value {
    let source = &contact.source;
    json!({
        "id": contact.id,
        "revision": contact.revision,
        "name": contact.name,
        // Nobody outside has one. Listings of people have the same fields.
        "department": null,
        "company": contact.company,
        "title": contact.title,
        "phones": contact.phones,
        "emails": contact.emails,
        "remark": contact.remark,
        "tags": contact.tags,
        "own_tags": contact.own_tags,
        "kind": contact.kind,
        "source": {"channel": source.channel, "add_way": source.add_way, "card_label": source.card_label},
        "since": contact.since,
        "one_sided": contact.one_sided,
        "passes_to": contact.passes_to,
        "refuse_until": contact.refuse_until,
        "where": "external",
    })
}

/// A contact with what happened to it.
pub(super) fn shape_with_history(detail: &ContactDetail) -> Value {
    let history: Vec<Value> = detail
        .history
        .iter()
        .map(|entry| {
            json!({
                "at": entry.at,
                "what": entry.what,
                "who": entry.who,
                "rule": entry.rule,
                "policy_version": entry.policy_version,
            })
        })
        .collect();
    let mut shape = shape(&detail.contact);
    if let Some(fields) = shape.as_object_mut() {
        fields.insert("history".to_owned(), Value::from(history));
    }
    shape
}

/// All of one's own, newest first.
pub(super) async fn all(client: &Client) -> Result<Vec<Contact>, Failure> {
    let mut contacts = Vec::new();
    let mut after = String::new();
    loop {
        let page = client.contacts(&after).await?;
        contacts.extend(page.items);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    contacts.sort_by(|a, b| (b.since, &b.id).cmp(&(a.since, &a.id)));
    Ok(contacts)
}

pub(super) async fn run(context: &Context, client: &Client, args: &ContactsArgs) -> Result<u8, Failure> {
    let contacts = all(client).await?;
    match args.format {
        Format::Json => context.out.json(&contacts.iter().map(shape).collect::<Vec<_>>())?,
        Format::Table => {
            let words = &context.words;
            let headings = [
                Text::ColumnName,
                Text::ColumnCompany,
                Text::ColumnSince,
                Text::ColumnRemark,
                Text::ColumnId,
            ];
            let now = jiff::Timestamp::now().into();
            let whole = |text: &Option<Untrusted>| text.as_ref().map(Untrusted::whole).unwrap_or_default();
            let rows: Vec<Vec<SafeText>> = contacts
                .iter()
                .map(|contact| {
                    vec![
                        contact.name.whole(),
                        whole(&contact.company),
                        say::date_time(contact.since, now, &context.zone),
                        whole(&contact.remark),
                        contact.id.shown(),
                    ]
                })
                .collect();
            context.out.table(&headings.map(|text| words.get(text)), &rows)?;
        }
    }
    Ok(0)
}

/// A contact with its history, for people.
pub(super) fn show(context: &Context, detail: &ContactDetail) -> Result<(), Failure> {
    let words = &context.words;
    let contact = &detail.contact;
    let now = jiff::Timestamp::now().into();
    let whole = |text: &Option<Untrusted>| text.as_ref().map(Untrusted::whole).unwrap_or_default();
    let mut rows = vec![
        (words.get(Text::ExternalMark), contact.name.whole()),
        (words.get(Text::LabelId), contact.id.shown()),
        (words.get(Text::LabelTitle), whole(&contact.title)),
        (words.get(Text::LabelCompany), whole(&contact.company)),
        (words.get(Text::LabelRemark), whole(&contact.remark)),
        (words.get(Text::LabelSource), words.add_way(contact.source.add_way)),
        (words.get(Text::LabelSince), say::date_time(contact.since, now, &context.zone)),
    ];
    rows.extend(contact.emails.iter().map(|email| (words.get(Text::LabelEmail), email.whole())));
    rows.extend(contact.phones.iter().map(|phone| (words.get(Text::LabelPhone), phone.whole())));
    for entry in &detail.history {
        let who = entry.who.as_ref().map(|who| who.name.line(say::NAME_CELLS)).unwrap_or_default();
        let what = SafeText::join([&words.history(entry.what), &who], "  ");
        rows.push((say::date_time(entry.at, now, &context.zone), what));
    }
    pairs(context, rows)
}
