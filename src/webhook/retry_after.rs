//! Reads `Retry-After`: how long an endpoint asks to be left alone.
//! Decides nothing: whether the pause is honoured is the domain's.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::Timestamp;

/// The longest pause that an endpoint may ask for: longer ones are cut, because an answer of one
/// server must not keep a delivery open for ever.
const PAUSE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The preferred form of a date in HTTP, IMF-fixdate of RFC 9110. The other two are obsolete.
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// The pause that a `Retry-After` header asks for at `now`, at most 24 hours.
///
/// Takes seconds, also with decimals, which are rounded up, and an HTTP date; one that has passed
/// asks for nothing. Anything else is no answer to rely on, and gives none.
///
/// ```
/// use std::time::Duration;
/// use ringback::domain::Timestamp;
/// use ringback::webhook::retry_after;
///
/// let now = Timestamp::from_millis(1_750_000_000_000);
/// assert_eq!(retry_after::parse("120.1", now), Some(Duration::from_secs(121)));
/// assert_eq!(retry_after::parse("soon", now), None);
/// ```
pub fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    let pause = match seconds(value) {
        Some(pause) => pause,
        None => until(value, now)?,
    };
    Some(pause.min(PAUSE_MAX))
}

fn seconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // Only a number that is too large fails here, and it is cut anyway.
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let rest = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(Duration::from_secs(whole.saturating_add(rest)))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Civil time, because `Fri, 31 Dec 9999 23:59:59 GMT`, which is how some say "never", lies beyond
/// the last point in time that the library knows.
fn until(value: &str, now: Timestamp) -> Option<Duration> {
    let date = DateTime::strptime(HTTP_DATE, value).ok()?;
    let now = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?;
    let pause = TimeZone::UTC.to_datetime(now).duration_until(date);
    Some(Duration::try_from(pause).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-06-15T15:06:40.250Z.
    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_250);
    const DAY: u64 = 24 * 60 * 60;

    #[track_caller]
    fn check(value: &str, expected: Option<Duration>) {
        assert_eq!(parse(value, NOW), expected, "{value:?}");
    }

    #[test]
    fn seconds_are_taken_and_decimals_rounded_up() {
        for (value, expected) in [
            ("0", 0),
            ("5", 5),
            (" 5\t", 5),
            ("007", 7),
            ("0.0", 0),
            ("120.0", 120),
            ("120.1", 121),
            ("120.000000000000000000001", 121),
            ("0.9", 1),
        ] {
            check(value, Some(Duration::from_secs(expected)));
        }
    }

    #[test]
    fn more_than_a_day_is_cut_to_a_day() {
        for value in ["86400", "86400.5", "86401", "1000000000000000000", &"9".repeat(400)] {
            check(value, Some(Duration::from_secs(DAY)));
        }
        check("86399", Some(Duration::from_secs(DAY - 1)));
        check("Fri, 15 Jun 2035 15:06:40 GMT", Some(Duration::from_secs(DAY)));
        check("Fri, 31 Dec 9999 23:59:59 GMT", Some(Duration::from_secs(DAY)));
    }

    #[test]
    fn a_date_is_the_time_until_then_and_a_past_one_is_nothing() {
        check("Sun, 15 Jun 2025 15:07:40 GMT", Some(Duration::from_millis(59_750)));
        check("Sun, 15 Jun 2025 15:06:41 GMT", Some(Duration::from_millis(750)));
        check("Sun, 15 Jun 2025 15:06:40 GMT", Some(Duration::ZERO));
        check("Wed, 21 Oct 2015 07:28:00 GMT", Some(Duration::ZERO));
        check("Thu, 01 Jan 1970 00:00:00 GMT", Some(Duration::ZERO));
    }

    #[test]
    fn garbage_is_no_answer() {
        for value in [
            "",
            " ",
            "-1",
            "-0",
            "+5",
            "1e18",
            "0x10",
            "5s",
            "5 5",
            "5,5",
            ".",
            ".5",
            "5.",
            "1.2.3",
            "NaN",
            "inf",
            "soon",
            "٣",
            "Thu, 15 Jun 2025 15:07:40 GMT",
            "Sun, 31 Feb 2025 00:00:00 GMT",
            "2025-06-15T15:07:40Z",
            "Sun, 15 Jun 2025",
            "Sun, 15 Jun 2025 15:07:40",
            "Sun, 15 Jun 2025 15:07:40 CEST",
            "Sun, 15 Jun 2025 25:07:40 GMT",
        ] {
            check(value, None);
        }
    }
}
