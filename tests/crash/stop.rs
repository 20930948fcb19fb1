//! The server ended in good order with SIGTERM: what had not started waits, what runs is ended
//! and told, and the server ends with 0.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::processes;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

#[test]
fn an_idle_server_ends_at_once_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut app = TestApp::start();
        let begin = Instant::now();
        processes::signal(app.pid(), signal);
        assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    }
}

#[test]
fn a_program_that_ends_in_time_is_waited_for() {
    let mut app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "15s"));
    let receiver = TestReceiver::start();
    let code = "sleep 0.7; echo in time";
    let id =
        app.submit(json!({"language": "sh", "code": code, "callback_url": receiver.url("/")})).id;
    app.wait_for_program("sleep 0.7");
    assert_eq!(app.terminate().code(), Some(0), "{}", app.stderr());
    assert_eq!(receiver.first().json()["data"]["stdout"], "in time\n");
    app.restart();
    let record = app.record(&id);
    assert_eq!(
        (&record["status"], &record["delivery"]),
        (&json!("completed"), &json!("delivered"))
    );
}

#[test]
fn a_program_that_does_not_end_in_time_is_interrupted_and_told() {
    let mut app = TestApp::start();
    let receiver = TestReceiver::start();
    let id = app
        .submit(
            json!({"language": "sh", "code": "exec sleep 1000", "callback_url": receiver.url("/")}),
        )
        .id;
    app.wait_for_program("sleep 1000");
    assert_eq!(app.terminate().code(), Some(0), "{}", app.stderr());
    assert!(app.programs().is_empty(), "{:?}", app.programs());
    let told = receiver.first().json();
    assert_eq!(
        (&told["type"], &told["data"]["cause"]),
        (&json!("execution.failed"), &json!("interrupted"))
    );
    app.restart();
    assert_eq!(app.record(&id)["cause"], "interrupted");
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn what_had_not_started_waits_for_the_next_server() {
    let mut app = TestApp::with(|options| options.slots(1));
    let running = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let queued: Vec<_> =
        (0..5).map(|_| app.submit(json!({"language": "sh", "code": "echo later"})).id).collect();
    app.terminate();
    app.restart();
    assert_eq!(app.finished(&running)["cause"], "interrupted");
    for id in &queued {
        let record = app.finished(id);
        assert_eq!((&record["stdout"], &record["attempt"]), (&json!("later\n"), &json!(1)));
    }
}

#[test]
fn a_server_that_drains_is_not_ready_and_accepts_nothing() {
    let mut app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "60s"));
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    processes::signal(app.pid(), Signal::TERM);
    eventually(DEADLINE, "it is no longer ready", || {
        let answer = app.anonymous("GET", "/readyz").try_send();
        answer.map_or(true, |answer| answer.status == 503).then_some(())
    });
    let refusal = app.request("POST", "/v1/executions").json(&json!({"code": "1"})).try_send();
    if let Ok(answer) = refusal {
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("retry-after").is_some());
    }
    // A second signal means now.
    let begin = Instant::now();
    processes::signal(app.pid(), Signal::TERM);
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    app.restart();
    assert_eq!(app.finished(&id)["cause"], "interrupted");
}
