//! A moment, as it is stored and sent.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Microseconds since 1970-01-01T00:00:00Z. In JSON: RFC 3339 with `Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// From microseconds since 1970 in UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970 in UTC.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This moment and `by` later. Saturates at the end of time.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This moment and `by` earlier. Saturates at the beginning of time.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long it is from `earlier` until this moment; zero when `earlier` is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment as the time library knows it. Clamped to its range (years −9999 to 9999).
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(at: jiff::Timestamp) -> Self {
        Self(at.as_microsecond())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.timestamp())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse::<jiff::Timestamp>().map(Self::from).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::Time;

    #[test]
    fn is_written_in_utc_with_microseconds() {
        let at = Time::from_micros(1_781_000_000_123_456);
        assert_eq!(serde_json::to_string(&at).unwrap(), "\"2026-06-09T10:13:20.123456Z\"");
    }

    #[test]
    fn differences_never_go_below_zero() {
        let at = Time::from_micros(5);
        assert_eq!(at.since(Time::from_micros(9)), Duration::ZERO);
        assert_eq!(at.after(Duration::MAX), Time::from_micros(i64::MAX));
    }

    proptest! {
        #[test]
        fn reading_gives_what_was_written(micros in -60_000_000_000_000_000_i64..200_000_000_000_000_000) {
            let at = Time::from_micros(micros);
            let text = serde_json::to_string(&at).unwrap();
            prop_assert_eq!(serde_json::from_str::<Time>(&text).unwrap(), at);
        }
    }
}
