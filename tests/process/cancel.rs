//! A client's wish that an execution end: before it starts, while it runs, after it has ended.
//! Ends nothing in another way.

use std::sync::Barrier;

use serde_json::{Value, json};

use super::program::{expect_end, sh, with};
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::receiver::TestReceiver;

fn cancel(app: &TestApp, id: &str) -> Answer {
    app.delete(&format!("/v1/executions/{id}"))
}

/// Submits a program, waits until these words of it are seen to run, cancels it, and gives the
/// record of its end.
#[track_caller]
fn cancel_while_running(app: &TestApp, code: &str, words: &str) -> Value {
    let id = app.submit(sh(code)).id;
    app.wait_for_program(words);
    let answer = cancel(app, &id).expect(202).json();
    assert_eq!((&answer["id"], &answer["cancelling"]), (&json!(id), &json!(true)), "{answer:#}");
    assert_eq!(answer["status"], "running", "{answer:#}");
    let record = app.finished(&id);
    expect_end(&record, "cancelled", "cancelled");
    assert!(app.programs().is_empty(), "left behind: {:?}", app.programs());
    record
}

#[test]
fn a_queued_execution_is_cancelled_at_once_and_never_starts() {
    let app = TestApp::with(|options| options.slots(1));
    let receiver = TestReceiver::start();
    let running = app.submit(sh("exec sleep 1000")).id;
    app.wait_for_program("sleep 1000");
    let marker = app.scratch().join("it-ran");
    let program = sh(&format!("touch {}", marker.display()));
    let queued = app.submit(with(program, "callback_url", json!(receiver.url("/")))).id;
    let record = cancel(&app, &queued).expect(200).json();
    expect_end(&record, "cancelled", "cancelled");
    assert_eq!((&record["started_at"], &record["exit_code"]), (&Value::Null, &Value::Null));
    assert!(record["completed_at"].is_string());
    assert_eq!(receiver.first().json()["type"], "execution.cancelled");
    cancel(&app, &running).expect(202);
    app.finished(&running);
    // Whatever would have started next has started and ended by now.
    expect_end(&app.run(sh("true")), "completed", "exited");
    assert!(!marker.exists());
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn a_running_execution_is_cancelled_and_its_output_is_kept() {
    let app = TestApp::start();
    let record = cancel_while_running(&app, "echo before; sleep 1000", "sleep 1000");
    assert_eq!(record["stdout"], "before\n");
    assert_eq!((&record["exit_code"], &record["signal"]), (&Value::Null, &json!("SIGTERM")));
    assert!(record["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{record:#}");
}

#[test]
fn the_reason_of_a_cancel_is_kept_and_told() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let program = with(sh("exec sleep 1000"), "callback_url", json!(receiver.url("/")));
    let id = app.submit(program).id;
    app.wait_for_program("sleep 1000");
    let request = app.request("DELETE", &format!("/v1/executions/{id}"));
    request.json(&json!({"reason": "the order was withdrawn"})).send().expect(202);
    let record = app.finished(&id);
    assert_eq!(record["cancel_reason"], "the order was withdrawn");
    assert!(record["cancelled_by"].is_string(), "{record:#}");
    assert!(record["error"].as_str().is_some_and(|s| s.contains("the order was withdrawn")));
    assert_eq!(receiver.first().json()["data"]["cancel_reason"], "the order was withdrawn");
}

#[test]
fn a_cancel_after_the_end_changes_nothing() {
    let app = TestApp::start();
    for (code, status) in [("true", "completed"), ("exit 3", "failed")] {
        let before = app.run(sh(code));
        let id = before["id"].as_str().unwrap();
        let answer = cancel(&app, id).expect(200).json();
        assert_eq!(answer["status"], status);
        assert_eq!(
            (&answer["cause"], &answer["exit_code"]),
            (&before["cause"], &before["exit_code"])
        );
        assert_eq!(answer["completed_at"], before["completed_at"]);
        assert_eq!(app.record(id), before);
    }
}

#[test]
fn two_clients_that_cancel_at_once_get_one_end_and_one_event() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    for round in 1..=5 {
        let program = with(sh("exec sleep 1000"), "callback_url", json!(receiver.url("/")));
        let id = app.submit(program).id;
        app.wait_for_program("sleep 1000");
        let barrier = Barrier::new(2);
        let answers = std::thread::scope(|scope| {
            let clients = [(); 2].map(|()| {
                scope.spawn(|| {
                    barrier.wait();
                    cancel(&app, &id)
                })
            });
            clients.map(|client| client.join().unwrap())
        });
        for answer in answers {
            assert!(matches!(answer.status, 200 | 202), "{}: {}", answer.status, answer.text());
        }
        expect_end(&app.finished(&id), "cancelled", "cancelled");
        receiver.wait_for(round);
        app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
        assert_eq!(receiver.received().len(), round);
    }
}

