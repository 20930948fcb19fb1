//! The rules of the house, kept by a test and not by goodwill: which layer may import which, how
//! files begin, how long they may be, and where certain things may stand at all.

use std::fs;
use std::path::{Path, PathBuf};

/// Bottom up. A file imports from its own folder and from rows before its own, never from later
/// rows and never from a neighbour in the same row. `testing` helpers follow the same rules.
const LAYERS: &[&[&str]] = &[
    &["domain", "failpoint"],
    &["bodies"],
    &["store", "process", "webhook"],
    &["client"],
    &["actors"],
    &["http"],
    &["app", "cli", "config", "main", "lib"],
];

/// The longest file, in lines. The median is kept near 120 by taste.
const LINES_MAX: usize = 400;

struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The folder or file directly below `src` that this file belongs to.
    fn module(&self) -> String {
        let inside = self.path.strip_prefix("src").expect("every source lies in src");
        let first = inside.components().next().expect("a file has a name");
        Path::new(first.as_os_str()).with_extension("").display().to_string()
    }

    /// The crate's own modules that this file names, however it names them.
    fn imports(&self) -> Vec<String> {
        let code: Vec<&str> =
            self.text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        code.match_indices("crate::")
            .map(|(at, found)| &code[at + found.len()..])
            .flat_map(|rest| match rest.strip_prefix('{') {
                Some(list) => {
                    let list = list.split_once('}').map_or(list, |(list, _)| list);
                    list.split(',').map(str::trim).map(first_word).collect::<Vec<_>>()
                }
                None => vec![first_word(rest)],
            })
            .filter(|module| row_of(module).is_some())
            .collect()
    }
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn row_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

fn sources(root: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("sources are UTF-8");
                found.push(Source { path, text });
            }
        }
    }
    assert!(!found.is_empty(), "{root} has sources");
    found
}

fn breaches(source: &Source) -> Vec<String> {
    let module = source.module();
    let own = row_of(&module);
    let is_top = own == Some(LAYERS.len() - 1);
    source
        .imports()
        .into_iter()
        .filter(|import| *import != module)
        .filter(|import| match (own, row_of(import)) {
            (Some(own), Some(other)) => other > own || (other == own && !is_top),
            _ => true,
        })
        .map(|import| format!("{} imports {import}", source.path.display()))
        .collect()
}

#[test]
fn layers_point_down_and_never_sideways() {
    let all: Vec<String> = sources("src").iter().flat_map(breaches).collect();
    assert_eq!(all, Vec::<String>::new());
}

#[test]
fn the_rule_about_layers_catches_what_it_should() {
    let check = |path: &str, text: &str| {
        breaches(&Source { path: PathBuf::from(path), text: text.to_owned() }).len()
    };
    assert_eq!(check("src/domain/a.rs", "use crate::store::Store;"), 1);
    assert_eq!(check("src/store/a.rs", "use crate::webhook::Client;"), 1);
    assert_eq!(check("src/store/a.rs", "fn f(x: crate::http::Api) {}"), 1);
    assert_eq!(check("src/store/a.rs", "use crate::{domain::X, actors::Y};"), 1);
    assert_eq!(check("src/store/a.rs", "use crate::domain::X;\n// crate::http is above"), 0);
    assert_eq!(check("src/http/a.rs", "use crate::webhook::X; use crate::http::Y;"), 0);
    assert_eq!(check("src/cli/a.rs", "use crate::app::X;"), 0);
}

#[test]
fn every_module_has_its_place_in_a_layer() {
    for source in sources("src") {
        let module = source.module();
        assert!(row_of(&module).is_some(), "{} is in no layer", source.path.display());
    }
}

#[test]
fn every_file_says_first_what_it_is() {
    for source in ["src", "tests", "benches", "examples"].iter().flat_map(|root| sources(root)) {
        assert!(source.text.starts_with("//!"), "{} has no `//!` head", source.path.display());
    }
}

