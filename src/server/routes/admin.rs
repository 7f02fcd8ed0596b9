//! What only the holder of the server's own token does.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::api::{CompanyReply, NewCompany, NewSession, Problem, ProblemCode, SessionReply};
use crate::domain::{Company, CompanyId, MemberId};
use crate::server::App;
use crate::server::auth::Caller;
use crate::server::respond::{Failure, Json, ok};
use crate::server::secrets::{Token, TokenKind};
use crate::server::store::sessions::SessionKind;
use crate::server::store::{Conn, StoreError, audit, companies, members, sessions, settings};

/// Who this computer is signed in as.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(super) struct LocalReply {
    /// The company; none when nothing was ever brought in.
    company: Option<Company>,
    /// The member.
    member: Option<MemberId>,
}

#[utoipa::path(get, path = "/v1/local", security(("token" = [])), responses((status = 200, body = LocalReply)))]
pub(super) async fn local(State(app): State<App>) -> Result<Response, Failure> {
    let mut read = app.store().read().await?;
    ok(&signed_in(read.conn()).await?)
}

async fn signed_in(conn: &mut Conn) -> Result<LocalReply, Failure> {
    let Some((company, member)) = settings::signed_in(conn).await? else {
        return Ok(LocalReply { company: None, member: None });
    };
    let company = companies::get(conn, company).await?.map(|row| super::start::company(row, None));
    Ok(LocalReply { company, member: members::id_of(conn, member).await? })
}

/// Signs this computer in as another member.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// The company.
    company: CompanyId,
    /// The member.
    member: MemberId,
}

#[utoipa::path(put, path = "/v1/local", security(("token" = [])), request_body = SignIn,
    responses((status = 200, body = LocalReply)))]
pub(super) async fn sign_in(State(app): State<App>, body: Json<SignIn>) -> Result<Response, Failure> {
    let mut tx = app.write().await?;
    let (company, member) = find(tx.conn(), &body.value.company, &body.value.member).await?;
    settings::sign_in(&mut tx, company, member).await?;
    let reply = signed_in(tx.conn()).await?;
    tx.commit().await?;
    ok(&reply)
}

async fn find(conn: &mut Conn, company: &CompanyId, member: &MemberId) -> Result<(i64, i64), Failure> {
    let missing = || Failure::from(Problem::new(ProblemCode::NotFound));
    let company = companies::by_id(conn, company).await?.ok_or_else(missing)?;
    let member = members::find(conn, company.sk, member).await?.ok_or_else(missing)?;
    Ok((company.sk, member.sk))
}

#[utoipa::path(post, path = "/v1/companies", security(("token" = [])), request_body = NewCompany,
    responses((status = 200, body = CompanyReply)))]
pub(super) async fn add_company(
    State(app): State<App>,
    caller: Caller,
    body: Json<NewCompany>,
) -> Result<Response, Failure> {
    let mut tx = app.write().await?;
    if companies::is_taken(tx.conn(), &body.value.id).await? {
        return Err(Problem::new(ProblemCode::Exists).into());
    }
    let sk = companies::add(&mut tx, &body.value).await?;
    audit::add(
        &mut tx,
        audit::Entry {
            company: sk,
            actor: &caller.actor.tag(),
            action: "company.make",
            object: body.value.id.as_str(),
            old_state: None,
            new_state: Some("live"),
            policy_version: Some(1),
            call: &caller.call,
        },
    )
    .await?;
    let row = companies::get(tx.conn(), sk).await?.ok_or(StoreError::Unexpected("companies"))?;
    tx.commit().await?;
    ok(&CompanyReply { company: super::start::company(row, None), members: 0 })
}

/// Makes a session for a member. Without a member, for the one that this computer is signed in as; such
/// a session is kept beside the database and ends with it.
#[utoipa::path(post, path = "/v1/sessions", security(("token" = [])), request_body = NewSession,
    responses((status = 200, body = SessionReply)))]
pub(super) async fn add_session(
    State(app): State<App>,
    caller: Caller,
    body: Json<NewSession>,
) -> Result<Response, Failure> {
    let mut tx = app.write().await?;
    let missing = || Failure::from(Problem::new(ProblemCode::NotFound));
    let (company, member, kind) = match (&body.value.company, &body.value.member) {
        (Some(company), Some(member)) => {
            let (company, member) = find(tx.conn(), company, member).await?;
            (company, member, SessionKind::Signed)
        }
        (None, None) => {
            let (company, member) = settings::signed_in(tx.conn()).await?.ok_or_else(missing)?;
            (company, member, SessionKind::Local)
        }
        _ => return Err(Problem::invalid("member", "missing").into()),
    };
    let row = companies::get(tx.conn(), company).await?.ok_or_else(missing)?;
    let id = members::id_of(tx.conn(), member).await?.ok_or_else(missing)?;
    let token = Token::random(TokenKind::Session).map_err(StoreError::from)?;
    sessions::add(&mut tx, &token.hash(), company, member, kind).await?;
    audit::add(
        &mut tx,
        audit::Entry {
            company,
            actor: &caller.actor.tag(),
            action: "session.make",
            object: &format!("member/{member}"),
            old_state: None,
            new_state: Some("live"),
            policy_version: None,
            call: &caller.call,
        },
    )
    .await?;
    tx.commit().await?;
    ok(&SessionReply { token: token.expose().to_owned(), member: id, company: row.id })
}
