//! Where a value came from: the compiled-in defaults, a file's line, the environment or a flag.
//! Knows no keys and no values.

use std::fmt;
use std::path::Path;

/// The place that set a value. Prints as `ringback.toml:12`, `environment RINGBACK_LISTEN`,
/// `flag --slots` or `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config.default.toml`, compiled in.
    Default,
    /// The configuration file.
    File {
        /// Its path as it was given, safe to print on one line.
        path: String,
        /// The line, counted from 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment {
        /// The variable's name.
        name: String,
    },
    /// A flag of the command line.
    Flag {
        /// The flag as it is shown to users, such as `--slots`.
        name: String,
    },
}

impl Origin {
    /// A line of a file.
    pub(super) fn file(path: &Path, line: usize) -> Self {
        Self::File { path: shown(path), line }
    }

    /// How strong the layer is; the stronger one wins.
    pub(super) const fn strength(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } => 1,
            Self::Environment { .. } => 2,
            Self::Flag { .. } => 3,
        }
    }

    /// The stronger of two places; the first one when they are equals.
    pub(super) fn stronger<'a>(&'a self, other: &'a Self) -> &'a Self {
        if other.strength() > self.strength() { other } else { self }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Environment { name } => write!(f, "environment {}", one_line(name)),
            Self::Flag { name } => write!(f, "flag {}", one_line(name)),
        }
    }
}

/// A path as it is shown in messages and comments.
pub(super) fn shown(path: &Path) -> String {
    one_line(&path.display().to_string())
}

/// The text with its control characters escaped: a line break in a name must neither break a
/// message apart nor end a comment.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_prints_on_one_line() {
        let check = |origin: Origin, expected: &str| assert_eq!(origin.to_string(), expected);
        check(Origin::Default, "default");
        check(Origin::file(Path::new("etc/ringback.toml"), 12), "etc/ringback.toml:12");
        check(Origin::file(Path::new("a\nb = 1"), 2), "a\\nb = 1:2");
        check(Origin::Environment { name: "RINGBACK_LOG".into() }, "environment RINGBACK_LOG");
        check(Origin::Flag { name: "--slots".into() }, "flag --slots");
    }

    #[test]
    fn the_later_layer_is_the_stronger_one() {
        let layers = [
            Origin::Default,
            Origin::file(Path::new("x"), 1),
            Origin::Environment { name: "X".into() },
            Origin::Flag { name: "--x".into() },
        ];
        for pair in layers.windows(2) {
            assert_eq!(pair[0].stronger(&pair[1]), &pair[1]);
            assert_eq!(pair[1].stronger(&pair[0]), &pair[1]);
        }
    }
}
