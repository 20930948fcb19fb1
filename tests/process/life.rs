//! The ways in which an execution ends by itself, and that nothing of it is left then.
//! Cancels nothing.

use serde_json::{Value, json};

use super::program::{expect_end, python, sh, with};
use crate::support::app::TestApp;

#[test]
fn a_program_that_exits_0_has_completed() {
    let app = TestApp::start();
    let record = app.run(sh("echo out; echo err >&2"));
    expect_end(&record, "completed", "exited");
    assert_eq!(record["exit_code"], 0);
    assert_eq!((&record["stdout"], &record["stderr"]), (&json!("out\n"), &json!("err\n")));
}

#[test]
fn a_program_that_exits_with_another_code_has_failed_with_that_code() {
    let app = TestApp::start();
    for code in [1, 3, 42, 126, 127, 128, 137, 255] {
        let record = app.run(sh(&format!("exit {code}")));
        expect_end(&record, "failed", "exited");
        assert_eq!((&record["exit_code"], &record["signal"]), (&json!(code), &Value::Null));
        let sentence = record["error"].as_str().unwrap_or_default();
        assert!(sentence.contains(&code.to_string()), "{sentence}");
    }
}

#[test]
fn a_program_that_raises_has_failed_and_its_traceback_is_kept() {
    let app = TestApp::start();
    let record = app.run(python("raise ValueError('seven')"));
    expect_end(&record, "failed", "exited");
    assert_eq!(record["exit_code"], 1);
    assert!(record["stderr"].as_str().is_some_and(|text| text.contains("ValueError: seven")));
}

#[test]
fn a_program_that_a_signal_ends_has_failed_with_the_name_of_the_signal() {
    let app = TestApp::start();
    for name in ["KILL", "TERM", "ABRT", "SEGV", "USR1"] {
        let record = app.run(sh(&format!("echo before; kill -{name} $$; sleep 1000")));
        expect_end(&record, "failed", "signaled");
        assert_eq!(record["signal"], format!("SIG{name}"));
        assert_eq!((&record["exit_code"], &record["stdout"]), (&Value::Null, &json!("before\n")));
        let sentence = record["error"].as_str().unwrap_or_default();
        assert!(sentence.contains(&format!("SIG{name}")), "{sentence}");
    }
}

#[test]
fn a_program_that_outlives_its_timeout_is_ended_and_its_output_is_kept() {
    let app = TestApp::start();
    let record = app.run(with(sh("echo before; sleep 1000"), "timeout", json!(0.3)));
    expect_end(&record, "failed", "timeout");
    assert_eq!((&record["exit_code"], &record["signal"]), (&Value::Null, &json!("SIGTERM")));
    assert_eq!(record["stdout"], "before\n");
    let took = record["execution_time"].as_f64().unwrap_or_default();
    assert!((0.3..10.0).contains(&took), "{took}");
    let sentence = record["error"].as_str().unwrap_or_default();
    assert!(sentence.contains("timeout") && sentence.contains("0.3"), "{sentence}");
    assert!(app.programs().is_empty(), "{:?}", app.programs());
}

#[test]
fn a_program_is_asked_to_end_at_its_timeout_before_it_is_killed() {
    let app = TestApp::with(|options| options.grace("10s"));
    let code = "trap 'echo asked; exit 0' TERM; while :; do sleep 0.05; done";
    let record = app.run(with(sh(code), "timeout", json!(0.3)));
    // It ended well in the end, but not in its time.
    expect_end(&record, "failed", "timeout");
    assert_eq!(record["stdout"], "asked\n");
}

#[test]
fn a_program_that_ignores_being_asked_is_killed_at_its_timeout_and_the_grace() {
    let app = TestApp::start();
    let record = app.run(with(sh("trap '' TERM; sleep 1000"), "timeout", json!(0.2)));
    expect_end(&record, "failed", "timeout");
    assert_eq!(record["signal"], "SIGKILL");
    let took = record["execution_time"].as_f64().unwrap_or_default();
    assert!((0.5..10.0).contains(&took), "0.2 s and 0.3 s of grace: {took}");
    assert!(app.programs().is_empty(), "{:?}", app.programs());
}

#[test]
fn a_runtime_that_is_not_installed_fails_the_execution_and_is_named() {
    let app = TestApp::with(|options| {
        options.env("RINGBACK_RUNTIMES__BASH__COMMAND", "no-such-interpreter")
    });
    let record = app.run(json!({"language": "bash", "code": "true"}));
    expect_end(&record, "failed", "spawn_failed");
    assert_eq!((&record["exit_code"], &record["signal"]), (&Value::Null, &Value::Null));
    assert_eq!((&record["stdout"], &record["stdout_bytes"]), (&json!(""), &json!(0)));
    let sentence = record["error"].as_str().unwrap_or_default();
    assert!(sentence.contains("no-such-interpreter"), "{sentence}");
    expect_end(&app.run(sh("true")), "completed", "exited");
}

#[test]
fn what_a_program_leaves_behind_is_gone_when_its_record_says_it_has_ended() {
    let app = TestApp::start();
    for left_behind in [
        "sleep 1000 &",
        "sleep 1000 & sleep 1000 &",
        "(sleep 1000 &)",
        "setsid sleep 1000 &",
        "(setsid sh -c 'trap \"\" TERM HUP; sleep 1000' &)",
        "nohup setsid setsid sleep 1000 >/dev/null 2>&1 &",
    ] {
        let record = app.run(sh(&format!("{left_behind}\necho done")));
        expect_end(&record, "completed", "exited");
        assert!(app.programs().is_empty(), "`{left_behind}` left {:?}", app.programs());
        let took = record["execution_time"].as_f64().unwrap_or_default();
        assert!(took < 10.0, "`{left_behind}` delayed the end: {took}");
    }
}

#[test]
fn no_more_programs_run_at_a_time_than_there_are_slots() {
    let app = TestApp::with(|options| options.slots(2));
    let ids: Vec<_> = (0..5).map(|_| app.submit(sh("exec sleep 1000")).id).collect();
    let count = |status: &str| {
        let records = ids.iter().map(|id| app.record(id));
        records.filter(|record| record["status"] == status).count()
    };
    app.wait_for(&ids[1], "it runs", |record| record["status"] == "running");
    assert_eq!((count("running"), count("queued")), (2, 3));
    app.wait_for_program("sleep 1000");
    assert!(app.programs().len() <= 2, "{:?}", app.programs());
    for id in &ids {
        app.delete(&format!("/v1/executions/{id}"));
        app.finished(id);
    }
    assert!(app.programs().is_empty(), "{:?}", app.programs());
}

#[test]
fn executions_start_in_the_order_in_which_they_were_accepted() {
    let app = TestApp::with(|options| options.slots(1));
    let ids: Vec<_> = (0..6).map(|_| app.submit(sh("true")).id).collect();
    let starts: Vec<_> =
        ids.iter().map(|id| app.finished(id)["started_at"].as_str().unwrap().to_owned()).collect();
    assert!(starts.is_sorted(), "{starts:?}");
}
