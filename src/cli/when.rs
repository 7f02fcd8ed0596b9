//! Dates as people type them.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Context;
use super::failure::Failure;
use crate::domain::Time;
use crate::i18n::Text;
use crate::text::SafeText;

/// When something ends: a day (with its last second here), a moment, or a time from now on: `2026-12-31`,
/// `2026-12-31T18:00:00Z`, `12h`, `7d`, `2w`.
pub(super) fn read(context: &Context, typed: &str) -> Result<Time, Failure> {
    let now = Timestamp::now();
    let found = of(typed.trim(), now, &context.zone);
    found.map(Time::from).ok_or_else(|| {
        let value = SafeText::clean(typed).cut(40);
        Failure::Usage(context.words.fill(Text::NotADate, &[("value", value)]))
    })
}

fn of(text: &str, now: Timestamp, zone: &jiff::tz::TimeZone) -> Option<Timestamp> {
    if let Ok(day) = text.parse::<Date>()
        && text.len() == "2026-12-31".len()
    {
        return day.at(23, 59, 59, 0).to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp());
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let (number, hours) = match text.char_indices().next_back()? {
        (at, 'h') => (text.get(..at)?, 1),
        (at, 'd') => (text.get(..at)?, 24),
        (at, 'w') => (text.get(..at)?, 7 * 24),
        _ => return None,
    };
    let number: i64 = number.parse().ok().filter(|number| (1..=10_000).contains(number))?;
    now.checked_add(SignedDuration::from_hours(number * hours)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::of;

    #[test]
    fn days_moments_and_times_from_now_on_are_read() {
        let now: Timestamp = "2026-06-01T10:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let read = |text: &str| of(text, now, &zone).map(|found| found.to_string());
        assert_eq!(read("2026-06-10").as_deref(), Some("2026-06-10T15:59:59Z"));
        assert_eq!(read("2026-06-10T18:00:00+08:00").as_deref(), Some("2026-06-10T10:00:00Z"));
        assert_eq!(read("2d").as_deref(), Some("2026-06-03T10:00:00Z"));
        for bad in
            ["", "d", "0d", "-1d", "tomorrow", "2026-13-01", "2026-02-30", "2026-06-10x", "99999999w", "三d"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
