//! Access tokens and roles: given and taken by a company's admin or the operator.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::api::{
    IssuedToken, IssuedTokens, NewTokens, Problem, ProblemCode, RoleReply, SetRole, TokenInfo, TokenList,
};
use crate::domain::{CompanyId, Member, MemberId, Status};
use crate::server::access::{self, Action, Actor, Answer, Object};
use crate::server::auth::Caller;
use crate::server::respond::{Failure, Id, Json, Params, PlainText, ok};
use crate::server::secrets::{Token, TokenKind};
use crate::server::store::members::MemberRow;
use crate::server::store::sessions::SessionKind;
use crate::server::store::{Conn, StoreError, Write, audit, companies, members, sessions};
use crate::server::{App, access::Viewer};

fn missing() -> Failure {
    Problem::new(ProblemCode::NotFound).into()
}

/// The company that is meant: the operator names it, an admin has but one.
pub(super) async fn company(
    conn: &mut Conn,
    caller: &Caller,
    named: Option<&CompanyId>,
) -> Result<i64, Failure> {
    named_company(conn, caller, Action::Administer, named).await
}

/// The same for something else than administering it.
pub(super) async fn named_company(
    conn: &mut Conn,
    caller: &Caller,
    action: Action,
    named: Option<&CompanyId>,
) -> Result<i64, Failure> {
    let sk = match (&caller.actor, named) {
        (Actor::Operator, None) => return Err(Problem::invalid("company", "missing").into()),
        (Actor::Member(Viewer { company, .. }), None) => return Ok(*company),
        (_, Some(id)) => companies::by_id(conn, id).await?.ok_or_else(missing)?.sk,
        (Actor::Visitor, None) => return Err(missing()),
    };
    match access::can(&caller.actor, action, Object::Company(sk)) {
        Answer::Allow => Ok(sk),
        _ => Err(missing()),
    }
}

async fn record(
    tx: &mut Write,
    caller: &Caller,
    company: i64,
    action: &str,
    object: &str,
    states: (Option<&str>, &str),
) -> Result<(), StoreError> {
    audit::add(
        tx,
        audit::Entry {
            company,
            actor: &caller.actor.tag(),
            action,
            object,
            old_state: states.0,
            new_state: Some(states.1),
            policy_version: None,
            call: &caller.call,
        },
    )
    .await
}

#[utoipa::path(post, path = "/v1/tokens", security(("token" = [])), request_body = NewTokens,
    responses((status = 200, body = IssuedTokens)))]
pub(super) async fn issue(
    State(app): State<App>,
    caller: Caller,
    body: Json<NewTokens>,
) -> Result<Response, Failure> {
    let mut tx = app.write().await?;
    let company = company(tx.conn(), &caller, body.value.company.as_ref()).await?;
    let now = tx.now();
    let wanted: Vec<MemberRow> = match &body.value.member {
        Some(id) => {
            // A token must not prolong itself by another one.
            if matches!(&caller.actor, Actor::Member(viewer) if viewer.id.key() == id.key()) {
                return Err(Problem::new(ProblemCode::Forbidden).into());
            }
            let row = members::find(tx.conn(), company, id).await?.ok_or_else(missing)?;
            if row.whole.status == Status::Disabled {
                return Err(Problem::invalid("member", "disabled").into());
            }
            let has = sessions::access_tokens(tx.conn(), company, Some(row.sk), now).await?;
            if has.len() >= sessions::MOST_ACCESS {
                return Err(Problem::invalid("member", "too_many").into());
            }
            vec![row]
        }
        None => members::without_access(tx.conn(), company, now).await?,
    };
    let mut items = Vec::new();
    for row in wanted {
        let token = Token::random(TokenKind::Access).map_err(StoreError::from)?;
        let hash = token.hash();
        let expires = sessions::add(&mut tx, &hash, company, row.sk, SessionKind::Access).await?;
        let id = sessions::access_id(&hash);
        let object = format!("member/{}", row.sk);
        record(&mut tx, &caller, company, "token.issue", &object, (None, &id)).await?;
        items.push(IssuedToken {
            id,
            member: row.whole.id,
            name: row.whole.name,
            expires,
            token: token.expose().to_owned(),
        });
    }
    tx.commit().await?;
    ok(&IssuedTokens { items })
}

