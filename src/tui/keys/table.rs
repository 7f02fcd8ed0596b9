//! The key table.

use super::action::Action;
use crate::i18n::Text;
use crate::tui::model::State;

/// Where a key has a meaning. Looked up innermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everywhere, before anything else.
    Always,
    /// In a text field: what is not bound is typed.
    Field,
    /// In the search field, besides.
    Search,
    /// On a layer that is read: help, a card.
    Reading,
    /// On a member's card.
    MemberCard,
    /// On an external contact's card.
    ContactCard,
    /// On a request's details.
    RequestCard,
    /// On one's own namecard.
    Namecard,
    /// On what is suspicious about a request.
    Doubt,
    /// On a list of requests that do not stand in the queue.
    Past,
    /// On a list of people to choose from.
    Picker,
    /// On a tree of departments to choose from.
    Ticks,
    /// On a question with answers to choose from.
    Choice,
    /// On the list of reasons.
    Reason,
    /// In a field of the wizard, besides.
    Wizard,
    /// On an answer with what can be done.
    Steps,
    /// On the directory's page.
    Directory,
    /// On the page of external contacts.
    External,
    /// On the page of approvals.
    Approvals,
    /// On every page.
    Page,
}

impl Scope {
    /// All scopes, in the order of the help.
    pub const ALL: &[Self] = &[
        Self::Page,
        Self::Directory,
        Self::External,
        Self::Approvals,
        Self::MemberCard,
        Self::ContactCard,
        Self::RequestCard,
        Self::Namecard,
        Self::Reading,
        Self::Doubt,
        Self::Past,
        Self::Picker,
        Self::Ticks,
        Self::Choice,
        Self::Reason,
        Self::Steps,
        Self::Wizard,
        Self::Search,
        Self::Field,
        Self::Always,
    ];

    /// The name in files and pages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Field => "field",
            Self::Search => "search",
            Self::Reading => "reading",
            Self::MemberCard => "member-card",
            Self::ContactCard => "contact-card",
            Self::RequestCard => "request-card",
            Self::Namecard => "namecard",
            Self::Doubt => "doubt",
            Self::Past => "past",
            Self::Picker => "picker",
            Self::Ticks => "ticks",
            Self::Choice => "choice",
            Self::Reason => "reason",
            Self::Wizard => "wizard",
            Self::Steps => "steps",
            Self::Directory => "directory",
            Self::External => "external",
            Self::Approvals => "approvals",
            Self::Page => "page",
        }
    }

    /// The heading in the help.
    pub const fn title(self) -> Text {
        match self {
            Self::Always => Text::ScopeAlways,
            Self::Field => Text::ScopeField,
            Self::Search => Text::ScopeSearch,
            Self::Reading => Text::ScopeReading,
            Self::MemberCard => Text::ScopeMemberCard,
            Self::ContactCard => Text::ScopeContactCard,
            Self::RequestCard => Text::ScopeRequestCard,
            Self::Namecard => Text::ScopeNamecard,
            Self::Doubt => Text::ScopeDoubt,
            Self::Past => Text::ScopePast,
            Self::Picker => Text::ScopePicker,
            Self::Ticks => Text::ScopeTicks,
            Self::Choice => Text::ScopeChoice,
            Self::Reason => Text::ScopeReason,
            Self::Wizard => Text::ScopeWizard,
            Self::Steps => Text::ScopeSteps,
            Self::Directory => Text::TabDirectory,
            Self::External => Text::TabExternal,
            Self::Approvals => Text::TabApprovals,
            Self::Page => Text::ScopePage,
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Binding {
    /// Where.
    pub scope: Scope,
    /// What it does.
    pub action: Action,
    /// The keys, the first one is shown; several presses are separated by blanks.
    pub keys: &'static [&'static str],
    /// Place in the footer, 1 first; 0 is not in it.
    pub footer: u8,
    /// Why it is not possible now; none when it is. Pressing says so, the footer leaves it out.
    pub blocked: fn(&State) -> Option<Text>,
}

impl std::fmt::Debug for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} {:?}", self.scope.name(), self.action.name(), self.keys)
    }
}

