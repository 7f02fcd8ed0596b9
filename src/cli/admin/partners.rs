//! `namecard admin partner` and `admin handover`

use super::args::{HandoverArgs, HandoverCommand, PartnerArgs, PartnerCommand, Shown};
use super::{company_id, member_id};
use crate::api::{NewPartnerLink, PartnerLinks};
use crate::cli::args::Format;
use crate::cli::decide::key;
use crate::cli::failure::Failure;
use crate::cli::{Context, ids, requests};
use crate::client::Client;
use crate::domain::{
    ApprovalKind, Decision, Department, DepartmentId, Fault, LinkScope, Request, RequestDetail,
};
use crate::formats::split_paths;
use crate::i18n::{Text, say};
use crate::text::SafeText;

/// Cells of a name in a line.
const NAME_CELLS: usize = 40;

pub(super) async fn run(context: &Context, client: &Client, args: &PartnerArgs) -> Result<u8, Failure> {
    match &args.command {
        PartnerCommand::List => list(context, args.format, &client.links().await?),
        PartnerCommand::Propose { company, purpose, shown } => {
            let Some(company) = company_id(context, Some(company))? else { return Ok(2) };
            let scope = scope(context, client, shown).await?;
            let link = NewPartnerLink { company, scope, purpose: purpose.as_str().into() };
            let request = client.propose_link(&link, &key()?).await?;
            told(context, args.format, &request, Text::PartnerProposed)
        }
        PartnerCommand::Accept { request, shown } => {
            let scope = scope(context, client, shown).await?;
            let request = found(context, client, request, ApprovalKind::PartnerLink).await?;
            let decision = Decision { scope: Some(scope), ..Decision::approve() };
            let request = client.decide(&request.id, request.revision, &decision, &key()?).await?;
            told(context, args.format, &request, Text::PartnerAccepted)
        }
        PartnerCommand::End { company } => {
            let Some(company) = company_id(context, Some(company))? else { return Ok(2) };
            let links = client.end_link(&company, &key()?).await?;
            if args.format == Format::Json {
                context.out.json(&links.items)?;
            } else {
                context.out.line(&context.words.fill(Text::PartnerEnded, &[("company", company.shown())]))?;
            }
            Ok(0)
        }
    }
}

fn told(context: &Context, format: Format, request: &Request, text: Text) -> Result<u8, Failure> {
    if format == Format::Json {
        context.out.json(&requests::shape(request))?;
    } else {
        let id = SafeText::clean(request.id.as_str());
        context.out.line(&context.words.fill(text, &[("id", id)]))?;
    }
    Ok(0)
}

/// The request that is meant, if it is of the kind that is decided here.
async fn found(
    context: &Context,
    client: &Client,
    given: &str,
    kind: ApprovalKind,
) -> Result<Request, Failure> {
    let about = || Failure::About(SafeText::clean(given).cut(NAME_CELLS), Fault::NotFound);
    let ids::Named::Request(id) = ids::find(client, &context.words, given).await? else {
        return Err(about());
    };
    let request = client.request(&id).await?;
    if request.kind == kind { Ok(request) } else { Err(about()) }
}

/// Departments by their paths, and members by their ids. Nobody is shown by mistake: something has to be
/// named.
async fn scope(context: &Context, client: &Client, shown: &Shown) -> Result<LinkScope, Failure> {
    if shown.department.is_empty() && shown.member.is_empty() {
        return Err(Failure::Usage(context.words.get(Text::SayWhomToShow)));
    }
    let mut scope = LinkScope::default();
    for member in &shown.member {
        scope.members.push(member_id(context, member)?);
    }
    let tree = if shown.department.is_empty() { Vec::new() } else { client.departments().await?.items };
    for path in &shown.department {
        let found = department(&tree, path).ok_or_else(|| {
            let path = SafeText::clean(path).cut(NAME_CELLS);
            Failure::Nobody(context.words.fill(Text::NoSuchDepartment, &[("path", path)]))
        })?;
        scope.departments.push(found);
    }
    Ok(scope)
}

/// The department of a path as an import writes it.
fn department(tree: &[Department], path: &str) -> Option<DepartmentId> {
    let [names] = &split_paths(path)[..] else { return None };
    let mut at: Option<&Department> = None;
    for name in names {
        let above = at.map(|department| &department.id);
        at = Some(
            tree.iter().find(|department| department.parent.as_ref() == above && department.name == *name)?,
        );
    }
    at.map(|department| department.id.clone())
}

fn list(context: &Context, format: Format, links: &PartnerLinks) -> Result<u8, Failure> {
    if format == Format::Json {
        context.out.json(&links.items)?;
        return Ok(0);
    }
    let words = &context.words;
    let headings = [Text::ColumnCompany, Text::ColumnSince, Text::ColumnTheyShow, Text::ColumnWeShow];
    let count = |n: i64| SafeText::number(u64::try_from(n).unwrap_or(0));
    let rows: Vec<Vec<SafeText>> = links
        .items
        .iter()
        .map(|link| {
            let since = link.since.map(|since| say::date(since, &context.zone));
            vec![
                link.name.line(NAME_CELLS),
                since.unwrap_or_else(|| words.get(Text::PartnerWaits)),
                count(link.they_show),
                count(link.we_show),
            ]
        })
        .collect();
    context.out.table(&headings.map(|text| words.get(text)), &rows)?;
    Ok(0)
}

pub(super) async fn handovers(
    context: &Context,
    client: &Client,
    args: &HandoverArgs,
) -> Result<u8, Failure> {
    match &args.command {
        HandoverCommand::List => {
            let all = handed_over(client).await?;
            if args.format == Format::Json {
                context.out.json(&all.iter().map(requests::shape_of_detail).collect::<Vec<_>>())?;
                return Ok(0);
            }
            let words = &context.words;
            let headings =
                [Text::ColumnId, Text::ColumnWho, Text::ColumnTo, Text::ColumnWhat, Text::ColumnState];
            let rows = all.iter().flat_map(|detail| {
                let request = &detail.request;
                let to = request.target.as_ref().map(|to| to.name.line(NAME_CELLS)).unwrap_or_default();
                detail.handed_over.iter().map(move |item| {
                    vec![
                        request.id.shown(),
                        request.requester.name.line(NAME_CELLS),
                        to.clone(),
                        item.name.line(NAME_CELLS),
                        requests::item_state(context, item),
                    ]
                })
            });
            let rows: Vec<Vec<SafeText>> = rows.collect();
            context.out.table(&headings.map(|text| words.get(text)), &rows)?;
            Ok(0)
        }
        HandoverCommand::Assign { request, member } => {
            let request = found(context, client, request, ApprovalKind::Handover).await?;
            let to = member_id(context, member)?;
            let request = client.assign(&request.id, request.revision, &to, &key()?).await?;
            told(context, args.format, &request, Text::HandoverAssigned)
        }
    }
}

/// Every handover that the caller has a part in, newest first, with what became of each thing.
async fn handed_over(client: &Client) -> Result<Vec<RequestDetail>, Failure> {
    let mut found: Vec<RequestDetail> = Vec::new();
    for name in ["approvals", "incoming"] {
        let mut after = String::new();
        loop {
            let page = client.requests(name, None, &after).await?;
            for request in page.items.into_iter().filter(|request| request.kind == ApprovalKind::Handover) {
                if !found.iter().any(|detail| detail.request.id == request.id) {
                    found.push(client.request_detail(&request.id).await?);
                }
            }
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
    }
    found.sort_by_key(|detail| std::cmp::Reverse(detail.request.created));
    Ok(found)
}
