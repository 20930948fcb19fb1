//! `ringback logs`: what a program has written, byte for byte, and what it goes on to write. From a real
//! server, and from one whose connections break.

use std::process::Stdio;

use serde_json::json;

use crate::asking::{Going, ID, ask, ask_script, asking, at, events, problem, record};
use crate::shared::app::TestApp;
use crate::shared::receiver::TestReceiver;
use crate::shared::scripted::Scripted;

#[test]
fn each_stream_comes_out_where_it_was_written_or_where_it_was_asked_for() {
    let app = TestApp::start();
    let code = r"printf 'a\033[2J\377\n'; printf 'err' >&2";
    let id = app.run(json!({ "language": "sh", "code": code }))["id"].as_str().unwrap().to_owned();
    let logs = |more: &[&str]| {
        let output = asking(&app, &[&["logs", &id], more].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        (output.stdout, output.stderr)
    };
    let (stdout, stderr) = (b"a\x1b[2J\xff\n".to_vec(), b"err".to_vec());
    assert_eq!(logs(&[]), (stdout.clone(), stderr.clone()), "in its own bytes");
    assert_eq!(logs(&["-f"]), (stdout.clone(), stderr.clone()));
    for more in [&["--stdout"][..], &["--stdout", "-f"]] {
        assert_eq!(logs(more), (stdout.clone(), Vec::new()));
    }
    for more in [&["--stderr"][..], &["--stderr", "-f"]] {
        assert_eq!(logs(more), (stderr.clone(), Vec::new()));
    }
}

#[test]
fn it_goes_on_while_the_program_does_and_ends_with_it() {
    let app = TestApp::start();
    let gate = app.scratch().join("gate");
    let code = format!("echo one; until [ -e {} ]; do sleep 0.01; done; echo two", gate.display());
    let id = app.submit(json!({ "language": "sh", "code": code })).id;
    let mut following = Going::start(asking(&app, &["logs", &id, "--follow"]));
    assert_eq!(following.line(), "one\n", "before it has ended");
    assert_eq!(ask(&app, &["logs", &id]).stdout, "one\n", "so far");
    std::fs::write(&gate, "").unwrap();
    let ran = following.end();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "two\n"), "{}", ran.stderr);
}

#[test]
fn ctrl_c_leaves_the_execution_alone() {
    let app = TestApp::start();
    let id = app.submit(json!({ "language": "sh", "code": "echo on; exec sleep 1000" })).id;
    let mut following = Going::start(asking(&app, &["logs", "-f", &id]));
    assert_eq!(following.line(), "on\n");
    let ran = following.interrupt();
    assert_eq!(ran.code, Some(130));
    assert!(ran.stderr.contains(&format!("{id} goes on")), "{}", ran.stderr);
    assert_eq!(app.record(&id)["status"], "running");
}

#[test]
fn who_stops_reading_is_no_failure() {
    let app = TestApp::start();
    let code = "i=0; while [ $i -lt 20000 ]; do echo a line that is long enough; i=$((i+1)); done";
    let id = app.run(json!({ "language": "sh", "code": code }))["id"].as_str().unwrap().to_owned();
    for more in [&["logs"][..], &["logs", "-f"]] {
        let mut command = asking(&app, &[more, &[&id]].concat());
        let mut going = command.stdout(Stdio::piped()).spawn().unwrap();
        drop(going.stdout.take());
        let ended = going.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), ended.stderr), (Some(0), Vec::new()));
    }
}

const STATUS: &str = "event: status\ndata: {\"status\":\"running\"}\n\n";

fn end() -> String {
    format!("id: 11-3\nevent: end\ndata: {}\n\n", record("completed"))
}

#[test]
fn events_are_followed_and_resumed_where_a_connection_broke() {
    let script = [
        events(&[
            "retry: 10\n\n: a comment\n\n",
            STATUS,
            "id: 6-0\nevent: stdout\ndata: {\"offset\":0,\"te",
            "xt\":\"one ☃\"}\n\nid: 9-0\nevent: stdout\ndata: {\"offset\":6,\"text\":\"lost\"}\n",
        ]),
        Scripted::close(),
        problem(429, "Too many streams.").header("retry-after", "0"),
        events(&[
            STATUS,
            "id: 9-0\r\nevent: stdout\r\ndata: {\"offset\":6,\"base64\":\"/wo=\"}\r\n\r\n",
            "id: 9-3\nevent: stderr\ndata: {\"offset\":0,\"text\":\"err\"}\n\nevent: later\ndata: x\n\n",
            &end(),
        ]),
    ];
    let server = TestReceiver::answering(script);
    let output = at(&server.url(""), &["logs", "-f", ID]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, b"one \xe2\x98\x83\xff\n");
    assert_eq!(output.stderr, b"err");
    let asked = server.received();
    let places: Vec<_> = asked.iter().map(|request| request.header("last-event-id")).collect();
    assert_eq!(places, [None, Some("6-0"), Some("6-0"), Some("6-0")]);
    for request in &asked {
        assert_eq!(request.path, format!("/v1/executions/{ID}/events"));
        assert_eq!(request.header("accept"), Some("text/event-stream"));
    }
}

#[test]
fn what_was_not_kept_is_told() {
    let skipped = "event: stdout\ndata: {\"offset\":5,\"text\":\"tail\",\"skipped\":1000}\n\n";
    let server = TestReceiver::answering([events(&[skipped, &end()])]);
    let ran = ask_script(&server, &["logs", "-f", ID]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "tail"));
    assert_eq!(ran.stderr, "ringback: 1000 bytes of its stdout were not kept\n");
}

#[test]
fn a_run_that_begins_anew_is_told_as_such() {
    let again = "event: status\ndata: {\"status\":\"queued\",\"attempt\":2}\n\n";
    let piece = "event: stdout\ndata: {\"offset\":0,\"text\":\"out\"}\n\n";
    let server = TestReceiver::answering([events(&[STATUS, piece, again, piece, &end()])]);
    let ran = ask_script(&server, &["logs", "-f", ID]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "outout"));
    assert_eq!(ran.stderr, "ringback: it was interrupted and begins anew, attempt 2\n");
}

#[test]
fn failures_have_their_codes_and_sentences() {
    let check = |script: Vec<Scripted>, code: i32, words: &str| {
        let ran = ask_script(&TestReceiver::answering(script), &["logs", "-f", ID]);
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    };
    let none = || problem(404, "There is nothing here by that name.");
    check(vec![none(), none()], 4, "nothing here");
    check(vec![problem(401, "Who are you?")], 3, "Who are you?");
    check(vec![events(&["event: stdout\ndata: {}\n\n"])], 1, "not as a Ringback does: {}");
    let app = TestApp::start();
    assert_eq!(ask(&app, &["logs", "exec_nothing"]).code, Some(4));
    assert_eq!(ask(&app, &["logs", "-f", "exec_nothing"]).code, Some(4));
    assert_eq!(ask(&app, &["logs", "nothing"]).code, Some(2));
    assert_eq!(ask(&app, &["logs", ID, "--stdout", "--stderr"]).code, Some(2));
}
