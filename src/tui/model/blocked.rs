//! Why a key does nothing now. The same answer leaves it out of the footer, dims it in the help, and is
//! what a press says.

use super::layer::{Layer, NamecardLayer};
use super::state::{InFlight, Phase, Selected, State, Tab};
use crate::domain::{ContactAction, MemberAction, RequestAction};
use crate::i18n::Text;

/// `text` when `condition` does not hold.
fn unless(condition: bool, text: Text) -> Option<Text> {
    (!condition).then_some(text)
}

impl State {
    /// Nothing is known yet.
    pub fn not_ready(&self) -> Option<Text> {
        unless(self.phase == Phase::Ready, Text::NotReady)
    }

    /// Nothing is selected that could be opened.
    pub fn nothing_to_open(&self) -> Option<Text> {
        let in_tree = self.tab == Tab::Directory && self.directory.in_tree;
        self.not_ready().or(if in_tree { None } else { self.nobody_selected() })
    }

    /// The page in front has no search.
    pub fn no_search_here(&self) -> Option<Text> {
        self.not_ready().or(unless(self.tab != Tab::Approvals, Text::NoSearchHere))
    }

    /// No decision can be taken back.
    pub fn nothing_to_undo(&self) -> Option<Text> {
        unless(self.undo_target().is_some() || !self.decided.is_empty(), Text::NothingToUndo)
    }

    /// The request that `u` takes back: the selected one if it is held and ours, else the newest
    /// decision of this client that is.
    pub fn undo_target(&self) -> Option<&crate::domain::Request> {
        let can = |request: &&crate::domain::Request| {
            request.allows(RequestAction::Undo) && !self.in_flight.contains_key(&request.id)
        };
        let selected = match self.selected() {
            Selected::Request(request) => Some(request).filter(can),
            _ => None,
        };
        selected.or_else(|| self.decided.iter().rev().filter_map(|id| self.data.request(id)).find(can))
    }

    /// The department is at the top.
    pub fn no_department_above(&self) -> Option<Text> {
        let above = self.directory.department.as_ref().and_then(|id| self.data.department(id));
        unless(above.is_some_and(|department| department.parent.is_some()), Text::NoDepartmentAbove)
    }

    /// Nobody is selected, or no chat can be started with them.
    pub fn no_chat_here(&self) -> Option<Text> {
        match self.selected() {
            Selected::Member(member) => {
                unless(member.allowed.contains(&MemberAction::Chat), Text::NoChatHere)
            }
            _ => Some(Text::NobodySelected),
        }
    }

    /// Nobody is selected.
    pub fn nobody_selected(&self) -> Option<Text> {
        unless(self.selected() != Selected::Nobody, Text::NobodySelected)
    }

    /// No telephone number is known.
    pub fn no_phone_here(&self) -> Option<Text> {
        let known = match self.selected() {
            Selected::Nobody => return Some(Text::NobodySelected),
            Selected::Member(member) => !member.phones.is_empty(),
            Selected::Contact(contact) => !contact.phones.is_empty(),
            Selected::Request(request) => request.requester.phone.is_some(),
            Selected::Linked(_) => false,
        };
        unless(known, Text::NoPhone)
    }

    /// No mail address is known.
    pub fn no_email_here(&self) -> Option<Text> {
        let known = match self.selected() {
            Selected::Nobody => return Some(Text::NobodySelected),
            Selected::Member(member) => !member.emails.is_empty(),
            Selected::Contact(contact) => !contact.emails.is_empty(),
            Selected::Request(request) => request.requester.email.is_some(),
            Selected::Linked(_) => false,
        };
        unless(known, Text::NoEmail)
    }

    /// No contact is selected, or it may not be changed.
    pub fn no_contact_selected(&self) -> Option<Text> {
        match self.selected() {
            Selected::Contact(contact) => {
                unless(contact.allowed.contains(&ContactAction::EditRemark), Text::NotAllowedHere)
            }
            _ => Some(Text::NobodySelected),
        }
    }

    /// The selected request cannot be approved.
    pub fn cannot_approve(&self) -> Option<Text> {
        self.cannot(RequestAction::Approve)
    }

    /// The selected request cannot be rejected.
    pub fn cannot_reject(&self) -> Option<Text> {
        self.cannot(RequestAction::Reject)
    }

    fn cannot(&self, action: RequestAction) -> Option<Text> {
        let Selected::Request(request) = self.selected() else { return Some(Text::NothingSelected) };
        match self.in_flight.get(&request.id) {
            Some(InFlight::Approve | InFlight::Reject) => Some(Text::BeingDecided),
            Some(InFlight::Undo) => Some(Text::BeingUndone),
            None if request.allows(action) => None,
            None if request.decision.is_some() => Some(Text::DecidedAlready),
            None => Some(Text::NotAllowedHere),
        }
    }

    /// There is nothing to choose from.
    pub fn nothing_to_choose(&self) -> Option<Text> {
        let choices = match self.layers.last() {
            Some(Layer::Why(layer)) => layer.alternatives().len(),
            Some(Layer::Wizard(layer)) => layer.choices(),
            _ => 0,
        };
        unless(choices > 0, Text::NothingToChoose)
    }

    /// The namecard is not there yet.
    pub fn no_card_yet(&self) -> Option<Text> {
        let there = match self.layers.last() {
            Some(Layer::Namecard(layer)) => matches!(**layer, NamecardLayer { card: Some(Ok(_)), .. }),
            _ => false,
        };
        unless(there, Text::NotReady)
    }

    /// Another card cannot be shown.
    pub fn one_card_only(&self) -> Option<Text> {
        let several = match self.layers.last() {
            Some(Layer::Namecard(layer)) => layer.all.len() > 1,
            _ => false,
        };
        unless(several, Text::OneCardOnly)
    }
}
