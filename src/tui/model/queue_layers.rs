//! What the queue asks before it does something.

use super::bulk::LeftOut;
use super::cursor::Cursor;
use super::field::Field;
use super::msg::Ticket;
use crate::domain::{Decision, DepartmentId, MemberId, RequestId, Time};

/// Several rows are to be decided.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkLayer {
    /// How.
    pub decision: Decision,
    /// Which, each in the revision that was on the screen.
    pub going: Vec<(RequestId, i64)>,
    /// Which not, and why.
    pub left: Vec<(RequestId, LeftOut)>,
    /// The answer that is chosen; the first one is harmless.
    pub at: usize,
    /// The number, where it has to be typed.
    pub number: Option<Field>,
    /// Since when it is asked.
    pub since: Time,
}

impl BulkLayer {
    /// How many answers there are: leave it, do it, look at what is left out, pass on what has no room.
    pub fn answers(&self) -> usize {
        2 + usize::from(!self.left.is_empty()) + usize::from(!self.without_room().is_empty())
    }

    /// What does not go because there is no room for more contacts.
    pub fn without_room(&self) -> Vec<RequestId> {
        let left = self.left.iter().filter(|(_, why)| *why == LeftOut::NoRoom);
        left.map(|(id, _)| id.clone()).collect()
    }
}

/// A row with warnings is to be approved: what is suspicious is shown first.
#[derive(Clone, Debug, PartialEq)]
pub struct DoubtLayer {
    /// Which.
    pub id: RequestId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// How.
    pub decision: Decision,
    /// First visible row.
    pub top: usize,
    /// Since when it is asked.
    pub since: Time,
}

/// The word that blocks somebody; the same in every language, so that no input method is needed.
pub const BLOCK_WORD: &str = "block";

/// A sender is to be blocked: a word is typed.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockLayer {
    /// Which request.
    pub id: RequestId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// With its reason.
    pub decision: Decision,
    /// What is typed.
    pub field: Field,
}

/// What is written to somebody about a request, or given to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SayWhat {
    /// A question to the requester.
    Question,
    /// The answer to the approver.
    Answer,
    /// Tags that the new contact gets.
    Tags,
}

/// Words about a request.
#[derive(Clone, Debug, PartialEq)]
pub struct SayLayer {
    /// Which request.
    pub id: RequestId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// What is written.
    pub what: SayWhat,
    /// What is typed.
    pub field: Field,
}

/// For what a moment is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenWhat {
    /// Until then the request is out of the way.
    Snooze,
    /// Until then the permission holds.
    Permission,
}

impl WhenWhat {
    /// The choices in days from now; after them stands a date of one's own.
    pub const fn days(self) -> [i64; 3] {
        match self {
            Self::Snooze => [1, 3, 7],
            Self::Permission => [30, 90, 365],
        }
    }
}

/// A moment is chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct WhenLayer {
    /// Which request.
    pub id: RequestId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// What for.
    pub what: WhenWhat,
    /// The choice.
    pub at: usize,
    /// A date, while it is typed.
    pub date: Option<Field>,
}

/// A colleague is chosen, to pass a request to or to take over.
#[derive(Clone, Debug, PartialEq)]
pub struct ColleagueLayer {
    /// Which request.
    pub id: RequestId,
    /// Which others besides.
    pub more: Vec<RequestId>,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// Whether a handover is given to them.
    pub assign: bool,
    /// What is typed.
    pub field: Field,
    /// Who was found, best first; once somebody was chosen who is away, who decides for them and they themselves.
    pub hits: Vec<MemberId>,
    /// Who was chosen and is away.
    pub away: Option<MemberId>,
    /// Where in the hits.
    pub cursor: Cursor,
    /// The newest question.
    pub wanted: Ticket,
}

/// Departments are chosen that a partner may see.
#[derive(Clone, Debug, PartialEq)]
pub struct ScopeLayer {
    /// Which request.
    pub id: RequestId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// All departments, from the top down, with their depth.
    pub tree: Vec<(DepartmentId, usize)>,
    /// Which are chosen.
    pub chosen: Vec<DepartmentId>,
    /// Where in the tree.
    pub cursor: Cursor,
}

/// Which requests are looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Past {
    /// What was asked of the viewer and is decided or over.
    Decided,
    /// What the viewer asked.
    Sent,
}

/// Requests that do not stand in the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct PastLayer {
    /// Which.
    pub which: Past,
    /// As far as they are read, newest first.
    pub list: Vec<RequestId>,
    /// Where the next page begins; none: all is read.
    pub next: Option<String>,
    /// Whether a page is on its way.
    pub reading: bool,
    /// Where in the list.
    pub cursor: Cursor,
}
