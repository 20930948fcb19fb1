//! `[runtimes.NAME]`: the languages of executions, ours and those of the operator.
//! Looks for no binary; `process` does when it starts.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::ConfigError;
use super::key::{KeyPath, RUNTIMES};
use super::origin::Origin;
use super::reader::{Reader, Rule};
use super::suggest::nearest;
use super::warm::Warm;

/// `[runtimes.NAME]`: one language.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeConfig {
    /// What is run in front of the path of the code's file; at least one entry, and the first is an
    /// absolute path or a name to look for on `execution.path`.
    pub command: Vec<String>,
    /// What the file with the code is called: a plain name.
    pub file: String,
    /// Other names of the language.
    pub aliases: Vec<String>,
    /// Arguments that make the command print its version; empty when it cannot.
    pub version: Vec<String>,
    /// Arguments that make the command print the path of its real binary; empty when it cannot.
    pub locate: Vec<String>,
    /// Whether an interpreter is kept ready.
    pub warm: Warm,
    /// Environment variables that each run gets.
    pub env: BTreeMap<String, String>,
}

/// The languages that are offered, by name. Those with `enabled = false` are left out.
pub(super) fn read(reader: &mut Reader<'_>) -> BTreeMap<String, RuntimeConfig> {
    let mut runtimes = BTreeMap::new();
    for language in reader.layers().languages() {
        if let Some(runtime) = read_one(reader, &language) {
            runtimes.insert(language, runtime);
        }
    }
    check_names(reader, &runtimes);
    runtimes
}

/// One language; nothing when it is switched off.
fn read_one(reader: &mut Reader<'_>, language: &str) -> Option<RuntimeConfig> {
    let key = |field: &str| KeyPath::of_runtime(language, field);
    let enabled = reader.find::<bool>(&key("enabled")).unwrap_or(true);
    let runtime = RuntimeConfig {
        command: read_command(reader, &key("command")),
        file: read_file(reader, &key("file")),
        aliases: reader.list(&key("aliases"), &NAME),
        version: reader.find(&key("version")).unwrap_or_default(),
        locate: reader.find(&key("locate")).unwrap_or_default(),
        warm: reader.find(&key("warm")).unwrap_or_default(),
        env: read_env(reader, &key("env")),
    };
    if enabled {
        check_name(reader, language);
        check_required(reader, language);
    }
    enabled.then_some(runtime)
}

fn read_command(reader: &mut Reader<'_>, key: &KeyPath) -> Vec<String> {
    let command: Option<Vec<String>> = reader.find(key);
    if command.as_ref().is_some_and(|command| !is_command(command)) {
        reader.refuse(key, COMMAND);
    }
    command.unwrap_or_default()
}

fn read_file(reader: &mut Reader<'_>, key: &KeyPath) -> String {
    let file: Option<String> = reader.find(key);
    if file.as_ref().is_some_and(|file| !is_file_name(file)) {
        reader.refuse(key, "expected a plain file name, such as \"main.py\"");
    }
    file.unwrap_or_default()
}

fn check_name(reader: &mut Reader<'_>, language: &str) {
    if !is_name(language) {
        let origin = first_origin(reader, language);
        let key = KeyPath::root().child(RUNTIMES).child(language).to_string();
        let found = "the name of a language".to_owned();
        reader.report(ConfigError::Unfit {
            origin,
            key,
            found,
            expected: NAME.expected.to_owned(),
        });
    }
}

/// `command` and `file` have to be there.
fn check_required(reader: &mut Reader<'_>, language: &str) {
    for (field, example) in [("command", "[\"ruby\"]"), ("file", "\"main.rb\"")] {
        if reader.layers().get(&KeyPath::of_runtime(language, field)).is_none() {
            // A slip in the name of one of ours looks like a new language.
            let suggestion = nearest(language, reader.schema().languages());
            let (origin, language) = (first_origin(reader, language), language.to_owned());
            reader.report(ConfigError::Incomplete { origin, language, field, example, suggestion });
        }
    }
}

fn read_env(reader: &mut Reader<'_>, table: &KeyPath) -> BTreeMap<String, String> {
    let settings = reader.layers().iter().filter(|setting| setting.key.is_inside(table));
    let keys: Vec<_> = settings.map(|setting| setting.key.clone()).collect();
    let mut env = BTreeMap::new();
    for key in keys {
        let name = key.split_last().1.to_owned();
        if name.is_empty() || name.contains(['=', '\0']) {
            reader.refuse(&key, "expected a variable's name without `=`, such as LANG");
        } else if let Some(text) = reader.find(&key) {
            env.insert(name, text);
        }
    }
    env
}

/// A name or an alias belongs to one language.
fn check_names(reader: &mut Reader<'_>, runtimes: &BTreeMap<String, RuntimeConfig>) {
    let mut owners: BTreeMap<&str, (&str, Origin)> = BTreeMap::new();
    for language in runtimes.keys() {
        owners.insert(language, (language, first_origin(reader, language)));
    }
    for (language, runtime) in runtimes {
        let key = KeyPath::of_runtime(language, "aliases");
        let origin = reader.origin_of(&key);
        for alias in &runtime.aliases {
            match owners.get(alias.as_str()) {
                Some((owner, _)) if owner == language => {
                    reader
                        .refuse(&key, &format!("expected each name once, and not `{alias}` twice"));
                }
                Some((owner, owner_origin)) => reader.report(ConfigError::Ambiguous {
                    origin: origin.stronger(owner_origin).clone(),
                    name: alias.clone(),
                    first: (*owner).to_owned(),
                    second: language.clone(),
                }),
                None => {
                    owners.insert(alias, (language, origin.clone()));
                }
            }
        }
    }
}

/// Who described a language first.
fn first_origin(reader: &Reader<'_>, language: &str) -> Origin {
    let mut settings = reader.layers().iter();
    let first = settings.find(|setting| setting.key.language() == Some(language));
    first.map_or(Origin::Default, |setting| setting.origin.clone())
}

const NAME: Rule = Rule {
    expected: "expected names of at most 32 lower-case letters, digits and any of + - . _",
    fits: is_name,
};

/// Names are written in requests and in labels of metrics.
fn is_name(name: &str) -> bool {
    const CHARS_MAX: usize = 32;
    let is_fit =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-._".contains(&byte);
    !name.is_empty() && name.len() <= CHARS_MAX && name.bytes().all(is_fit)
}

const COMMAND: &str = "expected a name or an absolute path and then arguments, such as \
                       [\"/usr/bin/python3\", \"-I\"]";

/// A relative path would depend on where the server was started.
fn is_command(command: &[String]) -> bool {
    let is_runnable = |first: &String| !first.contains('/') || Path::new(first).is_absolute();
    command.first().is_some_and(|first| !first.is_empty() && is_runnable(first))
}

/// The code is written into the execution's own directory, and nowhere else.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && name != "." && name != ".."
}
