//! Who has a part in a request.

use sqlx::Row as _;

use super::{Conn, RequestRow, STEP, StoreError, step, text, who, word};
use crate::domain::{DecisionMark, Need, NoteKind, Part, RequestNote, RequestState, Time};
use crate::server::access::Viewer;

/// Somebody who may decide besides the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Approver {
    pub(crate) part: Part,
    pub(crate) company: i64,
    /// None: every admin of the company.
    pub(crate) member: Option<i64>,
}

/// Everybody who has to do with a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parties {
    pub(crate) approvers: Vec<Approver>,
    /// Decides for the target now.
    pub(crate) stand_in: Option<i64>,
    /// Whoever decided on it, asked about it or passed it on, ever.
    pub(crate) past: Vec<i64>,
    /// Whoever gave the first approval.
    pub(crate) first: Vec<i64>,
    /// Whether a question of an approver waits for its answer.
    pub(crate) question_open: bool,
}

/// The parties of a request at a moment.
pub(crate) async fn parties(conn: &mut Conn, row: &RequestRow, now: Time) -> Result<Parties, StoreError> {
    let rows = sqlx::query("SELECT part, company, member FROM request_approvers WHERE request = $1")
        .bind(row.sk)
        .fetch_all(&mut *conn)
        .await?;
    let approvers: Result<Vec<Approver>, StoreError> = rows
        .iter()
        .map(|row| {
            Ok(Approver {
                part: word(row, "part", Part::parse)?,
                company: row.try_get("company")?,
                member: row.try_get("member")?,
            })
        })
        .collect();
    let stand_in: Option<Option<i64>> = match row.target {
        Some(target) => {
            sqlx::query_scalar("SELECT stand_in FROM member_settings WHERE member = $1 AND away_until > $2")
                .bind(target)
                .bind(now.as_micros())
                .fetch_optional(&mut *conn)
                .await?
        }
        None => None,
    };
    let past = sqlx::query_scalar(
        "SELECT who FROM request_steps WHERE request = $1
         UNION SELECT who FROM request_notes WHERE request = $1 AND who IS NOT NULL",
    )
    .bind(row.sk)
    .fetch_all(&mut *conn)
    .await?;
    let first = sqlx::query_scalar(
        "SELECT who FROM request_steps WHERE request = $1 AND part = 'target' AND undone_at IS NULL",
    )
    .bind(row.sk)
    .fetch_all(&mut *conn)
    .await?;
    let question_open: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM request_marks WHERE request = $1 AND asked_until > $2)",
    )
    .bind(row.sk)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?;
    let question_open = question_open != 0;
    Ok(Parties { approvers: approvers?, stand_in: stand_in.flatten(), past, first, question_open })
}

impl Parties {
    /// Whether the viewer is an approver in this part.
    fn approves(&self, viewer: &Viewer, part: Part) -> bool {
        self.approvers.iter().filter(|approver| approver.part == part).any(|approver| match approver.member {
            Some(member) => member == viewer.member,
            None => viewer.is_admin() && approver.company == viewer.company,
        })
    }

    /// As what the viewer stands to the target's part, if they do.
    fn as_target(&self, row: &RequestRow, viewer: &Viewer) -> Option<Part> {
        row.target.and_then(|target| {
            if target == viewer.member {
                Some(Part::Target)
            } else if self.stand_in == Some(viewer.member) {
                Some(Part::StandIn)
            } else {
                None
            }
        })
    }

    /// Whether the viewer may give a second approval: not who asks, not whom it is for, and not who gave the
    /// first one.
    fn may_be_second(&self, row: &RequestRow, viewer: &Viewer) -> bool {
        ![row.target, row.requester].contains(&Some(viewer.member)) && !self.first.contains(&viewer.member)
    }

