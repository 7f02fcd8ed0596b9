//! Bodies of calls and answers.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Card, CardKind, Company, CompanyId, Contact, ContactId, ContactRoom, Department, DepartmentId, Me,
    Member, MemberId, Request, RequestId, Time,
};
use crate::text::Untrusted;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last one.
    #[serde(default)]
    pub next: Option<String>,
    /// `seq` of the read.
    pub as_of: i64,
    /// The server's clock.
    pub now: Time,
}

/// Who is signed in and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Account {
    /// The member.
    pub me: Me,
    /// The company.
    pub company: Company,
    /// Version of the policy in force.
    #[serde(default)]
    pub policy_version: i64,
    /// The server's clock.
    pub now: Time,
}

/// Where a person was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A colleague.
    Directory,
    /// An external contact.
    External,
}

/// The field that made somebody match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The name.
    Name,
    /// The name's sound.
    Pinyin,
    /// Alias or remark.
    Alias,
    /// Title.
    Title,
    /// Department.
    Department,
    /// Company.
    Company,
    /// Mail address.
    Email,
    /// Telephone number.
    Phone,
    /// Id.
    Id,
}

/// A person found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Found {
    /// Member id or contact id.
    pub id: String,
    /// Name.
    pub name: Untrusted,
    /// Main department, for a colleague.
    #[serde(default)]
    pub department: Option<Untrusted>,
    /// Company, for somebody outside.
    #[serde(default)]
    pub company: Option<Untrusted>,
    /// Title.
    #[serde(default)]
    pub title: Option<Untrusted>,
    /// Inside or outside.
    #[serde(rename = "where")]
    pub place: Place,
    /// Why it matched.
    pub why: Why,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SearchReply {
    /// Best first; colleagues before people outside.
    pub items: Vec<Found>,
    /// All that matched.
    pub total: i64,
    /// `seq` of the read.
    pub as_of: i64,
    /// The server's clock.
    pub now: Time,
}

/// One entry of the change feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ChangeItem {
    /// A member is new or looks different.
    Member {
        /// As they are now.
        member: Box<Member>,
    },
    /// A member is gone for this reader.
    MemberGone {
        /// Who.
        id: MemberId,
        /// `seq` of the read.
        as_of: i64,
    },
    /// A department is new or looks different.
    Department {
        /// As it is now.
        department: Box<Department>,
    },
    /// A department is gone for this reader.
    DepartmentGone {
        /// Which.
        id: DepartmentId,
        /// `seq` of the read.
        as_of: i64,
    },
    /// A request is new or looks different.
    Request {
        /// As it is now.
        request: Box<Request>,
    },
    /// A request is gone for this reader.
    RequestGone {
        /// Which.
        id: RequestId,
        /// `seq` of the read.
        as_of: i64,
    },
    /// An external contact is new or looks different.
    Contact {
        /// As it is now.
        contact: Box<Contact>,
    },
    /// An external contact is gone for this reader.
    ContactGone {
        /// Which.
        id: ContactId,
        /// `seq` of the read.
        as_of: i64,
    },
    /// The reader's own card looks different.
    Card,
}

/// What changed since a `seq`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Changes {
    /// Each object once, as it is now.
    pub changes: Vec<ChangeItem>,
    /// How many more contacts the caller may have; none: as many as come.
    #[serde(default)]
    pub room: Option<ContactRoom>,
    /// Set when the feed does not reach back so far, or too much changed: load the start again.
    #[serde(default)]
    pub reset: bool,
    /// Whether to ask again at once, from `as_of`.
    #[serde(default)]
    pub more: bool,
    /// Where the feed goes on.
    pub as_of: i64,
    /// The server's clock.
    pub now: Time,
}

/// My name for somebody outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RemarkBody {
    /// At most 100 graphemes; empty takes the remark away.
    pub remark: Untrusted,
    /// At most 300 graphemes; empty takes the description away, none leaves it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Untrusted>,
}

/// How to end the code a card has now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateCard {
    /// The code got into wrong hands: it ends at once, not after seven days.
    pub leaked: bool,
}

/// Asks for the member's first printed card, made if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnsureCard {}

/// Another card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// What it is for.
    pub kind: CardKind,
    /// What it is like.
    #[serde(default)]
    pub like: CardBody,
}

/// What the owner of a card may set, as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CardBody {
    /// At most 40 graphemes; comes back with each request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Untrusted>,
    /// Which of the owner's numbers and addresses it shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Untrusted>,
    /// When its code ends; none: when the policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// By how many requests it may be used, at least 1; none: as many as come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<i64>,
}

/// The cards of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CardList {
    /// Those that were not revoked, the oldest first. One whose life is over stays for thirty days.
    pub items: Vec<Card>,
}

/// Ids that end in what was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LookupReply {
    /// Requests and contacts that the caller may see; at most ten.
    pub ids: Vec<String>,
}

/// A company to be made by the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCompany {
    /// Its id on this server.
    pub id: CompanyId,
    /// Its name.
    pub name: Untrusted,
    /// Its mail domain.
    #[serde(default)]
    pub domain: Option<Untrusted>,
    /// IANA name of its time zone; UTC when absent.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Whether it is made up.
    #[serde(default)]
    pub made_up: bool,
}

/// A company as the operator sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CompanyReply {
    /// The company.
    pub company: Company,
    /// Members in its directory.
    pub members: i64,
}

/// A session to be made by the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// In which company; without it, in the one that this computer is signed in to.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// For whom; without it, for the member that this computer is signed in as.
    #[serde(default)]
    pub member: Option<MemberId>,
}

/// A new session. The token is shown once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SessionReply {
    /// The session token.
    pub token: String,
    /// Whose it is.
    pub member: MemberId,
    /// In which company.
    pub company: CompanyId,
}

/// What the server says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Health {
    /// The program's version.
    pub version: String,
    /// The level of this interface. It rises when something that a client relies on goes away or changes
    /// its meaning.
    #[serde(default)]
    pub api: u32,
    /// The oldest level whose clients are still served.
    #[serde(default)]
    pub api_oldest: u32,
    /// The server's clock.
    pub now: Time,
}
