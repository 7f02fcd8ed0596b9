//! What goes with a decision about many rows, and what is left out of it and why.

use super::approvals::has_own_step;
use super::env::Env;
use super::state::State;
use crate::domain::{DecisionKind, Flag, Request, RequestAction, RequestId, Time, VerdictCode};
use crate::i18n::Text;
use crate::text::SafeText;

/// So many and more are confirmed by typing their number.
pub const TYPED_FROM: usize = 25;

/// Why a row is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// It has a warning: a yes to many never means it.
    Flagged(Flag),
    /// Only another system can decide it.
    Elsewhere,
    /// Its answer is awaited.
    InFlight,
    /// It is decided, or asked back about.
    Settled,
    /// It needs an answer of its own.
    OwnStep,
    /// The server does not allow it.
    NotAllowed,
}

/// Whether only another system can decide a request.
pub fn is_elsewhere(request: &Request) -> bool {
    request.verdict.code == VerdictCode::DecidedElsewhere
}

impl State {
    /// Why a row cannot be marked; none when it can.
    pub fn unmarkable(&self, request: &Request, now: Time) -> Option<LeftOut> {
        if is_elsewhere(request) {
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
        for request in self.approvals.shown.iter().filter_map(|id| self.data.request(id)) {
            let marked = self.approvals.marks.contains(&request.id);
            let passed = self.approvals.passed.contains(&request.id);
            match self.left_out(request, kind, now) {
                None if marked => going.push(request.id.clone()),
                Some(why) if marked || passed => left.push((request.id.clone(), why)),
                _ => {}
            }
        }
        (going, left)
    }
}

/// What a reason for leaving a row out is called.
pub fn left_out_text(env: &Env, why: LeftOut) -> SafeText {
    match why {
        LeftOut::Flagged(flag) => env.words.flag(flag),
        LeftOut::Elsewhere => env.words.get(Text::LeftElsewhere),
        LeftOut::InFlight => env.words.get(Text::LeftInFlight),
        LeftOut::Settled => env.words.get(Text::LeftSettled),
        LeftOut::OwnStep => env.words.get(Text::LeftOwnStep),
        LeftOut::NotAllowed => env.words.get(Text::LeftNotAllowed),
    }
}