    /// As what the viewer has to decide now, if they have to. Nothing waits while a decision is held.
    pub(crate) fn waits_for(&self, row: &RequestRow, viewer: &Viewer, now: Time) -> Option<Part> {
        if !row.lifetime.is_open(now) {
            return None;
        }
        match row.lifetime.stored {
            RequestState::Pending => self.as_target(row, viewer).or_else(|| {
                if self.approves(viewer, Part::Admin) {
                    Some(Part::Admin)
                } else if row.target.is_none() && self.approves(viewer, Part::Assigner) {
                    Some(Part::Assigner)
                } else {
                    None
                }
            }),
            RequestState::PendingManager if self.may_be_second(row, viewer) => {
                let asked = row.manager_asked == Need::Waits && self.approves(viewer, Part::ManagerAsked);
                let asking = row.manager_asking == Need::Waits && self.approves(viewer, Part::ManagerAsking);
                asked.then_some(Part::ManagerAsked).or(asking.then_some(Part::ManagerAsking))
            }
            _ => None,
        }
    }

    /// As what the viewer's queue was about the decision that is held now, if it was.
    pub(crate) fn held_for(&self, row: &RequestRow, viewer: &Viewer, now: Time) -> Option<Part> {
        let last = row.last.as_ref().filter(|_| row.lifetime.is_held(now))?;
        let as_target = self.as_target(row, viewer).filter(|_| last.part == Part::Target);
        // Whoever asks may be of those who approve, and hears no more for it.
        let asks = row.requester == Some(viewer.member)
            && matches!(last.part, Part::ManagerAsked | Part::ManagerAsking);
        as_target.or_else(|| {
            (last.who == viewer.member || !asks && self.approves(viewer, last.part)).then_some(last.part)
        })
    }

    /// As what the viewer may read the request, if they may.
    pub(crate) fn part_of(&self, row: &RequestRow, viewer: &Viewer, now: Time) -> Option<Part> {
        self.waits_for(row, viewer, now)
            .or_else(|| self.held_for(row, viewer, now))
            .or_else(|| self.as_target(row, viewer))
            .or_else(|| (row.requester == Some(viewer.member)).then_some(Part::Requester))
            .or_else(|| self.past.contains(&viewer.member).then_some(Part::Past))
            .or_else(|| {
                // A manager hears of it when the first approval has taken effect, an admin from the start.
                let managers_know =
                    matches!(row.lifetime.stored, RequestState::PendingManager) && !row.lifetime.is_held(now);
                [Part::Admin, Part::Assigner, Part::ManagerAsked, Part::ManagerAsking]
                    .into_iter()
                    .filter(|part| matches!(part, Part::Admin | Part::Assigner) || managers_know)
                    .find(|part| self.approves(viewer, *part))
            })
    }
}

/// Decisions on a request that were not taken back, oldest first.
pub(crate) async fn steps(conn: &mut Conn, request: i64) -> Result<Vec<DecisionMark>, StoreError> {
    let rows = sqlx::query(sql!(
        "SELECT {STEP} FROM request_steps s JOIN members w ON w.sk = s.who LEFT JOIN members v ON v.sk = s.stands_for
         WHERE s.request = $1 AND s.undone_at IS NULL ORDER BY s.revision"
    ))
    .bind(request)
    .fetch_all(conn)
    .await?;
    rows.iter().filter_map(|row| step(row).transpose()).map(|step| Ok(step?.mark)).collect()
}

/// What was said and done on a request besides decisions, oldest first.
pub(crate) async fn notes(conn: &mut Conn, request: i64) -> Result<Vec<RequestNote>, StoreError> {
    let rows = sqlx::query(
        "SELECT n.at, n.what, n.words, w.id AS who_id, w.name AS who_name, o.id AS other_id, o.name AS other_name
         FROM request_notes n LEFT JOIN members w ON w.sk = n.who LEFT JOIN members o ON o.sk = n.other
         WHERE n.request = $1 ORDER BY n.at, n.rowid",
    )
    .bind(request)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(RequestNote {
                at: Time::from_micros(row.try_get("at")?),
                what: word(row, "what", NoteKind::parse)?,
                who: who(row, "who_id", "who_name")?,
                other: who(row, "other_id", "other_name")?,
                text: text(row, "words")?,
            })
        })
        .collect()
}
