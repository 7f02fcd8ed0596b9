//! What an approval leads to, written with the decision and hidden until it takes effect.

use std::collections::BTreeSet;

use super::ApprovalError;
use crate::api::{EventKind, Problem, ProblemCode};
use crate::domain::{AddWay, ApprovalKind, Channel, Decision, HistoryKind, LinkScope, RuleRef, Time};
use crate::server::access::Viewer;
use crate::server::ids;
use crate::server::policy::Setting;
use crate::server::store::contacts::{self, NewContact};
use crate::server::store::links::{self, LinkRow, Shown};
use crate::server::store::outbox::{self, Touched};
use crate::server::store::requests::RequestRow;
use crate::server::store::{
    Write, blocks, cards, companies, departments, grants, handovers, linked, members, policies, relations,
};

/// A decision with what it was made by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Approval<'a> {
    /// The request as it was before the decision.
    pub(super) row: &'a RequestRow,
    /// Who decided; none: the policy.
    pub(super) viewer: Option<&'a Viewer>,
    pub(super) decision: &'a Decision,
    pub(super) effective_at: Time,
    pub(super) rule: &'a RuleRef,
    pub(super) policy_version: i64,
}

/// Makes what an approval of any kind leads to.
pub(super) async fn make(tx: &mut Write, approval: Approval<'_>) -> Result<(), ApprovalError> {
    match approval.row.kind {
        ApprovalKind::Connection => connect(tx, approval).await,
        ApprovalKind::Permission => {
            let Some(member) = approval.row.requester else { return Ok(()) };
            let grant = grants::NewGrant {
                company: approval.row.company,
                member: Some(member),
                department: None,
                since: approval.effective_at,
                until: approval.decision.until,
                by: approval.viewer.map(|viewer| viewer.member),
                request: Some(approval.row.sk),
            };
            grants::add(tx, grant).await?;
            // What the member may do changes with it.
            let company = approval.row.company;
            expect_reset(tx, company, member, approval.row, approval.effective_at).await
        }
        ApprovalKind::PartnerLink => link(tx, approval).await,
        // A handover is taken at once: see `handover`.
        ApprovalKind::Handover => Ok(()),
    }
}

/// The contacts of both sides.
async fn connect(tx: &mut Write, approval: Approval<'_>) -> Result<(), ApprovalError> {
    let Approval { row, effective_at, .. } = approval;
    let Some(target) = row.target else { return Ok(()) };
    let asked_by_card = row.channel == Some(Channel::Namecard);
    let ours = NewContact {
        company: row.company,
        owner: target,
        peer: row.requester,
        add_way: AddWay::TheyAsked,
        request: row.sk,
        since: effective_at,
        tags: &approval.decision.tags,
    };
    let theirs = row.requester.zip(row.requester_company).map(|(member, company)| NewContact {
        company,
        owner: member,
        peer: Some(target),
        add_way: match row.channel {
            Some(Channel::Introduction) => AddWay::Introduced,
            _ if asked_by_card => AddWay::TheirCard,
            _ => AddWay::Linked,
        },
        request: row.sk,
        since: effective_at,
        tags: &[],
    });
    let shown = match row.requester {
        // The requester sees of the target what the card showed, else the main address if the policy lets it.
        Some(_) => shown_to_peer(tx, row, target).await?,
        None => contacts::Lines::default(),
    };
    for (new, lines) in [(Some(ours), None), (theirs, Some(&shown))] {
        let Some(new) = new else { continue };
        let (owner, company) = (new.owner, new.company);
        if has_already(tx, new).await? {
            continue;
        }
        let id = ids::contact(tx.now());
        let sk = match lines {
            None => contacts::add_requester(tx, &id, new).await?,
            Some(lines) => contacts::add_target(tx, &id, new, lines).await?,
        };
        let asked_under = (row.verdict.rule.id.as_str(), row.verdict.policy_version);
        contacts::note(tx, sk, row.created, HistoryKind::Requested, None, Some(asked_under)).await?;
        // The other company hears that it was approved, not by whom.
        let by = approval.viewer.filter(|viewer| viewer.company == company).map(|viewer| viewer.member);
        let under = (approval.rule.id.as_str(), approval.policy_version);
        contacts::note(tx, sk, tx.now(), HistoryKind::Approved, by, Some(under)).await?;
        begins(tx, (company, owner), id.as_str(), effective_at).await?;
    }
    Ok(())
}

/// Whether a side has the contact already, from before or by a yes that is held: nobody has anybody twice. Of
/// two that are held the one that takes effect first makes it.
async fn has_already(tx: &mut Write, new: NewContact<'_>) -> Result<bool, ApprovalError> {
    let now = tx.now();
    let Some(peer) = new.peer else { return Ok(false) };
    let Some(known) = contacts::kept(tx.conn(), new.owner, peer, now).await? else { return Ok(false) };
    if known.since > new.since {
        contacts::begin_by(tx, known.sk, Some(new.request), new.since).await?;
        outbox::expect_nothing(tx, EventKind::Contact, known.id.as_str()).await?;
        begins(tx, (new.company, new.owner), known.id.as_str(), new.since).await?;
    }
    Ok(true)
}

/// Tells the owner of a contact when it begins.
async fn begins(
    tx: &mut Write,
    (company, owner): (i64, i64),
    id: &str,
    since: Time,
) -> Result<(), ApprovalError> {
    let object = Touched { company, kind: EventKind::Contact, id, member: Some(owner), revision: 1 };
    if since > tx.now() {
        outbox::expect(tx, object, super::EFFECTIVE, since).await?;
    } else {
        outbox::changed(tx, object).await?;
    }
    Ok(())
}

