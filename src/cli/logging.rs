//! Sets up the log of the process: text for people or a JSON object a line for machines.
//! Only commands do this; in another application, its own logger is respected.

use std::io::Write;

use log::kv::{self, VisitSource};
use serde_json::{Map, Value};

use super::terminal::has_colours;
use crate::config::{LogConfig, LogFormat};

/// Installs the logger that the configuration asks for.
pub(super) fn init(config: &LogConfig) {
    let mut builder = env_logger::Builder::new();
    builder.parse_filters(&config.filter).target(env_logger::Target::Stderr);
    match config.format {
        LogFormat::Text => {
            let style = if has_colours(&std::io::stderr()) { "always" } else { "never" };
            builder.parse_write_style(style).format_timestamp_millis();
        }
        LogFormat::Json => {
            builder.format(|out, record| {
                writeln!(out, "{}", json_line(out.timestamp_millis(), record))
            });
        }
    }
    // Fails only if a logger has been installed already.
    let _ = builder.try_init();
}

fn json_line(time: impl std::fmt::Display, record: &log::Record<'_>) -> Value {
    let mut line = Map::new();
    line.insert("time".to_owned(), time.to_string().into());
    line.insert("level".to_owned(), record.level().as_str().to_ascii_lowercase().into());
    line.insert("target".to_owned(), record.target().into());
    line.insert("message".to_owned(), record.args().to_string().into());
    // Fields never fail to be visited: the visitor itself returns no error.
    let _ = record.key_values().visit(&mut Fields(&mut line));
    Value::Object(line)
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        self.0.insert(key.to_string(), value.to_string().into());
        Ok(())
    }
}
