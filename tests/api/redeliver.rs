//! Having a delivery made again: the same event in the same bytes, whatever had become of it, and
//! once for each wish. Recoveries have a file of their own.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use standardwebhooks::Webhook;
use ureq::http::HeaderMap;

use super::owed::{
    calling, comes_back_late, gives_up_at_once, id_of, owed, owed_for, read, redeliver, tries,
    with_attempts, with_status,
};
use super::problem::{expect_blame, expect_problem};
use super::scoped::announced_and_ended;
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::{Gate, Scripted};
use crate::support::wait::{DEADLINE, eventually};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn tried(number: u64, trigger: &str, status: u64) -> (u64, String, Option<u64>) {
    (number, trigger.to_owned(), Some(status))
}

/// One more execution that calls back there, once it has been delivered: what was due before it
/// has gone out by then.
#[track_caller]
fn another_is_delivered(app: &TestApp, receiver: &TestReceiver) {
    owed(app, receiver, "delivered");
}

fn headers(request: &Received) -> HeaderMap {
    let pair = |(name, value): &(String, String)| {
        let name: ureq::http::HeaderName = name.parse().unwrap();
        (name, value.parse().unwrap())
    };
    request.headers.iter().map(pair).collect()
}

#[test]
fn it_is_the_same_event_in_the_same_bytes_signed_anew() {
    let app = TestApp::with(comes_back_late);
    let receiver = TestReceiver::start();
    let mut program = calling(&receiver);
    program["callback_signature_secret"] = json!(SECRET);
    let id = app.submit(program).id;
    let delivery = with_status(&app, &id, "delivered");
    let first = receiver.first();
    let second_of = |request: &Received| -> u64 {
        request.header("webhook-timestamp").unwrap().parse().unwrap()
    };
    eventually(DEADLINE, "the next second", || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        (now.as_secs() > second_of(&first)).then_some(())
    });
    let answer = redeliver(&app, &delivery).expect(202).json();
    assert_eq!((&answer["id"], &answer["status"]), (&delivery["id"], &json!("pending")));
    let again = receiver.wait_for(2).remove(1);
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again.body, first.body);
    assert!(second_of(&again) > second_of(&first));
    assert_ne!(again.header("webhook-signature"), first.header("webhook-signature"));
    let webhook = Webhook::new(SECRET).unwrap();
    for request in [&first, &again] {
        webhook.verify(&request.body, &headers(request)).unwrap();
    }
    let now = with_attempts(&app, &id, 2);
    assert_eq!(tries(&now), [tried(1, "schedule", 200), tried(2, "manual", 200)]);
    assert_eq!(now["delivered_at"], delivery["delivered_at"], "it was taken the first time");
}

#[test]
fn whatever_has_become_of_it_it_is_sent_at_once() {
    let mut app = TestApp::with(gives_up_at_once);
    let cases = [(Scripted::status(500), "attempts"), (Scripted::status(410), "gone")];
    for (answer, ended_by) in cases {
        let receiver = TestReceiver::answering([answer]);
        let exhausted = owed(&app, &receiver, "exhausted");
        assert_eq!(exhausted["ended_by"], ended_by);
        let answer = redeliver(&app, &exhausted).expect(202).json();
        assert_eq!(
            (&answer["ended_by"], &answer["next_trigger"]),
            (&Value::Null, &json!("manual"))
        );
        assert_eq!(answer["attempts_max"], 2, "its schedule has begun anew");
        let id = exhausted["execution_id"].as_str().unwrap();
        assert_eq!(tries(&with_status(&app, id, "delivered"))[1], tried(2, "manual", 200));
        assert_eq!(app.record(id)["delivery"], "delivered");
    }

    app.change(comes_back_late);
    app.restart();
    let receiver = TestReceiver::answering([Scripted::status(500)]);
    let id = app.submit(calling(&receiver)).id;
    let pending = with_attempts(&app, &id, 1);
    redeliver(&app, &pending).expect(202);
    assert_eq!(tries(&with_status(&app, &id, "delivered"))[1], tried(2, "manual", 200));
}

