//! What can be wrong with a configuration, each mistake in one line that says where and what instead.
//! Never holds the value of a secret.

use std::fmt;
use std::io;

use super::origin::Origin;

/// All mistakes of a configuration, at least one. Prints one a line.
#[derive(Debug)]
pub struct ConfigErrors(pub(super) Vec<ConfigError>);

impl ConfigErrors {
    /// The mistakes, in the order of the layers.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(f, "{line_break}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// One mistake in the configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The configuration file is not a text.
    #[error("{path}:{line}: the file is not UTF-8, as TOML has to be")]
    NotUtf8 {
        /// The file.
        path: String,
        /// The first line with a byte that does not fit, counted from 1.
        line: usize,
    },
    /// The configuration file is not TOML.
    #[error("{path}:{line}:{column}: {message}")]
    Syntax {
        /// The file.
        path: String,
        /// The line, counted from 1.
        line: usize,
        /// The character in the line, counted from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// A key or a section that does not exist.
    #[error("{origin}: unknown {kind} `{name}`{}", hint(suggestion.as_deref()))]
    Unknown {
        /// Who set it.
        origin: Origin,
        /// `key` or `section`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// A value that its key does not take.
    #[error("{origin}: `{key}` is {found}; {expected}")]
    Unfit {
        /// Who set it.
        origin: Origin,
        /// The key.
        key: String,
        /// The value, or `[secret]`.
        found: String,
        /// What the key takes, with an example.
        expected: String,
    },
    /// Two names for the same, set in the same layer.
    #[error("{first}: `{key}` is set by {second} as well; leave one of them out")]
    SetTwice {
        /// The key.
        key: String,
        /// Who set it.
        first: Origin,
        /// Who set it too.
        second: Origin,
    },
    /// A secret that is given and also said to be in a file.
    #[error("{origin}: `{key}` and `{key}_file` are both given; leave one of them out")]
    SecretTwice {
        /// Who set the file.
        origin: Origin,
        /// The secret's key.
        key: String,
    },
    /// A file that should hold a secret and cannot be read.
    #[error("{origin}: cannot read `{path}`, which `{key}` names: {source}")]
    SecretUnreadable {
        /// Who set it.
        origin: Origin,
        /// The key that names the file.
        key: String,
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// A language that lacks a field.
    #[error("{origin}: runtime `{language}` has no `{field}`, such as {example}{}", hint(suggestion.as_deref()))]
    Incomplete {
        /// Who began to describe it.
        origin: Origin,
        /// The language.
        language: String,
        /// The field.
        field: &'static str,
        /// What the field could be.
        example: &'static str,
        /// The language that was probably meant.
        suggestion: Option<String>,
    },
    /// A name that stands for two languages.
    #[error(
        "{origin}: `{name}` means runtime `{first}` and also runtime `{second}`; a name or an alias belongs to one"
    )]
    Ambiguous {
        /// Who made it so.
        origin: Origin,
        /// The name.
        name: String,
        /// One language.
        first: String,
        /// The other one.
        second: String,
    },
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}
