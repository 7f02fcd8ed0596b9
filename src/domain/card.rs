//! What a member shows to outsiders.

use serde::{Deserialize, Serialize};

use super::{CardId, Time, Who};
use crate::text::Untrusted;

/// A namecard of the signed-in member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Card {
    /// The card's id.
    pub id: CardId,
    /// Rises by one with each change, rotation included.
    pub revision: i64,
    /// What it is for.
    pub kind: CardKind,
    /// The card link: what the QR code holds. Upper case, so that the code stays small.
    pub link: String,
    /// Whose card it is.
    pub owner: Who,
    /// The title it shows to outsiders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Untrusted>,
    /// The company it shows.
    pub company: Untrusted,
    /// Comes back with each request made by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Untrusted>,
    /// When the present code was made.
    pub created: Time,
    /// When the present code ends.
    pub expires: Time,
    /// Until when the code before the last rotation still works, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<Time>,
    /// Whether the link opens on this computer only: an embedded backend.
    pub local_only: bool,
    /// Whether the address of older codes could not be kept, so that they no longer open.
    pub moved: bool,
}

/// What a card is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    /// On paper: a year.
    Printed,
    /// A fair or a meeting: up to 30 days.
    Event,
    /// Shown on a screen: a day.
    Screen,
}

impl CardKind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Event => "event",
            Self::Screen => "screen",
        }
    }
}

/// What a QR code carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CodeContent {
    /// The card link.
    #[default]
    Link,
    /// A vCard, readable without a network.
    Vcard,
}
