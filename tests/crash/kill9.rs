//! The server killed with SIGKILL at bad moments and started again: nothing is lost, nothing ends
//! twice, nobody is told two different things.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::{Gate, Scripted};
use crate::support::wait::{DEADLINE, eventually};

/// Longer than a breaker stays open.
const ALL_DELIVERED: Duration = Duration::from_secs(100);

fn calling(receiver: &TestReceiver, code: &str) -> Value {
    json!({"language": "sh", "code": code, "callback_url": receiver.url("/hook")})
}

/// Submits so many of a program and gives their ids.
fn submit_many(app: &TestApp, program: &Value, count: usize) -> Vec<String> {
    (0..count).map(|_| app.submit(program.clone()).id).collect()
}

fn status(record: &Value) -> (&str, &str) {
    let text = |member: &str| record[member].as_str().unwrap_or_default();
    (text("status"), text("cause"))
}

/// The bodies that came for each event; a repeated delivery must repeat them to the byte.
#[track_caller]
fn by_event(requests: &[Received]) -> BTreeMap<String, Vec<u8>> {
    let mut events = BTreeMap::<String, Vec<u8>>::new();
    for request in requests {
        let event = request.header("webhook-id").unwrap().to_owned();
        let first = events.entry(event).or_insert_with(|| request.body.clone());
        assert_eq!(*first, request.body, "the same event has the same bytes");
    }
    events
}

