//! A person in a company's directory.

use serde::{Deserialize, Serialize};

use super::{DepartmentId, MemberId, Time, Who};
use crate::text::Untrusted;

/// A member as their viewer may see them. A field that no source supplies, or that is hidden, is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Member {
    /// The member's id.
    pub id: MemberId,
    /// Rises by one with each change.
    pub revision: i64,
    /// `seq` of the read that made this copy.
    pub as_of: i64,
    /// Full name.
    pub name: Untrusted,
    /// English or other second name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Untrusted>,
    /// Departments; the first is the main one.
    #[serde(default)]
    pub departments: Vec<Membership>,
    /// Job title inside the company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Untrusted>,
    /// Job title shown to outsiders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_title: Option<Untrusted>,
    /// Telephone numbers.
    #[serde(default)]
    pub phones: Vec<Phone>,
    /// Mail addresses, the first is the main one.
    #[serde(default)]
    pub emails: Vec<Untrusted>,
    /// Office address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<Untrusted>,
    /// Whether they work here now.
    pub status: Status,
    /// That they are away, while they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
    /// Whom they report to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<MemberId>,
    /// Columns of the source that have no field of their own.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    /// Fields that a rule hides from the viewer, whether they hold something or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<MaskedField>,
    /// What the viewer may do with this person.
    #[serde(default)]
    pub allowed: Vec<MemberAction>,
}

/// Somebody is away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Away {
    /// Until then.
    pub until: Time,
    /// Who decides for them, where the viewer may know that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stand_in: Option<Who>,
}

/// A field that is hidden from the viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MaskedField {
    /// `mobile`, `phone`, `email`, `office`, `title`, `manager` or `attributes`.
    pub field: String,
    /// Id of the rule that hides it.
    pub rule: String,
}

/// A member's place in one department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Membership {
    /// The department.
    pub id: DepartmentId,
    /// Whether they lead it.
    pub leader: bool,
    /// Place in its list, smallest first.
    pub order: i64,
}

/// A telephone number and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Phone {
    /// What it is for.
    pub kind: PhoneKind,
    /// As the source gives it.
    pub number: Untrusted,
}

/// What a number is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PhoneKind {
    /// A mobile phone.
    Mobile,
    /// A desk phone.
    Work,
}

/// A column of the source without a field of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// The column's name.
    pub name: Untrusted,
    /// The value.
    pub value: Untrusted,
}

/// Whether a member works here now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Works here.
    #[default]
    Active,
    /// Locked by an admin.
    Disabled,
    /// Has not signed in yet.
    NotActivated,
    /// Has left.
    Left,
}

impl Status {
    /// The word in files, in the store and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::NotActivated => "not_activated",
            Self::Left => "left",
        }
    }

    /// Reads the word of a file or the store, in any case, with `-`, `_` or a blank between its parts.
    pub fn parse(text: &str) -> Option<Self> {
        let word: String = text
            .trim()
            .chars()
            .map(|c| if matches!(c, '-' | ' ') { '_' } else { c.to_ascii_lowercase() })
            .collect();
        [Self::Active, Self::Disabled, Self::NotActivated, Self::Left]
            .into_iter()
            .find(|s| s.as_str() == word)
    }

    /// Whether the person is still of the company and shown in its directory.
    pub const fn is_present(self) -> bool {
        !matches!(self, Self::Left)
    }
}

/// What a viewer may do with a colleague.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberAction {
    /// Open the company's chat.
    Chat,
}

impl Member {
    /// The main department.
    pub fn main_department(&self) -> Option<&DepartmentId> {
        self.departments.first().map(|membership| &membership.id)
    }

    /// Until when they are away at `now`, and who decides for them.
    pub fn away_at(&self, now: Time) -> Option<&Away> {
        self.away.as_ref().filter(|away| away.until > now)
    }

    /// The place in one department, if they are in it.
    pub fn membership(&self, department: &DepartmentId) -> Option<&Membership> {
        self.departments.iter().find(|membership| membership.id == *department)
    }
}
