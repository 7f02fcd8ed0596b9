//! Everything that the policy is asked with about one member.

use std::sync::Arc;

use crate::domain::Time;
use crate::server::policy::{Counters, Effective, Policy, Setting, Side, Subject};
use crate::server::store::counters::{self, Counted};
use crate::server::store::{Reading, StoreError, companies, contacts, policies, requests};

/// A member with the rules of their company and what is counted of them.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    policy: Arc<Policy>,
    subject: Subject,
    counters: Counters,
    domain: Option<String>,
    /// The present day in their company's zone, and when it ends.
    pub(crate) day: Day,
    zone: String,
    now: Time,
}

/// A day in a company's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    /// As the store names it.
    pub(crate) name: String,
    /// When the next one begins.
    pub(crate) ends: Time,
}

/// The day of a moment in a zone; in UTC when the zone is not known.
pub(crate) fn day(now: Time, zone: &str) -> Day {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = now.timestamp().to_zoned(zone);
    let next = local.tomorrow().and_then(|tomorrow| tomorrow.start_of_day());
    Day {
        name: local.strftime("%Y-%m-%d").to_string(),
        ends: next.map_or(now, |next| next.timestamp().into()),
    }
}

fn small(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Standing {
    /// Loads what is needed about a member of a company.
    pub(crate) async fn of(
        store: &mut impl Reading,
        company: i64,
        member: i64,
        now: Time,
    ) -> Result<Self, StoreError> {
        let policy = store.policies().of(store.conn(), company).await?;
        let conn = store.conn();
        let row = companies::get(conn, company).await?.ok_or(StoreError::Unexpected("companies"))?;
        let subject = policies::subject(conn, member).await?;
        let day = day(now, &row.time_zone);
        let counters = Counters {
            sent_today: small(counters::count(conn, member, &day.name, Counted::Sent).await?),
            approved_today: small(counters::count(conn, member, &day.name, Counted::Approved).await?),
            open: small(requests::open_sent(conn, member, now).await?),
            contacts: small(contacts::count_with_held(conn, member, now).await?),
        };
        let domain = row.domain.map(|domain| domain.as_data().trim_start_matches('@').to_lowercase());
        Ok(Self {
            policy,
            subject,
            counters,
            domain: domain.filter(|domain| !domain.is_empty()),
            day,
            zone: row.time_zone,
            now,
        })
    }

    /// The rules that hold for them.
    pub(crate) fn rules(&self) -> Effective<'_> {
        self.policy.of(&self.subject, self.now)
    }

    /// Version of their company's policy.
    pub(crate) fn version(&self) -> i64 {
        self.policy.version
    }

    /// IANA name of their company's zone.
    pub(crate) fn zone(&self) -> &str {
        &self.zone
    }

    /// How many more contacts they may have; none: as many as come.
    pub(crate) fn room(&self) -> Option<i64> {
        let most = self.rules().count(Setting::ContactLimit)?;
        Some(i64::from(most.saturating_sub(self.counters.contacts)))
    }

    /// As the policy would be asked about them when there is no room left.
    pub(crate) fn full(&self) -> Side<'_> {
        Side { counters: Counters { contacts: u32::MAX, ..self.counters }, ..self.side() }
    }

    /// As the policy is asked about them.
    pub(crate) fn side(&self) -> Side<'_> {
        Side { rules: self.rules(), counters: self.counters, domain: self.domain.as_deref() }
    }
}

#[cfg(test)]
mod tests {
    use super::day;
    use crate::domain::Time;

    #[test]
    fn a_day_ends_at_midnight_of_its_zone() {
        // 2026-05-28T20:26:40Z
        let now = Time::from_micros(1_780_000_000_000_000);
        let utc = day(now, "UTC");
        assert_eq!(utc.name, "2026-05-28");
        assert_eq!(utc.ends.timestamp().to_string(), "2026-05-29T00:00:00Z");
        let shanghai = day(now, "Asia/Shanghai");
        assert_eq!(shanghai.name, "2026-05-29");
        assert_eq!(shanghai.ends.timestamp().to_string(), "2026-05-29T16:00:00Z");
        assert_eq!(day(now, "No/Where"), utc);
    }
}