const fn bind(scope: Scope, action: Action, keys: &'static [&'static str]) -> Binding {
    Binding { scope, action, keys, footer: 0, blocked: never }
}

const fn never(_: &State) -> Option<Text> {
    None
}

impl Binding {
    const fn footer(mut self, place: u8) -> Self {
        self.footer = place;
        self
    }

    const fn unless(mut self, blocked: fn(&State) -> Option<Text>) -> Self {
        self.blocked = blocked;
        self
    }
}

/// Every key of the program.
pub const BINDINGS: &[Binding] = &[
    bind(Scope::Always, Action::Cancel, &["Ctrl-c"]),
    bind(Scope::Always, Action::Redraw, &["Ctrl-l"]),
    bind(Scope::Always, Action::Suspend, &["Ctrl-z"]),
    // Pages.
    bind(Scope::Page, Action::Down, &["j", "Down"]),
    bind(Scope::Page, Action::Up, &["k", "Up"]),
    bind(Scope::Page, Action::HalfDown, &["Ctrl-d"]),
    bind(Scope::Page, Action::HalfUp, &["Ctrl-u"]),
    bind(Scope::Page, Action::PageDown, &["PgDn"]),
    bind(Scope::Page, Action::PageUp, &["PgUp"]),
    bind(Scope::Page, Action::First, &["g g", "Home"]),
    bind(Scope::Page, Action::Last, &["G", "End"]),
    bind(Scope::Page, Action::Open, &["Enter"]).footer(2).unless(State::nothing_to_open),
    bind(Scope::Page, Action::Search, &["/"]).footer(3).unless(State::no_search_here),
    bind(Scope::Page, Action::Namecard, &["Q"]).footer(9).unless(State::not_ready),
    bind(Scope::Page, Action::Add, &["+"]).footer(10).unless(State::not_ready),
    bind(Scope::Page, Action::Linked, &["g l"]).unless(State::not_ready),
    bind(Scope::Page, Action::Scan, &["I"]).unless(State::not_ready),
    bind(Scope::Page, Action::Why, &["w"]).footer(11).unless(State::nobody_selected),
    bind(Scope::Page, Action::TabDirectory, &["1", "g d"]),
    bind(Scope::Page, Action::TabExternal, &["2", "g e"]),
    bind(Scope::Page, Action::TabApprovals, &["3", "g a"]),
    bind(Scope::Page, Action::Decided, &["g h"]).unless(State::not_ready),
    bind(Scope::Page, Action::Sent, &["g s"]).unless(State::not_ready),
    bind(Scope::Page, Action::NextTab, &["]"]),
    bind(Scope::Page, Action::PreviousTab, &["["]),
    bind(Scope::Page, Action::NextPane, &["Tab"]),
    bind(Scope::Page, Action::PreviousPane, &["S-Tab"]),
    bind(Scope::Page, Action::Undo, &["u"]).footer(6).unless(State::nothing_to_undo),
    bind(Scope::Page, Action::Redo, &["U"]).unless(State::nothing_to_redo),
    bind(Scope::Page, Action::Refresh, &["R", "F5"]),
    bind(Scope::Page, Action::Help, &["?", "F1"]).footer(90),
    bind(Scope::Page, Action::Back, &["Esc"]),
    bind(Scope::Page, Action::Close, &["q"]).footer(91),
    // Directory.
    bind(Scope::Directory, Action::Fold, &["h", "Left"]),
    bind(Scope::Directory, Action::Unfold, &["l", "Right"]),
    bind(Scope::Directory, Action::Parent, &["-"]).unless(State::no_department_above),
    bind(Scope::Directory, Action::Below, &["s"]).footer(7).unless(State::not_ready),
    bind(Scope::Directory, Action::Chat, &["c"]).footer(4).unless(State::no_chat_here),
    bind(Scope::Directory, Action::CopyName, &["y n", "y y"]).unless(State::nobody_selected),
    bind(Scope::Directory, Action::CopyPhone, &["y p"]).unless(State::no_phone_here),
    bind(Scope::Directory, Action::CopyEmail, &["y e"]).unless(State::no_email_here),
    bind(Scope::Directory, Action::CopyId, &["y i"]).unless(State::nobody_selected),
    // External.
    bind(Scope::External, Action::Remark, &["e"]).footer(4).unless(State::no_contact_selected),
    bind(Scope::External, Action::Remove, &["D"]).footer(8).unless(State::no_contact_selected),
    bind(Scope::External, Action::Tags, &["t"]).footer(5).unless(State::cannot_tag),
    bind(Scope::External, Action::HandOver, &["H"]).footer(7).unless(State::cannot_hand_over),
    bind(Scope::External, Action::Introduce, &["i"]).footer(7).unless(State::cannot_introduce),
    bind(Scope::External, Action::RefuseOwner, &["x"]).footer(1).unless(State::cannot_refuse_owner),
    bind(Scope::External, Action::SortRecent, &["S a"]).footer(5),
    bind(Scope::External, Action::SortCompany, &["S c"]).footer(5),
    bind(Scope::External, Action::SortTag, &["S t"]).footer(5),
    bind(Scope::External, Action::CopyName, &["y n", "y y"]).unless(State::nobody_selected),
    bind(Scope::External, Action::CopyPhone, &["y p"]).unless(State::no_phone_here),
    bind(Scope::External, Action::CopyEmail, &["y e"]).unless(State::no_email_here),
    bind(Scope::External, Action::CopyId, &["y i"]).unless(State::nobody_selected),
    // Approvals.
    bind(Scope::Approvals, Action::Approve, &["a"]).footer(1).unless(State::cannot_approve),
    bind(Scope::Approvals, Action::Reject, &["x"]).footer(1).unless(State::cannot_reject),
    bind(Scope::Approvals, Action::ApproveWith, &["A"]).footer(3).unless(State::cannot_approve_one),
    bind(Scope::Approvals, Action::ApproveTagged, &["t"]).unless(State::takes_no_tags),
    bind(Scope::Approvals, Action::Block, &["B"]).unless(State::cannot_block),
    bind(Scope::Approvals, Action::Repeat, &["."]).footer(8).unless(State::nothing_to_repeat),
    bind(Scope::Approvals, Action::AskBack, &["i"]).footer(6).unless(State::cannot_ask),
    bind(Scope::Approvals, Action::PassOn, &["H"]).footer(5).unless(State::cannot_pass),
    bind(Scope::Approvals, Action::Snooze, &["s"]).footer(4).unless(State::cannot_snooze),
    bind(Scope::Approvals, Action::Withdraw, &["X"]).footer(4).unless(State::cannot_withdraw),
    bind(Scope::Approvals, Action::Earlier, &["T"]).footer(8).unless(State::no_request_selected),
    bind(Scope::Approvals, Action::Mark, &["Space"]).footer(6).unless(State::no_rows_shown),
    bind(Scope::Approvals, Action::MarkRange, &["v"]).unless(State::no_request_selected),
    bind(Scope::Approvals, Action::MarkAll, &["m a"]).unless(State::no_rows_shown),
    bind(Scope::Approvals, Action::MarkNone, &["m n"]),
    bind(Scope::Approvals, Action::MarkInvert, &["m i"]).unless(State::no_rows_shown),
    bind(Scope::Approvals, Action::MarkCompany, &["m c"]).unless(State::no_rows_shown),
    bind(Scope::Approvals, Action::MarkCard, &["m q"]).unless(State::no_rows_shown),
    bind(Scope::Approvals, Action::MarkFlagged, &["m f"]).unless(State::no_rows_shown),
    bind(Scope::Approvals, Action::MarkOld, &["m o"]).unless(State::no_rows_shown),
    bind(Scope::Approvals, Action::FilterMine, &["f m"]),
    bind(Scope::Approvals, Action::FilterFlagged, &["f f"]),
    bind(Scope::Approvals, Action::FilterCompany, &["f c"]),
    bind(Scope::Approvals, Action::FilterCard, &["f q"]),
    bind(Scope::Approvals, Action::FilterKind, &["f k"]),
    bind(Scope::Approvals, Action::FilterDue, &["f d"]),
    bind(Scope::Approvals, Action::FilterNone, &["F"]).unless(State::no_filter),
    bind(Scope::Approvals, Action::SortDue, &["S d"]),
    bind(Scope::Approvals, Action::SortAge, &["S a"]),
    bind(Scope::Approvals, Action::SortName, &["S n"]),
    bind(Scope::Approvals, Action::GroupCompany, &["S g"]),
    bind(Scope::Approvals, Action::GroupCard, &["S q"]),
    bind(Scope::Approvals, Action::GroupKind, &["S k"]),
    bind(Scope::Approvals, Action::GroupDue, &["S t"]),
    bind(Scope::Approvals, Action::Fold, &["h", "Left"]),
    bind(Scope::Approvals, Action::Unfold, &["l", "Right"]),
    bind(Scope::Approvals, Action::CopyName, &["y n", "y y"]).unless(State::nobody_selected),
    bind(Scope::Approvals, Action::CopyPhone, &["y p"]).unless(State::no_phone_here),
    bind(Scope::Approvals, Action::CopyEmail, &["y e"]).unless(State::no_email_here),
    bind(Scope::Approvals, Action::CopyId, &["y i"]).unless(State::nobody_selected),
    bind(Scope::Approvals, Action::CopyLink, &["y l"]).unless(State::no_link_here),
    // Layers that are read.
    bind(Scope::Reading, Action::Down, &["j", "Down"]),
    bind(Scope::Reading, Action::Up, &["k", "Up"]),
    bind(Scope::Reading, Action::HalfDown, &["Ctrl-d", "PgDn"]),
    bind(Scope::Reading, Action::HalfUp, &["Ctrl-u", "PgUp"]),
    bind(Scope::Reading, Action::First, &["g g", "Home"]),
    bind(Scope::Reading, Action::Last, &["G", "End"]),
    bind(Scope::Reading, Action::Help, &["?", "F1"]).footer(90),
    bind(Scope::Reading, Action::Back, &["Esc", "q"]).footer(91),
    bind(Scope::MemberCard, Action::Chat, &["c"]).footer(1).unless(State::no_chat_here),
    bind(Scope::MemberCard, Action::CopyName, &["y n", "y y"]).footer(3),
    bind(Scope::MemberCard, Action::CopyPhone, &["y p"]).footer(4).unless(State::no_phone_here),
    bind(Scope::MemberCard, Action::CopyEmail, &["y e"]).footer(5).unless(State::no_email_here),
    bind(Scope::MemberCard, Action::CopyId, &["y i"]).footer(6),
    bind(Scope::MemberCard, Action::Why, &["w"]).footer(7),
    bind(Scope::ContactCard, Action::Why, &["w"]).footer(7),
    bind(Scope::RequestCard, Action::Why, &["w"]).footer(7),
    bind(Scope::ContactCard, Action::Remark, &["e"]).footer(1).unless(State::no_contact_selected),
    bind(Scope::ContactCard, Action::CopyName, &["y n", "y y"]).footer(3),
    bind(Scope::ContactCard, Action::CopyPhone, &["y p"]).footer(4).unless(State::no_phone_here),
    bind(Scope::ContactCard, Action::CopyEmail, &["y e"]).footer(5).unless(State::no_email_here),
    bind(Scope::ContactCard, Action::Remove, &["D"]).footer(8).unless(State::no_contact_selected),
    bind(Scope::ContactCard, Action::Tags, &["t"]).footer(2).unless(State::cannot_tag),
    bind(Scope::ContactCard, Action::HandOver, &["H"]).footer(5).unless(State::cannot_hand_over),
    bind(Scope::ContactCard, Action::Introduce, &["i"]).footer(7).unless(State::cannot_introduce),
    bind(Scope::ContactCard, Action::RefuseOwner, &["x"]).footer(1).unless(State::cannot_refuse_owner),
    bind(Scope::RequestCard, Action::Approve, &["a"]).footer(1).unless(State::cannot_approve),
    bind(Scope::RequestCard, Action::Reject, &["x"]).footer(1).unless(State::cannot_reject),
    bind(Scope::RequestCard, Action::ApproveWith, &["A"]).footer(3).unless(State::cannot_approve_one),
    bind(Scope::RequestCard, Action::ApproveTagged, &["t"]).unless(State::takes_no_tags),
    bind(Scope::RequestCard, Action::Block, &["B"]).unless(State::cannot_block),
    bind(Scope::RequestCard, Action::Repeat, &["."]).footer(8).unless(State::nothing_to_repeat),
    bind(Scope::RequestCard, Action::AskBack, &["i"]).footer(6).unless(State::cannot_ask),
    bind(Scope::RequestCard, Action::PassOn, &["H"]).footer(5).unless(State::cannot_pass),
    bind(Scope::RequestCard, Action::Snooze, &["s"]).footer(4).unless(State::cannot_snooze),
    bind(Scope::RequestCard, Action::Withdraw, &["X"]).footer(4).unless(State::cannot_withdraw),
    bind(Scope::RequestCard, Action::Earlier, &["T"]).footer(8).unless(State::no_request_selected),
    bind(Scope::RequestCard, Action::Undo, &["u"]).footer(2).unless(State::nothing_to_undo),
    bind(Scope::RequestCard, Action::CopyName, &["y n", "y y"]).footer(3),
    bind(Scope::RequestCard, Action::CopyPhone, &["y p"]).footer(4).unless(State::no_phone_here),
    bind(Scope::RequestCard, Action::CopyEmail, &["y e"]).footer(5).unless(State::no_email_here),
    bind(Scope::RequestCard, Action::CopyId, &["y i"]).footer(6),
    bind(Scope::RequestCard, Action::CopyLink, &["y l"]).unless(State::no_link_here),
    bind(Scope::Namecard, Action::CopyLink, &["y l"]).footer(1).unless(State::no_card_yet),
    bind(Scope::Namecard, Action::Blocks, &["b"]).footer(2).unless(State::no_card_yet),
    bind(Scope::Namecard, Action::Rotate, &["N"]).footer(3).unless(State::no_card_yet),
    bind(Scope::Namecard, Action::NextCard, &["Right", "l"]).footer(4).unless(State::one_card_only),
    bind(Scope::Namecard, Action::PreviousCard, &["Left", "h"]).unless(State::one_card_only),
    bind(Scope::Namecard, Action::RevokeCard, &["X"]).footer(5).unless(State::no_card_yet),
    bind(Scope::Namecard, Action::Sharing, &["e"]).footer(2).unless(State::no_card_yet),
    bind(Scope::Namecard, Action::OutsideView, &["v"]).footer(3).unless(State::no_card_yet),
    bind(Scope::Namecard, Action::Help, &["?", "F1"]).footer(90),
    bind(Scope::Namecard, Action::Back, &["Esc", "q"]).footer(91),
    bind(Scope::Doubt, Action::ApproveDoubted, &["y"]).footer(1),
    bind(Scope::Past, Action::Open, &["Enter"]).footer(1).unless(State::no_request_selected),
    bind(Scope::Past, Action::Withdraw, &["X"]).footer(2).unless(State::cannot_withdraw),
    bind(Scope::Past, Action::AskBack, &["i"]).footer(3).unless(State::cannot_ask),
    bind(Scope::Past, Action::Undo, &["u"]).footer(4).unless(State::nothing_to_undo),
    bind(Scope::Past, Action::Why, &["w"]).footer(5).unless(State::no_request_selected),
    // Questions.
    bind(Scope::Choice, Action::Down, &["j", "Down", "Tab"]),
    bind(Scope::Choice, Action::Up, &["k", "Up", "S-Tab"]),
    bind(Scope::Choice, Action::Pick, &["1", "2", "3", "4"]),
    bind(Scope::Choice, Action::Confirm, &["Enter"]).footer(1),
    bind(Scope::Choice, Action::Back, &["Esc", "q"]).footer(91),
    bind(Scope::Reason, Action::Down, &["j", "Down"]),
    bind(Scope::Reason, Action::Up, &["k", "Up"]),
    bind(Scope::Reason, Action::Pick, &["1", "2", "3", "4", "5", "6"]).footer(3),
    bind(Scope::Reason, Action::TickBlock, &["Space"]).footer(2).unless(State::no_block_offered),
    bind(Scope::Reason, Action::Tick, &["t"]).footer(2),
    bind(Scope::Reason, Action::Confirm, &["Enter"]).footer(1),
    bind(Scope::Reason, Action::Back, &["Esc", "q"]).footer(91),
    // Reaching somebody.
    bind(Scope::Steps, Action::Down, &["j", "Down"]),
    bind(Scope::Steps, Action::Up, &["k", "Up"]),
    bind(Scope::Steps, Action::First, &["g g", "Home"]),
    bind(Scope::Steps, Action::Last, &["G", "End"]),
    bind(Scope::Steps, Action::Pick, &["1", "2", "3", "4", "5", "6", "7", "8", "9"])
        .footer(2)
        .unless(State::nothing_to_choose),
    bind(Scope::Steps, Action::Confirm, &["Enter"]).footer(1).unless(State::nothing_to_choose),
    bind(Scope::Steps, Action::CopyAnswer, &["y r"]).footer(3),
    bind(Scope::Steps, Action::PreviousField, &["S-Tab"]),
    bind(Scope::Steps, Action::Help, &["?", "F1"]).footer(90),
    bind(Scope::Steps, Action::Back, &["Esc", "q"]).footer(91),
    bind(Scope::Wizard, Action::NextField, &["Tab", "Down"]).footer(2),
    bind(Scope::Wizard, Action::PreviousField, &["S-Tab", "Up"]),
    bind(Scope::Ticks, Action::Down, &["j", "Down"]),
    bind(Scope::Ticks, Action::Up, &["k", "Up"]),
    bind(Scope::Ticks, Action::HalfDown, &["Ctrl-d", "PgDn"]),
    bind(Scope::Ticks, Action::HalfUp, &["Ctrl-u", "PgUp"]),
    bind(Scope::Ticks, Action::Tick, &["Space"]).footer(2),
    bind(Scope::Ticks, Action::Confirm, &["Enter"]).footer(1),
    bind(Scope::Ticks, Action::Back, &["Esc", "q"]).footer(91),
    bind(Scope::Picker, Action::Down, &["Down"]),
    bind(Scope::Picker, Action::Up, &["Up"]),
    // Fields.
    bind(Scope::Search, Action::Down, &["Down"]),
    bind(Scope::Search, Action::Up, &["Up"]),
    bind(Scope::Search, Action::PageDown, &["PgDn"]),
    bind(Scope::Search, Action::PageUp, &["PgUp"]),
    bind(Scope::Search, Action::Open, &["Enter"]).footer(1),
    bind(Scope::Field, Action::Confirm, &["Enter"]).footer(1),
    bind(Scope::Field, Action::Back, &["Esc"]).footer(91),
    bind(Scope::Field, Action::LineStart, &["Ctrl-a", "Home"]),
    bind(Scope::Field, Action::LineEnd, &["Ctrl-e", "End"]),
    bind(Scope::Field, Action::LetterLeft, &["Left"]),
    bind(Scope::Field, Action::LetterRight, &["Right"]),
    bind(Scope::Field, Action::WordLeft, &["Alt-b"]),
    bind(Scope::Field, Action::WordRight, &["Alt-f"]),
    bind(Scope::Field, Action::DeleteBefore, &["Backspace"]),
    bind(Scope::Field, Action::DeleteBehind, &["Delete"]),
    bind(Scope::Field, Action::DeleteWord, &["Ctrl-w"]),
    bind(Scope::Field, Action::DeleteToStart, &["Ctrl-u"]),
];