#[test]
fn a_refused_one_is_sent_once_the_operator_allows_it() {
    let mut app = TestApp::with(|options| {
        options.callbacks_only_to_the_world().argument("--allow-callback-to", "localhost")
    });
    let receiver = TestReceiver::start();
    let url = format!("http://localhost:{}/", receiver.address().port());
    let id =
        app.submit(json!({"language": "sh", "code": "exec sleep 1000", "callback_url": url})).id;
    app.wait_for_program("sleep 1000");
    app.kill9();
    app.change(|options| options.callbacks_only_to_the_world());
    app.restart();
    let refused = with_status(&app, &id, "refused");
    let explanation = refused["explanation"].as_str().unwrap();
    assert!(explanation.contains("--allow-callback-to"), "{explanation}");
    redeliver(&app, &refused).expect(202);
    let still = with_attempts(&app, &id, 2);
    assert_eq!((&still["status"], &still["ended_by"]), (&json!("refused"), &json!("refused")));
    assert!(receiver.received().is_empty());

    app.change(|options| options.argument("--allow-callback-to", "localhost"));
    app.restart();
    redeliver(&app, &refused).expect(202);
    with_status(&app, &id, "delivered");
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn one_that_fails_goes_on_by_its_schedule_from_the_beginning() {
    let app = TestApp::with(|options| options.retry_schedule("10ms,20ms"));
    let failures = [500, 500, 500, 500, 500].map(Scripted::status);
    let receiver = TestReceiver::answering(failures);
    let exhausted = owed(&app, &receiver, "exhausted");
    assert_eq!(exhausted["attempts_made"], 3);
    redeliver(&app, &exhausted).expect(202);
    let id = exhausted["execution_id"].as_str().unwrap();
    let delivered = with_status(&app, id, "delivered");
    let expected = [tried(4, "manual", 500), tried(5, "schedule", 500), tried(6, "schedule", 200)];
    assert_eq!(tries(&delivered)[3..], expected);
    assert_eq!(delivered["attempts_max"], 6);
}

#[test]
fn what_was_delivered_stays_so_when_it_cannot_be_sent_again() {
    let app = TestApp::with(|options| options.retry_schedule("10ms"));
    let answers = [200, 500, 500].map(Scripted::status);
    let receiver = TestReceiver::answering(answers);
    let delivery = owed(&app, &receiver, "delivered");
    let id = delivery["execution_id"].as_str().unwrap();
    redeliver(&app, &delivery).expect(202);
    let after = with_attempts(&app, id, 3);
    assert_eq!((&after["status"], &after["ended_by"]), (&json!("delivered"), &Value::Null));
    assert_eq!(after["delivered_at"], delivery["delivered_at"]);
    let said = after["explanation"].as_str().unwrap();
    assert!(said.contains("in vain") && said.contains("500"), "{said}");
    assert_eq!(app.record(id)["delivery"], "delivered");
}

#[test]
fn a_wish_that_comes_while_an_attempt_hangs_is_fulfilled_when_that_fails() {
    let app = TestApp::with(comes_back_late);
    let gate = Gate::closed();
    let receiver = TestReceiver::answering([Scripted::status(500).held_by(&gate)]);
    let id = app.submit(calling(&receiver)).id;
    receiver.first();
    let hanging = &owed_for(&app, &id)[0];
    for _ in 0..2 {
        let answer = redeliver(&app, hanging).expect(202).json();
        assert_eq!(answer["waiting_for"], Value::Null, "it is under way: {answer:#}");
    }
    assert_eq!(receiver.received().len(), 1);
    gate.open();
    let delivered = with_status(&app, &id, "delivered");
    assert_eq!(tries(&delivered), [tried(1, "schedule", 500), tried(2, "manual", 200)]);
    another_is_delivered(&app, &receiver);
    assert_eq!(receiver.received().len(), 3);
}

#[test]
fn a_wish_that_comes_while_an_attempt_hangs_is_fulfilled_by_that_when_it_succeeds() {
    let app = TestApp::with(comes_back_late);
    let gate = Gate::closed();
    let receiver = TestReceiver::answering([Scripted::status(200).held_by(&gate)]);
    let id = app.submit(calling(&receiver)).id;
    receiver.first();
    redeliver(&app, &owed_for(&app, &id)[0]).expect(202);
    gate.open();
    with_status(&app, &id, "delivered");
    another_is_delivered(&app, &receiver);
    let delivered = &owed_for(&app, &id)[0];
    assert_eq!(tries(delivered), [tried(1, "schedule", 200)]);
    assert_eq!(receiver.received().len(), 2);
}

#[test]
fn what_was_told_on_the_way_is_409() {
    let mut app = TestApp::with(gives_up_at_once);
    let id = announced_and_ended(&mut app, "https://example.com/hook");
    let owed = owed_for(&app, &id);
    let started = owed.iter().find(|each| each["event_type"] == "execution.started").unwrap();
    assert_eq!(
        (&started["status"], &started["ended_by"]),
        (&json!("exhausted"), &json!("superseded"))
    );
    let said = started["explanation"].as_str().unwrap();
    assert!(said.contains("ended first") && !said.contains("redeliver"), "{said}");
    let problem = expect_problem(&redeliver(&app, started), 409);
    assert_eq!(problem["code"], "not_terminal_event");
    assert_eq!(read(&app, started), *started);
}

#[test]
fn a_body_with_anything_in_it_is_refused() {
    let app = TestApp::with(comes_back_late);
    let delivery = owed(&app, &TestReceiver::start(), "delivered");
    let path = format!("/v1/deliveries/{}/redeliver", id_of(&delivery));
    expect_blame(&app.post(&path, &json!({"at": "noon"})), "at");
    app.post(&path, &json!({})).expect(202);
}
