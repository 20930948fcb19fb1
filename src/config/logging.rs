//! `[log]`: what is logged, and in which form.
//! Sets no logger up.

use log::LevelFilter;

use super::reader::{Reader, Rule};
use super::typed::FromValue;
use super::value::Value;

/// `[log]`: the log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LogConfig {
    /// What is logged, as in env_logger.
    pub filter: String,
    /// In which form.
    pub format: LogFormat,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl LogConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { filter: reader.text("log.filter", &FILTER), format: reader.get("log.format") }
    }
}

const FILTER: Rule = Rule {
    expected: "expected levels (off, error, warn, info, debug, trace), such as \"info\" or \
               \"info,ringback::webhook=debug\"",
    fits: is_filter,
};

/// Whether each part says what env_logger understands; it would only warn, and log something else.
fn is_filter(text: &str) -> bool {
    // After a slash comes a pattern of the messages, which may hold anything.
    let directives = text.split('/').next().unwrap_or(text);
    directives.split(',').map(str::trim).all(|directive| match directive.split_once('=') {
        Some((part, level)) => !part.is_empty() && level.parse::<LevelFilter>().is_ok(),
        // A word alone is a level or the name of a part, and any word may be one.
        None => !directive.contains(char::is_whitespace),
    })
}

impl FromValue for LogFormat {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(format) if format == "text" => Ok(Self::Text),
            Value::Text(format) if format == "json" => Ok(Self::Json),
            _ => Err("expected \"text\" or \"json\"".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_levels_that_exist() {
        let check = |text: &str, expected| assert_eq!(is_filter(text), expected, "{text:?}");
        check("info", true);
        check("", true);
        check("OFF", true);
        check("warn, ringback::webhook=debug,actix_web=error", true);
        check("info/a=b c", true);
        check("ringback=debgu", false);
        check("=debug", false);
        check("info debug", false);
    }
}
