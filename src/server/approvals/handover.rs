//! What a member leaves behind is taken over by a colleague; the contact is told, and may refuse for a day.

use std::time::Duration;

use super::managers::manager_of;
use super::side::Standing;
use super::tell::{News, tell};
use super::{ApprovalError, LONG_LIFE, lost, write_begin, write_down};
use crate::api::{EventKind, Problem, ProblemCode};
use crate::domain::{
    AddWay, ApprovalKind, Decision, DecisionKind, HistoryKind, ItemState, MemberId, Need, NoteKind, Part,
    RequestId, RequestState, Requester, RequesterKind, RuleRef, Status, Time, Verdict, VerdictCode,
};
use crate::server::access::{Actor, Viewer};
use crate::server::ids;
use crate::server::policy::Setting;
use crate::server::store::contacts::{self, ContactRow};
use crate::server::store::handovers::{self, Item};
use crate::server::store::outbox::{self, Touched};
use crate::server::store::requests::{self, NewRequest, NewStep, Parties, RequestRow};
use crate::server::store::{StoreError, Write, members, relations, settings_of};

/// So long a contact may refuse whoever takes over.
const REFUSE_WITHIN: Duration = Duration::from_secs(24 * 3_600);

/// What is handed over.
struct Parcel {
    contacts: Vec<i64>,
    pending: Vec<i64>,
    /// Open requests that stay where they are: only another system can give them to somebody.
    elsewhere: Vec<i64>,
}

/// A member left: their contacts and open requests wait for somebody to take them over, chosen by their
/// manager or an admin. Their own requests are withdrawn. Part of the transaction that takes them out.
///
/// Returns the handover, when there is something to hand over.
pub(crate) async fn leave(
    tx: &mut Write,
    company: i64,
    member: i64,
    call: &str,
) -> Result<Option<RequestId>, ApprovalError> {
    let now = tx.now();
    settings_of::forget_stand_in(tx, member).await?;
    let open = requests::open_of(tx.conn(), member, now).await?;
    let (mut pending, mut elsewhere) = (Vec::new(), Vec::new());
    for row in open {
        if row.elsewhere.is_some() {
            // Whose it is from now on, or what becomes of it, only that system can say.
            elsewhere.push(row.sk);
        } else if row.requester == Some(member) && row.kind != ApprovalKind::Handover {
            super::withdraw::withdraw(tx, &row, call).await?;
        } else if row.target == Some(member) && row.kind == ApprovalKind::Connection {
            pending.push(row.sk);
        } else if row.target == Some(member) && row.kind == ApprovalKind::Handover {
            give_back(tx, &row, None, call).await?;
        }
    }
    let contacts = contacts::unpromised(tx.conn(), member).await?;
    if contacts.is_empty() && pending.is_empty() {
        return Ok(None);
    }
    let parcel = Parcel { contacts, pending, elsewhere };
    let id = write(tx, company, member, None, parcel, ("operator", company), call).await?;
    tracing::info!(target: "namecard::server", request = %id, "a handover waits");
    Ok(Some(id))
}

/// A member offers some of their contacts to a colleague.
pub(crate) async fn offer(
    tx: &mut Write,
    viewer: &Viewer,
    to: &MemberId,
    rows: Vec<ContactRow>,
    call: &str,
) -> Result<RequestId, ApprovalError> {
    let other = members::seen(tx.conn(), viewer, to).await?;
    let other = other.filter(|row| row.whole.status == Status::Active && row.sk != viewer.member);
    let other = other.ok_or_else(|| Problem::invalid("member", "unknown"))?.sk;
    let now = tx.now();
    let mut contacts = Vec::new();
    for row in rows {
        if handovers::is_under_way(tx.conn(), row.sk, now).await? {
            return Err(Problem::new(ProblemCode::Exists).into());
        }
        contacts.push(row.sk);
    }
    let actor = Actor::Member(viewer.clone()).tag();
    let parcel = Parcel { contacts, pending: Vec::new(), elsewhere: Vec::new() };
    write(tx, viewer.company, viewer.member, Some(other), parcel, (&actor, viewer.company), call).await
}