/// Which company's tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenQuery {
    company: Option<CompanyId>,
}

#[utoipa::path(get, path = "/v1/tokens", security(("token" = [])),
    params(("company" = Option<CompanyId>, Query, description = "which company; only the operator says")),
    responses((status = 200, body = TokenList)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Params<TokenQuery>,
) -> Result<Response, Failure> {
    let mut read = app.store().read().await?;
    let company = company(read.conn(), &caller, query.0.company.as_ref()).await?;
    let tokens = sessions::access_tokens(read.conn(), company, None, app.now()).await?;
    let mut owners: Vec<i64> = tokens.iter().map(|token| token.member).collect();
    owners.sort_unstable();
    owners.dedup();
    let mut people: HashMap<i64, Member> = HashMap::new();
    for piece in owners.chunks(500) {
        let rows = members::by_sks(read.conn(), piece).await?;
        people.extend(rows.into_iter().map(|row| (row.sk, row.whole)));
    }
    let items = tokens.into_iter().filter_map(|token| {
        let owner = people.get(&token.member)?;
        Some(TokenInfo {
            id: token.id,
            member: owner.id.clone(),
            name: owner.name.clone(),
            created: token.created,
            last_used: token.last_used,
            expires: token.expires,
        })
    });
    ok(&TokenList { items: items.collect() })
}

#[utoipa::path(delete, path = "/v1/tokens/{id}", security(("token" = [])),
    params(("id" = String, Path, pattern = "^[0-9A-Fa-f]{12}$"), ("company" = Option<CompanyId>, Query, description = "which company; only the operator says")),
    responses((status = 204, description = "It is good no more.")))]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    PlainText(id): PlainText,
    query: Params<TokenQuery>,
) -> Result<Response, Failure> {
    if !sessions::is_access_id(&id) {
        return Err(missing());
    }
    let mut tx = app.write().await?;
    let company = company(tx.conn(), &caller, query.0.company.as_ref()).await?;
    let now = tx.now();
    let tokens = sessions::access_tokens(tx.conn(), company, None, now).await?;
    let token = tokens.into_iter().find(|token| token.id == id).ok_or_else(missing)?;
    sessions::end(&mut tx, &token.hash).await?;
    let object = format!("member/{}", token.member);
    record(&mut tx, &caller, company, "token.revoke", &object, (Some(&token.id), "ended")).await?;
    tx.commit().await?;
    app.hub().wake(company);
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[utoipa::path(put, path = "/v1/members/{id}/role", security(("token" = [])), params(("id" = MemberId, Path)),
    request_body = SetRole, responses((status = 200, body = RoleReply)))]
pub(super) async fn set_role(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MemberId>,
    body: Json<SetRole>,
) -> Result<Response, Failure> {
    let mut tx = app.write().await?;
    let company = company(tx.conn(), &caller, body.value.company.as_ref()).await?;
    let row = members::find(tx.conn(), company, &id).await?.ok_or_else(missing)?;
    let role = body.value.role;
    let before = members::set_special_role(&mut tx, row.sk, role.as_str()).await?;
    if before != role.as_str() {
        let object = format!("member/{}", row.sk);
        record(&mut tx, &caller, company, "role.set", &object, (Some(&before), role.as_str())).await?;
        // What this member may see and do is another from now on: their copy starts again.
        companies::reset_follower(&mut tx, company, row.sk).await?;
    }
    tx.commit().await?;
    ok(&RoleReply { member: row.whole.id, role })
}

#[utoipa::path(delete, path = "/v1/session", security(("token" = [])),
    responses((status = 204, description = "The token of this call is good no more.")))]
pub(super) async fn sign_out(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut tx = app.write().await?;
    if let Some(hash) = &caller.session {
        sessions::end(&mut tx, hash).await?;
        let object = format!("member/{}", viewer.member);
        record(&mut tx, &caller, viewer.company, "session.end", &object, (Some("live"), "ended")).await?;
    }
    tx.commit().await?;
    app.hub().wake(viewer.company);
    Ok(StatusCode::NO_CONTENT.into_response())
}
