//! Times as people write and read them: `2h` ago, `2026-01-31`, "in 4 min".
//! Reads no clock: what time it is comes in as an argument.

use std::time::Duration;

use super::exit::Failure;
use crate::config::duration;
use crate::domain::Timestamp;

/// The moment that somebody means: a time, a date (its first moment in UTC), or how long ago.
pub(super) fn moment(flag: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let ago = duration(text).map(|span| now.before(span));
    ago.or_else(|| time(text)).or_else(|| time(&format!("{text}T00:00:00Z"))).ok_or_else(|| {
        Failure::usage(format!(
            "{flag} {text}: expected a time such as 2026-01-31T12:00:00Z, a date such as 2026-01-31, or how \
             long ago, such as 2h or 1d"
        ))
    })
}

/// A time in RFC 3339.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

/// When it is or was, seen from now: `in 4 min`, `2 h 10 min ago`, `now`.
pub(super) fn seen_from(now: Timestamp, at: Timestamp) -> String {
    let (before, after) = (now.since(at), at.since(now));
    match (before.as_secs(), after.as_secs()) {
        (0, 0) => "now".to_owned(),
        (0, _) => format!("in {}", span(after)),
        (_, _) => format!("{} ago", span(before)),
    }
}

/// The same in its largest unit alone, for columns: `6 min ago`.
pub(super) fn roughly(now: Timestamp, at: Timestamp) -> String {
    let text = seen_from(now, at);
    let mut words = text.split(' ');
    let first: Vec<_> = match words.next() {
        Some("in") => ["in"].into_iter().chain(words.take(2)).collect(),
        Some("now") | None => return text,
        Some(number) => [number].into_iter().chain(words.take(1)).chain(["ago"]).collect(),
    };
    first.join(" ")
}

/// A stretch of time in its two largest units.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let first = units.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(units.len() - 1);
    let (large, name) = units[first];
    let rest = units.get(first + 1).map_or(0, |(small, _)| seconds % large / small);
    match rest {
        0 => format!("{} {name}", seconds / large),
        rest => format!("{} {name} {rest} {}", seconds / large, units[first + 1].1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

    #[test]
    fn times_are_written_in_three_ways() {
        let millis = |text| moment("--since", text, NOW).map(Timestamp::as_millis).ok();
        assert_eq!(millis("2025-06-15T15:06:40Z"), Some(1_750_000_000_000));
        assert_eq!(millis("2025-06-15T17:06:40.5+02:00"), Some(1_750_000_000_500));
        assert_eq!(millis("2025-06-15"), Some(1_749_945_600_000));
        assert_eq!(millis("2h"), Some(1_750_000_000_000 - 7_200_000));
        assert_eq!(millis("1d"), Some(1_750_000_000_000 - 86_400_000));
        for bad in ["", "yesterday", "2025-13-01", "-2h", "2025-06-15T15:06:40"] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_told_by_their_two_largest_units() {
        let check = |seconds: i64, expected: &str| {
            let at = Timestamp::from_millis(NOW.as_millis() + seconds * 1000);
            assert_eq!(seen_from(NOW, at), expected);
            let rough = roughly(NOW, at);
            assert!(expected.contains(rough.trim_end_matches(" ago")), "{rough}");
            assert!(rough.split(' ').count() <= 3, "{rough}");
        };
        check(0, "now");
        check(59, "in 59 s");
        check(-60, "1 min ago");
        check(-61, "1 min 1 s ago");
        check(7_800, "in 2 h 10 min");
        check(-90_000, "1 d 1 h ago");
        check(-86_430, "1 d ago");
    }
}
