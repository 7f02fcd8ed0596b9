//! A company's audit log: read, which is written down in it, and looked through.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::tokens::named_company;
use crate::api::{AUDIT_PAGE, AuditActor, AuditFound, AuditHead, AuditPage, AuditRow, AuditVerify, Problem};
use crate::domain::{CompanyId, Who};
use crate::server::App;
use crate::server::access::Action;
use crate::server::auth::Caller;
use crate::server::respond::{Failure, Json, Params, ok};
use crate::server::secrets::hex;
use crate::server::store::{Conn, StoreError, Write, audit, companies, relations};
use crate::text::Untrusted;

/// Most heads that a log is held against.
const MAX_ANCHORS: usize = 1_000;
/// Longest action or id that is asked for.
const MAX_WORD: usize = 64;

/// Which rows.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    company: Option<CompanyId>,
    #[serde(default)]
    after: i64,
    action: Option<String>,
    object: Option<String>,
    limit: Option<i64>,
}

/// Whoever looks stands in the log as well.
async fn record(
    tx: &mut Write,
    caller: &Caller,
    company: i64,
    action: &str,
    object: &str,
) -> Result<(), StoreError> {
    audit::add(
        tx,
        audit::Entry {
            company,
            actor: &caller.actor.tag(),
            action,
            object,
            old_state: None,
            new_state: None,
            policy_version: None,
            call: &caller.call,
        },
    )
    .await
}

async fn head(conn: &mut Conn, company: i64) -> Result<AuditHead, StoreError> {
    let (seq, hash) = audit::head(conn, company).await?;
    Ok(AuditHead { seq, hash: hex(&hash) })
}

/// Whom a row names. Of people of another company only that company is told.
async fn actor(conn: &mut Conn, company: i64, tag: &str) -> Result<AuditActor, StoreError> {
    let member = match tag {
        "visitor" => return Ok(AuditActor::Visitor),
        "operator" => return Ok(AuditActor::Operator),
        _ => tag.strip_prefix("member/").and_then(|sk| sk.parse().ok()),
    };
    let Some(member) = member else { return Ok(AuditActor::Program) };
    let theirs = relations::company_of(conn, member).await?;
    match theirs.filter(|theirs| *theirs != company) {
        Some(theirs) => {
            let row = companies::get(conn, theirs).await?;
            Ok(row.map_or(AuditActor::Member(None), |row| AuditActor::Outsider(row.id)))
        }
        None => {
            let person = relations::person(conn, member).await?;
            Ok(AuditActor::Member(person.map(|person| Who { id: person.id, name: person.name })))
        }
    }
}

#[utoipa::path(get, path = "/v1/audit", security(("token" = [])),
    params(("company" = Option<CompanyId>, Query, description = "which company; only the operator says"),
           ("after" = Option<i64>, Query, minimum = 0, description = "only rows behind this number"),
           ("action" = Option<String>, Query, max_length = 64, description = "only actions that begin so"),
           ("object" = Option<String>, Query, max_length = 64, description = "only rows about this id"),
           ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000)),
    responses((status = 200, body = AuditPage)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Params<Wanted>,
) -> Result<Response, Failure> {
    let wanted = query.0;
    let limit = wanted.limit.unwrap_or(AUDIT_PAGE);
    if !(1..=AUDIT_PAGE).contains(&limit) {
        return Err(Problem::invalid("limit", "out_of_range").into());
    }
    if wanted.after < 0 {
        return Err(Problem::invalid("after", "out_of_range").into());
    }
    for (name, text) in [("action", &wanted.action), ("object", &wanted.object)] {
        if text.as_ref().is_some_and(|text| text.len() > MAX_WORD) {
            return Err(Problem::invalid(name, "too_long").into());
        }
    }
    let mut tx = app.write().await?;
    let company = named_company(tx.conn(), &caller, Action::ReadAudit, wanted.company.as_ref()).await?;
    let head = head(tx.conn(), company).await?;
    let only = (wanted.action.as_deref(), wanted.object.as_deref());
    let rows = audit::page(tx.conn(), company, wanted.after, only, limit).await?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == limit;
    let next = rows.last().filter(|_| full).map(|row| row.seq);
    let of = match (rows.first(), rows.last()) {
        (Some(first), Some(last)) => format!("{}-{}", first.seq, last.seq),
        _ => "none".to_owned(),
    };
    let mut known: HashMap<String, AuditActor> = HashMap::new();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        if !known.contains_key(&row.actor) {
            let actor = actor(tx.conn(), company, &row.actor).await?;
            known.insert(row.actor.clone(), actor);
        }
        items.push(AuditRow {
            seq: row.seq,
            at: row.at,
            actor: known.get(&row.actor).cloned().unwrap_or(AuditActor::Program),
            action: row.action,
            object: row.object.into(),
            old_state: row.old_state.map(Untrusted::from),
            new_state: row.new_state.map(Untrusted::from),
            policy_version: row.policy_version,
            call: row.call,
            hash: hex(&row.hash),
        });
    }
    record(&mut tx, &caller, company, "audit.read", &of).await?;
    tx.commit().await?;
    ok(&AuditPage { items, next, head })
}

#[utoipa::path(post, path = "/v1/audit/verify", security(("token" = [])), request_body = AuditVerify,
    responses((status = 200, body = AuditFound)))]
pub(super) async fn verify(
    State(app): State<App>,
    caller: Caller,
    body: Json<AuditVerify>,
) -> Result<Response, Failure> {
    let AuditVerify { company, anchors } = &body.value;
    if anchors.len() > MAX_ANCHORS {
        return Err(Problem::invalid("anchors", "too_long").into());
    }
    let mut read = app.store().read().await?;
    let company = named_company(read.conn(), &caller, Action::ReadAudit, company.as_ref()).await?;
    let head = head(read.conn(), company).await?;
    let broken = audit::first_broken(read.conn(), company).await?;
    let rows = broken.map_or(head.seq, |seq| seq - 1);
    let mut found = AuditFound { rows, broken, forked: None, cut_off: None, head };
    for anchor in anchors {
        match audit::seal_of(read.conn(), company, anchor.seq).await? {
            None => found.cut_off = found.cut_off.or(Some(anchor.seq)),
            Some(seal) if !hex(&seal).eq_ignore_ascii_case(&anchor.hash) => {
                found.forked = found.forked.or(Some(anchor.seq));
            }
            Some(_) => {}
        }
    }
    drop(read);
    let mut tx = app.write().await?;
    record(&mut tx, &caller, company, "audit.verify", &found.head.seq.to_string()).await?;
    tx.commit().await?;
    ok(&found)
}
