//! `ringback submit`: what is sent, what is printed, and how it ends.
//! Programs are in sh, which is everywhere.

use serde_json::{Value, json};

use crate::asking::{Going, ID, ask, ask_script, asking, at, json, problem, record};
use crate::shared::app::TestApp;
use crate::shared::receiver::TestReceiver;
use crate::shared::scripted::Scripted;
use crate::support::{Ran, file, ran};

fn accepted() -> Scripted {
    json(202, &record("queued"))
}

#[test]
fn every_option_is_sent_as_the_api_has_it() {
    let server = TestReceiver::answering([accepted()]);
    let (_directory, path) = file("main.js", "console.log(1)");
    let arguments = "--env A=b=c --working-dir /workspace --timeout 1.5 --queue-timeout 2 --priority 3 \
        --network --on-interrupt rerun --label app=shop --label env=prod --metadata order=42 \
        --idempotency-key the-key --input {\"a\":[1]} --callback-url https://example.com/hook \
        --payload-format hopx --event started --callback-verify --memory-bytes 1048576 \
        --processes 7 --cpu-seconds 0.5 --open-files 99 --disk-bytes 65536 --output-bytes 1000 \
        --on-output-limit fail --signing-secret hunter2";
    let mut arguments: Vec<_> = arguments.split_whitespace().collect();
    arguments.extend(["--callback-header", "X-Shop: a: b"]);
    let ran = ask_script(&server, &[&["submit", path.to_str().unwrap()], &arguments[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stdout, format!("{ID} queued\n"));
    let request = server.first();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/executions"));
    assert_eq!(request.header("idempotency-key"), Some("the-key"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let expected = json!({
        "code": "console.log(1)", "language": "javascript", "input": { "a": [1] },
        "env": { "A": "b=c" }, "working_dir": "/workspace", "timeout": 1.5, "queue_timeout": 2.0,
        "priority": 3,
        "limits": {
            "memory_bytes": 1_048_576, "processes": 7, "cpu_seconds": 0.5, "output_bytes": 1000,
            "open_files": 99, "disk_bytes": 65_536,
        },
        "on_output_limit": "fail", "network": true, "on_interrupt": "rerun",
        "labels": { "app": "shop", "env": "prod" }, "metadata": { "order": "42" },
        "callback_url": "https://example.com/hook", "callback_headers": { "X-Shop": "a: b" },
        "callback_signature_secret": "hunter2", "payload_format": "hopx", "callback_verify": true,
        "events": ["started"],
    });
    assert_eq!(request.json(), expected);
}

#[test]
fn what_is_not_said_is_not_sent() {
    let server = TestReceiver::answering([accepted()]);
    let (_directory, path) = file("program", "print(1)");
    let mut command = at(&server.url(""), &["submit", path.to_str().unwrap()]);
    // A secret that is in the environment for other commands signs nothing here.
    command.env("RINGBACK_SIGNING_SECRET", "hunter2");
    assert_eq!(ran(command).code, Some(0));
    let request = server.first();
    assert_eq!(request.json(), json!({ "code": "print(1)" }));
    assert!(request.header("idempotency-key").is_some_and(|key| key.len() == 36));
}

#[test]
fn a_program_or_what_it_reads_comes_from_standard_input() {
    let app = TestApp::start();
    let reading = |arguments: &[&str], stdin: &str| {
        let (_directory, path) = file("stdin", stdin);
        let mut command = asking(&app, arguments);
        command.stdin(std::fs::File::open(path).unwrap());
        ran(command)
    };
    let program = reading(&["submit", "-", "--language", "sh", "--follow"], "echo from stdin");
    assert_eq!((program.code, program.stdout.as_str()), (Some(0), "from stdin\n"));
    let (_directory, path) = file("main.sh", "tr a-z A-Z");
    let path = path.to_str().unwrap();
    assert_eq!(reading(&["submit", path, "--stdin", "-", "--follow"], "hi").stdout, "HI");
    let input = ask(&app, &["submit", path, "--input", r#"{"a":1}"#, "--follow"]);
    assert_eq!(input.stdout, r#"{"A":1}"#);
}

#[test]
fn it_is_printed_as_it_was_asked_for() {
    let app = TestApp::start();
    let (_directory, path) = file("main.sh", "echo out; echo err >&2; exit 3");
    let submit = |more: &[&str]| ask(&app, &[&["submit", path.to_str().unwrap()], more].concat());
    let id = submit(&["-o", "id"]).stdout;
    assert_eq!(app.finished(id.trim_end())["exit_code"], 3);
    let accepted: Value = serde_json::from_str(&submit(&["-o", "json"]).stdout).unwrap();
    assert!(accepted["id"].as_str().unwrap().starts_with("exec_"), "{accepted}");
    let line = submit(&["-o", "jsonl"]).stdout;
    assert_eq!(line.lines().count(), 1, "{line}");

    let waited = submit(&["--wait", "-o", "json"]);
    let record: Value = serde_json::from_str(&waited.stdout).unwrap();
    assert_eq!((&record["status"], &record["stdout"]), (&json!("failed"), &json!("out\n")));
    assert_eq!((waited.code, waited.stderr.as_str()), (Some(1), ""), "it has failed");
    let page = submit(&["--wait"]).stdout;
    assert!(page.contains("  failed\n") && page.contains("exited with code 3"), "{page}");

    let followed = submit(&["--follow"]);
    assert_eq!((followed.code, followed.stdout.as_str()), (Some(1), "out\n"));
    assert!(followed.stderr.starts_with("err\n"), "{}", followed.stderr);
    assert!(followed.stderr.contains(" failed in "), "{}", followed.stderr);
}

#[test]
fn the_programs_exit_code_becomes_ours_when_that_is_asked_for() {
    let app = TestApp::start();
    let check = |code: &str, more: &[&str], expected: i32| {
        let (_directory, path) = file("main.sh", code);
        let arguments = ["submit", path.to_str().unwrap(), "--exit-status"];
        let ran = ask(&app, &[&arguments, more].concat());
        assert_eq!(ran.code, Some(expected), "{code}: {}", ran.stderr);
    };
    check("exit 0", &[], 0);
    check("exit 7", &["--wait"], 7);
    check("exit 7", &["--follow"], 7);
    check("kill -KILL $$", &[], 137);
    check("exec sleep 1000", &["--timeout", "0.2"], 143);
    check("trap 'exit 0' TERM; while :; do sleep 0.01; done", &["--timeout", "0.3"], 1);
}

#[test]
fn what_was_accepted_is_named_whatever_goes_wrong_after_that() {
    let (_directory, path) = file("main.sh", "true");
    for flag in ["--wait", "--follow"] {
        let forbidden = problem(403, "This needs a key with the scope `executions:read`.");
        let mut record = record("queued");
        record["priority"] = json!(1);
        let server = TestReceiver::answering([crate::asking::json(202, &record), forbidden]);
        let ran = ask_script(&server, &["submit", path.to_str().unwrap(), flag]);
        assert_eq!(ran.code, Some(3), "{flag}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("{ID}: This needs")), "{flag}: {}", ran.stderr);
    }
}

#[test]
fn who_stops_waiting_ends_nothing() {
    let app = TestApp::start();
    let (_directory, path) = file("main.sh", "echo begun; exec sleep 1000");
    let path = path.to_str().unwrap();
    let late = ask(&app, &["submit", path, "--wait=0.3"]);
    assert_eq!(late.code, Some(5), "{}", late.stderr);
    assert!(late.stderr.contains("the time is up, and it has not ended"), "{}", late.stderr);

    let mut following = Going::start(asking(&app, &["submit", path, "--follow"]));
    assert_eq!(following.line(), "begun\n");
    let interrupted = following.interrupt();
    assert_eq!(interrupted.code, Some(130), "{}", interrupted.stderr);
    assert!(interrupted.stderr.contains("goes on"), "{}", interrupted.stderr);
    assert!(!interrupted.stderr.contains(": exec_"), "it names it once: {}", interrupted.stderr);
    let running = app.get("/v1/executions?status=running").json();
    assert_eq!(running["data"].as_array().unwrap().len(), 2, "{running}");
}

#[test]
fn what_a_server_cannot_take_now_is_sent_again_under_the_same_key() {
    let busy = || problem(503, "Later.").header("retry-after", "0");
    let server = TestReceiver::answering([busy(), Scripted::close(), busy(), accepted()]);
    let (_directory, path) = file("main.sh", "true");
    let path = path.to_str().unwrap();
    let ran = ask_script(&server, &["submit", path]);
    assert_eq!((ran.code, ran.stdout), (Some(0), format!("{ID} queued\n")), "{}", ran.stderr);
    let sent = server.received();
    let keys: Vec<_> = sent.iter().map(|request| request.header("idempotency-key")).collect();
    assert_eq!(keys.len(), 4);
    assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");

    let server = TestReceiver::answering([problem(400, "`timeout` is wrong.")]);
    assert_eq!(ask_script(&server, &["submit", path]).code, Some(2));
    assert_eq!(server.received().len(), 1, "what is wrong stays wrong");
    let server = TestReceiver::always(busy());
    let ran = ask_script(&server, &["submit", path]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), "ringback: Later.\n"));
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let server = TestReceiver::start();
    let (_directory, path) = file("main.sh", "true");
    let path = path.to_str().unwrap();
    let check = |arguments: &[&str], words: &str| {
        let ran: Ran = ask_script(&server, &[&["submit"], arguments].concat());
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    };
    check(&[], "<FILE>");
    check(&["/no/such/file.py"], "/no/such/file.py");
    check(&["-", "--stdin", "-"], "standard input cannot be both");
    check(&[path, "--stdin", path, "--input", "1"], "--input");
    check(&[path, "--input", "{"], "--input: JSON is expected");
    check(&[path, "--env", "hunter2"], "--env: NAME=VALUE is expected");
    check(&[path, "--label", "=x"], "--label: NAME=VALUE is expected");
    check(&[path, "--metadata", "x"], "--metadata: NAME=VALUE is expected");
    check(&[path, "--timeout", "NaN"], "--timeout");
    check(&[path, "--priority", "4"], "--priority");
    check(&[path, "--on-interrupt", "again"], "--on-interrupt");
    check(&[path, "--callback-header", "A: b"], "--callback-url");
    let callback = ["--callback-url", "http://x", "--callback-header", "hunter2"];
    check(&[&[path], &callback[..]].concat(), "--callback-header: NAME: VALUE is expected");
    check(&[path, "--wait", "--follow"], "--follow");
    check(&[path, "--follow", "-o", "json"], "--follow");
    assert!(server.received().is_empty());
}

#[test]
fn what_the_server_refuses_is_told_in_its_words() {
    let app = TestApp::start();
    let (_directory, path) = file("main.cobol", "x");
    let unknown = ask(&app, &["submit", path.to_str().unwrap()]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("The language `cobol` is unknown"), "{}", unknown.stderr);
}
