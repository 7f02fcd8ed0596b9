//! `namecard export`: people as files for other programs.

use std::collections::HashMap;
use std::io::{self, Write as _};

use super::args::{ExportArgs, ExportName, FileForm};
use super::decide::key;
use super::failure::Failure;
use super::output::put_file;
use super::{Context, card, contacts};
use crate::api::{ExportField, ExportForm, ExportOf, NewExport};
use crate::client::Client;
use crate::domain::{Card, Contact, Department, DepartmentId, DepartmentRow, Member, MemberRow, PhoneKind};
use crate::formats::{Formulas, Vcard, VcardVersion, join_words, people_csv, people_json, plain_csv};
use crate::i18n::Text;
use crate::text::{SafeText, Untrusted};

/// What goes out, and what is told of it beforehand.
struct Export {
    content: String,
    count: usize,
    fields: Vec<ExportField>,
}

pub(super) async fn run(context: &Context, client: &Client, args: &ExportArgs) -> Result<u8, Failure> {
    let words = &context.words;
    if args.raw_csv && args.format != FileForm::Csv {
        return Err(Failure::Usage(words.get(Text::RawCsvIsCsv)));
    }
    let shown =
        args.out.as_ref().map(|path| SafeText::clean(&path.display().to_string())).unwrap_or_default();
    if let Some(path) = &args.out
        && !args.force
        && path.symlink_metadata().is_ok()
    {
        return Err(Failure::Said(words.fill(Text::FileIsThere, &[("file", shown)])));
    }
    let formulas = if args.raw_csv { Formulas::AsTheyAre } else { Formulas::Marked };
    let export = match args.what {
        ExportName::Directory => directory(client, args.format, formulas).await?,
        ExportName::External => external(client, args.format, formulas).await?,
        ExportName::Me => me(client, args.format, formulas).await?,
    };
    let told = NewExport {
        what: match args.what {
            ExportName::Directory => ExportOf::Directory,
            ExportName::External => ExportOf::External,
            ExportName::Me => ExportOf::Me,
        },
        form: match args.format {
            FileForm::Vcf => ExportForm::Vcf,
            FileForm::Vcf4 => ExportForm::Vcf4,
            FileForm::Csv => ExportForm::Csv,
            FileForm::Json => ExportForm::Json,
        },
        count: u32::try_from(export.count).unwrap_or(u32::MAX),
        fields: export.fields,
    };
    // What nobody could write down does not leave.
    client.tell_export(&told, &key()?).await?;
    if args.raw_csv {
        writeln!(io::stderr(), "{}", words.get(Text::RawCsvWarning))?;
    }
    match &args.out {
        Some(path) => {
            put_file(words, path, &export.content, args.force)?;
            let n = SafeText::number(u64::from(told.count));
            context.out.line(&words.fill(Text::Exported, &[("n", n), ("file", shown)]))?;
        }
        None if args.format == FileForm::Json => context.out.json_text(&export.content)?,
        None => context.out.data(&export.content)?,
    }
    Ok(0)
}

/// The version, when the file is to be vCards.
const fn version(form: FileForm) -> Option<VcardVersion> {
    match form {
        FileForm::Vcf => Some(VcardVersion::V3),
        FileForm::Vcf4 => Some(VcardVersion::V4),
        FileForm::Csv | FileForm::Json => None,
    }
}

fn data(text: Option<&Untrusted>) -> Option<&str> {
    text.map(Untrusted::as_data)
}

fn headings(fields: &[ExportField]) -> Vec<&'static str> {
    fields.iter().map(|field| field.as_str()).collect()
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    Ok(format!("{text}\n"))
}

