//! Actors that panic: an execution that loses its actor fails and its program is killed; the
//! supervisor and the webhook actor are started again, so often and no more.

mod falls;
mod in_hand;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

fn with_failpoint(actions: &str) -> TestApp {
    TestApp::with(|options| options.slots(2).env("FAILPOINTS", actions))
}

fn sleeping() -> Value {
    json!({"language": "sh", "code": "exec sleep 1000"})
}

fn status(record: &Value) -> (&str, &str) {
    let text = |member: &str| record[member].as_str().unwrap_or_default();
    (text("status"), text("cause"))
}

/// Submits, however often the supervisor falls over it; what was not answered was not accepted.
fn submit_in_the_end(app: &TestApp, program: &Value) -> String {
    eventually(DEADLINE, "it is accepted", || {
        let answer = app.request("POST", "/v1/executions").json(program).send();
        assert!(matches!(answer.status, 202 | 503), "{}", answer.text());
        assert!(
            answer.status == 202 || answer.json()["code"] == "unavailable",
            "{}",
            answer.text()
        );
        (answer.status == 202).then(|| answer.json()["id"].as_str().unwrap().to_owned())
    })
}

#[test]
fn an_execution_whose_actor_panics_fails_and_its_program_is_killed() {
    let app = with_failpoint("terminate=panic");
    let receiver = TestReceiver::start();
    let program = json!({
        "language": "sh", "code": "echo said; exec sleep 1000", "timeout": 1,
        "callback_url": receiver.url("/hook"),
    });
    let record = app.finished(&app.submit(program).id);
    assert_eq!(status(&record), ("failed", "interrupted"), "{record:#}");
    assert!(record["error"].as_str().unwrap().contains("failed internally"), "{record:#}");
    assert_eq!(record["stdout"], "said\n");
    eventually(DEADLINE, "its program is gone", || app.programs().is_empty().then_some(()));
    assert_eq!(receiver.first().json()["type"], "execution.failed");
    // Its slot is free, and nobody else is the worse for it.
    let next = app.run(json!({"language": "sh", "code": "echo next"}));
    assert_eq!((&next["stdout"], &next["status"]), (&json!("next\n"), &json!("completed")));
}

#[test]
fn when_the_supervisor_panics_what_runs_runs_on_and_what_waits_waits() {
    // Two run, two wait; the fifth brings it down.
    let app = with_failpoint("supervisor=4*off->1*panic->off");
    let receiver = TestReceiver::start();
    let running: Vec<_> = (0..2).map(|_| app.submit(sleeping()).id).collect();
    eventually(DEADLINE, "both run", || (app.programs().len() == 2).then_some(()));
    let quick = json!({
        "language": "sh", "code": "echo later", "callback_url": receiver.url("/hook"),
    });
    let waiting: Vec<_> = (0..2).map(|_| app.submit(quick.clone()).id).collect();
    let after = submit_in_the_end(&app, &quick);
    assert!(app.stderr().contains("the supervisor has failed"), "{}", app.stderr());
    assert_eq!(app.programs().len(), 2, "nothing was killed");

    // The next supervisor knows those that run: they can be cancelled, and their slots are taken.
    assert_eq!(app.record(&waiting[0])["status"], "queued");
    for id in &running {
        app.delete(&format!("/v1/executions/{id}")).expect(202);
        assert_eq!(status(&app.finished(id)), ("cancelled", "cancelled"));
    }
    for id in waiting.iter().chain([&after]) {
        let record = app.finished(id);
        assert_eq!((&record["stdout"], &record["attempt"]), (&json!("later\n"), &json!(1)));
    }
    assert_eq!(receiver.wait_for(3).len(), 3);
}

#[test]
fn when_the_webhook_actor_panics_every_delivery_still_comes() {
    let app = with_failpoint("webhook=3*off->1*panic->2*off->1*panic->off");
    let receiver = TestReceiver::start();
    let program = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/hook")});
    let ids: Vec<_> = (0..10).map(|_| app.submit(program.clone()).id).collect();
    for id in &ids {
        app.wait_for(id, "it is delivered", |record| record["delivery"] == "delivered");
    }
    assert!(app.stderr().contains("the webhook actor has failed"), "{}", app.stderr());
}

/// What a client and a service manager see of a failure that comes again and again.
#[track_caller]
fn ends_by_itself(failpoint: &str, drive: impl Fn(&TestApp), says: &str) {
    let mut app = with_failpoint(failpoint);
    let queued = app.submit(sleeping()).id;
    app.wait_for_program("sleep 1000");
    drive(&app);
    let status = app.ended();
    assert_eq!(status.code(), Some(70), "{status}\n{}", app.stderr());
    assert!(app.stderr().contains(says), "{}", app.stderr());
    eventually(DEADLINE, "no program outlives it", || app.programs().is_empty().then_some(()));
    // A service manager starts it again, and nothing was lost.
    app.change(|options| options.env("FAILPOINTS", ""));
    app.restart();
    assert_eq!(crate::supervision::status(&app.finished(&queued)), ("failed", "interrupted"));
}

#[test]
fn a_supervisor_that_panics_again_and_again_ends_the_process() {
    let drive = |app: &TestApp| {
        let over = || {
            let answer = app.request("POST", "/v1/executions").json(&sleeping()).try_send();
            answer.is_err().then_some(())
        };
        eventually(Duration::from_secs(30), "the server has gone", over);
    };
    ends_by_itself("supervisor=1*off->panic", drive, "the supervisor has failed more than 20");
}

#[test]
fn a_webhook_actor_that_panics_again_and_again_ends_the_process() {
    let drive = |app: &TestApp| {
        let program = json!({
            "language": "sh", "code": "true", "callback_url": "http://127.0.0.1:9/",
        });
        app.submit(program);
    };
    ends_by_itself("webhook=1*off->panic", drive, "the webhook actor has failed more than 20");
}
