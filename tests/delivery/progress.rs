//! What is told before the end to those who asked for it, and that none of it is told after.
//! Not about the end itself.

use serde_json::{Value, json};

use super::outbox::calling;
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::{Gate, Scripted};
use crate::support::wait::{DEADLINE, eventually};

/// How often output is told here.
const INTERVAL: &str = "100ms";

fn app() -> TestApp {
    TestApp::with(|options| {
        options
            .env("RINGBACK_WEBHOOK__PROGRESS_INTERVAL", INTERVAL)
            .env("RINGBACK_WEBHOOK__TIMEOUT", "10s")
    })
}

/// A program that calls back with these events.
fn telling(receiver: &TestReceiver, events: &Value, code: &str) -> Value {
    let mut body = calling(receiver);
    body["events"] = events.clone();
    body["code"] = code.into();
    body
}

fn kind(received: &Received) -> String {
    received.json()["type"].as_str().unwrap_or_default().to_owned()
}

fn kinds(receiver: &TestReceiver) -> Vec<String> {
    receiver.received().iter().map(kind).collect()
}

/// Everything that came up to the end of the execution.
#[track_caller]
fn until_the_end(receiver: &TestReceiver) -> Vec<Received> {
    eventually(DEADLINE, "the end is told", || {
        let received = receiver.received();
        let is_end = |received: &Received| {
            ["execution.completed", "execution.failed", "execution.cancelled"]
                .contains(&kind(received).as_str())
        };
        received.iter().any(is_end).then_some(received)
    })
}

/// A program that goes on only when there is a file of that name.
fn waiting_for(app: &TestApp, name: &str) -> (String, std::path::PathBuf) {
    let path = app.scratch().join(name);
    (format!("while [ ! -e '{}' ]; do sleep 0.02; done", path.display()), path)
}

