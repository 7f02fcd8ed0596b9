//! Search over colleagues and contacts, and finding an id by its end.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::api::{Found, LookupReply, PAGE, Place, Problem, SearchReply, Why};
use crate::domain::Contact;
use crate::search::{self, Field, Index, Keys, Query};
use crate::server::access::Sight;
use crate::server::auth::Caller;
use crate::server::respond::{Failure, Params, ok};
use crate::server::store::{contacts, departments, members, outbox, requests};
use crate::server::{App, index};

/// Contacts that one member may have.
const MAX_CONTACTS: i64 = 5_000;
/// Longest query in bytes.
const MAX_QUERY: usize = 256;

/// What to search, where.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchParams {
    q: String,
    #[serde(rename = "in", default)]
    place: Where,
    limit: Option<i64>,
}

/// Whom to search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Where {
    Directory,
    External,
    #[default]
    All,
}

const fn why(field: Field) -> Why {
    match field {
        Field::Name => Why::Name,
        Field::Pinyin => Why::Pinyin,
        Field::Alias => Why::Alias,
        Field::Title => Why::Title,
        Field::Department => Why::Department,
        Field::Company => Why::Company,
        Field::Email => Why::Email,
        Field::Phone => Why::Phone,
        Field::Id => Why::Id,
    }
}

#[utoipa::path(get, path = "/v1/search", security(("token" = [])),
    params(("q" = String, Query, description = "words; all must match; at most 256 bytes"),
           ("in" = inline(Option<Where>), Query),
           ("limit" = Option<i64>, Query, minimum = 1, maximum = 100)),
    responses((status = 200, body = SearchReply)))]
pub(super) async fn search(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<SearchParams>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    if params.q.len() > MAX_QUERY {
        return Err(Problem::invalid("q", "too_long").into());
    }
    let limit = params.limit.unwrap_or(20);
    let most = i64::try_from(PAGE).unwrap_or(i64::MAX);
    if !(1..=most).contains(&limit) {
        return Err(Problem::invalid("limit", "out_of_range").into());
    }
    let limit = usize::try_from(limit).unwrap_or(PAGE);
    let query = Query::parse(&params.q);
    let mut read = app.store().read().await?;
    let as_of = outbox::head(read.conn(), viewer.company).await?;
    let mut items = Vec::new();
    let mut total = 0;
    if params.place != Where::External {
        let known = index::of(&app, &mut read, viewer).await?;
        let sight = Sight::of(&mut read, viewer, app.now()).await?;
        let ranked = index::rank(&mut read, &known, viewer, &sight, &query, limit).await?;
        total += ranked.total;
        let keys: Vec<i64> =
            ranked.hits.iter().filter_map(|hit| known.members.get(hit.record as usize).copied()).collect();
        let rows = members::by_sks(read.conn(), &keys).await?;
        let homes = rows.iter().filter_map(|row| row.whole.main_department().cloned()).collect();
        let names = departments::names(read.conn(), homes).await?;
        for row in rows {
            let hit = keys.iter().position(|key| *key == row.sk).and_then(|at| ranked.hits.get(at));
            let member = sight.show(row, as_of);
            items.push(Found {
                department: member.main_department().and_then(|home| names.get(home)).cloned(),
                id: member.id.as_str().to_owned(),
                name: member.name,
                company: None,
                title: member.title,
                place: Place::Directory,
                why: hit.map_or(Why::Name, |hit| why(hit.why)),
            });
        }
    }
    if params.place != Where::Directory {
        let now = app.now();
        let mine = contacts::page(read.conn(), viewer.member, now, "", MAX_CONTACTS, as_of).await?;
        let mut known = Index::new();
        for contact in &mine {
            known.add(&Keys::of_contact(contact));
        }
        let ranked = search::rank(&known, &query, limit.saturating_sub(items.len()));
        total += ranked.total;
        for hit in ranked.hits {
            if let Some(contact) = mine.get(hit.record as usize) {
                items.push(found(contact, hit.why));
            }
        }
    }
    ok(&SearchReply { items, total: i64::try_from(total).unwrap_or(i64::MAX), as_of, now: app.now() })
}

fn found(contact: &Contact, field: Field) -> Found {
    Found {
        id: contact.id.as_str().to_owned(),
        name: contact.name.clone(),
        department: None,
        company: contact.company.clone(),
        title: contact.title.clone(),
        place: Place::External,
        why: why(field),
    }
}

/// The end of an id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tail {
    tail: String,
}

#[utoipa::path(get, path = "/v1/lookup", security(("token" = [])),
    params(("tail" = String, Query, pattern = "^[0-9A-Za-z]{6,26}$",
            description = "6 to 26 last characters of an id of a request or a contact")),
    responses((status = 200, body = LookupReply)))]
pub(super) async fn lookup(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<Tail>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let tail = params.tail.to_ascii_uppercase();
    if !(6..=26).contains(&tail.len()) || !tail.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Problem::invalid("tail", "malformed").into());
    }
    let mut read = app.store().read().await?;
    ok(&LookupReply { ids: requests::by_tail(read.conn(), viewer, app.now(), &tail).await? })
}
