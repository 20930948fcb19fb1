//! `warm` of a language: whether an interpreter is kept ready, and with what.
//! Starts none; whether a language can be kept warm is known where that is done.

use super::typed::FromValue;
use super::value::Value;

/// Whether an interpreter of a language is started before there is any code, and copied for each
/// execution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Warm {
    /// Whether it is.
    pub enabled: bool,
    /// Modules that it imports beforehand, by their names.
    pub preload: Vec<String>,
}

const EXPECTED: &str = "expected true, false or { preload = [\"json\"] } with names of modules";

impl FromValue for Warm {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Flag(enabled) => Ok(Self { enabled: *enabled, preload: Vec::new() }),
            Value::Table(entries) => preload(entries)
                .map(|preload| Self { enabled: true, preload })
                .ok_or_else(|| EXPECTED.to_owned()),
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

/// The modules, if the table has them and nothing else.
fn preload(entries: &[(String, Value)]) -> Option<Vec<String>> {
    match entries {
        [(key, Value::List(modules))]
            if key == "preload" && modules.iter().all(|module| is_module(module)) =>
        {
            Some(modules.clone())
        }
        _ => None,
    }
}

/// Whether a text can be the name of a module, in any language: `os.path`, `node:fs`, `@scope/name`.
/// It becomes part of code that is run, so it has nothing that ends a name.
fn is_module(name: &str) -> bool {
    let is_fit = |character: char| character.is_alphanumeric() || "_.-:@/".contains(character);
    !name.is_empty() && name.chars().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_module_has_nothing_that_ends_it() {
        let check = |name: &str, expected| assert_eq!(is_module(name), expected, "{name:?}");
        check("json", true);
        check("os.path", true);
        check("node:fs", true);
        check("@scope/name-2", true);
        check("größe", true);
        check("", false);
        check("a b", false);
        check("a;b", false);
        check("a'b", false);
        check("a\nb", false);
        check("a\u{0}", false);
    }
}
