//! Sets up the log of the process: text for people or a JSON object a line for machines.
//! Only commands do this; in another application, its own logger is respected.

use std::io::{self, Write};

use env_logger::fmt::Formatter;
use log::kv::{self, Source, VisitSource, VisitValue};
use serde_json::{Map, Value};

use super::terminal::has_colours;
use crate::config::{LogConfig, LogFormat};

/// Installs the logger that the configuration asks for.
pub(super) fn init(config: &LogConfig) {
    let mut builder = env_logger::Builder::new();
    builder.parse_filters(&config.filter).target(env_logger::Target::Stderr);
    match config.format {
        LogFormat::Text => {
            let style = if has_colours(&io::stderr()) { "always" } else { "never" };
            builder.parse_write_style(style).format_timestamp_millis();
            builder.format_key_values(write_fields);
        }
        LogFormat::Json => {
            builder.format(|out, record| {
                writeln!(out, "{}", json_line(out.timestamp_millis(), record))
            });
        }
    }
    // Fails only if a logger has been installed already.
    let _ = builder.try_init();
    if config.format == LogFormat::Json {
        log_panics();
    }
}

/// Has panics in the log as well, a line each: the usual words about one are no JSON.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let said = panic.payload_as_str().unwrap_or("something that is no text");
        let thread = std::thread::current();
        log::error!(target: "panic", place = place.as_deref(), thread = thread.name(); "{said}");
    }));
}

fn json_line(time: impl std::fmt::Display, record: &log::Record<'_>) -> Value {
    let mut line = Map::new();
    line.insert("time".to_owned(), time.to_string().into());
    line.insert("level".to_owned(), record.level().as_str().to_ascii_lowercase().into());
    line.insert("target".to_owned(), record.target().into());
    line.insert("message".to_owned(), record.args().to_string().into());
    line.extend(fields(&record.key_values()));
    Value::Object(line)
}

/// What a line for people has behind its words: only what is not among these.
fn write_fields(out: &mut Formatter, source: &dyn Source) -> io::Result<()> {
    let told = fields(source).into_iter();
    for (name, value) in told.filter(|(name, _)| !IN_THE_WORDS.contains(&name.as_str())) {
        match value {
            Value::String(text) => write!(out, " {name}={text}")?,
            other => write!(out, " {name}={other}")?,
        }
    }
    Ok(())
}

/// What the words of a line about a request say already.
const IN_THE_WORDS: [&str; 3] = ["method", "path", "status"];

/// The fields of a line that have a value.
fn fields(source: &dyn Source) -> Map<String, Value> {
    let mut fields = Fields(Map::new());
    // They never fail to be visited: the visitor itself returns no error.
    let _ = source.visit(&mut fields);
    fields.0
}

struct Fields(Map<String, Value>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let mut json = Json(Value::Null);
        value.visit(&mut json)?;
        if json.0 != Value::Null {
            self.0.insert(key.to_string(), json.0);
        }
        Ok(())
    }
}

/// A value as JSON has it: numbers and truth as such, everything else as a text.
struct Json(Value);

impl<'v> VisitValue<'v> for Json {
    fn visit_any(&mut self, value: kv::Value<'_>) -> Result<(), kv::Error> {
        self.0 = value.to_string().into();
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.0 = value.into();
        Ok(())
    }

    /// In thousandths, which is as much as any of ours is good for.
    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.0 = ((value * 1000.0).round() / 1000.0).into();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_machines_has_the_words_and_the_fields_that_there_are() {
        let (none, some): (Option<&str>, _) = (None, Some("del_1"));
        let pairs: [(&str, kv::Value<'_>); 5] = [
            ("execution", kv::Value::from("exec_1")),
            ("delivery", kv::Value::from_debug(&some)),
            ("status", 202.into()),
            ("duration_ms", 1.234_567.into()),
            ("tenant", none.map_or(kv::Value::null(), kv::Value::from)),
        ];
        let line = |words: std::fmt::Arguments<'_>| {
            let mut record = log::Record::builder();
            record.args(words).level(log::Level::Warn).target("ringback::x").key_values(&pairs);
            json_line("now", &record.build())
        };
        let line = line(format_args!("a \"quoted\"\nline"));
        let expected = serde_json::json!({
            "time": "now",
            "level": "warn",
            "target": "ringback::x",
            "message": "a \"quoted\"\nline",
            "execution": "exec_1",
            "delivery": "Some(\"del_1\")",
            "status": 202,
            "duration_ms": 1.235,
        });
        assert_eq!(line, expected);
        assert!(!line.to_string().contains('\n'));
    }
}
