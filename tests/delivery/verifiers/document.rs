//! The code in docs/verify.md, taken out of the document and run on real deliveries.
//! What cannot be run here says so.

mod library;
#[path = "document/verify.rs"]
mod rust;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::Verdict;
use super::cases::{Case, OTHER, WHSEC, check, delivered, standard_cases};
use super::published::installed;
use crate::support::app::TestApp;

const DOCUMENT: &str = include_str!("../../../docs/verify.md");

/// The block of code behind `<!-- tested: NAME -->`.
#[track_caller]
fn block(name: &str) -> &'static str {
    let mark = format!("<!-- tested: {name} -->\n```");
    let (_, rest) = DOCUMENT.split_once(&mark).unwrap_or_else(|| panic!("there is no {name}"));
    let (_language, rest) = rest.split_once('\n').unwrap();
    rest.split_once("```\n").unwrap().0
}

/// A directory with blocks of the document and the program that hands requests to them.
fn laid_out(driver: &str, blocks: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in blocks {
        fs::write(directory.path().join(name), block(name)).unwrap();
    }
    fs::copy(folder().join(driver), directory.path().join(driver)).unwrap();
    directory
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/delivery/verifiers/document")
}

/// Every request that the functions of a language are asked about: real ones of both formats, with
/// both kinds of secrets, and what may become of them on the way.
fn cases() -> Vec<Case> {
    let app = TestApp::start();
    let request = delivered(&app, "/v1/executions", WHSEC);
    let mut cases = standard_cases(&request);
    let value = Case::of(WHSEC, &request).headers["webhook-signature"].clone();
    for spaced in [format!("  {value} "), format!("v2 , {value}")] {
        let case = Case::of(WHSEC, &request).header("webhook-signature", spaced);
        cases.push(case.verified("with something odd beside it"));
    }
    for text in ["your-secret-key", "ключ 🔑 with spaces", WHSEC] {
        let request = delivered(&app, "/execute/async", text);
        let case = || Case::of(text, &request);
        cases.extend([case(), case().secret(OTHER).refused("another secret")]);
        let hopx = || case().by("hopx");
        let value = &case().headers["x-hopx-signature"];
        cases.extend([
            hopx(),
            hopx().tampered().refused("the body was changed"),
            hopx().secret("another").refused("another secret"),
            hopx().without("x-hopx-signature").refused("not signed"),
            hopx().header("x-hopx-signature", "sha256=").refused("half a signature"),
            hopx().header("x-hopx-signature", "sha256=ключ").refused("no signature"),
            hopx().header("x-hopx-signature", format!("{value},{value}")).refused("two"),
        ]);
    }
    cases
}

/// The same, and what the lines with the published library are asked about.
fn cases_with_library() -> Vec<Case> {
    let mut cases = cases();
    let app = TestApp::start();
    let request = delivered(&app, "/v1/executions", WHSEC);
    cases.extend(standard_cases(&request).into_iter().map(|case| case.by("library")));
    cases
}

#[test]
fn the_python_of_the_document_verifies_what_is_delivered() {
    let directory = laid_out("drive.py", &["verify.py", "library.py"]);
    let mut command = Command::new(installed("python/bin/python"));
    command.arg(directory.path().join("drive.py"));
    check("Python", command, &cases_with_library());
}

#[test]
fn the_javascript_of_the_document_verifies_what_is_delivered() {
    let directory = laid_out("drive.mjs", &["verify.mjs"]);
    let (import, call) = block("library.mjs").split_once('\n').unwrap();
    let library =
        format!("{import}\nexport function library(secret, headers, body) {{\n{call}}}\n");
    fs::write(directory.path().join("library.mjs"), library).unwrap();
    let modules = installed("node/node_modules");
    std::os::unix::fs::symlink(modules, directory.path().join("node_modules")).unwrap();
    let mut command = Command::new("node");
    command.arg(directory.path().join("drive.mjs"));
    check("JavaScript", command, &cases_with_library());
}

#[test]
fn the_rust_of_the_document_verifies_what_is_delivered() {
    // It is compiled with the tests, so it stands there a second time, word for word.
    let compiled = fs::read_to_string(folder().join("verify.rs")).unwrap();
    let (_head, code) = compiled.split_once("\n\n").unwrap();
    assert_eq!(code, block("verify.rs"));
    let library = fs::read_to_string(folder().join("library.rs")).unwrap();
    for line in block("library.rs").lines() {
        assert!(library.lines().any(|compiled| compiled.trim_start() == line), "{line}");
    }
    for case in cases_with_library() {
        let header = |name: &str| case.headers.get(name).map(String::as_str);
        let verified = match case.by {
            "standard" => rust::verify(&case.secret, header, &case.body),
            "hopx" => rust::verify_hopx(&case.secret, header, &case.body),
            _ => library::verify(&case.secret, &case.headers, &case.body),
        };
        let verdict = if verified { Verdict::Verified } else { Verdict::Refused };
        assert_eq!(verdict, case.expected, "Rust, {}: {}", case.by, case.what);
    }
}

#[test]
fn the_ruby_of_the_document_verifies_what_is_delivered() {
    let directory = laid_out("drive.rb", &["verify.rb"]);
    let mut command = Command::new("ruby");
    command.arg(directory.path().join("drive.rb"));
    check("Ruby", command, &cases());
}

#[test]
fn the_go_of_the_document_verifies_what_is_delivered() {
    if which::which("go").is_err() {
        println!(
            "PASSED OVER: there is no go on this machine, so the Go of docs/verify.md was not run"
        );
        return;
    }
    let directory = laid_out("drive.go", &["verify.go"]);
    let mut command = Command::new("go");
    command.args(["run", "drive.go", "verify.go"]).current_dir(directory.path());
    // What it compiles goes with the directory; it may have no home either.
    command.env("GOCACHE", directory.path().join("cache")).env("GO111MODULE", "off");
    check("Go", command, &cases());
}
