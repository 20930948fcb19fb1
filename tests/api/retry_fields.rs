//! What a client wants of its own deliveries: a schedule, an age beyond which nobody wants them, and
//! what is told before the end. What the operator's own schedule does is elsewhere.

use serde_json::{Value, json};

use super::owed::{calling, comes_back_late, owed_for, tries, with_attempts, with_status};
use super::problem::{expect_blame, expect_problem};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

/// A program that calls this receiver back by a schedule of its own.
fn retrying(receiver: &TestReceiver, retry: &Value) -> Value {
    let mut program = calling(receiver);
    program["retry"] = retry.clone();
    program
}

#[test]
fn a_schedule_of_the_clients_own_takes_the_place_of_the_operators() {
    let mut app = TestApp::with(comes_back_late);
    let receiver = TestReceiver::answering([500, 500].map(Scripted::status));
    let program = retrying(&receiver, &json!({"schedule": [0.01, 0.02, 3600]}));
    let id = app.submit(program).id;
    let delivered = with_status(&app, &id, "delivered");
    assert_eq!((&delivered["attempts_max"], &delivered["attempts_made"]), (&json!(4), &json!(3)));

    let down = TestReceiver::always(Scripted::status(500));
    let id = app.submit(retrying(&down, &json!({"schedule": [0.01, 3600]}))).id;
    let before = with_attempts(&app, &id, 2);
    app.kill9();
    app.restart();
    let after = &owed_for(&app, &id)[0];
    assert_eq!(after["next_attempt_at"], before["next_attempt_at"], "it outlives the server");
    assert_eq!(after["attempts_max"], 3);
}

#[test]
fn an_empty_schedule_is_one_attempt() {
    let app = TestApp::with(comes_back_late);
    let receiver = TestReceiver::always(Scripted::status(500));
    let id = app.submit(retrying(&receiver, &json!({"schedule": []}))).id;
    let exhausted = with_status(&app, &id, "exhausted");
    assert_eq!(
        (&exhausted["ended_by"], &exhausted["attempts_max"]),
        (&json!("attempts"), &json!(1))
    );
}

#[test]
fn what_nobody_wants_any_more_by_then_is_not_put_off() {
    let app = TestApp::with(comes_back_late);
    let receiver = TestReceiver::always(Scripted::status(500));
    let retry = json!({"schedule": [0.01, 3600], "max_age": 1800});
    let id = app.submit(retrying(&receiver, &retry)).id;
    let old = with_status(&app, &id, "exhausted");
    assert_eq!((&old["ended_by"], &old["attempts_made"]), (&json!("too_old"), &json!(2)));
    assert!(old["explanation"].as_str().unwrap().contains("`retry.max_age`"), "{old:#}");
    assert_eq!(tries(&old).len(), 2);
    let id = app.submit(retrying(&receiver, &json!({"max_age": 60}))).id;
    assert_eq!(with_status(&app, &id, "exhausted")["attempts_made"], 1, "the operator's 5 hours");
}

#[test]
fn a_retry_that_is_none_is_400_and_names_the_field() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    for (retry, field) in [
        (json!("often"), "retry"),
        (json!([1, 2]), "retry"),
        (json!({"schedule": "5s"}), "retry.schedule"),
        (json!({"schedule": [0]}), "retry.schedule"),
        (json!({"schedule": [1, -1]}), "retry.schedule"),
        (json!({"schedule": ["5"]}), "retry.schedule"),
        (json!({"schedule": [1, null]}), "retry.schedule"),
        (json!({"schedule": [604_801]}), "retry.schedule"),
        (json!({"schedule": [1e300]}), "retry.schedule"),
        (json!({"schedule": vec![1; 21]}), "retry.schedule"),
        (json!({"max_age": 0}), "retry.max_age"),
        (json!({"max_age": "1h"}), "retry.max_age"),
        (json!({"max_age": 604_801}), "retry.max_age"),
        (json!({"delays": [1]}), "retry.delays"),
    ] {
        let answer = app.post("/v1/executions", &retrying(&receiver, &retry));
        expect_blame(&answer, field);
    }
    let limits = json!({"schedule": vec![604_800; 20], "max_age": 604_800});
    app.submit(retrying(&receiver, &limits));
    let nobody = json!({"language": "sh", "code": "true", "retry": {"schedule": [1]}});
    expect_blame(&app.post("/v1/executions", &nobody), "callback_url");
}

#[test]
fn the_operator_bounds_what_a_client_may_want() {
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_WEBHOOK__RETRY_DELAYS_MAX", "2")
            .env("RINGBACK_WEBHOOK__RETRY_MAX_AGE_MAX", "60s")
    });
    let receiver = TestReceiver::start();
    for (retry, field) in [
        (json!({"schedule": [1, 1, 1]}), "retry.schedule"),
        (json!({"schedule": [61]}), "retry.schedule"),
        (json!({"max_age": 61}), "retry.max_age"),
    ] {
        let sentence =
            expect_blame(&app.post("/v1/executions", &retrying(&receiver, &retry)), field);
        assert!(sentence.contains("60") || sentence.contains('2'), "the bound: {sentence}");
    }
    app.submit(retrying(&receiver, &json!({"schedule": [60, 60], "max_age": 60})));
}

#[test]
fn events_are_words_that_there_are_and_that_the_format_has_a_shape_for() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let telling = |events: Value| {
        let mut program = calling(&receiver);
        program["events"] = events;
        program
    };
    for events in [json!("started"), json!(["begun"]), json!([1]), json!({}), json!(["Started"])] {
        expect_blame(&app.post("/v1/executions", &telling(events)), "events");
    }
    let mut hopx = telling(json!(["output"]));
    hopx["payload_format"] = json!("hopx");
    let sentence = expect_blame(&app.post("/v1/executions", &hopx), "events");
    assert!(sentence.contains("hopx"), "{sentence}");
    let nobody = json!({"language": "sh", "code": "true", "events": ["started"]});
    expect_problem(&app.post("/v1/executions", &nobody), 400);
    for events in [json!([]), json!(["completed"]), json!(["started", "output", "completed"])] {
        let id = app.submit(telling(events)).id;
        with_status(&app, &id, "delivered");
    }
}
