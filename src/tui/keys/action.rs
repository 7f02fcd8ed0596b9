//! What a key can do.

use crate::i18n::Text;

macro_rules! actions {
    ($($(#[$meta:meta])* $name:ident($text:literal, $label:ident, $help:ident),)*) => {
        /// Something a key does. The name is the one that files and pages use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$meta])* $name,)* }

        impl Action {
            /// All actions.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in files and pages.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The word in the footer.
            pub const fn label(self) -> Text {
                match self { $(Self::$name => Text::$label,)* }
            }

            /// The sentence in the help.
            pub const fn help(self) -> Text {
                match self { $(Self::$name => Text::$help,)* }
            }
        }
    };
}

actions! {
    /// Ctrl-C: leave the field or layer; twice in a row: quit.
    Cancel("cancel", KeyCancel, HelpCancel),
    /// Close the layer; on a page: quit.
    Close("close", KeyClose, HelpClose),
    /// Out of the innermost thing.
    Back("back", KeyBack, HelpBack),
    /// Help.
    Help("help", KeyHelp, HelpHelp),
    /// Load everything anew.
    Refresh("refresh", KeyRefresh, HelpRefresh),
    /// Draw everything anew.
    Redraw("redraw", KeyRedraw, HelpRedraw),
    /// To the shell.
    Suspend("suspend", KeySuspend, HelpSuspend),
    /// The first tab.
    TabDirectory("tab-directory", KeyTabDirectory, HelpTabDirectory),
    /// The second tab.
    TabExternal("tab-external", KeyTabExternal, HelpTabExternal),
    /// The third tab.
    TabApprovals("tab-approvals", KeyTabApprovals, HelpTabApprovals),
    /// The next tab.
    NextTab("next-tab", KeyNextTab, HelpNextTab),
    /// The tab before.
    PreviousTab("previous-tab", KeyPreviousTab, HelpPreviousTab),
    /// The next pane.
    NextPane("next-pane", KeyNextPane, HelpNextPane),
    /// The pane before.
    PreviousPane("previous-pane", KeyPreviousPane, HelpPreviousPane),
    /// A row down.
    Down("down", KeyDown, HelpDown),
    /// A row up.
    Up("up", KeyUp, HelpUp),
    /// Half a page down.
    HalfDown("half-page-down", KeyHalfDown, HelpHalfDown),
    /// Half a page up.
    HalfUp("half-page-up", KeyHalfUp, HelpHalfUp),
    /// A page down.
    PageDown("page-down", KeyPageDown, HelpPageDown),
    /// A page up.
    PageUp("page-up", KeyPageUp, HelpPageUp),
    /// The first row.
    First("first", KeyFirst, HelpFirst),
    /// The last row.
    Last("last", KeyLast, HelpLast),
    /// Fold, or the pane to the left.
    Fold("fold", KeyFold, HelpFold),
    /// Unfold, or the pane to the right.
    Unfold("unfold", KeyUnfold, HelpUnfold),
    /// Open what is selected.
    Open("open", KeyOpen, HelpOpen),
    /// Search.
    Search("search", KeySearch, HelpSearch),
    /// Start a chat.
    Chat("chat", KeyChat, HelpChat),
    /// With or without the departments below.
    Below("below", KeyBelow, HelpBelow),
    /// The department above.
    Parent("parent", KeyParent, HelpParent),
    /// One's own namecard.
    Namecard("namecard", KeyNamecard, HelpNamecard),
    /// The next card of one's own.
    NextCard("next-card", KeyNextCard, HelpNextCard),
    /// The one before.
    PreviousCard("previous-card", KeyPreviousCard, HelpPreviousCard),
    /// End the card that is shown.
    RevokeCard("revoke-card", KeyRevokeCard, HelpRevokeCard),
    /// What the card shows, and whether requests are taken.
    Sharing("sharing", KeySharing, HelpSharing),
    /// The card as an outsider sees it.
    OutsideView("outside-view", KeyOutsideView, HelpOutsideView),
    /// Copy the name.
    CopyName("copy-name", KeyCopyName, HelpCopyName),
    /// Copy the telephone number.
    CopyPhone("copy-phone", KeyCopyPhone, HelpCopyPhone),
    /// Copy the mail address.
    CopyEmail("copy-email", KeyCopyEmail, HelpCopyEmail),
    /// Copy the id.
    CopyId("copy-id", KeyCopyId, HelpCopyId),
    /// Copy the link.
    CopyLink("copy-link", KeyCopyLink, HelpCopyLink),
    /// Newest first.
    SortRecent("sort-recent", KeySortRecent, HelpSortRecent),
    /// By company.
    SortCompany("sort-company", KeySortCompany, HelpSortCompany),
    /// Order the external contacts by tag.
    SortTag("sort-tag", KeySortTag, HelpSortTag),
    /// Change the remark.
    Remark("remark", KeyRemark, HelpRemark),
    /// Change the tags of a contact.
    Tags("tags", KeyTags, HelpTags),
    /// Hand a contact over to a colleague.
    HandOver("hand-over", KeyHandOver, HelpHandOver),
    /// Pass a contact on to a colleague, who may then ask.
    Introduce("introduce", KeyIntroduce, HelpIntroduce),
    /// Refuse who takes a contact over on the other side.
    RefuseOwner("refuse-owner", KeyRefuseOwner, HelpRefuseOwner),
    /// End the connection.
    Remove("remove", KeyRemove, HelpRemove),
    /// Approve.
    Approve("approve", KeyApprove, HelpApprove),
    /// Reject.
    Reject("reject", KeyReject, HelpReject),
    /// Take the last decision back.
    Undo("undo", KeyUndo, HelpUndo),
    /// Decide again what was taken back.
    Redo("redo", KeyRedo, HelpRedo),
    /// The last decision once more.
    Repeat("repeat", KeyRepeat, HelpRepeat),
    /// Approve with limits.
    ApproveWith("approve-with", KeyApproveWith, HelpApproveWith),
    /// Approve, with tags for the new contact.
    ApproveTagged("approve-tagged", KeyApproveTagged, HelpApproveTagged),
    /// Approve what is suspicious all the same.
    ApproveDoubted("approve-doubted", KeyApproveDoubted, HelpApproveDoubted),
    /// Reject and block.
    Block("reject-and-block", KeyBlock, HelpBlock),
    /// Ask the requester.
    AskBack("ask-back", KeyAskBack, HelpAskBack),
    /// Pass on.
    PassOn("pass-on", KeyPassOn, HelpPassOn),
    /// Put out of the way.
    Snooze("snooze", KeySnooze, HelpSnooze),
    /// Take one's own request back.
    Withdraw("withdraw", KeyWithdraw, HelpWithdraw),
    /// What the same person asked before.
    Earlier("earlier", KeyEarlier, HelpEarlier),
    /// What was decided.
    Decided("decided", KeyDecided, HelpDecided),
    /// What one sent.
    Sent("sent", KeySent, HelpSent),
    /// Mark the row.
    Mark("mark", KeyMark, HelpMark),
    /// Mark a range.
    MarkRange("mark-range", KeyMarkRange, HelpMarkRange),
    /// Mark all that is shown.
    MarkAll("mark-all", KeyMarkAll, HelpMarkAll),
    /// Mark nothing.
    MarkNone("mark-none", KeyMarkNone, HelpMarkNone),
    /// Mark the others.
    MarkInvert("mark-invert", KeyMarkInvert, HelpMarkInvert),
    /// Mark the company.
    MarkCompany("mark-company", KeyMarkCompany, HelpMarkCompany),
    /// Mark the card.
    MarkCard("mark-card", KeyMarkCard, HelpMarkCard),
    /// Mark those with warnings.
    MarkFlagged("mark-flagged", KeyMarkFlagged, HelpMarkFlagged),
    /// Mark the old ones.
    MarkOld("mark-old", KeyMarkOld, HelpMarkOld),
    /// Mine only.
    FilterMine("filter-mine", KeyFilterMine, HelpFilterMine),
    /// With warnings only.
    FilterFlagged("filter-flagged", KeyFilterFlagged, HelpFilterFlagged),
    /// The company only.
    FilterCompany("filter-company", KeyFilterCompany, HelpFilterCompany),
    /// The card only.
    FilterCard("filter-card", KeyFilterCard, HelpFilterCard),
    /// The kind only.
    FilterKind("filter-kind", KeyFilterKind, HelpFilterKind),
    /// Only what ends when the selected row does.
    FilterDue("filter-due", KeyFilterDue, HelpFilterDue),
    /// Everything.
    FilterNone("filter-none", KeyFilterNone, HelpFilterNone),
    /// What ends first.
    SortDue("sort-due", KeySortDue, HelpSortDue),
    /// What waits longest.
    SortAge("sort-age", KeySortAge, HelpSortAge),
    /// By name.
    SortName("sort-name", KeySortName, HelpSortName),
    /// Grouped by company.
    GroupCompany("group-company", KeyGroupCompany, HelpGroupCompany),
    /// Grouped by card.
    GroupCard("group-card", KeyGroupCard, HelpGroupCard),
    /// Put rows of one kind together.
    GroupKind("group-kind", KeyGroupKind, HelpGroupKind),
    /// Put rows together that end within a day, a week, or later.
    GroupDue("group-due", KeyGroupDue, HelpGroupDue),
    /// Tick that the sender is blocked.
    TickBlock("tick-block", KeyTickBlock, HelpTickBlock),
    /// A new code.
    Rotate("rotate", KeyRotate, HelpRotate),
    /// Full blocks, or half ones.
    Blocks("blocks", KeyBlocks, HelpBlocks),
    /// Choose what is offered.
    Confirm("confirm", KeyConfirm, HelpConfirm),
    /// Choose by number.
    Pick("pick", KeyPick, HelpPick),
    /// Tick or untick.
    Tick("tick", KeyTick, HelpTick),
    /// Reach somebody outside.
    Add("add", KeyAdd, HelpAdd),
    /// Those whom linked companies show.
    Linked("linked", KeyLinked, HelpLinked),
    /// Read a code from a picture.
    Scan("scan", KeyScan, HelpScan),
    /// Why one may or may not.
    Why("why", KeyWhy, HelpWhy),
    /// Copy the answer of the policy.
    CopyAnswer("copy-answer", KeyCopyAnswer, HelpCopyAnswer),
    /// The next field.
    NextField("next-field", KeyNextField, HelpNextField),
    /// The field before.
    PreviousField("previous-field", KeyPreviousField, HelpPreviousField),
    /// To the beginning of the line.
    LineStart("line-start", KeyLineStart, HelpLineStart),
    /// To the end of the line.
    LineEnd("line-end", KeyLineEnd, HelpLineEnd),
    /// A letter to the left.
    LetterLeft("letter-left", KeyLetterLeft, HelpLetterLeft),
    /// A letter to the right.
    LetterRight("letter-right", KeyLetterRight, HelpLetterRight),
    /// A word to the left.
    WordLeft("word-left", KeyWordLeft, HelpWordLeft),
    /// A word to the right.
    WordRight("word-right", KeyWordRight, HelpWordRight),
    /// Delete the letter before.
    DeleteBefore("delete-before", KeyDeleteBefore, HelpDeleteBefore),
    /// Delete the letter behind.
    DeleteBehind("delete-behind", KeyDeleteBehind, HelpDeleteBehind),
    /// Delete the word before.
    DeleteWord("delete-word", KeyDeleteWord, HelpDeleteWord),
    /// Delete to the beginning.
    DeleteToStart("delete-to-start", KeyDeleteToStart, HelpDeleteToStart),
}
