//! `ringback run FILE`: one file, its record, its exit code.
//! Programs are in sh, which is everywhere.

use serde_json::{Value, json};

use super::support::{command, file, ran, ringback, ringback_reading};

fn run(code: &str, arguments: &[&str]) -> super::support::Ran {
    let (_directory, path) = file("program.sh", code);
    ringback(&[&["run", path.to_str().unwrap()], arguments].concat())
}

#[test]
fn what_the_program_prints_and_its_code_are_the_commands_own() {
    let ran = run("echo out; echo err >&2; exit 7", &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(7), "out\n"));
    assert!(ran.stderr.starts_with("err\n"));
    assert!(ran.stderr.contains("exited with code 7"), "{}", ran.stderr);
    assert_eq!(run("kill -KILL $$", &[]).code, Some(137));
}

#[test]
fn json_is_the_record() {
    let ran = run(r#"echo '[1]' > $RINGBACK_RESULT; echo $A"#, &["--json", "--env", "A=b=c"]);
    let record: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(record["status"], "completed");
    assert_eq!(record["stdout"], "b=c\n");
    assert_eq!(record["result"], json!([1]));
}

#[test]
fn the_language_is_named_or_told_by_the_files_ending() {
    let python = ringback_reading(&["run", "-"], "print(6 * 7)");
    assert_eq!((python.code, python.stdout.as_str()), (Some(0), "42\n"), "{}", python.stderr);
    let (_directory, path) = file("program.js", "console.log(6 * 7)");
    assert_eq!(ringback(&["run", path.to_str().unwrap()]).stdout, "42\n");
    let shell = ringback_reading(&["run", "-", "--language", "shell"], "echo $((6 * 7))");
    assert_eq!(shell.stdout, "42\n");
}

#[test]
fn a_timeout_ends_it() {
    let ran = run("exec sleep 1000", &["--timeout", "0.2"]);
    assert_eq!(ran.code, Some(128 + 15));
    assert!(ran.stderr.contains("timeout of 0.2 s"), "{}", ran.stderr);
    let polite = "trap 'exit 0' TERM; while :; do sleep 0.01; done";
    assert_eq!(run(polite, &["--timeout", "0.3"]).code, Some(1), "it has failed all the same");
}

#[test]
fn limits_and_network_are_as_the_configuration_has_them() {
    let run = |code: &str, arguments: &[&str], variables: &[(&str, &str)]| {
        let (_directory, path) = file("program.sh", code);
        let mut run = command(&[&["run", path.to_str().unwrap()], arguments].concat());
        run.envs(variables.iter().copied());
        ran(run)
    };
    let open_files = run("ulimit -n", &[], &[("RINGBACK_EXECUTION__OPEN_FILES_DEFAULT", "77")]);
    assert_eq!(open_files.stdout, "77\n", "{}", open_files.stderr);
    let timeout = run("exec sleep 1000", &[], &[("RINGBACK_EXECUTION__TIMEOUT_DEFAULT", "200ms")]);
    assert!(timeout.stderr.contains("timeout of 0.2 s"), "{}", timeout.stderr);

    let ours = std::fs::read_link("/proc/self/ns/net").unwrap();
    let has_network = |arguments: &[&str], policy: &str| {
        let policy =
            [("RINGBACK_EXECUTION__NETWORK", policy), ("RINGBACK_EXECUTION__ISOLATION", "sandbox")];
        let ran = run("readlink /proc/self/ns/net", arguments, &policy);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        std::path::Path::new(ran.stdout.trim()) == ours
    };
    assert!(!has_network(&[], "on-request"));
    assert!(has_network(&["--network"], "on-request"));
    assert!(has_network(&[], "on"));
    assert!(!has_network(&[], "off"));
    let refused = run("true", &["--network"], &[("RINGBACK_EXECUTION__NETWORK", "off")]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("`network` cannot be true"), "{}", refused.stderr);
}

#[test]
fn mistakes_are_usage_errors_in_words() {
    let check = |arguments: &[&str], words: &str| {
        let ran = ringback(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    };
    check(&["run"], "<FILE>");
    check(&["run", "/no/such/file.py"], "/no/such/file.py");
    let (_directory, path) = file("x.sh", "true");
    let path = path.to_str().unwrap();
    check(&["run", path, "--language", "cobol"], "known are bash, javascript, python, sh");
    check(&["run", path, "--timeout", "0"], "more than 0");
    check(&["run", path, "--timeout", "soon"], "--timeout");
    check(&["run", path, "--env", "=x"], "NAME=VALUE");
    check(&["run", path, "--colour"], "--colour");
    check(&["jump"], "jump");
}
