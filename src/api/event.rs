//! What the event stream says: that something changed, not what it is now.

use serde::{Deserialize, Serialize};

/// One event. The reader fetches `/v1/changes` for the content, which goes through its filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct EventData {
    /// Number in the company's outbox; also the id of the event.
    pub seq: i64,
    /// The event sent before on this stream, or where the stream began. Another number than the
    /// reader's own last one means a gap.
    pub prev: i64,
    /// What kind of object.
    pub kind: EventKind,
    /// What happened to it.
    #[serde(rename = "type")]
    pub what: EventType,
    /// Its id; empty for a `reset`.
    #[serde(default)]
    pub id: String,
}

/// Kinds of objects that change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A member.
    Member,
    /// A department.
    Department,
    /// A request.
    Request,
    /// An external contact.
    Contact,
    /// A card.
    Card,
    /// Everything: load the start again.
    Company,
}

impl EventKind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Department => "department",
            Self::Request => "request",
            Self::Contact => "contact",
            Self::Card => "card",
            Self::Company => "company",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Member, Self::Department, Self::Request, Self::Contact, Self::Card, Self::Company]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// Somebody changed it.
    Changed,
    /// Time made a difference to it.
    Due,
    /// So much changed that the reader has to start again.
    Reset,
}

impl EventType {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Due => "due",
            Self::Reset => "reset",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Changed, Self::Due, Self::Reset].into_iter().find(|what| what.as_str() == text)
    }
}
