//! Why a key of the queue does nothing now.

use super::approvals::has_own_step;
use super::blocked::unless;
use super::decisions::Press;
use super::layer::Layer;
use super::state::{InFlight, Selected, State};
use crate::domain::{ApprovalKind, Request, RequestAction, RequestId};
use crate::i18n::Text;

impl State {
    /// No decision can be taken back.
    pub fn nothing_to_undo(&self) -> Option<Text> {
        unless(
            !self.undo_targets().is_empty()
                || !self.decisions.made.is_empty()
                || self.decisions.on_its_way().is_some(),
            Text::NothingToUndo,
        )
    }

    /// No decision was taken back that could be made again.
    pub fn nothing_to_redo(&self) -> Option<Text> {
        unless(!self.decisions.undone.is_empty(), Text::NothingToRedo)
    }

    /// Nothing was decided that could be said once more.
    pub fn nothing_to_repeat(&self) -> Option<Text> {
        unless(self.decisions.last.is_some(), Text::NothingToRepeat)
            .or_else(|| self.cannot(RequestAction::Reject))
    }

    /// Whether a decision of this viewer can be taken back.
    fn can_undo(&self, request: &Request) -> bool {
        request.allows(RequestAction::Undo) && !self.in_flight.contains_key(&request.id)
    }

    /// Whether the selected request is decided by us, and held.
    pub fn selected_is_held(&self) -> bool {
        matches!(self.selected(), Selected::Request(request) if self.can_undo(request))
    }

    /// The requests that `u` takes back: of the selected one if it is held and ours, else of the newest
    /// press of this client, what is still held; always the whole press.
    pub fn undo_targets(&self) -> Vec<&Request> {
        let held = |ids: &[RequestId]| -> Vec<&Request> {
            ids.iter()
                .filter_map(|id| self.data.request(id))
                .filter(|request| self.can_undo(request))
                .collect()
        };
        let of_press = |press: &Press| held(&press.requests);
        if let Selected::Request(request) = self.selected()
            && self.can_undo(request)
        {
            let whole = self.decisions.of(&request.id).map(of_press).unwrap_or_default();
            return if whole.is_empty() { vec![request] } else { whole };
        }
        self.decisions.made.iter().rev().map(of_press).find(|held| !held.is_empty()).unwrap_or_default()
    }

    /// Nothing is marked and the selected request cannot be approved.
    pub fn cannot_approve(&self) -> Option<Text> {
        if self.has_marks() {
            return None;
        }
        match self.selected() {
            // Said with where to go, by the key itself.
            Selected::Request(request) if request.is_elsewhere() => None,
            Selected::Request(request) if has_own_step(request) && request.allows(RequestAction::Assign) => {
                None
            }
            _ => self.cannot(RequestAction::Approve),
        }
    }

    /// Nothing is marked and the selected request cannot be rejected.
    pub fn cannot_reject(&self) -> Option<Text> {
        if self.has_marks() {
            return None;
        }
        match self.selected() {
            Selected::Request(request) if request.is_elsewhere() => None,
            _ => self.cannot(RequestAction::Reject),
        }
    }

    /// Rows are marked, and the page itself has the keys.
    pub fn has_marks(&self) -> bool {
        self.layers.is_empty() && !self.approvals.marks.is_empty()
    }

    /// The selected request alone cannot be approved.
    pub fn cannot_approve_one(&self) -> Option<Text> {
        self.cannot(RequestAction::Approve)
    }

    /// No new contact would come of approving, so there is nothing to put tags on.
    pub fn takes_no_tags(&self) -> Option<Text> {
        match self.selected() {
            Selected::Request(request) if request.kind != ApprovalKind::Connection => Some(Text::NoTagsHere),
            _ => self.cannot(RequestAction::Approve),
        }
    }

    /// The sender cannot be blocked.
    pub fn cannot_block(&self) -> Option<Text> {
        self.cannot(RequestAction::Block)
    }

    /// The requester cannot be asked.
    pub fn cannot_ask(&self) -> Option<Text> {
        match self.selected() {
            Selected::Request(request) if request.allows(RequestAction::Answer) => None,
            _ => self.cannot(RequestAction::Ask),
        }
    }

    /// It can neither be passed on nor given to somebody.
    pub fn cannot_pass(&self) -> Option<Text> {
        match self.selected() {
            Selected::Request(request) if request.allows(RequestAction::Assign) => None,
            _ => self.cannot(RequestAction::Pass),
        }
    }

    /// It cannot be put out of the way.
    pub fn cannot_snooze(&self) -> Option<Text> {
        self.cannot(RequestAction::Snooze)
    }

    /// No link to another system is known.
    pub fn no_link_here(&self) -> Option<Text> {
        let Selected::Request(request) = self.selected() else { return Some(Text::NothingSelected) };
        let link = request.elsewhere.as_ref().and_then(|other| other.link.as_ref());
        unless(link.is_some(), Text::NoLinkHere)
    }

    /// It cannot be withdrawn.
    pub fn cannot_withdraw(&self) -> Option<Text> {
        self.cannot(RequestAction::Withdraw)
    }

    /// No request is selected.
    pub fn no_request_selected(&self) -> Option<Text> {
        unless(matches!(self.selected(), Selected::Request(_)), Text::NothingSelected)
    }

    /// The page shows no row at all.
    pub fn no_rows_shown(&self) -> Option<Text> {
        unless(!self.approvals.shown.is_empty(), Text::NothingSelected)
    }

    /// Nothing is filtered.
    pub fn no_filter(&self) -> Option<Text> {
        unless(!self.approvals.filter.is_empty(), Text::NoFilter)
    }

    /// The dialog does not offer to block the sender.
    pub fn no_block_offered(&self) -> Option<Text> {
        let offered = match self.layers.last() {
            Some(Layer::Reject(layer)) if !layer.many => {
                self.data.request(&layer.id).is_some_and(|request| request.allows(RequestAction::Block))
            }
            _ => false,
        };
        unless(offered, Text::NotAllowedHere)
    }

    fn cannot(&self, action: RequestAction) -> Option<Text> {
        let Selected::Request(request) = self.selected() else { return Some(Text::NothingSelected) };
        match self.in_flight.get(&request.id) {
            Some(InFlight::Approve | InFlight::Reject) => Some(Text::BeingDecided),
            Some(InFlight::Undo) => Some(Text::BeingUndone),
            Some(InFlight::Converse) => Some(Text::BeingChanged),
            None if request.allows(action) => None,
            None if request.is_elsewhere() => Some(Text::ElsewhereNotHere),
            None if request.decision.is_some() => Some(Text::DecidedAlready),
            None => Some(Text::NotAllowedHere),
        }
    }
}
