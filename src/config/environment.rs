//! Reads settings from variables of the environment and from flags.
//! The variables come in as an argument; the environment of the process is never looked at.

use std::ffi::{OsStr, OsString};

use super::error::ConfigError;
use super::key::{KeyPath, RUNTIMES};
use super::layers::{Layer, Setting};
use super::origin::Origin;
use super::schema::{Node, Schema};
use super::suggest::{nearest, nearest_key};
use super::value::Value;
use super::{Flag, FlagValue};

const PREFIX: &str = "RINGBACK_";

/// Separates the words of a key: words may have an underscore of their own.
const SEPARATOR: &str = "__";

/// Short names for what is set most.
const SHORT: [(&str, &str); 6] = [
    ("RINGBACK_API_KEY", "server.api_key"),
    ("RINGBACK_API_KEY_FILE", "server.api_key_file"),
    ("RINGBACK_LISTEN", "server.listen"),
    ("RINGBACK_DATA_DIR", "server.data_dir"),
    ("RINGBACK_LOG", "log.filter"),
    ("RINGBACK_LOG_FORMAT", "log.format"),
];

/// Names that belong to commands, and not to the configuration.
const COMMANDS: [&str; 5] = [
    "RINGBACK_SERVER",
    "RINGBACK_TOKEN",
    "RINGBACK_CONFIG",
    "RINGBACK_SIGNING_SECRET",
    "RINGBACK_SIGNING_SECRET_FILE",
];

/// Reads the variables that concern us as a layer.
pub(super) fn read(mut variables: Vec<(OsString, OsString)>, schema: &Schema) -> Layer {
    // The order of an environment is chance; messages should not be.
    variables.sort();
    let mut layer = Layer::default();
    for (name, text) in variables {
        match name.to_str() {
            Some(name) if name.starts_with(PREFIX) => layer.variable(name, &text, schema),
            // A name that is not UTF-8 is none of ours either.
            _ => {}
        }
    }
    layer
}

/// Reads flags as a layer.
pub(super) fn read_flags(flags: Vec<Flag>, schema: &Schema) -> Layer {
    let mut layer = Layer::default();
    for flag in flags {
        let key = KeyPath::from(flag.key.as_str());
        let origin = Origin::Flag { name: flag.name };
        match (schema.node(&key), flag.value) {
            (Node::Key(shape), FlagValue::Text(text)) => {
                layer.set(key, Value::from_text(&text, shape), origin);
            }
            (Node::Key(_), FlagValue::List(entries)) => {
                layer.set(key, Value::List(entries), origin);
            }
            (Node::Table | Node::Unknown, _) => {
                let suggestion = nearest_key(&key, schema).map(|key| key.to_string());
                let name = key.to_string();
                layer.errors.push(ConfigError::Unknown { origin, kind: "key", name, suggestion });
            }
        }
    }
    layer
}

impl Layer {
    fn variable(&mut self, name: &str, text: &OsStr, schema: &Schema) {
        let short = SHORT.iter().find(|(short, _)| *short == name);
        let key = match short {
            Some((_, key)) => KeyPath::from(*key),
            None if COMMANDS.contains(&name) => return,
            None if !spelled(name).contains(SEPARATOR) => {
                return self.warnings.push(ignored(name, schema));
            }
            None => key_of(name),
        };
        let origin = Origin::Environment { name: name.to_owned() };
        match (schema.node(&key), text.to_str()) {
            (Node::Key(shape), Some(text)) => {
                self.set(key, Value::from_text(text, shape), origin);
            }
            (Node::Key(_), None) => self.errors.push(ConfigError::Unfit {
                origin,
                key: key.to_string(),
                found: "not UTF-8".to_owned(),
                expected: "expected a text in UTF-8".to_owned(),
            }),
            (Node::Table | Node::Unknown, _) => {
                let suggestion = nearest_key(&key, schema).map(|key| name_of(&key));
                let name = key.to_string();
                self.errors.push(ConfigError::Unknown { origin, kind: "key", name, suggestion });
            }
        }
    }

    /// Sets a key, and refuses a second value in the same layer: which of two names for one key
    /// wins would be chance.
    fn set(&mut self, key: KeyPath, value: Value, origin: Origin) {
        match self.settings.iter().find(|setting| setting.key == key) {
            Some(earlier) => self.errors.push(ConfigError::SetTwice {
                key: key.to_string(),
                first: earlier.origin.clone(),
                second: origin,
            }),
            None => self.settings.push(Setting { key, value, origin }),
        }
    }
}

/// The key that a variable's name spells. The names of a program's own variables keep their case
/// and may hold the separator.
fn key_of(name: &str) -> KeyPath {
    let words: Vec<_> = spelled(name).splitn(4, SEPARATOR).collect();
    match words[..] {
        [runtimes, language, env, variable]
            if runtimes.eq_ignore_ascii_case(RUNTIMES) && env.eq_ignore_ascii_case("env") =>
        {
            KeyPath::of_runtime(&language.to_lowercase(), "env").child(variable)
        }
        _ => {
            let words = spelled(name).split(SEPARATOR).map(str::to_lowercase);
            KeyPath::from(words.collect::<Vec<_>>())
        }
    }
}

/// What a variable's name says beside whose it is.
fn spelled(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// The variable that sets a key.
fn name_of(key: &KeyPath) -> String {
    let words: Vec<_> = key.words().into_iter().map(str::to_uppercase).collect();
    format!("{PREFIX}{}", words.join(SEPARATOR))
}

/// What is said about a variable that looks like ours and is not.
fn ignored(name: &str, schema: &Schema) -> String {
    let flat = |name: &str| name.replace(SEPARATOR, "_");
    let full = schema.defaults().iter().map(|(key, _)| name_of(key));
    let names: Vec<_> = SHORT.iter().map(|(name, _)| (*name).to_owned()).chain(full).collect();
    // One underscore instead of two is the usual mistake, and it is more than a likeness.
    let meant = names.iter().find(|known| flat(known) == name).cloned().or_else(|| {
        nearest(spelled(name), names.iter().filter_map(|known| known.strip_prefix(PREFIX)))
            .map(|near| format!("{PREFIX}{near}"))
    });
    let hint = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
    format!("environment {name}: not a setting of ringback, ignored{hint}")
}