async fn directory(client: &Client, form: FileForm, formulas: Formulas) -> Result<Export, Failure> {
    use ExportField as F;
    let company = client.account().await?.company.name;
    let tree = Tree::new(client.departments().await?.items);
    let mut members: Vec<Member> = Vec::new();
    let mut after = String::new();
    loop {
        let page = client.members(&after).await?;
        members.extend(page.items);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    // An import orders people by their lines: in this order it changes nothing.
    members
        .sort_by_key(|member| (member.departments.first().map_or(0, |place| place.order), member.id.key()));
    let count = members.len();
    if let Some(version) = version(form) {
        let cards = members.iter().map(|member| {
            let department = member.main_department().map(|id| tree.path(id)).unwrap_or_default();
            Vcard {
                uid: Some(member.id.as_str()),
                name: member.name.as_data(),
                alias: data(member.alias.as_ref()),
                company: Some(company.as_data()),
                department: department.iter().map(Untrusted::as_data).collect(),
                title: data(member.title.as_ref()),
                phones: member.phones.iter().map(|p| (Some(p.kind), p.number.as_data())).collect(),
                emails: member.emails.iter().map(Untrusted::as_data).collect(),
                ..Vcard::default()
            }
            .write(version)
        });
        let fields = vec![
            F::Id,
            F::Name,
            F::Alias,
            F::Company,
            F::Department,
            F::Title,
            F::Mobile,
            F::Phone,
            F::Email,
        ];
        return Ok(Export { content: cards.collect(), count, fields });
    }
    let rows: Vec<MemberRow> = members.into_iter().map(|member| tree.row(member)).collect();
    let content = if form == FileForm::Csv {
        people_csv(&rows, formulas)
    } else {
        people_json(&tree.rows(), &rows).map_err(io::Error::other)?
    };
    let fields = vec![
        F::Id,
        F::Name,
        F::Alias,
        F::Department,
        F::Title,
        F::ExternalTitle,
        F::Mobile,
        F::Phone,
        F::Email,
        F::Manager,
        F::LeaderOf,
        F::Office,
        F::Status,
        F::Attributes,
    ];
    Ok(Export { content, count, fields })
}

/// The departments, with the path of each.
struct Tree {
    departments: Vec<Department>,
    paths: HashMap<DepartmentId, Vec<Untrusted>>,
}

impl Tree {
    /// Takes departments, parents first.
    fn new(departments: Vec<Department>) -> Self {
        let mut paths: HashMap<DepartmentId, Vec<Untrusted>> = HashMap::new();
        for department in &departments {
            let above = department.parent.as_ref().and_then(|parent| paths.get(parent));
            let mut path = above.cloned().unwrap_or_default();
            path.push(department.name.clone());
            paths.insert(department.id.clone(), path);
        }
        Self { departments, paths }
    }

    fn path(&self, id: &DepartmentId) -> Vec<Untrusted> {
        self.paths.get(id).cloned().unwrap_or_default()
    }

    /// The departments as an import takes them.
    fn rows(&self) -> Vec<DepartmentRow> {
        self.departments
            .iter()
            .map(|department| DepartmentRow {
                line: 0,
                path: self.path(&department.id),
                english_name: department.english_name.clone(),
                order: Some(department.order),
            })
            .collect()
    }

    /// A member as an import takes them.
    fn row(&self, member: Member) -> MemberRow {
        let paths = |leading: bool| {
            let places = member.departments.iter().filter(|place| !leading || place.leader);
            places.map(|place| self.path(&place.id)).filter(|path| !path.is_empty()).collect()
        };
        let number = |kind: PhoneKind| {
            let phone = member.phones.iter().find(|phone| phone.kind == kind);
            phone.map(|phone| phone.number.clone()).unwrap_or_default()
        };
        let said = |text: Option<Untrusted>| Some(text.unwrap_or_default());
        MemberRow {
            line: 0,
            main_department: None,
            departments: Some(paths(false)),
            leader_of: Some(paths(true)),
            mobile: Some(number(PhoneKind::Mobile)),
            phone: Some(number(PhoneKind::Work)),
            id: member.id.as_str().into(),
            name: member.name,
            alias: said(member.alias),
            title: said(member.title),
            external_title: said(member.external_title),
            email: said(member.emails.into_iter().next()),
            manager: said(member.manager.map(|manager| manager.as_str().into())),
            office: said(member.office),
            status: Some(member.status.as_str().into()),
            // Roles are not the directory's: nothing is said of them.
            role: None,
            attributes: member.attributes,
        }
    }
}

async fn external(client: &Client, form: FileForm, formulas: Formulas) -> Result<Export, Failure> {
    use ExportField as F;
    let contacts = contacts::all(client).await?;
    let count = contacts.len();
    let mut fields = vec![
        F::Id,
        F::Name,
        F::Company,
        F::Title,
        F::Phone,
        F::Email,
        F::Remark,
        F::Kind,
        F::Source,
        F::Since,
    ];
    let content = match version(form) {
        Some(version) => {
            fields.truncate(7);
            contacts.iter().map(|contact| contact_card(contact).write(version)).collect()
        }
        None if form == FileForm::Csv => {
            let rows: Vec<Vec<String>> = contacts.iter().map(contact_cells).collect();
            plain_csv(&headings(&fields), &rows, formulas)
        }
        None => json(&contacts.iter().map(contacts::shape).collect::<Vec<_>>())?,
    };
    Ok(Export { content, count, fields })
}

fn contact_card(contact: &Contact) -> Vcard<'_> {
    Vcard {
        uid: Some(contact.id.as_str()),
        name: contact.name.as_data(),
        company: data(contact.company.as_ref()),
        title: data(contact.title.as_ref()),
        phones: contact.phones.iter().map(|number| (None, number.as_data())).collect(),
        emails: contact.emails.iter().map(Untrusted::as_data).collect(),
        note: data(contact.remark.as_ref()),
        ..Vcard::default()
    }
}

fn contact_cells(contact: &Contact) -> Vec<String> {
    let text = |text: &Option<Untrusted>| data(text.as_ref()).unwrap_or_default().to_owned();
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let shape = contacts::shape(contact);
    let at = |place: &str| shape.pointer(place).cloned().map(word).unwrap_or_default();
    vec![
        contact.id.as_str().to_owned(),
        contact.name.as_data().to_owned(),
        text(&contact.company),
        text(&contact.title),
        join_words(&contact.phones),
        join_words(&contact.emails),
        text(&contact.remark),
        at("/kind"),
        at("/source/channel"),
        at("/since"),
    ]
}

async fn me(client: &Client, form: FileForm, formulas: Formulas) -> Result<Export, Failure> {
    use ExportField as F;
    let card: Card = client.card().await?;
    let mut fields = vec![F::Name, F::Company, F::Title, F::Link];
    let content = match version(form) {
        Some(version) => {
            fields.insert(0, F::Id);
            Vcard {
                // Address book servers take no card without one.
                uid: Some(card.id.as_str()),
                name: card.owner.name.as_data(),
                company: Some(card.company.as_data()),
                title: data(card.title.as_ref()),
                url: Some(&card.link),
                ..Vcard::default()
            }
            .write(version)
        }
        None if form == FileForm::Csv => {
            let title = data(card.title.as_ref()).unwrap_or_default();
            let cells = [card.owner.name.as_data(), card.company.as_data(), title, &card.link];
            plain_csv(&headings(&fields), &[cells.map(str::to_owned).to_vec()], formulas)
        }
        None => json(&card::shape(&card))?,
    };
    Ok(Export { content, count: 1, fields })
}
