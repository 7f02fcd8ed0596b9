//! What is said about a company's policy: its faults, its history, and how a rule came to hold.

use serde::{Deserialize, Serialize};

use super::request::words;
use crate::text::Untrusted;

words! {
    /// What is wrong with a policy, or makes a rule of it pointless.
    PolicyFaultCode {
        /// The text is not TOML.
        NotToml = "not_toml",
        /// A name that no rule may have.
        UnknownName = "unknown_name",
        /// A value that the setting does not take.
        WrongValue = "wrong_value",
        /// A rule without an id, a title, an owner or a reason.
        Missing = "missing",
        /// An id that is not 1 to 32 letters, digits, `-`, `_` or `.`.
        IdForm = "id_form",
        /// Two rules with the same id.
        IdTaken = "id_taken",
        /// No such department.
        UnknownDepartment = "unknown_department",
        /// No such member.
        UnknownMember = "unknown_member",
        /// A rule that sets nothing.
        SetsNothing = "sets_nothing",
        /// The setting may not stand at this level.
        WrongLevel = "wrong_level",
        /// Another rule sets the same at the same place.
        Contradiction = "contradiction",
        /// Nobody could do anything any more, and nothing below could change it.
        LocksOut = "locks_out",
        /// Of no effect: a rule above is locked.
        DeadLocked = "dead_locked",
        /// Of no effect: it says what holds anyway.
        DeadSame = "dead_same",
        /// Of no effect: the department holds nobody.
        DeadNobody = "dead_nobody",
        /// Of no effect: the external permission is not granted there.
        DeadSwitch = "dead_switch",
        /// Says who may see what the rule does not hide.
        DeadVisible = "dead_visible",
    }
}

impl PolicyFaultCode {
    /// Whether the policy can be applied all the same.
    pub const fn is_warning(self) -> bool {
        matches!(
            self,
            Self::DeadLocked | Self::DeadSame | Self::DeadNobody | Self::DeadSwitch | Self::DeadVisible
        )
    }
}

/// A fault with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PolicyFault {
    /// Line of the document, from 1.
    pub line: u32,
    /// What is wrong.
    pub code: PolicyFaultCode,
    /// What stands there: a name, an id, a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Untrusted>,
    /// The mend: what was probably meant, what is taken, or the rule that is in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<Untrusted>,
}