#[test]
fn a_program_that_ignores_being_asked_is_killed_after_the_grace() {
    let app = TestApp::with(|options| options.grace("400ms"));
    let begin = std::time::Instant::now();
    let record = cancel_while_running(&app, "trap '' TERM INT HUP; sleep 1000", "sleep 1000");
    assert_eq!((&record["exit_code"], &record["signal"]), (&Value::Null, &json!("SIGKILL")));
    let took = begin.elapsed();
    assert!(took.as_millis() >= 400, "it had its grace: {took:?}");
}

#[test]
fn a_program_that_ends_when_asked_is_not_made_to_wait_for_the_grace() {
    let app = TestApp::with(|options| options.grace("60s"));
    let code = "trap 'echo tidied; exit 7' TERM; while :; do sleep 0.05; done";
    let record = cancel_while_running(&app, code, "sleep 0.05");
    assert_eq!(record["stdout"], "tidied\n");
    assert_eq!((&record["exit_code"], &record["signal"]), (&json!(7), &Value::Null));
}

#[test]
fn a_second_cancel_while_it_ends_is_answered_like_the_first() {
    let app = TestApp::with(|options| options.grace("600ms"));
    let id = app.submit(sh("trap '' TERM; sleep 1000")).id;
    app.wait_for_program("sleep 1000");
    for _ in 0..2 {
        let answer = cancel(&app, &id).expect(202).json();
        assert_eq!(answer["cancelling"], true);
    }
    assert_eq!(app.record(&id)["cancelling"], true);
    expect_end(&app.finished(&id), "cancelled", "cancelled");
}

#[test]
fn cancelling_ends_every_process_of_the_execution() {
    let app = TestApp::start();
    for code in [
        "sleep 1000 & sleep 1001",
        "(sleep 1000 &) ; sleep 1001",
        "setsid sleep 1000 & sleep 1001",
        "setsid sh -c 'trap \"\" TERM; setsid sleep 1000' & trap '' TERM; sleep 1001",
        "for n in 1 2 3 4 5 6 7 8 9; do sleep 1000 & setsid sleep 1000 & done; sleep 1001",
    ] {
        let id = app.submit(sh(code)).id;
        app.wait_for_program("sleep 1000");
        app.wait_for_program("sleep 1001");
        cancel(&app, &id).expect(202);
        expect_end(&app.finished(&id), "cancelled", "cancelled");
        assert!(app.programs().is_empty(), "`{code}` left {:?}", app.programs());
    }
}

#[test]
fn a_cancel_with_a_body_that_is_no_json_is_refused_and_changes_nothing() {
    let app = TestApp::start();
    let id = app.submit(sh("exec sleep 1000")).id;
    app.wait_for_program("sleep 1000");
    for body in ["{", "[]", r#"{"reason": 7}"#, r#"{"raeson": "x"}"#] {
        let request = app.request("DELETE", &format!("/v1/executions/{id}"));
        let request = request.header("content-type", "application/json");
        request.bytes(body).send().expect(400);
    }
    assert_eq!(app.record(&id)["status"], "running");
    // HopX's JavaScript client names a content type and sends nothing.
    let request = app.request("DELETE", &format!("/v1/executions/{id}"));
    request.header("content-type", "application/json").bytes("").send().expect(202);
    expect_end(&app.finished(&id), "cancelled", "cancelled");
}
