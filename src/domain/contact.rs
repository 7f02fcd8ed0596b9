//! A person outside the company with an approved connection.

use serde::{Deserialize, Serialize};

use super::request::words;
use super::{Channel, ContactId, Time, Who, normalise_line};
use crate::text::{Untrusted, fits};

/// An external contact: the person, and one member's side of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Contact {
    /// The contact's id.
    pub id: ContactId,
    /// Rises by one with each change.
    pub revision: i64,
    /// `seq` of the read that made this copy.
    pub as_of: i64,
    /// What kind of account it is.
    pub kind: ContactKind,
    /// Name, as the person gave it.
    pub name: Untrusted,
    /// Company, as the person gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Untrusted>,
    /// Title, as the person gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Untrusted>,
    /// Telephone numbers, as the person gave them.
    #[serde(default)]
    pub phones: Vec<Untrusted>,
    /// Mail addresses, as the person gave them.
    #[serde(default)]
    pub emails: Vec<Untrusted>,
    /// My own name for them; nobody outside sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Untrusted>,
    /// What I wrote down about them; nobody outside sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Untrusted>,
    /// Tags of the company's list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Untrusted>,
    /// My own tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_tags: Vec<Untrusted>,
    /// Whether our companies are linked, so that the company's name is known to be right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
    /// Whether the other side has ended the connection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_sided: bool,
    /// They change hands: until then whoever takes over may be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse_until: Option<Time>,
    /// While they may be refused: the colleague of theirs who takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passes_to: Option<Untrusted>,
    /// How it came.
    pub source: Source,
    /// Since when the connection holds.
    pub since: Time,
    /// What I may do with it.
    #[serde(default)]
    pub allowed: Vec<ContactAction>,
}

words! {
    /// What kind of account an external contact is.
    ContactKind {
        /// A WeChat account.
        Wechat = "wechat",
        /// A member of another company.
        Member = "member",
        /// Somebody who came by a card link.
        Visitor = "visitor",
    }
}

/// How a connection came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Source {
    /// By which channel.
    pub channel: Channel,
    /// In which way.
    pub add_way: AddWay,
    /// Label of the card, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_label: Option<Untrusted>,
}

words! {
    /// In which way a connection came about.
    AddWay {
        /// They asked me.
        TheyAsked = "they_asked",
        /// I asked them by their card.
        TheirCard = "their_card",
        /// I asked them: our companies are linked.
        Linked = "linked",
        /// A colleague passed the contact on.
        Introduced = "introduced",
        /// A colleague handed the contact over.
        HandedOver = "handed_over",
    }
}

words! {
    /// What I may do with an external contact.
    ContactAction {
        /// Change my remark.
        EditRemark = "edit_remark",
        /// End the connection.
        Remove = "remove",
        /// Change tags.
        EditTags = "edit_tags",
        /// Hand it over to a colleague.
        HandOver = "hand_over",
        /// Pass it on to a colleague, who may then ask.
        Introduce = "introduce",
        /// Refuse the colleague of theirs who takes over.
        Refuse = "refuse",
    }
}

/// A contact with its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ContactDetail {
    /// The contact.
    pub contact: Contact,
    /// What happened, newest first.
    pub history: Vec<HistoryEntry>,
    /// Colleagues who know the same person, where the policy shows it.
    pub known_by: Vec<Who>,
    /// Tags that the company offers for contacts, in their order.
    #[serde(default)]
    pub company_tags: Vec<Untrusted>,
}

/// Longest tag, in graphemes.
const MAX_TAG: usize = 40;

/// A tag, cleaned; none when it is empty, or longer than 40 graphemes or 160 bytes.
pub fn contact_tag(typed: &str) -> Option<String> {
    let tag = normalise_line(typed);
    (!tag.is_empty() && fits(&tag, MAX_TAG, 4 * MAX_TAG)).then_some(tag)
}

/// One event in a contact's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct HistoryEntry {
    /// When.
    pub at: Time,
    /// What.
    pub what: HistoryKind,
    /// Who of us did it; none when the person outside did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// Rule of the policy that let it happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Version of that policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_version: Option<i64>,
}

words! {
    /// What happened to a contact.
    HistoryKind {
        /// They asked to connect.
        Requested = "requested",
        /// The request was approved.
        Approved = "approved",
        /// The remark was changed.
        RemarkChanged = "remark_changed",
        /// Tags were changed.
        TagsChanged = "tags_changed",
        /// The contact was passed on to a colleague.
        Introduced = "introduced",
        /// It was handed over.
        HandedOver = "handed_over",
        /// The other side ended the connection.
        EndedByThem = "ended_by_them",
    }
}

/// A contact's revision after a write to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ContactRevision {
    /// The contact.
    pub id: ContactId,
    /// Its revision now.
    pub revision: i64,
    /// `seq` of the write.
    pub as_of: i64,
}
