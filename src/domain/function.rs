//! Functions: programs that are kept under a name, to be called as often as one likes.
//! Calls none, and judges no definition but by the spelling of its name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{ExecutionSpec, PayloadFormat, Timestamp};

/// What names a function within a tenant: its name, and which variant of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionKey {
    /// The function's name.
    pub name: FunctionName,
    /// Which of the functions of that name; `default` where nobody says.
    pub variant: FunctionName,
}

impl FunctionKey {
    /// The variant that is meant where nobody says which.
    pub const DEFAULT_VARIANT: &'static str = "default";

    /// The function of this name that is meant where nobody says which variant.
    pub fn default_of(name: FunctionName) -> Self {
        Self { name, variant: FunctionName(Self::DEFAULT_VARIANT.to_owned()) }
    }

    /// What its signing secret is kept under. No tenant's own secret has such a name.
    pub fn secret_name(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for FunctionKey {
    /// Name and variant with a slash between them, which neither of them can have.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.variant)
    }
}

/// The name of a function, or of a variant: what can stand in a path as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionName(String);

/// A text that can name no function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or a digit"
)]
pub struct BadFunctionName;

impl FunctionName {
    /// The longest name, in characters.
    pub const CHARS_MAX: usize = 64;

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FunctionName {
    type Err = BadFunctionName;

    fn from_str(text: &str) -> Result<Self, BadFunctionName> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let is_good = begins_well && text.len() <= Self::CHARS_MAX && text.chars().all(is_plain);
        if is_good { Ok(Self(text.to_owned())) } else { Err(BadFunctionName) }
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One version of a function. Versions are never changed, only followed by others.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// What it is called.
    pub key: FunctionKey,
    /// Which version this is: 1, and one more for each after it, also after a removal.
    pub version: u32,
    /// When this version was made.
    pub created_at: Timestamp,
    /// What it does.
    pub definition: Arc<Definition>,
}

/// What a function does when it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// What is asked for by each call, but for its input. The callback has no secret of its own:
    /// the function has one, which is kept apart and can be rotated.
    pub spec: ExecutionSpec,
    /// The payload format that its owner chose; none leaves it to the way in which it is called.
    pub payload_format: Option<PayloadFormat>,
    /// Whether its owner asked for the network; none where nothing was said. What the operator's
    /// rules make of it is found out at each call.
    pub network: Option<bool>,
}

/// That an execution is a call of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Of which.
    pub function: FunctionKey,
    /// In which version.
    pub version: u32,
    /// What its caller calls it, if not by the id of the execution.
    pub request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_stand_in_a_path_as_it_is() {
        let longest = "x".repeat(64);
        for good in ["a", "0", "image-resize", "a.b_c-D9", &longest] {
            assert_eq!(good.parse::<FunctionName>().unwrap().as_str(), good);
        }
        let too_long = "x".repeat(65);
        for bad in ["", ".", "..", "-a", "_a", "a/b", "a b", "ä", "a%2f", "a\0", &too_long] {
            assert_eq!(bad.parse::<FunctionName>(), Err(BadFunctionName), "{bad}");
        }
    }

    #[test]
    fn no_two_functions_share_the_name_of_a_secret() {
        let key = |name: &str, variant: &str| {
            FunctionKey { name: name.parse().unwrap(), variant: variant.parse().unwrap() }
                .secret_name()
        };
        assert_eq!(key("a", "b"), "a/b");
        assert_eq!(FunctionKey::default_of("a".parse().unwrap()).secret_name(), "a/default");
    }
}
