//! Why a key does nothing now. The same answer leaves it out of the footer, dims it in the help, and is
//! what a press says.

use super::layer::{Layer, NamecardLayer};
use super::state::{Phase, Selected, State, Tab};
use crate::domain::{ContactAction, MemberAction};
use crate::i18n::Text;

/// `text` when `condition` does not hold.
pub(super) fn unless(condition: bool, text: Text) -> Option<Text> {
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
        let in_group = self.tab == Tab::Approvals && self.approvals.group().is_some();
        self.not_ready().or(if in_tree || in_group { None } else { self.nobody_selected() })
    }

    /// The page in front has no search.
    pub fn no_search_here(&self) -> Option<Text> {
        self.not_ready().or(unless(self.tab != Tab::Approvals, Text::NoSearchHere))
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

    fn cannot_change(&self, what: ContactAction, why: Text) -> Option<Text> {
        match self.selected() {
            Selected::Contact(contact) => unless(contact.allowed.contains(&what), why),
            _ => Some(Text::NobodySelected),
        }
    }

    /// Tags cannot be changed.
    pub fn cannot_tag(&self) -> Option<Text> {
        self.cannot_change(ContactAction::EditTags, Text::NotAllowedHere)
    }

    /// The contact cannot be handed over.
    pub fn cannot_hand_over(&self) -> Option<Text> {
        self.cannot_change(ContactAction::HandOver, Text::NotAllowedHere)
    }

    /// The contact cannot be passed on.
    pub fn cannot_introduce(&self) -> Option<Text> {
        self.cannot_change(ContactAction::Introduce, Text::NotIntroducible)
    }

    /// Nobody takes over on the other side, or it is too late to refuse.
    pub fn cannot_refuse_owner(&self) -> Option<Text> {
        self.cannot_change(ContactAction::Refuse, Text::NobodyTakesOver)
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