#[test]
fn after_sigkill_every_accepted_execution_ends_once_and_is_told_once() {
    let delays =
        ["100ms"; 20].iter().chain(["1s"; 30].iter()).copied().collect::<Vec<_>>().join(",");
    let mut app = TestApp::with(|options| options.slots(10).retry_schedule(&delays));
    let mut receiver = TestReceiver::down();
    let running = submit_many(&app, &calling(&receiver, "exec sleep 1000"), 10);
    eventually(DEADLINE, "ten programs run", || (app.programs().len() == 10).then_some(()));
    let queued = submit_many(&app, &calling(&receiver, "echo late"), 50);
    assert_eq!(app.record(&queued[0])["status"], "queued");

    app.kill9();
    app.restart();
    let ended: BTreeMap<_, _> =
        running.iter().chain(&queued).map(|id| (id.clone(), app.finished(id))).collect();
    receiver.up();

    for id in &running {
        assert_eq!(status(&ended[id]), ("failed", "interrupted"), "{:#}", ended[id]);
        assert!(ended[id]["error"].is_string() && ended[id]["started_at"].is_string());
    }
    for id in &queued {
        assert_eq!(status(&ended[id]), ("completed", "exited"), "{:#}", ended[id]);
        assert_eq!((&ended[id]["stdout"], &ended[id]["attempt"]), (&json!("late\n"), &json!(1)));
    }
    eventually(ALL_DELIVERED, "every event is delivered", || {
        let delivered = |id: &&String| app.record(id)["delivery"] == "delivered";
        (ended.keys().filter(delivered).count() == 60).then_some(())
    });
    let events = by_event(&receiver.received());
    let expected: BTreeSet<_> = ended.keys().map(|id| id.replace("exec_", "evt_")).collect();
    assert_eq!(events.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for (event, body) in &events {
        let told: Value = serde_json::from_slice(body).unwrap();
        let record = &ended[&event.replace("evt_", "exec_")];
        assert_eq!(status(&told["data"]), status(record));
        assert_eq!(told["type"], format!("execution.{}", record["status"].as_str().unwrap()));
    }
    for (id, record) in &ended {
        assert_eq!(status(&app.record(id)), status(record), "an end is for ever");
    }
}

#[test]
fn no_program_outlives_a_server_that_was_killed_and_started_again() {
    let mut app = TestApp::start();
    let codes = ["exec sleep 1000", "sleep 1000 & setsid sleep 1001 & wait"];
    let ids: Vec<_> =
        codes.iter().map(|code| app.submit(json!({"language": "sh", "code": code})).id).collect();
    app.wait_for_program("sleep 1001");
    eventually(DEADLINE, "all of them run", || (app.programs().len() == 4).then_some(()));
    app.kill9();
    app.restart();
    for id in &ids {
        assert_eq!(status(&app.finished(id)), ("failed", "interrupted"));
    }
    eventually(DEADLINE, "no program is left", || app.programs().is_empty().then_some(()));
}

#[test]
fn nothing_lingers_of_a_server_that_was_killed_while_warm_programs_began() {
    let mut app =
        TestApp::with(|options| options.slots(16).env("RINGBACK_EXECUTION__ISOLATION", "auto"));
    let program = json!({"language": "python", "code": "import time; time.sleep(1000)"});
    for round in 0..20 {
        // An interpreter starts no later than a program that needs one, so it is warm by then.
        app.run(json!({"language": "python", "code": "pass"}));
        // Wherever they are on their way by then; the next round finds them elsewhere.
        submit_many(&app, &program, 1 + round % 8);
        // Waits for the launcher too, which has the same stderr.
        app.kill9();
        app.restart();
    }
    eventually(DEADLINE, "no program is left", || app.programs().is_empty().then_some(()));
}

#[test]
fn an_execution_that_asked_for_it_is_run_again_once() {
    let mut app = TestApp::with(|options| options.slots(1));
    let receiver = TestReceiver::start();
    let mut program = calling(&receiver, "exec sleep 1000");
    program["on_interrupt"] = json!("rerun");
    let id = app.submit(program).id;
    for attempt in 1..=2 {
        app.wait_for(&id, "it runs", |r| r["status"] == "running" && r["attempt"] == attempt);
        app.wait_for_program("sleep 1000");
        app.kill9();
        app.restart();
    }
    let record = app.finished(&id);
    assert_eq!(status(&record), ("failed", "interrupted"), "{record:#}");
    assert_eq!(record["attempt"], 2);
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn a_cancel_that_was_answered_holds_although_the_server_was_killed_meanwhile() {
    let mut app = TestApp::with(|options| options.grace("60s"));
    let receiver = TestReceiver::start();
    let id = app.submit(calling(&receiver, "trap '' TERM; sleep 1000")).id;
    app.wait_for_program("sleep 1000");
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    app.kill9();
    app.restart();
    assert_eq!(status(&app.finished(&id)), ("cancelled", "cancelled"));
    assert_eq!(receiver.first().json()["type"], "execution.cancelled");
}

#[test]
fn an_event_that_was_under_way_when_the_server_was_killed_comes_again_as_the_same_event() {
    let mut app = TestApp::start();
    let gate = Gate::closed();
    let receiver = TestReceiver::answering([Scripted::status(200).held_by(&gate)]);
    let id = app.submit(calling(&receiver, "echo once")).id;
    receiver.first();
    app.kill9();
    gate.open();
    app.restart();
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    let requests = receiver.wait_for(2);
    assert_eq!(by_event(&requests).len(), 1);
    assert_eq!(receiver.received().len(), 2);
}

#[test]
fn what_was_delivered_before_the_server_was_killed_is_not_delivered_again() {
    let mut app = TestApp::start();
    let receiver = TestReceiver::start();
    let ids = submit_many(&app, &calling(&receiver, "true"), 10);
    for id in &ids {
        app.wait_for(id, "it is delivered", |record| record["delivery"] == "delivered");
    }
    app.kill9();
    app.restart();
    // Whatever was still owed would have gone out before or together with this one.
    let last = app.submit(calling(&receiver, "true")).id;
    app.wait_for(&last, "it is delivered", |record| record["delivery"] == "delivered");
    assert_eq!(receiver.received().len(), 11);
}

#[test]
fn killed_again_and_again_it_loses_nothing() {
    let mut app =
        TestApp::with(|options| options.slots(4).retry_schedule("50ms,100ms,200ms,1s,1s,1s"));
    let receiver = TestReceiver::start();
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.extend(submit_many(&app, &calling(&receiver, "echo x"), 15));
        app.kill9();
        app.restart();
    }
    for id in &ids {
        let record = app.finished(id);
        let end = status(&record);
        assert!(matches!(end, ("completed", "exited") | ("failed", "interrupted")), "{record:#}");
        app.wait_for(id, "it is delivered", |record| record["delivery"] == "delivered");
    }
    let events = by_event(&receiver.received());
    let expected: BTreeSet<_> = ids.iter().map(|id| id.replace("exec_", "evt_")).collect();
    assert_eq!(events.into_keys().collect::<BTreeSet<_>>(), expected);
}
