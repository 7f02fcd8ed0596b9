//! Two companies agree: one proposes, the other accepts, either ends it.

use super::effects::resolve;
use super::tell::{News, tell};
use super::{ApprovalError, write_begin};
use crate::api::{Problem, ProblemCode};
use crate::domain::{
    ApprovalKind, LinkScope, Need, Part, RequestId, RequestState, Requester, RequesterKind, RuleRef, Verdict,
    VerdictCode,
};
use crate::server::access::{Actor, Viewer};
use crate::server::ids;
use crate::server::policy::Setting;
use crate::server::store::requests::{self, NewRequest};
use crate::server::store::{StoreError, Write, audit, companies, links, members, policies};

/// Proposes a link with what our side shows. One link, or one proposal, of two companies at a time.
pub(crate) async fn propose_link(
    tx: &mut Write,
    viewer: &Viewer,
    other: i64,
    scope: &LinkScope,
    purpose: &str,
    call: &str,
) -> Result<RequestId, ApprovalError> {
    let now = tx.now();
    if links::between(tx.conn(), viewer.company, other, now).await?.is_some()
        || links::proposed(tx.conn(), viewer.company, other, now).await?
    {
        return Err(Problem::new(ProblemCode::Exists).into());
    }
    let shown = resolve(tx, viewer.company, scope).await?;
    let ours = companies::get(tx.conn(), viewer.company).await?.ok_or(StoreError::Unexpected("companies"))?;
    let me = members::by_sk(tx.conn(), viewer.member).await?.ok_or(StoreError::Unexpected("members"))?.whole;
    let requester = Requester {
        kind: RequesterKind::Member,
        member: None,
        verified: false,
        name: me.name,
        company: Some(ours.name),
        title: me.external_title,
        email: None,
        phone: None,
    };
    let policy = tx.policy(other).await?;
    let subject = policies::subject(tx.conn(), viewer.member).await?;
    let rules = policy.of(&subject, now);
    let verdict = Verdict {
        code: VerdictCode::CompanyNotLinked,
        rule: RuleRef::built_in("EXT-03"),
        policy_version: policy.version,
        alternatives: Vec::new(),
    };
    let id = ids::request(now);
    let days = rules.policy.for_company(Setting::RequestDays).count().unwrap_or(30);
    let expires = now.after(std::time::Duration::from_secs(24 * 3_600) * days);
    let sk = requests::add(
        tx,
        NewRequest {
            company: other,
            id: &id,
            kind: ApprovalKind::PartnerLink,
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
            until: None,
            verdict: &verdict,
            elsewhere: None,
            form: None,
        },
    )
    .await?;
    let link = links::propose(tx, sk, viewer.company, other).await?;
    links::set_scope(tx, link, viewer.company, &shown).await?;
    requests::add_approver(tx, sk, Part::Admin, other, None).await?;
    let row = requests::by_sk(tx.conn(), sk, now).await?.ok_or(StoreError::Unexpected("requests"))?;
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let news = News { revision: 1, expires: Some(expires), requester_hears: true, ..News::default() };
    tell(tx, &row, &parties, news).await?;
    let actor = Actor::Member(viewer.clone()).tag();
    let version = Some(policy.version);
    write_begin(tx, &row, (&actor, viewer.company), "link.propose", version, call).await?;
    Ok(id)
}

/// Ends the link with another company. Returns whether there was one. Contacts that came by it stay.
pub(crate) async fn end_link(
    tx: &mut Write,
    viewer: &Viewer,
    other: i64,
    call: &str,
) -> Result<bool, ApprovalError> {
    let now = tx.now();
    let Some(link) = links::between(tx.conn(), viewer.company, other, now).await? else { return Ok(false) };
    if !links::end(tx, link.sk, viewer.company).await? {
        return Ok(false);
    }
    let request = requests::by_sk(tx.conn(), link.request, now).await?;
    let request = request.map(|row| row.id.as_str().to_owned()).unwrap_or_default();
    let actor = Actor::Member(viewer.clone()).tag();
    for company in [viewer.company, other] {
        companies::reset_followers(tx, company).await?;
        audit::add(
            tx,
            audit::Entry {
                company,
                actor: &actor,
                action: "link.end",
                object: &request,
                old_state: Some("live"),
                new_state: Some("ended"),
                policy_version: None,
                call,
            },
        )
        .await?;
    }
    Ok(true)
}
