//! Everything that whoever decides a request may want to know.

use super::flags::look_alikes;
use super::seen_by;
use crate::domain::Time;
use crate::domain::{EarlierRequest, Part, RequestDetail};
use crate::server::access::Viewer;
use crate::server::policy::Setting;
use crate::server::store::requests::{self, RequestRow};
use crate::server::store::{Reading, StoreError, handovers, linked, links, policies, relations, visible};

/// A request in detail, if it is there for the viewer.
pub(crate) async fn detail(
    store: &mut impl Reading,
    row: RequestRow,
    viewer: &Viewer,
    now: Time,
    as_of: i64,
) -> Result<Option<RequestDetail>, StoreError> {
    let parties = requests::parties(store.conn(), &row, now).await?;
    let Some(request) = seen_by(row.clone(), &parties, viewer, now, as_of) else { return Ok(None) };
    let conn = store.conn();
    let ours = viewer.company == row.company;
    // The other company sees what was said to it, and nothing of how it is decided.
    let mut steps = requests::steps(conn, row.sk).await?;
    steps.retain(|step| ours || step.part == Part::ManagerAsking);
    if !ours && request.part == Part::Requester && row.lifetime.is_held(now) {
        let held = row.last.as_ref().map(|last| &last.mark);
        steps.retain(|step| Some(step) != held);
    }
    let mut notes = requests::notes(conn, row.sk).await?;
    if !ours {
        for note in &mut notes {
            note.who = None;
            note.other = None;
        }
        notes.retain(|note| note.text.is_some());
    }
    let approver = ours && request.part != Part::Requester;
    let mut detail = RequestDetail {
        steps,
        notes,
        earlier: Vec::new(),
        known_by: Vec::new(),
        look_alikes: Vec::new(),
        handed_over: handovers::listed(conn, row.sk, now).await?,
        they_show: match links::of_request(conn, row.sk).await? {
            // To who proposed it, whom we show is said when the link holds.
            Some(link) if ours => Some(linked::count(conn, link.sk, viewer.company).await?),
            _ => None,
        },
        request,
    };
    if approver {
        detail.earlier = earlier(store, &row, viewer, now).await?;
        detail.look_alikes = look_alikes(store.conn(), row.company, viewer.member, &row.typed).await?;
        let policy = store.policies().of(store.conn(), viewer.company).await?;
        let subject = policies::subject(store.conn(), viewer.member).await?;
        if policy.of(&subject, now).is_on(Setting::WhoKnows) {
            detail.known_by = relations::known_by(store.conn(), &row, viewer, now).await?;
        }
    }
    Ok(Some(detail))
}

/// Earlier requests of the same person to the company, newest first. A colleague whom the viewer does not see is
/// not named.
async fn earlier(
    store: &mut impl Reading,
    row: &RequestRow,
    viewer: &Viewer,
    now: Time,
) -> Result<Vec<EarlierRequest>, StoreError> {
    let rows = requests::of_same_person(store.conn(), row, now).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let target = match row.target_who {
            Some(who) if visible::is_seen(store.conn(), viewer, &who.id).await? => Some(who),
            _ => None,
        };
        found.push(EarlierRequest { created: row.created, state: row.lifetime.state_at(now), target });
    }
    Ok(found)
}