/// What a peer sees of the member whom they asked.
async fn shown_to_peer(
    tx: &mut Write,
    row: &RequestRow,
    target: i64,
) -> Result<contacts::Lines, ApprovalError> {
    let now = tx.now();
    // A request that was passed on came by somebody else's card.
    if let Some(card) = row.card
        && cards::is_of(tx.conn(), card, target).await?
    {
        return Ok(crate::server::cards::lines(tx, (row.company, target), card, now).await?);
    }
    let policy = tx.policy(row.company).await?;
    let subject = policies::subject(tx.conn(), target).await?;
    let may = policy.of(&subject, now).value(Setting::CardFields);
    let member = members::by_sk(tx.conn(), target).await?;
    let email = member.and_then(|row| row.whole.emails.into_iter().next()).filter(|_| may.holds("email"));
    Ok(contacts::Lines { phones: Vec::new(), emails: email.into_iter().collect() })
}

/// Two companies are linked: each side shows the other what it chose.
async fn link(tx: &mut Write, approval: Approval<'_>) -> Result<(), ApprovalError> {
    let row = approval.row;
    let Some(link) = links::of_request(tx.conn(), row.sk).await? else {
        return Err(Problem::new(ProblemCode::NotFound).into());
    };
    let scope = approval.decision.scope.clone().unwrap_or_default();
    let shown = resolve(tx, row.company, &scope).await?;
    links::set_scope(tx, link.sk, row.company, &shown).await?;
    links::set_since(tx, link.sk, Some(approval.effective_at)).await?;
    show_people(tx, &LinkRow { since: Some(approval.effective_at), ..link }).await?;
    for company in [link.proposer, link.accepter] {
        // Everybody sees other people from then on.
        let object = Touched {
            company,
            kind: EventKind::Company,
            id: row.id.as_str(),
            member: None,
            revision: row.revision + 1,
        };
        outbox::expect(tx, object, super::EFFECTIVE, approval.effective_at).await?;
    }
    Ok(())
}

/// The hidden keys of a scope. What it names has to be there.
pub(super) async fn resolve(tx: &mut Write, company: i64, scope: &LinkScope) -> Result<Shown, ApprovalError> {
    let mut shown = Shown::default();
    for id in &scope.departments {
        let sk = departments::sk_of(tx.conn(), company, id).await?;
        shown.departments.push(sk.ok_or_else(|| Problem::invalid("scope.departments", "unknown"))?);
    }
    for id in &scope.members {
        let row = members::find(tx.conn(), company, id).await?;
        shown.members.push(row.ok_or_else(|| Problem::invalid("scope.members", "unknown"))?.sk);
    }
    Ok(shown)
}

/// Writes anew whom each side of a link shows the other.
async fn show_people(tx: &mut Write, link: &LinkRow) -> Result<(), ApprovalError> {
    for (company, viewer) in [(link.proposer, link.accepter), (link.accepter, link.proposer)] {
        let shown = links::scope(tx.conn(), link.sk, company).await?;
        let people: BTreeSet<i64> =
            relations::in_scope(tx.conn(), company, &shown).await?.into_iter().collect();
        linked::show(tx, link.sk, viewer, &people).await?;
    }
    Ok(())
}

/// Writes anew whom a company shows by its links: its directory or its policy has changed.
pub(crate) async fn refresh_linked(tx: &mut Write, company: i64) -> Result<(), ApprovalError> {
    let now = tx.now();
    for link in links::of_company(tx.conn(), company, now).await? {
        show_people(tx, &link).await?;
        companies::reset_followers(tx, link.other(company)).await?;
    }
    Ok(())
}

/// Has one member start again when something takes effect.
async fn expect_reset(
    tx: &mut Write,
    company: i64,
    member: i64,
    row: &RequestRow,
    at: Time,
) -> Result<(), ApprovalError> {
    let object = Touched {
        company,
        kind: EventKind::Company,
        id: row.id.as_str(),
        member: Some(member),
        revision: row.revision + 1,
    };
    outbox::expect(tx, object, super::EFFECTIVE, at).await?;
    Ok(())
}

/// The requester may not ask anybody of the company again.
pub(super) async fn block(tx: &mut Write, approval: Approval<'_>) -> Result<(), ApprovalError> {
    let Some(viewer) = approval.viewer else { return Ok(()) };
    blocks::add(tx, approval.row, viewer.member, approval.effective_at).await?;
    Ok(())
}

/// Takes back what a held decision would have led to.
pub(super) async fn unmake(tx: &mut Write, row: &RequestRow) -> Result<(), ApprovalError> {
    outbox::expect_nothing(tx, EventKind::Request, row.id.as_str()).await?;
    outbox::expect_nothing(tx, EventKind::Company, row.id.as_str()).await?;
    let now = tx.now();
    for contact in contacts::of_request(tx.conn(), row.sk, now).await? {
        let contacts::Coming { sk, id, company, owner, other, .. } = contact;
        outbox::expect_nothing(tx, EventKind::Contact, id.as_str()).await?;
        let comes = match other {
            Some((other, since)) => Some((Some(other), since)),
            None => handovers::comes_at(tx.conn(), sk, now).await?.map(|since| (None, since)),
        };
        if let Some((request, since)) = comes {
            contacts::begin_by(tx, sk, request, since).await?;
            begins(tx, (company, owner), id.as_str(), since).await?;
        } else if handovers::drop_contact(tx, sk).await? {
            contacts::end_at(tx, sk, Some(now)).await?;
        } else {
            contacts::unmake(tx, sk).await?;
        }
    }
    blocks::unmake(tx, row.sk).await?;
    grants::unmake(tx, row.sk).await?;
    if let Some(link) = links::of_request(tx.conn(), row.sk).await? {
        links::set_since(tx, link.sk, None).await?;
    }
    Ok(())
}
