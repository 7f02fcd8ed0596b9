//! The objects of the product and the rules that need no I/O and no clock.
//!
//! Both ends of the wire use these types. Text that somebody typed is [`crate::text::Untrusted`];
//! moments are [`Time`], handed in by the caller.

mod card;
mod change;
mod company;
mod contact;
mod department;
mod elsewhere;
mod fault;
mod held;
mod ids;
mod import;
mod member;
mod outside;
mod person;
mod policy;
mod request;
mod role;
mod scan;
#[cfg(feature = "server")]
mod schema;
mod snapshot;
mod time;
mod verdict;

pub use card::{Card, CardKind, CardLike, CodeContent};
pub use change::Change;
pub use company::{ChatLinkError, Company, chat_link};
pub use contact::{
    AddWay, Contact, ContactAction, ContactDetail, ContactKind, ContactRevision, HistoryEntry, HistoryKind,
    Source,
};
pub use department::Department;
pub use elsewhere::{Elsewhere, ElsewhereState, is_plain_link};
pub use fault::{Conflict, DataFault, Fault, Refusal};
pub use held::{DepartmentPath, Held};
#[cfg(feature = "server")]
pub(crate) use ids::CROCKFORD;
pub use ids::{CardId, CompanyId, ContactId, DepartmentId, IdError, MemberId, RequestId};
pub use import::{
    CheckedMember, DepartmentRow, GivenRole, ImportRow, MAX_DEPTH, MAX_FIELD, MemberRow, RefusedRow,
    RowFault, RowNote, is_mail_address, normalise_block, normalise_line,
};
pub use member::{Attribute, Away, MaskedField, Member, MemberAction, Membership, Phone, PhoneKind, Status};
pub use outside::{Introduction, LinkedPerson, NewRequest, OwnSettings, PartnerLink, Tags};
pub use person::Who;
pub use policy::{PolicyFault, PolicyFaultCode};
pub use request::{
    ApprovalKind, Asked, Channel, DecideOne, Decision, DecisionKind, DecisionMark, Direction, EarlierRequest,
    Flag, HandoverItem, ItemState, KnownBy, Lifetime, LinkScope, LookAlike, Need, NoteKind, Part, ReasonCode,
    Request, RequestAction, RequestDetail, RequestNote, RequestState, Requester, RequesterKind, Seen,
};
pub use role::Role;
pub use scan::{Aim, Aimed, Candidate, Pass, Place, Said, SaidPerson, ScanFault, Scanned};
pub use snapshot::{ContactRoom, Me, Snapshot};
pub use time::Time;
pub use verdict::{Alternative, Explained, LookedAt, MeantPerson, RuleRef, Step, Verdict, VerdictCode};
