//! `namecard show`

use serde_json::{Value, json};

use super::Context;
use super::args::{Format, ShowArgs};
use super::failure::Failure;
use super::ids::{self, Named};
use super::{contacts, requests};
use crate::client::Client;
use crate::domain::{Department, DepartmentId, MAX_DEPTH, Member};
use crate::i18n::Text;
use crate::i18n::say;
use crate::text::SafeText;

fn find<'a>(departments: &'a [Department], id: &DepartmentId) -> Option<&'a Department> {
    departments.iter().find(|department| department.id == *id)
}

/// A colleague in the shape of `docs/json.md`: every field is there, whether it has a value or not.
fn shape(member: &Member, departments: &[Department]) -> Value {
    let name = |id: &DepartmentId| find(departments, id).map(|department| &department.name);
    let places: Vec<Value> = member
        .departments
        .iter()
        .map(|place| json!({"id": place.id, "name": name(&place.id), "leader": place.leader}))
        .collect();
    json!({
        "id": member.id,
        "revision": member.revision,
        "name": member.name,
        "alias": member.alias,
        "department": member.main_department().and_then(name),
        "departments": places,
        "title": member.title,
        "external_title": member.external_title,
        "phones": member.phones,
        "emails": member.emails,
        "office": member.office,
        "status": member.status,
        "manager": member.manager,
        "attributes": member.attributes,
        "allowed": member.allowed,
        "where": "directory",
    })
}

/// The names from the top down to a department.
fn path(departments: &[Department], id: &DepartmentId) -> SafeText {
    let mut names = Vec::new();
    let mut here = find(departments, id);
    // No tree is deeper than this, so a broken one ends too.
    while let Some(department) = here.filter(|_| names.len() < MAX_DEPTH) {
        names.insert(0, department.name.whole());
        here = department.parent.as_ref().and_then(|parent| find(departments, parent));
    }
    SafeText::join(&names, " / ")
}

pub(super) async fn run(context: &Context, client: &Client, args: &ShowArgs) -> Result<u8, Failure> {
    match ids::find(client, &context.words, &args.id).await? {
        Named::Member(id) => {
            let member = client.member(&id).await?;
            let departments = client.departments().await?.items;
            match args.format {
                Format::Json => context.out.json(&shape(&member, &departments))?,
                Format::Table => self::member(context, &member, &departments)?,
            }
        }
        Named::Contact(id) => {
            let detail = client.contact(&id).await?;
            match args.format {
                Format::Json => context.out.json(&contacts::shape_with_history(&detail))?,
                Format::Table => contacts::show(context, &detail)?,
            }
        }
        Named::Request(id) => {
            let detail = client.request_detail(&id).await?;
            match args.format {
                Format::Json => context.out.json(&requests::shape_of_detail(&detail))?,
                Format::Table => requests::show(context, &detail)?,
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

pub(super) fn member(context: &Context, member: &Member, departments: &[Department]) -> Result<(), Failure> {
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
    for place in &member.departments {
        add(Text::LabelDepartment, Some(path(departments, &place.id)));
    }
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
