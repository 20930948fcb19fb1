//! Cancelling runs: queued, running and ended ones, and that there is one event for each, whatever is
//! done to it afterwards.

use serde_json::{Value, json};

use super::{
    SAYS_AND_SLEEPS, SLEEPS, begin, call_back, deploy, error_of, event_with, log_of, path_of, run,
    run_with,
};
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

fn cancel(app: &TestApp, id: &str, body: &Value) -> Answer {
    app.request("DELETE", &path_of(id)).json(body).send()
}

#[test]
fn a_running_one_is_told_to_end_and_what_it_said_is_kept() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let id = begin(&app, &call_back(&receiver));
    app.wait_for_program(SLEEPS);
    let answer = cancel(&app, &id, &json!({"reason": "too slow", "source": "their client"}));
    let answer = answer.expect(202).json();
    let told = (&answer["request_id"], &answer["run_status"], &answer["cancelling"]);
    assert_eq!(told, (&json!(id), &json!("running"), &json!(true)));
    let ended = run_with(&app, &id, "cancelled");
    let told = (&ended["error"], &ended["reason"], &ended["partial_output"]);
    assert_eq!(told, (&json!("Cancelled: too slow"), &json!("cancelled"), &json!("so far")));
    assert_eq!(ended.get("cancelling"), None);
    eventually(DEADLINE, "its program is gone", || app.programs().is_empty().then_some(()));
    let event = receiver.first().json();
    assert_eq!(event["event_type"], "workflow.cancelled");
}

#[test]
fn a_queued_one_has_ended_when_it_is_answered() {
    let app = TestApp::with(|options| options.slots(1));
    let receiver = TestReceiver::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let [runs, waits] = [(); 2].map(|()| begin(&app, &call_back(&receiver)));
    let answer = app.delete(&path_of(&waits)).expect(200).json();
    assert_eq!((&answer["run_status"], answer.get("cancelling")), (&json!("cancelled"), None));
    let event = receiver.first().json();
    assert_eq!(event["request_id"], waits);
    assert_eq!(event["data"]["reason"], "cancelled");
    assert!(event["data"]["error"].as_str().is_some_and(|error| !error.is_empty()), "{event}");
    app.delete(&path_of(&runs)).expect(202);
    receiver.wait_for(2);
}

#[test]
fn one_that_has_ended_stays_as_it_ended_and_tells_nothing_more() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "sh", "echo hi");
    let id = begin(&app, &call_back(&receiver));
    event_with(&app, &id, "delivered");
    let before = run(&app, &id);
    for _ in 0..2 {
        let answer = cancel(&app, &id, &json!({"reason": "too late"})).expect(200).json();
        assert_eq!((&answer["run_status"], &answer["output"]), (&json!("completed"), &json!("hi")));
    }
    // Another run is told of after all that, and nothing has come in between.
    let next = begin(&app, &call_back(&receiver));
    let told: Vec<_> =
        receiver.wait_for(2).iter().map(|event| event.json()["request_id"].clone()).collect();
    assert_eq!(told, [id.clone(), next.clone()]);
    event_with(&app, &next, "delivered");
    assert_eq!((receiver.received().len(), log_of(&app, &id).len()), (2, 1));
    assert_eq!(run(&app, &id), before);
}

#[test]
fn one_that_was_cancelled_twice_is_told_once() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let id = begin(&app, &call_back(&receiver));
    app.wait_for_program(SLEEPS);
    cancel(&app, &id, &json!({"reason": "first"})).expect(202);
    run_with(&app, &id, "cancelled");
    let again = cancel(&app, &id, &json!({"reason": "second"})).expect(200).json();
    assert_eq!(again["error"], "Cancelled: first");
    event_with(&app, &id, "delivered");
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn a_reason_that_is_none_is_refused() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let id = begin(&app, &call_back(&receiver));
    app.wait_for_program(SLEEPS);
    for reason in [json!(7), json!("x".repeat(1001))] {
        let error = error_of(&cancel(&app, &id, &json!({"reason": reason})), 400);
        assert!(error.contains("`reason`"), "{error}");
    }
    let broken = app.request("DELETE", &path_of(&id)).bytes("{").send();
    error_of(&broken, 400);
    assert_eq!(run(&app, &id).get("cancelling"), None, "nothing of that has cancelled it");
    app.delete(&path_of(&id)).expect(202);
    assert_eq!(run_with(&app, &id, "cancelled")["reason"], "cancelled");
}
