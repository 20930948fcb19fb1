//! What is committed of the document is what the server says, and is OpenAPI 3.1 by somebody else's
//! judgement.

use std::path::{Path, PathBuf};
use std::process::Command;

use ringback::http::{openapi_json, openapi_markdown};

use super::document::{DOCUMENT, operations};

/// Whoever sets this has the committed files written anew.
const UPDATE: &str = "UPDATE";

/// A program of the packages that `scripts/tools.sh` installs.
pub fn installed(program: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/openapi/python/bin").join(program);
    assert!(path.exists(), "{} is missing: `make tools` installs it", path.display());
    path
}

fn check(path: &str, text: &str) {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&whole, text).unwrap();
    }
    let committed = std::fs::read_to_string(&whole).unwrap_or_default();
    assert!(
        committed == text,
        "{path} is not what the server says. If that is meant: \
         `{UPDATE}=1 cargo nextest run --test openapi -E 'test(committed)'`"
    );
}

#[test]
fn what_is_committed_is_what_the_server_says() {
    check("docs/openapi.json", openapi_json());
    check("docs/api.md", openapi_markdown());
}

#[test]
fn the_command_prints_the_same() {
    let printed = |arguments: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_ringback")).args(arguments).output().unwrap();
        assert!(ran.status.success() && ran.stderr.is_empty());
        String::from_utf8(ran.stdout).unwrap()
    };
    assert!(printed(&["openapi"]) == openapi_json());
    assert!(printed(&["openapi", "--markdown"]) == openapi_markdown());
}

#[test]
fn it_is_openapi_3_1() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let judged = Command::new(installed("openapi-spec-validator"))
        .args(["--schema", "3.1"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
    assert!(DOCUMENT["openapi"].as_str().unwrap().starts_with("3.1."));
}

/// What names a server belongs to a server.
#[test]
fn it_says_nothing_of_one_server() {
    let servers = DOCUMENT["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 1);
    assert_eq!(servers[0]["url"], ".");
    for operation in operations() {
        assert!(operation.path.starts_with('/'), "{}", operation.name());
    }
}

/// A name that is used twice makes one function of two in every client that is generated.
#[test]
fn every_operation_has_a_name_of_its_own_and_says_what_it_is() {
    let mut names = std::collections::BTreeSet::new();
    for operation in operations() {
        let says = operation.says;
        assert!(names.insert(says["operationId"].as_str().unwrap()), "{}", operation.name());
        for member in ["summary", "responses", "security", "tags"] {
            assert!(!says[member].is_null(), "{}: {member}", operation.name());
        }
    }
}
