//! From what somebody wrote to what it means: texts, switches, lists, durations.
//! Knows no keys.

use std::path::PathBuf;
use std::time::Duration;

use super::value::Value;

/// A type that a value can be read as. The error is the end of a sentence: what was expected, with
/// an example.
pub(super) trait FromValue: Sized {
    fn from_value(value: &Value) -> Result<Self, String>;
}

/// The longest duration, a year, so that no sum of a duration and a clock overflows. The messages
/// call it 8760h.
const DURATION_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// Reads a duration such as `5s`, `1m 30s` or `7d`. A day is 24 hours, whatever a calendar says.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    let signed = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(signed).ok().filter(|duration| *duration <= DURATION_MAX)
}

impl FromValue for Duration {
    fn from_value(value: &Value) -> Result<Self, String> {
        let read = match value {
            Value::Text(text) => duration(text),
            _ => None,
        };
        read.ok_or_else(|| {
            "expected a duration of at most 8760h, such as \"5s\", \"100ms\" or \"24h\"".to_owned()
        })
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) if is_clean(text) => Ok(text.clone()),
            Value::Text(_) => Err("expected a text without NUL characters".to_owned()),
            _ => Err("expected a text in quotes, such as \"python3\"".to_owned()),
        }
    }
}

impl FromValue for PathBuf {
    fn from_value(value: &Value) -> Result<Self, String> {
        match String::from_value(value) {
            Ok(path) if !path.is_empty() => Ok(Self::from(path)),
            _ => Err("expected a path, such as \"/var/lib/ringback\"".to_owned()),
        }
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Flag(flag) => Ok(*flag),
            _ => Err("expected true or false".to_owned()),
        }
    }
}

impl FromValue for Vec<String> {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::List(entries) if entries.iter().all(|entry| is_clean(entry)) => {
                Ok(entries.clone())
            }
            Value::List(_) => Err("expected texts without NUL characters".to_owned()),
            _ => Err("expected a list of texts, such as [\"one\", \"two\"]".to_owned()),
        }
    }
}

/// The operating system ends a text at NUL, so that one in a path or an argument would cut it short.
fn is_clean(text: &str) -> bool {
    !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_and_is_neither_negative_nor_endless() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(duration(text), expected.map(Duration::from_millis), "{text:?}");
        };
        check("5s", Some(5_000));
        check("100ms", Some(100));
        check("1.5s", Some(1_500));
        check("1m 30s", Some(90_000));
        check("24h", Some(86_400_000));
        check("0s", Some(0));
        check("8760h", Some(365 * 86_400_000));
        check("8761h", None);
        check("-5s", None);
        check("5", None);
        check("7d", Some(7 * 86_400_000));
        check("1d 12h", Some(36 * 3_600_000));
        check("365d", Some(365 * 86_400_000));
        check("366d", None);
        check("1mo", None);
        check("", None);
        check("soon", None);
        check("99999999999999999999s", None);
    }
}