#[test]
fn the_start_the_output_and_the_end_are_told_in_order_each_as_an_event_of_its_own() {
    let (app, receiver) = (app(), TestReceiver::start());
    let (until_seen, seen) = waiting_for(&app, "seen");
    let code = format!("printf 'one\n'; {until_seen}; printf 'two\n'");
    let mut body = telling(&receiver, &json!(["started", "output", "completed"]), &code);
    body["callback_signature_secret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
    body["labels"] = json!({"team": "x"});
    let id = app.submit(body).id;
    receiver.wait_for(2);
    std::fs::write(seen, "").unwrap();
    let all = until_the_end(&receiver);
    let kinds: Vec<_> = all.iter().map(kind).collect();
    assert_eq!(kinds[..2], ["execution.started", "execution.output"]);
    assert_eq!(kinds.last().map(String::as_str), Some("execution.completed"));

    let [started, output] = [all[0].json(), all[1].json()];
    assert_eq!(
        (&started["data"]["id"], &started["data"]["status"]),
        (&json!(id), &json!("running"))
    );
    assert_eq!(started["timestamp"], started["data"]["started_at"]);
    let told = json!({"offset": 0, "text": "one\n"});
    assert_eq!((&output["data"]["id"], &output["data"]["stdout"]), (&json!(id), &told));
    assert_eq!(
        (&output["data"]["stderr"], &output["data"]["labels"]["team"]),
        (&Value::Null, &json!("x"))
    );

    let ids: std::collections::HashSet<_> =
        all.iter().map(|received| received.header("webhook-id").unwrap().to_owned()).collect();
    assert_eq!(ids.len(), all.len(), "each event has an id of its own");
    let end = all.last().unwrap().header("webhook-id").unwrap();
    assert_eq!(end, id.replace("exec_", "evt_"));
    for received in &all {
        let verifier = standardwebhooks::Webhook::new("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = received.header("webhook-signature").unwrap();
        let timestamp = received.header("webhook-timestamp").unwrap().parse().unwrap();
        let id = received.header("webhook-id").unwrap();
        assert_eq!(verifier.sign(id, timestamp, &received.body).unwrap(), signature);
    }
}

#[test]
fn who_does_not_ask_is_told_of_the_end_alone() {
    let (app, receiver) = (app(), TestReceiver::start());
    for events in [json!([]), json!(["completed"]), Value::Null] {
        let before = receiver.received().len();
        let id = app.submit(telling(&receiver, &events, "echo hi; sleep 0.3; echo ho")).id;
        app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
        assert_eq!(kinds(&receiver)[before..], ["execution.completed"], "{events}");
    }
}

#[test]
fn each_byte_of_output_is_told_once_whatever_its_size_and_never_half_a_character() {
    let (app, receiver) = (app(), TestReceiver::start());
    let (until_seen, seen) = waiting_for(&app, "seen");
    // 60,000 characters of three bytes: more than is told at once.
    let code = format!(
        "i=0; while [ $i -lt 6000 ]; do printf '€€€€€€€€€€'; i=$((i+1)); done; {until_seen}"
    );
    app.submit(telling(&receiver, &json!(["output"]), &code));
    let text = eventually(DEADLINE, "all of it is told", || {
        let mut text = String::new();
        for received in receiver.received() {
            let part = &received.json()["data"]["stdout"];
            assert_eq!(part["offset"], text.len(), "nothing is left out and nothing told twice");
            text += part["text"].as_str()?;
        }
        (text.len() == 180_000).then_some(text)
    });
    assert_eq!(text, "€".repeat(60_000));
    std::fs::write(seen, "").unwrap();
    until_the_end(&receiver);
}

#[test]
fn a_program_that_chatters_is_told_of_no_more_often_than_the_interval() {
    let receiver = TestReceiver::start();
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__PROGRESS_INTERVAL", "300ms"));
    let code = "i=0; while [ $i -lt 100 ]; do echo $i; sleep 0.015; i=$((i+1)); done";
    let id = app.submit(telling(&receiver, &json!(["output"]), code)).id;
    let told = until_the_end(&receiver).len() - 1;
    let ran = app.record(&id)["execution_time"].as_f64().unwrap();
    assert!(told >= 1, "something is told");
    assert!(told as f64 <= ran / 0.3, "{told} times within {ran} s");
}

#[test]
fn what_was_not_taken_before_the_end_is_given_up_and_never_follows_it() {
    let (app, gate) = (app(), Gate::closed());
    // The first request hangs until the end has long been written.
    let receiver = TestReceiver::answering([Scripted::status(500).held_by(&gate)]);
    let id = app.submit(telling(&receiver, &json!(["started", "output"]), "echo hi; sleep 0.3")).id;
    receiver.first();
    app.finished(&id);
    assert_eq!(kinds(&receiver), ["execution.started"], "the end waits for what is under way");
    gate.open();
    let all = until_the_end(&receiver);
    assert_eq!(kind(all.last().unwrap()), "execution.completed");
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");

    let deliveries = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    let of = |kind: &str| {
        let all = deliveries["data"].as_array().unwrap().clone();
        all.into_iter().find(|delivery| delivery["event_type"] == kind).unwrap()
    };
    let started = of("execution.started");
    assert_eq!(
        (&started["status"], &started["ended_by"]),
        (&json!("exhausted"), &json!("superseded"))
    );
    assert_eq!(started["next_attempt_at"], Value::Null);
    assert_eq!(of("execution.completed")["status"], "delivered");
    // Longer than the first delay of the schedule: what was given up would have come by now.
    let next = app.submit(telling(&receiver, &json!([]), "sleep 0.3")).id;
    app.wait_for(&next, "it is delivered", |record| record["delivery"] == "delivered");
    let tail = kinds(&receiver);
    let end = tail.iter().position(|kind| kind == "execution.completed").unwrap();
    assert!(tail[end..].iter().all(|kind| kind == "execution.completed"), "{tail:?}");
}

#[test]
fn a_receiver_that_refuses_what_comes_before_still_gets_the_end() {
    let app = app();
    let receiver = TestReceiver::choosing(|| Scripted::status(410));
    let id = app.submit(telling(&receiver, &json!(["started", "output"]), "echo hi; sleep 0.5")).id;
    let all = until_the_end(&receiver);
    assert!(all.len() >= 3, "the start and the output were tried: {:?}", kinds(&receiver));
    app.wait_for(&id, "the end was tried", |record| record["delivery"] == "exhausted");
}

#[test]
fn a_cancelled_program_is_told_of_no_more_before_its_end() {
    let (app, receiver) = (app(), TestReceiver::start());
    let code = "trap '' TERM; while :; do echo hi; sleep 0.02; done";
    let id = app.submit(telling(&receiver, &json!(["output"]), code)).id;
    receiver.wait_for(2);
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    let all = until_the_end(&receiver);
    assert_eq!(kind(all.last().unwrap()), "execution.cancelled");
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    assert_eq!(kinds(&receiver).len(), all.len(), "and nothing after it");
}

#[test]
fn a_restart_between_the_start_and_the_end_tells_the_end_once() {
    let (mut app, receiver) = (app(), TestReceiver::start());
    let id = app.submit(telling(&receiver, &json!(["started"]), "sleep 60")).id;
    receiver.first();
    app.kill9();
    app.restart();
    let all = until_the_end(&receiver);
    assert_eq!(kind(all.last().unwrap()), "execution.failed");
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    let ends = kinds(&receiver).iter().filter(|kind| *kind == "execution.failed").count();
    assert_eq!(ends, 1);
}
