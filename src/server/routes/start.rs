//! The start: everything for the first useful frame in one answer.

use axum::extract::State;
use axum::response::Response;

use crate::api::{Account, Health, Levels, PAGE, Problem, ProblemCode};
use crate::domain::{Company, Me, Snapshot, Time};
use crate::server::access::{Sight, Viewer};
use crate::server::auth::Caller;
use crate::server::respond::{Failure, ok};
use crate::server::store::companies::CompanyRow;
use crate::server::store::{Read, companies, contacts, departments, members, policies, requests};
use crate::server::{App, approvals};

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

/// What the start says of whoever asks.
struct Seen {
    me: Me,
    company: Company,
    policy_version: i64,
    as_of: i64,
}

async fn who(read: &mut Read, viewer: &Viewer, now: Time) -> Result<Seen, Failure> {
    let gone = || Failure::from(Problem::new(ProblemCode::Unauthenticated));
    let row = companies::get(read.conn(), viewer.company).await?.ok_or_else(gone)?;
    let policy = read.policy(viewer.company).await?;
    let subject = policies::subject(read.conn(), viewer.member).await?;
    let member = members::by_sk(read.conn(), viewer.member).await?.ok_or_else(gone)?;
    let as_of = row.seq;
    let sight = Sight::of(read, viewer, now).await?;
    Ok(Seen {
        me: Me { member: sight.show(member, as_of), roles: viewer.roles.clone() },
        company: company(row, policy.of(&subject, now).chat_link()),
        policy_version: policy.version,
        as_of,
    })
}

#[utoipa::path(get, path = "/v1/me", security(("token" = [])), responses((status = 200, body = Account)))]
pub(super) async fn me(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let now = app.now();
    let seen = who(&mut app.store().read().await?, viewer, now).await?;
    ok(&Account { me: seen.me, company: seen.company, policy_version: seen.policy_version, now })
}

#[utoipa::path(get, path = "/v1/start", security(("token" = [])), responses((status = 200, body = Snapshot)))]
pub(super) async fn start(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let now = app.now();
    let mut read = app.store().read().await?;
    let Seen { me, company, policy_version, as_of } = who(&mut read, viewer, now).await?;
    let sight = Sight::of(&mut read, viewer, now).await?;
    let conn = read.conn();
    let limit = i64::try_from(PAGE).unwrap_or(100);
    let first = match me.member.main_department() {
        Some(home) => members::of_department(conn, viewer, home, limit).await?,
        None => Vec::new(),
    };
    let queue = requests::queue(conn, viewer, now).await?;
    let queue = approvals::all_seen_by(conn, queue, viewer, now, as_of).await?;
    let total = contacts::count(conn, viewer.member, now).await?;
    let members_total = members::count(conn, viewer).await?;
    let departments = departments::list(conn, viewer, as_of).await?;
    let room = approvals::room(&mut read, viewer, now).await?;
    ok(&Snapshot {
        members: first.into_iter().map(|row| sight.show(row, as_of)).collect(),
        departments,
        members_total,
        contacts_total: total,
        requests: queue,
        room,
        me,
        policy_version,
        company,
        as_of,
        now,
        insecure_http: app.insecure_http(),
    })
}
