//! A member without the external permission asks the admins for it.

use super::side::Standing;
use super::tell::{News, tell};
use super::{ApprovalError, write_begin};
use crate::api::{Problem, ProblemCode};
use crate::domain::{
    ApprovalKind, Need, Part, RequestId, RequestState, Requester, RequesterKind, RuleRef, Time, Verdict,
    VerdictCode,
};
use crate::server::access::{Actor, Viewer};
use crate::server::ids;
use crate::server::policy::Setting;
use crate::server::store::requests::{self, NewRequest};
use crate::server::store::{StoreError, Write, members};

/// Asks for the external permission, for a time or for good. One request of a member is open at a time.
pub(crate) async fn ask_permission(
    tx: &mut Write,
    viewer: &Viewer,
    purpose: &str,
    until: Option<Time>,
    call: &str,
) -> Result<RequestId, ApprovalError> {
    let now = tx.now();
    let standing = Standing::of(tx, viewer.company, viewer.member, now).await?;
    let rules = standing.rules();
    if rules.is_on(Setting::External) {
        return Err(Problem::new(ProblemCode::Exists).into());
    }
    if requests::open_permission(tx.conn(), viewer.member, now).await?.is_some() {
        return Err(Problem::new(ProblemCode::Exists).into());
    }
    let me = members::by_sk(tx.conn(), viewer.member).await?.ok_or(StoreError::Unexpected("members"))?.whole;
    let requester = Requester {
        kind: RequesterKind::Colleague,
        member: Some(viewer.id.clone()),
        verified: false,
        name: me.name,
        company: None,
        title: me.title,
        email: None,
        phone: None,
    };
    // The verdict that the request is about.
    let verdict = Verdict {
        code: VerdictCode::ExternalNotGranted,
        rule: RuleRef::built_in(&rules.rule(Setting::External).id),
        policy_version: standing.version(),
        alternatives: Vec::new(),
    };
    let id = ids::request(now);
    let expires = now.after(rules.request_life());
    let sk = requests::add(
        tx,
        NewRequest {
            company: viewer.company,
            id: &id,
            kind: ApprovalKind::Permission,
            target: None,
            from: Some((viewer.member, viewer.company)),
            requester: &requester,
            email_key: None,
            phone_key: None,
            purpose: Some(purpose),
            message: None,
            channel: None,
            introduced_by: None,
            card: None,
            card_label: None,
            flags: &[],
            expires,
            state: RequestState::Pending,
            effective_at: None,
            manager_asked: Need::None,
            manager_asking: Need::None,
            until,
            verdict: &verdict,
            elsewhere: None,
            form: None,
        },
    )
    .await?;
    requests::add_approver(tx, sk, Part::Admin, viewer.company, None).await?;
    let row = requests::by_sk(tx.conn(), sk, now).await?.ok_or(StoreError::Unexpected("requests"))?;
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let news = News { revision: 1, expires: Some(expires), requester_hears: true, ..News::default() };
    tell(tx, &row, &parties, news).await?;
    let actor = Actor::Member(viewer.clone()).tag();
    let version = Some(standing.version());
    write_begin(tx, &row, (&actor, viewer.company), "permission.ask", version, call).await?;
    Ok(id)
}
