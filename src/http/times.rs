//! Times as clients write them: RFC 3339, or how long ago.
//! Reads no clock.

use jiff::{Span, SpanRelativeTo};

use crate::domain::Timestamp;

/// How a time is written, for those who wrote something else.
pub(super) const FORM: &str =
    "a time such as `2026-11-22T06:46:38Z`, or how long ago it was, such as `15m`, `2h` or `7d`";

/// The time that a text is; none when it is none.
pub(super) fn parse_exact(text: &str) -> Option<Timestamp> {
    let time = text.parse::<jiff::Timestamp>().ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

/// The time that a text means at `now`; none when it means none.
pub(super) fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(time) = parse_exact(text) {
        return Some(time);
    }
    let span: Span = text.parse().ok()?;
    let ago = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Some(now.before(ago.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_120);

    #[test]
    fn a_time_is_read_as_it_is_printed_and_in_any_zone() {
        assert_eq!(parse(&NOW.to_string(), NOW), Some(NOW));
        assert_eq!(parse("2025-06-15T17:06:40.12+02:00", NOW), Some(NOW));
        assert_eq!(parse("1970-01-01T00:00:00Z", NOW), Some(Timestamp::from_millis(0)));
    }

    #[test]
    fn how_long_ago_is_counted_back_from_now() {
        for (text, seconds) in
            [("30s", 30), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("7d", 604_800)]
        {
            let expected = Timestamp::from_millis(NOW.as_millis() - seconds * 1000);
            assert_eq!(parse(text, NOW), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "x", "15", "-15m", "yesterday", "2025-06-15", "2025-13-01T00:00:00Z", "1y", "m"]
        {
            assert_eq!(parse(text, NOW), None, "{text}");
        }
    }
}
