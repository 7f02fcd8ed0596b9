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
    /// The telephone numbers it shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Untrusted>,
    /// The mail addresses it shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Untrusted>,
    /// Comes back with each request made by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Untrusted>,
    /// How many requests were made by it.
    pub uses: i64,
    /// How many may be; none: as many as come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<i64>,
    /// How many of them wait.
    pub pending: i64,
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

/// What the owner of a card sets, as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardLike {
    /// Comes back with each request made by it.
    pub label: Option<Untrusted>,
    /// Which of the owner's numbers and addresses it shows.
    pub fields: Vec<Untrusted>,
    /// When its code ends; none: when the policy says, or as before.
    pub expires: Option<Time>,
    /// By how many requests it may be used; none: as many as come.
    pub max_uses: Option<i64>,
}

impl Card {
    /// What its owner set, as a whole, to be changed in a part.
    pub fn like(&self) -> CardLike {
        CardLike {
            label: self.label.clone(),
            fields: self.phones.iter().chain(&self.emails).cloned().collect(),
            expires: None,
            max_uses: self.max_uses,
        }
    }

    /// Whether it opens at a moment: its code lives, and it was not used as often as it may be.
    pub fn is_live(&self, now: Time) -> bool {
        self.expires > now && self.max_uses.is_none_or(|most| self.uses < most)
    }
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
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Printed, Self::Event, Self::Screen];

    /// Reads the word in the store.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

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