#[test]
fn no_file_is_too_long() {
    for source in ["src", "tests", "benches", "examples"].iter().flat_map(|root| sources(root)) {
        let lines = source.text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", source.path.display());
    }
}

/// Whoever judges the server believes nothing that the server says of itself.
#[test]
fn the_auditor_shares_no_code_with_the_server() {
    for source in sources("tests/crash/auditor") {
        let names_it = source.text.contains("ringback::");
        assert!(!names_it, "{} names the library", source.path.display());
    }
}

/// Where a thing may stand, as the beginning of a path; everywhere else it may not.
fn only_in(needle: &str, allowed: &[&str]) {
    for source in sources("src") {
        let path = source.path.display().to_string();
        let found = source.text.lines().any(|line| {
            let line = line.trim_start();
            !line.starts_with("//") && line.contains(needle)
        });
        let may = allowed.iter().any(|place| path.starts_with(place));
        assert!(!found || may, "{path} has `{needle}`, which belongs into {allowed:?}");
    }
}

#[test]
fn each_thing_has_one_home() {
    only_in("impl Actor for", &["src/actors/"]);
    only_in("unsafe {", &["src/process/launcher/"]);
    only_in("StatusCode::", &["src/http/", "src/webhook/response.rs"]);
    only_in("rusqlite::", &["src/store/sqlite"]);
    only_in("std::env::", &["src/cli/", "src/process/launcher/binary.rs"]);
}

/// One function writes the end of an execution, and one place in the engine puts an end together.
#[test]
fn there_is_one_way_to_end_an_execution() {
    only_in(
        "into_ended(",
        &[
            "src/domain/execution.rs",
            "src/actors/settle.rs",
            "src/webhook/payload/tests_support.rs",
        ],
    );
    // Whoever ends one is counted there.
    only_in("store.finish(", &["src/actors/settle.rs", "src/store/sqlite/plans/"]);
    writes_only_in("UPDATE executions", "src/store/sqlite/finish.rs");
    writes_only_in("DELETE FROM queue", "src/store/sqlite/finish.rs");
    writes_only_in("DELETE FROM executions", "src/store/sqlite/prune.rs");
}

/// The beginning of a statement, however it is broken into lines and whatever is quoted in it.
fn writes_only_in(statement: &str, home: &str) {
    let homes: Vec<String> = sources("src")
        .iter()
        .filter(|source| writes(&source.text, statement))
        .map(|source| source.path.display().to_string())
        .collect();
    assert_eq!(homes, [home], "`{statement}` has one home");
}

fn writes(text: &str, statement: &str) -> bool {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let plain: String = code.collect::<Vec<_>>().join(" ").replace(['"', '\\', '`'], " ");
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    words.to_ascii_uppercase().contains(&statement.to_ascii_uppercase())
}

#[test]
fn the_rule_about_ends_catches_a_second_writer_however_it_is_written() {
    for second in ["update executions set status = 'failed'", "\"UPDATE\n   executions SET x\""] {
        assert!(writes(second, "UPDATE executions"), "{second}");
    }
    assert!(!writes("// UPDATE executions", "UPDATE executions"));
}

/// A promise whose test was renamed or removed is a promise that nobody keeps.
#[test]
fn every_guarantee_in_the_readme_names_tests_that_exist() {
    let readme = fs::read_to_string("README.md").expect("there is a README");
    let section = readme.split("\n## ").find(|section| section.starts_with("Guarantees"));
    let section = section.expect("it states guarantees");
    let code: String =
        ["src", "tests"].iter().flat_map(|root| sources(root)).map(|s| s.text).collect();
    for guarantee in section.split("\n- **").skip(1) {
        let (promise, shown_by) = guarantee.split_once("— `").expect("a promise names its tests");
        let names: Vec<&str> = shown_by.split('`').step_by(2).collect();
        assert!(!names.is_empty(), "{promise}");
        for name in names.iter().filter(|name| name.contains('_')) {
            assert!(
                code.contains(&format!("fn {name}(")),
                "{promise}\nnames `{name}`, which is no test"
            );
        }
    }
}
