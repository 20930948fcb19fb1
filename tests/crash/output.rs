//! What a program had written when its server was killed: it is in the record that the next server
//! makes, and on disk no longer than that.

use std::fs;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::{files, recordings};

/// Submits a program and gives its id when it has written so many bytes to standard output.
fn submit(app: &TestApp, program: Value, bytes: u64) -> String {
    let id = app.submit(program).id;
    recordings::wait_for_bytes(&recordings::file(&app.data_dir(), &id, "stdout"), bytes);
    id
}

/// The record of an execution whose server was lost, when there is nothing else left of it.
#[track_caller]
fn interrupted(app: &TestApp, id: &str) -> Value {
    let left = files::all_in(&recordings::folder(&app.data_dir()));
    assert!(left.is_empty(), "left by the earlier server: {left:?}");
    let record = app.finished(id);
    assert_eq!((&record["status"], &record["cause"]), (&json!("failed"), &json!("interrupted")));
    record
}

#[test]
fn what_a_program_had_written_survives_a_server_that_was_killed() {
    let mut app = TestApp::start();
    let code = "echo wrong >&2; echo begun; exec sleep 1000";
    let id = submit(&app, json!({"language": "sh", "code": code}), 6);
    recordings::wait_for_bytes(&recordings::file(&app.data_dir(), &id, "stderr"), 6);
    app.kill9();
    app.restart();
    let record = interrupted(&app, &id);
    for (stream, text) in [("stdout", "begun\n"), ("stderr", "wrong\n")] {
        assert_eq!(record[stream], text);
        assert_eq!(record[format!("{stream}_bytes")], 6);
        assert_eq!(record[format!("{stream}_truncated")], false);
    }
}

#[test]
fn of_much_output_the_head_and_the_tail_survive_with_the_true_length() {
    let mut app = TestApp::start();
    let code = "import sys, time\n\
                print('first'); print('x' * 5_000_000); print('last', flush=True)\n\
                time.sleep(1000)";
    let limits = json!({"output_bytes": 1000});
    let program = json!({"language": "python", "code": code, "limits": limits});
    let total = 6 + 5_000_001 + 5;
    let id = submit(&app, program, total);
    app.kill9();
    app.restart();
    let record = interrupted(&app, &id);
    assert_eq!(
        (&record["stdout_bytes"], &record["stdout_truncated"]),
        (&json!(total), &json!(true))
    );
    let text = record["stdout"].as_str().unwrap_or_default();
    assert!(text.starts_with("first\nxxx") && text.ends_with("xxx\nlast\n"), "{text}");
    assert!((1000..1200).contains(&text.len()), "{}", text.len());
}

#[test]
fn what_runs_again_has_nothing_of_what_its_first_attempt_wrote() {
    let mut app = TestApp::start();
    let code = "[ -e begun ] || { touch begun; echo first; }; exec sleep 1000";
    let mut program = json!({"language": "sh", "code": code, "on_interrupt": "rerun"});
    program["working_dir"] = json!("workspace");
    let id = submit(&app, program, 6);
    app.kill9();
    app.restart();
    app.wait_for(&id, "it runs again", |record| record["attempt"] == 2);
    app.wait_for_program("sleep 1000");
    app.kill9();
    app.restart();
    let record = interrupted(&app, &id);
    assert_eq!((&record["stdout"], &record["attempt"]), (&json!(""), &json!(2)));
}

#[test]
fn a_recording_that_was_damaged_costs_the_output_and_nothing_else() {
    let mut app = TestApp::start();
    let program = json!({"language": "sh", "code": "echo begun; exec sleep 1000"});
    let id = submit(&app, program, 6);
    app.kill9();
    let file = recordings::file(&app.data_dir(), &id, "stdout");
    fs::write(&file, "these are the wrong trousers ".repeat(100)).unwrap();
    let old = "exec_00000000000000000000000000000000";
    fs::write(recordings::file(&app.data_dir(), old, "stdout"), "of long ago").unwrap();
    app.restart();
    let record = interrupted(&app, &id);
    assert_eq!((&record["stdout"], &record["stdout_bytes"]), (&json!(""), &json!(0)));
    assert!(app.stderr().contains("is no recording of a program's output"), "{}", app.stderr());
}