async fn write(
    tx: &mut Write,
    company: i64,
    from: i64,
    to: Option<i64>,
    parcel: Parcel,
    actor: (&str, i64),
    call: &str,
) -> Result<RequestId, ApprovalError> {
    let now = tx.now();
    let giver = relations::person(tx.conn(), from).await?.ok_or(StoreError::Unexpected("members"))?;
    let requester = Requester {
        kind: RequesterKind::Colleague,
        member: Some(giver.id.clone()),
        verified: false,
        name: giver.name,
        company: None,
        title: giver.title,
        email: None,
        phone: None,
    };
    let policy = tx.policy(company).await?;
    let verdict = Verdict {
        code: VerdictCode::AlreadyConnected,
        rule: RuleRef::built_in("EXT-14"),
        policy_version: policy.version,
        alternatives: Vec::new(),
    };
    let id = ids::request(now);
    let sk = requests::add(
        tx,
        NewRequest {
            company,
            id: &id,
            kind: ApprovalKind::Handover,
            target: to,
            from: Some((from, company)),
            requester: &requester,
            email_key: None,
            phone_key: None,
            purpose: None,
            message: None,
            channel: None,
            introduced_by: None,
            card: None,
            card_label: None,
            flags: &[],
            expires: now.after(LONG_LIFE),
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
    let requests = [parcel.pending.as_slice(), parcel.elsewhere.as_slice()].concat();
    handovers::add_items(tx, sk, &parcel.contacts, &requests).await?;
    for stays in &parcel.elsewhere {
        handovers::leave_out(tx, sk, *stays, VerdictCode::DecidedElsewhere).await?;
    }
    if to.is_none() {
        // Their manager and every admin: whoever comes first chooses.
        if let Some(manager) = manager_of(tx.conn(), from, &[from]).await? {
            requests::add_approver(tx, sk, Part::Assigner, company, Some(manager)).await?;
        }
        requests::add_approver(tx, sk, Part::Assigner, company, None).await?;
    }
    let row = requests::by_sk(tx.conn(), sk, now).await?.ok_or(StoreError::Unexpected("requests"))?;
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let news = News { revision: 1, requester_hears: true, ..News::default() };
    tell(tx, &row, &parties, news).await?;
    let version = Some(policy.version);
    write_begin(tx, &row, actor, "handover.begin", version, call).await?;
    Ok(id)
}

/// The receiver's answer. It takes effect at once: the contacts themselves may still refuse.
pub(super) async fn answer(
    tx: &mut Write,
    viewer: &Viewer,
    row: RequestRow,
    parties: &Parties,
    decision: &Decision,
    call: &str,
) -> Result<(), ApprovalError> {
    let now = tx.now();
    let Some(receiver) = row.target else { return Err(lost(ProblemCode::NotOpen, &row, now)) };
    if decision.kind != DecisionKind::Approve
        && parties.approvers.iter().any(|approver| approver.part == Part::Assigner)
    {
        // Not taken: whoever gave it chooses somebody else.
        return give_back(tx, &row, Some((viewer, decision)), call).await;
    }
    let yes = decision.kind == DecisionKind::Approve;
    let state = if yes { RequestState::Approved } else { RequestState::Rejected };
    let standing = Standing::of(tx, viewer.company, receiver, now).await?;
    let step = NewStep {
        request: row.sk,
        revision: row.revision,
        who: viewer.member,
        part: Part::Target,
        stands_for: Some(receiver).filter(|receiver| *receiver != viewer.member),
        decision,
        state,
        state_before: row.lifetime.stored,
        manager_asked: Need::None,
        manager_asking: Need::None,
        effective_at: now,
        expires: row.lifetime.expires,
        expires_before: row.lifetime.expires,
        rule: &row.verdict.rule.id,
        policy_version: standing.version(),
    };
    if !requests::decide(tx, step).await? {
        return Err(lost(ProblemCode::RevisionChanged, &row, now));
    }
    if yes {
        take_over(tx, &row, receiver, &standing).await?;
    }
    let news = News { revision: row.revision + 1, requester_hears: true, ..News::default() };
    tell(tx, &row, parties, news).await?;
    let actor = Actor::Member(viewer.clone()).tag();
    let action = if yes { "handover.take" } else { "handover.reject" };
    write_down(tx, &row, (&actor, viewer.company), action, state, Some(standing.version()), call).await
}

/// Nobody has it again.
async fn give_back(
    tx: &mut Write,
    row: &RequestRow,
    by: Option<(&Viewer, &Decision)>,
    call: &str,
) -> Result<(), ApprovalError> {
    if !requests::pass_on(tx, row.sk, row.revision, None).await? {
        return Err(lost(ProblemCode::RevisionChanged, row, tx.now()));
    }
    let words = by.and_then(|(_, decision)| decision.text.as_ref()).map(|text| text.as_data());
    let who = by.map(|(viewer, _)| viewer.member);
    requests::note(tx, row.sk, NoteKind::Returned, who, None, words).await?;
    let now = tx.now();
    let Some(after) = requests::by_sk(tx.conn(), row.sk, now).await? else { return Ok(()) };
    let mut parties = requests::parties(tx.conn(), &after, now).await?;
    parties.past.extend(row.target);
    let news = News { revision: row.revision + 1, requester_hears: true, ..News::default() };
    tell(tx, &after, &parties, news).await?;
    let tag = by.map(|(viewer, _)| Actor::Member(viewer.clone()).tag());
    let actor = (tag.as_deref().unwrap_or("operator"), row.company);
    write_down(tx, row, actor, "handover.return", RequestState::Pending, None, call).await
}

/// Every item: pending requests change hands at once, contacts when nobody refused in time.
async fn take_over(
    tx: &mut Write,
    row: &RequestRow,
    receiver: i64,
    standing: &Standing,
) -> Result<(), ApprovalError> {
    let now = tx.now();
    let due = now.after(REFUSE_WITHIN);
    let limit = standing.rules().count(Setting::ContactLimit);
    let mut has = contacts::count_with_held(tx.conn(), receiver, now).await?;
    for item in handovers::items(tx.conn(), row.sk).await? {
        if let Some(pending) = item.pending {
            take_request(tx, row, &item, pending, receiver).await?;
            continue;
        }
        let Some(contact) = item.contact else { continue };
        let full = limit.is_some_and(|most| has >= i64::from(most));
        let reason = if item.gone {
            Some(VerdictCode::NotYours)
        } else if full {
            Some(VerdictCode::ContactLimit)
        } else if handovers::has_same_person(tx.conn(), contact, receiver, now).await? {
            Some(VerdictCode::AlreadyConnected)
        } else {
            None
        };
        if let Some(reason) = reason {
            handovers::settle(tx, row.sk, item.n, ItemState::Failed, Some(reason.as_str()), None).await?;
            continue;
        }
        let id = ids::contact(now);
        let made =
            contacts::move_to(tx, contact, &id, receiver, item.peer, due, Some(AddWay::HandedOver)).await?;
        contacts::note(tx, made, due, HistoryKind::HandedOver, row.requester, None).await?;
        has += 1;
        handovers::tell_contact(tx, row.sk, item.n, made, now, due).await?;
        for (owner, contact_id) in [(Some(receiver), id.as_str()), (row.requester, item.contact_id.as_str())]
        {
            let Some(owner) = owner else { continue };
            let object = Touched {
                company: row.company,
                kind: EventKind::Contact,
                id: contact_id,
                member: Some(owner),
                revision: 1,
            };
            outbox::expect(tx, object, super::EFFECTIVE, due).await?;
        }
        if let Some(peer) = item.peer {
            tell_peer(tx, row, peer, receiver, due).await?;
        }
    }
    Ok(())
}

/// The other company's side: their contact is the new owner from then on.
async fn tell_peer(
    tx: &mut Write,
    row: &RequestRow,
    peer: i64,
    receiver: i64,
    due: Time,
) -> Result<(), ApprovalError> {
    let (Some(giver), Some(company)) = (row.requester, relations::company_of(tx.conn(), peer).await?) else {
        return Ok(());
    };
    let now = tx.now();
    let Some(theirs) = handovers::row_of_peer(tx.conn(), peer, giver, now).await? else { return Ok(()) };
    let known = contacts::kept(tx.conn(), peer, receiver, now).await?;
    let id = known.as_ref().map_or_else(|| ids::contact(now), |known| known.id.clone());
    let made = match known {
        // They have the new owner already, and keep them as they are.
        Some(_) => {
            contacts::end_at(tx, theirs.sk, Some(due)).await?;
            None
        }
        None => Some(contacts::move_to(tx, theirs.sk, &id, peer, Some(receiver), due, None).await?),
    };
    let new = members::by_sk(tx.conn(), receiver).await?.ok_or(StoreError::Unexpected("members"))?.whole;
    let title = new.external_title.as_ref().map(|title| title.as_data());
    if let Some(made) = made {
        contacts::rename(tx, made, new.name.as_data(), title, &contacts::Lines::default()).await?;
        contacts::note(tx, made, due, HistoryKind::HandedOver, None, None).await?;
    }
    for (contact, at) in [
        (theirs.contact.id.as_str(), None),
        (theirs.contact.id.as_str(), Some(due)),
        (id.as_str(), Some(due)),
    ] {
        let object =
            Touched { company, kind: EventKind::Contact, id: contact, member: Some(peer), revision: 1 };
        match at {
            None => {
                outbox::changed(tx, object).await?;
            }
            Some(at) => outbox::expect(tx, object, super::EFFECTIVE, at).await?,
        }
    }
    Ok(())
}

/// An open request of the leaver is the receiver's from now on.
async fn take_request(
    tx: &mut Write,
    handover: &RequestRow,
    item: &Item,
    pending: i64,
    receiver: i64,
) -> Result<(), ApprovalError> {
    let now = tx.now();
    let Some(row) = requests::by_sk(tx.conn(), pending, now).await? else { return Ok(()) };
    if !requests::pass_on(tx, row.sk, row.revision, Some(receiver)).await? {
        // It ended meanwhile, or waits for a manager: whoever left has given their word already.
        let reason = Some(row.lifetime.state_at(now).as_str());
        handovers::settle(tx, handover.sk, item.n, ItemState::Failed, reason, None).await?;
        return Ok(());
    }
    requests::note(tx, row.sk, NoteKind::Passed, handover.requester, Some(receiver), None).await?;
    handovers::settle(tx, handover.sk, item.n, ItemState::Done, None, None).await?;
    let Some(after) = requests::by_sk(tx.conn(), pending, now).await? else { return Ok(()) };
    let parties = requests::parties(tx.conn(), &after, now).await?;
    let news = News {
        revision: row.revision + 1,
        expires: Some(row.lifetime.expires),
        requester_hears: true,
        ..News::default()
    };
    tell(tx, &after, &parties, news).await
}

/// The contact refuses whoever takes over. Returns whether there was something to refuse.
pub(crate) async fn refuse(
    tx: &mut Write,
    contact: i64,
    actor: (&str, i64),
    call: &str,
) -> Result<bool, ApprovalError> {
    let now = tx.now();
    let Some(told) = handovers::told(tx.conn(), contact, now).await? else { return Ok(false) };
    handovers::settle(tx, told.request, told.n, ItemState::Refused, None, Some(now)).await?;
    let Some(row) = requests::by_sk(tx.conn(), told.request, now).await? else { return Ok(false) };
    // Nobody has it: what was made for the new owner never comes, and the old one has left or given it up.
    let mut gone = vec![told.made, contact];
    if let (Some(peer), Some(receiver)) = (told.peer, row.target) {
        gone.extend(handovers::row_of_peer(tx.conn(), peer, receiver, told.due).await?.map(|row| row.sk));
        if let Some(giver) = row.requester {
            gone.extend(handovers::row_of_peer(tx.conn(), peer, giver, now).await?.map(|row| row.sk));
        }
    }
    for sk in gone {
        contacts::end_at(tx, sk, Some(now)).await?;
        if let Some((company, owner, id)) = handovers::owner_of(tx.conn(), sk).await? {
            let object =
                Touched { company, kind: EventKind::Contact, id: &id, member: Some(owner), revision: 1 };
            outbox::expect_nothing(tx, EventKind::Contact, &id).await?;
            outbox::changed(tx, object).await?;
        }
    }
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let news = News { revision: row.revision, requester_hears: true, ..News::default() };
    tell(tx, &row, &parties, news).await?;
    write_down(tx, &row, actor, "handover.refuse", row.lifetime.stored, None, call).await?;
    Ok(true)
}
