//! Bodies of calls about a company's audit log.

use serde::{Deserialize, Serialize};

use crate::domain::{CompanyId, Time, Who};
use crate::text::Untrusted;

/// Most rows of the audit log in one answer.
pub const AUDIT_PAGE: i64 = 1_000;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditActor {
    /// A member, also one who is gone; without a name when nothing is kept of them.
    Member(Option<Who>),
    /// Somebody of another company.
    Outsider(CompanyId),
    /// A visitor of a page.
    Visitor,
    /// Whoever holds the server's own token.
    Operator,
    /// The program itself.
    Program,
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AuditRow {
    /// Its number, from 1 without a gap.
    pub seq: i64,
    /// When.
    pub at: Time,
    /// Who.
    pub actor: AuditActor,
    /// What, as object and verb: `request.approve`.
    pub action: String,
    /// To what: its id.
    pub object: Untrusted,
    /// What it was before.
    #[serde(default)]
    pub old_state: Option<Untrusted>,
    /// What it is since.
    #[serde(default)]
    pub new_state: Option<Untrusted>,
    /// The version of the policy that it was done under.
    #[serde(default)]
    pub policy_version: Option<i64>,
    /// Id of the call that did it.
    pub call: String,
    /// The row's seal, in hexadecimal digits: SHA-256 over the seal before and everything above.
    pub hash: String,
}

/// A number of the log with its seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditHead {
    /// The number; 0 before the first row.
    pub seq: i64,
    /// The seal, in hexadecimal digits.
    pub hash: String,
}

/// Digits of a seal: SHA-256.
const DIGITS: usize = 64;

impl AuditHead {
    /// The heads of one company in a file that the server keeps, the oldest first: company, number, seal and
    /// more, divided by blanks. Or the number of the first line that is none.
    pub fn read(text: &str, company: &str) -> Result<Vec<Self>, usize> {
        let mut heads = Vec::new();
        for (n, line) in (1..).zip(text.lines()) {
            let mut words = line.split(' ');
            let (Some(of), Some(seq), Some(hash)) = (words.next(), words.next(), words.next()) else {
                return Err(n);
            };
            let seq = seq.parse().map_err(|_| n)?;
            if hash.len() != DIGITS || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(n);
            }
            if of == company {
                heads.push(Self { seq, hash: hash.to_ascii_lowercase() });
            }
        }
        Ok(heads)
    }
}

/// Rows one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AuditPage {
    /// In the order of their numbers.
    pub items: Vec<AuditRow>,
    /// Where the next page begins behind; none: this was the last.
    #[serde(default)]
    pub next: Option<i64>,
    /// The newest row, as it was before this was read.
    pub head: AuditHead,
}

/// What a log is held against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditVerify {
    /// Of which company: the operator names one, others none.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// Heads that were kept elsewhere, at most 1,000.
    #[serde(default)]
    pub anchors: Vec<AuditHead>,
}

/// What a look through the log found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct AuditFound {
    /// How many rows hold, from the first on.
    pub rows: i64,
    /// The first row that does not hold, or is missing.
    #[serde(default)]
    pub broken: Option<i64>,
    /// The first anchor whose row has another seal: the log was written anew.
    #[serde(default)]
    pub forked: Option<i64>,
    /// The first anchor whose row is not there any more: the end was cut off.
    #[serde(default)]
    pub cut_off: Option<i64>,
    /// The newest row.
    pub head: AuditHead,
}

impl AuditFound {
    /// Whether nothing is wrong.
    pub const fn is_whole(&self) -> bool {
        self.broken.is_none() && self.forked.is_none() && self.cut_off.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::AuditHead;

    #[test]
    fn heads_of_one_company_are_found_and_a_line_that_is_none_is_named() {
        let seal = "0".repeat(64);
        let text = format!("acme 64 {seal} 2026-06-01T00:00:00Z\nother 3 {seal} x\nacme 80 {seal} y\n");
        let found: Vec<i64> = AuditHead::read(&text, "acme").unwrap().iter().map(|head| head.seq).collect();
        assert_eq!(found, [64, 80]);
        assert_eq!(AuditHead::read(&format!("{text}half a li"), "acme"), Err(4));
        assert_eq!(AuditHead::read("acme 1 abc t\n", "acme"), Err(1));
    }
}
