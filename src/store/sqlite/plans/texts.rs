//! The statements that the sources of this folder have, taken from their text.
//! Understands no more of Rust than where a string begins and ends.

use std::fs;
use std::path::Path;

/// What a statement begins with that reads or writes rows.
const VERBS: [&str; 4] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];

/// What runs only while a store is being opened.
const AT_THE_START: [&str; 2] = ["open.rs", "migrate.rs"];

/// A text with a blank wherever it has whitespace.
pub(super) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every statement of the files beside this one, or what of it stands in one string.
pub(super) fn in_sources() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sqlite");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_ours = name.ends_with(".rs") && name != "plans.rs" && !AT_THE_START.contains(&name);
        if is_ours {
            found.extend(strings(&fs::read_to_string(&path).unwrap()));
        }
    }
    found.retain(|text| VERBS.iter().any(|verb| text.starts_with(verb)));
    assert!(found.len() > 30, "the search works: {found:#?}");
    found
}

/// The strings of a source, without those of its tests.
fn strings(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n").replace("\\\"", "'").replace("\\\n", "");
    code.split('"').skip(1).step_by(2).map(plain).collect()
}

#[test]
fn statements_are_found_in_a_source() {
    let source =
        "const A: &str = \"\n  SELECT a\n  FROM b\"; // \"\n let b = \"UPDATE \\\"c\\\"\";";
    let source = source.replace(" // \"", "");
    assert_eq!(strings(&source), ["SELECT a FROM b", "UPDATE 'c'"]);
}
