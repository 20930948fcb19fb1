//! The programs of `programs/`, submitted to a server that keeps Python warm and to one that does
//! not: they must end alike and say the same.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::site::{WARM, python, sandbox, warm_with};
use crate::support::app::TestApp;

/// Lines that differ, and are left out: for the same reasons as in `driver.py`.
const KNOWN: [(&str, &[&str]); 2] = [
    ("collector", &["counts", "collections"]),
    ("mappings", &["_ctypes", "_socket", "_struct", "libffi"]),
];

/// A program and what its first lines say of it.
struct Program {
    name: String,
    request: Value,
    is_random: bool,
}

/// All programs that can be submitted: without files beside them, and in UTF-8.
fn programs() -> Vec<Program> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/warm/programs");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let programs: Vec<Program> = files.filter_map(program).collect();
    assert!(programs.len() > 80, "{} programs", programs.len());
    programs
}

fn program(path: PathBuf) -> Option<Program> {
    let beside = ["files", "user"].map(|ending| path.with_extension(ending).exists());
    if path.extension()? != "py" || beside.contains(&true) {
        return None;
    }
    let code = fs::read_to_string(&path).ok()?;
    // Neither is taken by the API.
    if code.is_empty() || code.contains('\0') {
        return None;
    }
    let name = path.file_stem()?.to_str()?.to_owned();
    let mut request = python(&code);
    if let Ok(stdin) = fs::read_to_string(path.with_extension("stdin")) {
        request["stdin"] = json!(stdin);
    }
    let mut env = json!({"ASKED": "for ä = 1"});
    let mut is_random = false;
    for word in code.lines().filter_map(|line| line.strip_prefix("# test: ")) {
        match word.split_once('=') {
            Some((name, value)) => env[name] = json!(value.replace("{place}", "/execution/work")),
            None if word == "random" => is_random = true,
            // Who reads the output is the server's business here.
            None => return None,
        }
    }
    request["env"] = env;
    Some(Program { name, request, is_random })
}

/// Submits all, and gives the records of their ends.
fn run_all(app: &TestApp, programs: &[Program]) -> Vec<Value> {
    let submitted: Vec<String> =
        programs.iter().map(|program| app.submit(program.request.clone()).id).collect();
    submitted.iter().map(|id| app.finished(id)).collect()
}

/// How an execution ended and what it said, without what is by chance or known to differ.
fn essence(app: &TestApp, name: &str, record: &Value) -> Value {
    let known = KNOWN.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, words)| words);
    let text = |stream: &str| {
        let text = record[stream].as_str().expect("a text").replace(app.mark(), "MARK");
        let lines = text.split_inclusive('\n');
        let lines = lines.filter(|line| !known.iter().any(|word| line.contains(word)));
        blotted(&lines.collect::<String>())
    };
    json!([record["exit_code"], record["signal"], text("stdout"), text("stderr")])
}

/// The text without addresses and ids: where the kernel puts a program is random anyway.
fn blotted(text: &str) -> String {
    let is_of_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut blotted = String::new();
    for piece in text.split_inclusive(|character| !is_of_word(character)) {
        let word = piece.trim_end_matches(|character| !is_of_word(character));
        let is_address = word.starts_with("0x") && word.len() >= 8;
        // Identifiers of threads are addresses in decimal.
        let is_thread = word.len() == 15 && word.parse().is_ok_and(|number: u64| number >> 40 > 0);
        if is_address || is_thread || word.starts_with("exec_") {
            blotted.push_str("...");
            blotted.push_str(&piece[word.len()..]);
        } else {
            blotted.push_str(piece);
        }
    }
    blotted
}

#[test]
fn every_program_ends_and_says_the_same_on_a_server_with_and_without_warmth() {
    let programs = programs();
    let (warm, cold) = std::thread::scope(|scope| {
        let warm = scope.spawn(|| {
            let app = warm_with(|options| options.slots(4));
            let records = run_all(&app, &programs);
            (app, records)
        });
        let app = sandbox(|options| options.slots(4).env(WARM, "false"));
        let records = run_all(&app, &programs);
        (warm.join().expect("the warm half"), (app, records))
    });
    let mut differing = Vec::new();
    for ((program, of_warm), of_cold) in programs.iter().zip(&warm.1).zip(&cold.1) {
        let starts = (&of_warm["start"], &of_cold["start"]);
        assert_eq!(starts, (&json!("warm"), &json!("cold")), "{}", program.name);
        let essences =
            [(&warm.0, of_warm), (&cold.0, of_cold)].map(|(a, r)| essence(a, &program.name, r));
        let is_right = if program.is_random {
            of_warm["exit_code"] == 0 && essences[0] != essences[1]
        } else {
            essences[0] == essences[1]
        };
        if !is_right {
            differing.push(format!(
                "{}\n warm {:#}\n cold {:#}",
                program.name, essences[0], essences[1]
            ));
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
}
