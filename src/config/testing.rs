//! What the tests of the configuration share: sources in short form, and messages without paths.
//! Tests nothing itself.

use std::fs;
use std::path::Path;

use super::{Flag, Loaded, Sources, load};

/// The three layers above the defaults, in short form.
#[derive(Default)]
pub(super) struct Given<'a> {
    pub(super) file: &'a str,
    pub(super) environment: &'a [(&'a str, &'a str)],
    pub(super) flags: &'a [(&'a str, &'a str)],
}

/// Loads the layers, with the file's text written into a fresh directory.
pub(super) fn load_given(given: &Given<'_>) -> Result<Loaded, Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringback.toml");
    fs::write(&path, given.file).unwrap();
    load_at(&path, given)
}

/// Loads a file that is already there; the text in `given` is not looked at.
pub(super) fn load_at(path: &Path, given: &Given<'_>) -> Result<Loaded, Vec<String>> {
    let environment = given.environment.iter();
    let flag = |(key, value): &(&str, &str)| Flag::text(key, *value, &format!("--{key}"));
    let sources = Sources {
        file: Some(path.to_owned()),
        environment: environment.map(|(name, text)| (name.into(), text.into())).collect(),
        flags: given.flags.iter().map(flag).collect(),
    };
    let directory = format!("{}/", path.parent().unwrap().display());
    load(sources).map_err(|errors| {
        errors.iter().map(|error| error.to_string().replace(&directory, "")).collect()
    })
}

/// Loads a file alone.
pub(super) fn load_file(text: &str) -> Result<Loaded, Vec<String>> {
    load_given(&Given { file: text, ..Given::default() })
}

/// Loads variables alone.
pub(super) fn load_environment(environment: &[(&str, &str)]) -> Result<Loaded, Vec<String>> {
    load_given(&Given { environment, ..Given::default() })
}

/// The mistakes of a load that must have failed.
pub(super) fn mistakes(loaded: Result<Loaded, Vec<String>>) -> Vec<String> {
    match loaded {
        Ok(loaded) => panic!("no mistake was found in\n{}", loaded.show()),
        Err(mistakes) => mistakes,
    }
}

/// The line of `show` that says what a key is and who set it, without directories.
pub(super) fn line_of(loaded: &Loaded, section: &str, key: &str) -> String {
    let text = loaded.show();
    let mut lines = text.lines().skip_while(|line| *line != format!("[{section}]")).skip(1);
    let line = lines.find(|line| line.starts_with(&format!("{key} = "))).unwrap_or("none");
    match (line.rfind("# "), line.rfind('/')) {
        (Some(comment), Some(slash)) if slash > comment => {
            format!("{}{}", &line[..comment + 2], &line[slash + 1..])
        }
        _ => line.to_owned(),
    }
}
