//! The contract that both ends compile against: shapes of bodies, codes of problems, events.
//!
//! Objects themselves are [`crate::domain`] types. Every answer that renders data carries `now`, the
//! server's clock, and `as_of`, the `seq` of the read that made it.

mod admin;
mod audit;
mod bodies;
mod boundary;
mod elsewhere;
mod event;
mod export;
mod import;
mod levels;
mod policy;
mod problem;
mod report;

pub use admin::{
    IssuedToken, IssuedTokens, NewTokens, RoleReply, SetRole, SpecialRole, TokenInfo, TokenList,
};
pub use audit::{AUDIT_PAGE, AuditActor, AuditFound, AuditHead, AuditPage, AuditRow, AuditVerify};
pub use bodies::{
    Account, CardBody, CardList, ChangeItem, Changes, CompanyReply, EnsureCard, Found, Health, LookupReply,
    NewCard, NewCompany, NewSession, Page, Place, RemarkBody, RotateCard, SearchReply, SessionReply, Why,
};
pub use boundary::{
    DecisionItem, DecisionResult, DecisionResults, Decisions, Grant, Grants, Introductions, LeaveBody,
    LeaveReply, NewGrant, NewHandover, NewPartnerLink, NewPermission, OwnSettingsBody, PartnerLinks, Snooze,
    ToColleague, WhyBody, Words,
};
pub use elsewhere::{ElsewhereBody, ElsewhereReply, ElsewhereRequester};
pub use event::{EventData, EventKind, EventType};
pub use export::{ExportField, ExportForm, ExportOf, ExportReply, NewExport};
pub use import::{
    Applied, ApplyImport, ImportPlan, ImportReply, ImportRowsReply, ImportState, NewImport, PlannedMember,
    Signed,
};
pub use levels::{LEVELS_HEADER, Levels};
pub use policy::{
    ExplainBody, ExplainReply, ExplainedSetting, LineChange, PolicyBody, PolicyCheck, PolicyHistory,
    PolicyReply, PolicyVersion, RuleChange, RuleFate, RuleSays, SaidFate, SettingEffect,
};
pub use problem::{Current, Problem, ProblemCode};
pub use report::{FileReport, FileUse, ServerReport};

/// Header that names a write, so that sending it again does nothing twice.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Header of a stored answer that was given again.
pub const IDEMPOTENT_REPLAY: &str = "idempotent-replay";
/// Media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";
/// Media type of import rows.
pub const NDJSON: &str = "application/x-ndjson";
/// Rows of a page when nothing is said, and the most there may be.
pub const PAGE: usize = 100;
/// Rows of a page of the endpoints that fill a client's copy.
pub const SYNC_PAGE: usize = 500;
