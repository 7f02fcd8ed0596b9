//! The rules that a company's admin has set, and the one function that answers "may I?".
//!
//! Pure: rules, actor, target and the moment come in, a verdict goes out. Policies are read through
//! [`effective`] alone.

use std::time::Duration;

use serde::Deserialize;

use super::store::{Conn, StoreError, companies};
use crate::domain::{Verdict, VerdictCode};

/// The built-in policy: version 1 of every company.
pub(crate) const DEFAULT: &str = include_str!("default.toml");

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The rules in force.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    undo_window_seconds: u32,
    request_life_days: u32,
    printed_card_life_days: u32,
    printed_card_grace_days: u32,
    /// Opens a chat with a colleague.
    pub(crate) chat_link: Option<String>,
}

impl Rules {
    /// How long a decision can be taken back.
    pub(crate) fn undo_window(&self) -> Duration {
        Duration::from_secs(self.undo_window_seconds.into())
    }

    /// How long an undecided request lives.
    pub(crate) fn request_life(&self) -> Duration {
        DAY * self.request_life_days
    }

    /// How long the code of a printed card lives.
    pub(crate) fn printed_card_life(&self) -> Duration {
        DAY * self.printed_card_life_days
    }

    /// How long the code before a rotation goes on living.
    pub(crate) fn printed_card_grace(&self) -> Duration {
        DAY * self.printed_card_grace_days
    }
}

/// Rules with the version that made them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effective {
    /// Version in the company's history.
    pub(crate) version: i64,
    /// The rules.
    pub(crate) rules: Rules,
}

/// The policy in force of a company.
pub(crate) async fn effective(conn: &mut Conn, company: i64) -> Result<Effective, StoreError> {
    let (version, document) = companies::policy(conn, company).await?;
    let rules = toml::from_str(&document).map_err(|_| StoreError::Unexpected("policies.document"))?;
    Ok(Effective { version, rules })
}

/// Somebody without an account who came by a live card link and wants to connect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VisitorAsks<'a> {
    /// Whether they want it for something personal.
    pub(crate) personal: bool,
    /// The mail address they typed.
    pub(crate) email: &'a str,
    /// What for.
    pub(crate) purpose: &'a str,
    /// Mail domain of the company they ask.
    pub(crate) company_domain: Option<&'a str>,
}

/// May this visitor ask to be connected?
pub(crate) fn visitor_may_ask(policy: &Effective, asks: VisitorAsks<'_>) -> Verdict {
    let (code, rule) = if asks.personal {
        (VerdictCode::PersonalNotServed, "EXT-05")
    } else if is_of_domain(asks.email, asks.company_domain) {
        (VerdictCode::Colleague, "EXT-13")
    } else if asks.purpose.is_empty() {
        (VerdictCode::PurposeRequired, "EXT-16")
    } else {
        (VerdictCode::AllowedNamecard, "EXT-02")
    };
    Verdict { code, rule: rule.to_owned(), policy_version: policy.version }
}

/// Whether an address is of a domain or of one below it. Case does not count.
fn is_of_domain(email: &str, domain: Option<&str>) -> bool {
    let (Some((_, host)), Some(domain)) = (email.rsplit_once('@'), domain) else { return false };
    let (host, domain) = (host.to_ascii_lowercase(), domain.trim_start_matches('@').to_ascii_lowercase());
    !domain.is_empty()
        && (host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, Effective, VisitorAsks, is_of_domain, visitor_may_ask};
    use crate::domain::VerdictCode;

    fn verdict(personal: bool, email: &str, purpose: &str) -> VerdictCode {
        let policy = Effective { version: 1, rules: toml::from_str(DEFAULT).unwrap() };
        let asks = VisitorAsks { personal, email, purpose, company_domain: Some("acme.example") };
        visitor_may_ask(&policy, asks).code
    }

    #[test]
    fn the_order_of_the_rules_is_the_order_of_the_page() {
        assert_eq!(verdict(true, "a@acme.example", ""), VerdictCode::PersonalNotServed);
        assert_eq!(verdict(false, "a@ACME.example", "renewal"), VerdictCode::Colleague);
        assert_eq!(verdict(false, "a@other.example", ""), VerdictCode::PurposeRequired);
        assert_eq!(verdict(false, "a@other.example", "renewal"), VerdictCode::AllowedNamecard);
        assert_eq!(verdict(false, "", "renewal"), VerdictCode::AllowedNamecard);
    }

    #[test]
    fn a_domain_covers_the_ones_below_it_and_no_look_alike() {
        assert!(is_of_domain("a@mail.acme.example", Some("acme.example")));
        assert!(!is_of_domain("a@notacme.example", Some("acme.example")));
        assert!(!is_of_domain("a@acme.example", None));
        assert!(!is_of_domain("a@acme.example", Some("")));
    }
}
