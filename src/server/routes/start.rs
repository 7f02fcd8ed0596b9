//! The start: everything for the first useful frame in one answer.

use axum::extract::State;
use axum::response::Response;

use crate::api::{Account, Health, Levels, PAGE, Problem, ProblemCode};
use crate::domain::{Company, Me, Snapshot};
use crate::server::access::Viewer;
use crate::server::auth::Caller;
use crate::server::respond::{Failure, ok};
use crate::server::store::companies::CompanyRow;
use crate::server::store::{Conn, companies, contacts, departments, members, requests};
use crate::server::{App, approvals, policy};

#[utoipa::path(get, path = "/v1/health", responses((status = 200, body = Health)))]
pub(super) async fn health(State(app): State<App>) -> Result<Response, Failure> {
    ok(&Health {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api: Levels::OURS.newest,
        api_oldest: Levels::OURS.oldest,
        now: app.now(),
    })
}

/// The company as its members see it.
pub(super) fn company(row: CompanyRow, chat_link: Option<String>) -> Company {
    Company {
        id: row.id,
        name: row.name,
        domain: row.domain,
        made_up: row.made_up,
        chat_link,
        time_zone: row.time_zone,
        created: row.created,
    }
}

async fn who(conn: &mut Conn, viewer: &Viewer) -> Result<(Me, CompanyRow, policy::Effective), Failure> {
    let gone = || Failure::from(Problem::new(ProblemCode::Unauthenticated));
    let row = companies::get(conn, viewer.company).await?.ok_or_else(gone)?;
    let policy = policy::effective(conn, viewer.company).await?;
    let member = members::by_sk(conn, viewer.member).await?.ok_or_else(gone)?;
    let me = Me { member: member.seen_by(viewer, row.seq), roles: viewer.roles.clone() };
    Ok((me, row, policy))
}

#[utoipa::path(get, path = "/v1/me", security(("token" = [])), responses((status = 200, body = Account)))]
pub(super) async fn me(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut read = app.store().read().await?;
    let (me, row, policy) = who(read.conn(), viewer).await?;
    ok(&Account {
        me,
        policy_version: policy.version,
        company: company(row, policy.rules.chat_link),
        now: app.now(),
    })
}

#[utoipa::path(get, path = "/v1/start", security(("token" = [])), responses((status = 200, body = Snapshot)))]
pub(super) async fn start(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let now = app.now();
    let mut read = app.store().read().await?;
    let conn = read.conn();
    let (me, row, policy) = who(conn, viewer).await?;
    let as_of = row.seq;
    let limit = i64::try_from(PAGE).unwrap_or(100);
    let first = match me.member.main_department() {
        Some(home) => members::of_department(conn, viewer.company, home, limit).await?,
        None => Vec::new(),
    };
    let queue = requests::queue(conn, viewer.member, now, as_of).await?;
    ok(&Snapshot {
        members: first.into_iter().map(|row| row.seen_by(viewer, as_of)).collect(),
        departments: departments::list(conn, viewer.company, as_of).await?,
        members_total: members::count(conn, viewer.company).await?,
        contacts_total: contacts::count(conn, viewer.member, now).await?,
        requests: queue.into_iter().map(|row| approvals::seen_by(row, viewer, now)).collect(),
        me,
        policy_version: policy.version,
        company: company(row, policy.rules.chat_link),
        as_of,
        now,
        insecure_http: app.insecure_http(),
    })
}
