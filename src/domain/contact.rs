//! A person outside the company with an approved connection.

use serde::{Deserialize, Serialize};

use super::{Channel, ContactId, Time, Who};
use crate::text::Untrusted;

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
    /// How it came.
    pub source: Source,
    /// Since when the connection holds.
    pub since: Time,
    /// What I may do with it.
    #[serde(default)]
    pub allowed: Vec<ContactAction>,
}

/// What kind of account an external contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// A WeChat account.
    Wechat,
    /// A member of another company.
    Member,
    /// Somebody who came by a card link.
    Visitor,
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

/// In which way a connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AddWay {
    /// They opened my card's link and asked.
    TheyAsked,
}

/// What I may do with an external contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ContactAction {
    /// Change my remark.
    EditRemark,
    /// End the connection.
    Remove,
}

/// A contact with its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ContactDetail {
    /// The contact.
    pub contact: Contact,
    /// What happened, newest first.
    pub history: Vec<HistoryEntry>,
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

/// What happened to a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HistoryKind {
    /// They asked to connect.
    Requested,
    /// The request was approved.
    Approved,
    /// The remark was changed.
    RemarkChanged,
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
