//! What goes with a decision about many rows, and what is left out of it and why.

use super::approvals::has_own_step;
use super::env::Env;
use super::state::State;
use crate::domain::{ApprovalKind, DecisionKind, Elsewhere, Flag, Request, RequestAction, RequestId, Time};
use crate::i18n::Text;
use crate::text::SafeText;

/// Cells of another system's name.
const SYSTEM_CELLS: usize = 20;
/// So many and more are confirmed by typing their number.
pub const TYPED_FROM: usize = 25;

/// Why a row is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// It has a warning: a yes to many never means it.
    Flagged(Flag),
    /// Only another system can decide it.
    Elsewhere,
    /// There is no room for the contact that it would bring.
    NoRoom,
    /// Its answer is awaited.
    InFlight,
    /// It is decided, or asked back about.
    Settled,
    /// It needs an answer of its own.
    OwnStep,
    /// The server does not allow it.
    NotAllowed,
}

impl State {
    /// Why a row cannot be marked; none when it can.
    pub fn unmarkable(&self, request: &Request, now: Time) -> Option<LeftOut> {
        if request.is_elsewhere() {
            return Some(LeftOut::Elsewhere);
        }
        if self.in_flight.contains_key(&request.id) {
            return Some(LeftOut::InFlight);
        }
        if self.is_settled(request, now) {
            return Some(LeftOut::Settled);
        }
        let can = request.allows(RequestAction::Approve) || request.allows(RequestAction::Reject);
        (!can).then_some(if has_own_step(request) { LeftOut::OwnStep } else { LeftOut::NotAllowed })
    }

    /// Why a row does not go with a decision about many; none when it does.
    pub fn left_out(&self, request: &Request, kind: DecisionKind, now: Time) -> Option<LeftOut> {
        if let Some(why) = self.unmarkable(request, now) {
            return Some(why);
        }
        // It would be final at once, and many are decided in the belief that they can be taken back.
        if request.kind == ApprovalKind::Handover {
            return Some(LeftOut::OwnStep);
        }
        match kind {
            DecisionKind::Approve => match request.flags.first() {
                Some(flag) => Some(LeftOut::Flagged(*flag)),
                None if has_own_step(request) => Some(LeftOut::OwnStep),
                None if request.allows(RequestAction::Approve) => None,
                None => Some(LeftOut::NotAllowed),
            },
            DecisionKind::Reject => (!request.allows(RequestAction::Reject)).then_some(LeftOut::NotAllowed),
            // A block is typed out, one by one.
            DecisionKind::Block => Some(LeftOut::OwnStep),
        }
    }

    /// What of the marked rows goes with a decision, in the order of the list, and what of them and of those
    /// passed over does not.
    pub fn sorted_out(&self, kind: DecisionKind, now: Time) -> (Vec<RequestId>, Vec<(RequestId, LeftOut)>) {
        let (mut going, mut left) = (Vec::new(), Vec::new());
        let mut room =
            self.data.room.as_ref().filter(|_| kind == DecisionKind::Approve).map(|room| room.left);
        for request in self.approvals.shown.iter().filter_map(|id| self.data.request(id)) {
            let marked = self.approvals.marks.contains(&request.id);
            let passed = self.approvals.passed.contains(&request.id);
            match self.left_out(request, kind, now) {
                None if marked => {
                    let takes = self.data.room_for(request).and(room.as_mut());
                    match takes {
                        Some(0) => left.push((request.id.clone(), LeftOut::NoRoom)),
                        Some(some) => {
                            *some -= 1;
                            going.push(request.id.clone());
                        }
                        None => going.push(request.id.clone()),
                    }
                }
                Some(why) if marked || passed => left.push((request.id.clone(), why)),
                _ => {}
            }
        }
        (going, left)
    }
}

/// What another system is called, in a sentence of ours.
pub fn system_name(other: &Elsewhere) -> SafeText {
    other.system.line(SYSTEM_CELLS)
}

/// Where a request has to be decided that only another system can decide, and how to get there.
pub fn elsewhere_text(env: &Env, other: &Elsewhere) -> SafeText {
    let text = if other.link.is_some() { Text::ElsewhereLinked } else { Text::ElsewhereOnly };
    env.words.fill(text, &[("system", system_name(other))])
}

/// What a reason for leaving a row out is called.
pub fn left_out_text(env: &Env, request: Option<&Request>, why: LeftOut) -> SafeText {
    match why {
        LeftOut::Flagged(flag) => env.words.flag(flag),
        LeftOut::Elsewhere => match request.and_then(|request| request.elsewhere.as_ref()) {
            Some(other) => env.words.fill(Text::LeftElsewhere, &[("system", system_name(other))]),
            None => env.words.get(Text::LeftNotAllowed),
        },
        LeftOut::NoRoom => env.words.get(Text::LeftNoRoom),
        LeftOut::InFlight => env.words.get(Text::LeftInFlight),
        LeftOut::Settled => env.words.get(Text::LeftSettled),
        LeftOut::OwnStep => env.words.get(Text::LeftOwnStep),
        LeftOut::NotAllowed => env.words.get(Text::LeftNotAllowed),
    }
}
