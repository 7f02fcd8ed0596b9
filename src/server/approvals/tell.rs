//! Who hears of a change to a request, and when.

use super::{ApprovalError, EFFECTIVE, EXPIRED};
use crate::api::EventKind;
use crate::domain::{Part, Time};
use crate::server::store::outbox::{self, Touched};
use crate::server::store::requests::{Parties, RequestRow};
use crate::server::store::{Write, relations};

/// Somebody who follows: company and member.
type Ear = (i64, i64);

/// Everybody on the side that decides: the target, whoever stands in, managers, admins, and whoever decided
/// before.
async fn deciders(tx: &mut Write, row: &RequestRow, parties: &Parties) -> Result<Vec<Ear>, ApprovalError> {
    let mut ears: Vec<Ear> =
        row.target.into_iter().chain(parties.stand_in).map(|member| (row.company, member)).collect();
    for approver in &parties.approvers {
        match approver.member {
            Some(member) => ears.push((approver.company, member)),
            None => {
                let admins = relations::admins(tx.conn(), approver.company).await?;
                ears.extend(admins.into_iter().map(|member| (approver.company, member)));
            }
        }
    }
    for member in &parties.past {
        if let Some(company) = relations::company_of(tx.conn(), *member).await? {
            ears.push((company, *member));
        }
    }
    ears.sort_unstable();
    ears.dedup();
    Ok(ears)
}

/// The requester, where it is a member.
fn requester(row: &RequestRow) -> Option<Ear> {
    row.requester_company.zip(row.requester)
}

fn touched<'a>(row: &'a RequestRow, revision: i64, (company, member): Ear) -> Touched<'a> {
    Touched { company, kind: EventKind::Request, id: row.id.as_str(), member: Some(member), revision }
}

/// What is to be told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct News {
    /// The request's revision after the change.
    pub(super) revision: i64,
    /// When a decision takes effect: whoever hears of it only then hears then.
    pub(super) effective_at: Option<Time>,
    /// When the request ends if nobody decides.
    pub(super) expires: Option<Time>,
    /// Whether the requester hears now.
    pub(super) requester_hears: bool,
    /// The company that hears when it takes effect and not before, whatever its people have to do with it.
    pub(super) deaf: Option<i64>,
}

/// Tells the side that decides now, the requester now or when it takes effect, and everybody when the
/// request's life ends. `row` and `parties` are as they are after the change.
pub(super) async fn tell(
    tx: &mut Write,
    row: &RequestRow,
    parties: &Parties,
    news: News,
) -> Result<(), ApprovalError> {
    outbox::expect_nothing(tx, EventKind::Request, row.id.as_str()).await?;
    let deciders = deciders(tx, row, parties).await?;
    let requester = requester(row);
    // An admin who asked may be one of those who decide, and hears no more for it.
    let asked_us = row.requester_company.is_some_and(|company| company != row.company);
    let hears = |ear: &&Ear| {
        Some(ear.0) != news.deaf && (news.requester_hears || !asked_us || Some(**ear) != requester)
    };
    for ear in deciders.iter().filter(hears) {
        outbox::changed(tx, touched(row, news.revision, *ear)).await?;
    }
    if let Some(requester) = requester.filter(|ear| news.requester_hears && !deciders.contains(ear)) {
        outbox::changed(tx, touched(row, news.revision, requester)).await?;
    }
    let mut everybody = deciders;
    everybody.extend(requester);
    everybody.sort_unstable();
    everybody.dedup();
    for (at, cause) in [(news.effective_at, EFFECTIVE), (news.expires, EXPIRED)] {
        let Some(at) = at.filter(|at| *at > tx.now()) else { continue };
        for ear in &everybody {
            outbox::expect(tx, touched(row, news.revision, *ear), cause, at).await?;
        }
    }
    Ok(())
}

/// Tells one approver that their own marks changed.
pub(super) async fn tell_one(tx: &mut Write, row: &RequestRow, ear: Ear) -> Result<(), ApprovalError> {
    outbox::changed(tx, touched(row, row.revision, ear)).await?;
    Ok(())
}

impl Parties {
    /// Whether the viewer chooses who takes a handover over.
    pub(super) fn assigns(&self, viewer: &crate::server::access::Viewer) -> bool {
        self.approvers.iter().filter(|approver| approver.part == Part::Assigner).any(
            |approver| match approver.member {
                Some(member) => member == viewer.member,
                None => viewer.is_admin() && approver.company == viewer.company,
            },
        )
    }
}
