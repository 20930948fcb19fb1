//! Endpoints that fail: how each failure is recorded, and what follows from it.
//! Answers that count as success are elsewhere.

use std::time::Duration;

use serde_json::{Value, json};

use super::outbox::{calling, delivery, delivery_once, first_attempt};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

/// One failure, then success: the first attempt as it was recorded.
#[track_caller]
fn failed_then_delivered(app: &TestApp, failure: Scripted, class: &str) -> Value {
    let receiver = TestReceiver::answering([failure.clone()]);
    let id = app.submit(calling(&receiver)).id;
    let delivery = delivery_once(app, &id, "delivered");
    let attempts = delivery["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{failure:?}: {delivery:#}");
    let attempt = attempts[0].clone();
    assert_eq!(attempt["error_class"], class, "{failure:?}: {attempt:#}");
    assert!(attempt["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{attempt:#}");
    attempt
}

/// A failure after which nothing more is sent.
#[track_caller]
fn ended_at_once(app: &TestApp, failure: Scripted, ended_by: &str) {
    let receiver = TestReceiver::always(failure);
    let id = app.submit(calling(&receiver)).id;
    let delivery = delivery_once(app, &id, "exhausted");
    assert_eq!(delivery["ended_by"], ended_by, "{delivery:#}");
    assert_eq!(delivery["next_attempt_at"], Value::Null);
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(1), "{delivery:#}");
    assert_eq!(app.record(&id)["delivery"], "exhausted");
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn every_answer_but_2xx_is_a_failure_and_is_tried_again() {
    let app = TestApp::start();
    for status in [300, 304, 400, 401, 403, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504] {
        let attempt = failed_then_delivered(&app, Scripted::status(status), "status");
        assert_eq!(attempt["status_code"], status);
    }
}

#[test]
fn every_2xx_is_success() {
    let app = TestApp::start();
    for status in [200, 201, 202, 204, 206, 299] {
        let receiver = TestReceiver::answering([Scripted::status(status)]);
        let id = app.submit(calling(&receiver)).id;
        let delivery = delivery_once(&app, &id, "delivered");
        assert_eq!(delivery["attempts"][0]["status_code"], status);
        assert_eq!(receiver.received().len(), 1);
    }
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    let app = TestApp::start();
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = TestReceiver::start();
        let attempt =
            failed_then_delivered(&app, Scripted::redirect(status, &elsewhere.url("/")), "status");
        assert_eq!(attempt["status_code"], status);
        assert!(elsewhere.received().is_empty(), "{status} was followed");
    }
}

#[test]
fn gone_and_too_large_end_the_delivery() {
    let app = TestApp::start();
    ended_at_once(&app, Scripted::status(410), "gone");
    ended_at_once(&app, Scripted::status(413), "too_large");
}

#[test]
fn a_delivery_is_exhausted_when_the_schedule_is() {
    let app = TestApp::with(|options| options.retry_schedule("20ms,20ms"));
    let receiver = TestReceiver::always(Scripted::status(500));
    let id = app.submit(calling(&receiver)).id;
    let delivery = delivery_once(&app, &id, "exhausted");
    assert_eq!((&delivery["ended_by"], &delivery["attempts_max"]), (&json!("attempts"), &json!(3)));
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(3));
    assert_eq!(app.record(&id)["delivery"], "exhausted");
    assert_eq!(receiver.received().len(), 3);
}

#[test]
fn nobody_listening_is_recorded_and_tried_again_until_somebody_is() {
    let app = TestApp::with(|options| options.retry_schedule("100ms,200ms,400ms,800ms,1600ms,3s"));
    let mut receiver = TestReceiver::down();
    let id = app.submit(calling(&receiver)).id;
    let attempt = first_attempt(&app, &id);
    assert_eq!(attempt["error_class"], "connect", "{attempt:#}");
    assert_eq!((&attempt["status_code"], &attempt["response_body"]), (&Value::Null, &json!("")));
    app.wait_for(&id, "it is retrying", |record| record["delivery"] == "retrying");
    receiver.up();
    delivery_once(&app, &id, "delivered");
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn never_an_answer_is_a_timeout() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__TIMEOUT", "500ms"));
    let attempt = failed_then_delivered(&app, Scripted::silence(), "timeout");
    let total = attempt["timings_ms"]["total"].as_f64().unwrap_or_default();
    assert!((500.0..5000.0).contains(&total), "{total}");
    assert_eq!(attempt["status_code"], Value::Null);
}

#[test]
fn a_connection_that_breaks_before_the_answer_is_a_reset() {
    let app = TestApp::start();
    failed_then_delivered(&app, Scripted::reset(), "reset");
    failed_then_delivered(&app, Scripted::close(), "reset");
    failed_then_delivered(&app, Scripted::raw("HTTP/1.1 200 O"), "reset");
}

#[test]
fn an_answer_that_is_no_http_is_a_protocol_error() {
    let app = TestApp::start();
    failed_then_delivered(&app, Scripted::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "protocol");
    failed_then_delivered(&app, Scripted::raw("HTTP/1.1 abc OK\r\n\r\n"), "protocol");
    let endless_header = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(2_000_000));
    failed_then_delivered(&app, Scripted::raw(endless_header), "protocol");
}

#[test]
fn a_receiver_that_asks_for_a_pause_gets_it() {
    let app = TestApp::with(|options| options.retry_schedule("10ms"));
    for status in [429, 503] {
        let pause = Scripted::status(status).header("Retry-After", "1");
        let receiver = TestReceiver::answering([pause]);
        app.submit(calling(&receiver));
        let requests = receiver.wait_for(2);
        let waited = requests[1].at.duration_since(requests[0].at).unwrap();
        assert!(waited >= Duration::from_secs(1), "{status}: {waited:?}");
    }
}

#[test]
fn a_retry_after_that_means_nothing_is_overlooked() {
    let app = TestApp::start();
    for nonsense in ["-1", "soon", "", "0", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999999999999999"]
    {
        let pause = Scripted::status(500).header("Retry-After", nonsense);
        failed_then_delivered(&app, pause, "status");
    }
}

#[test]
fn a_retry_comes_when_it_is_due_though_the_server_was_killed_in_between() {
    let mut app = TestApp::with(|options| options.retry_schedule("1500ms,50ms"));
    let receiver = TestReceiver::answering([Scripted::status(500)]);
    let id = app.submit(calling(&receiver)).id;
    let due = first_attempt(&app, &id)["next_attempt_at"].clone();
    assert!(due.is_string());
    app.kill9();
    app.restart();
    assert_eq!(delivery(&app, &id).unwrap()["next_attempt_at"], due, "it is what it was");
    let attempts = delivery_once(&app, &id, "delivered")["attempts"].clone();
    assert_eq!(attempts.as_array().map(Vec::len), Some(2));
    // Both are times of the same form, so that they compare as texts.
    assert!(attempts[1]["started_at"].as_str() >= due.as_str(), "{attempts:#}");
}

#[test]
fn a_cancel_after_the_end_leaves_the_retries_alone() {
    let app = TestApp::with(|options| options.retry_schedule("300ms,300ms"));
    let receiver = TestReceiver::answering([Scripted::status(500)]);
    let id = app.submit(calling(&receiver)).id;
    first_attempt(&app, &id);
    let answer = app.delete(&format!("/v1/executions/{id}")).expect(200).json();
    assert_eq!((&answer["status"], &answer["delivery"]), (&json!("completed"), &json!("retrying")));
    delivery_once(&app, &id, "delivered");
    let told: Vec<_> =
        receiver.received().iter().map(|request| request.json()["type"].clone()).collect();
    assert_eq!(told, ["execution.completed", "execution.completed"]);
}

#[test]
fn a_dead_receiver_delays_nobody_else() {
    let app = TestApp::start();
    let dead = TestReceiver::always(Scripted::silence());
    for _ in 0..30 {
        app.submit(calling(&dead));
    }
    dead.first();
    let healthy = TestReceiver::start();
    let id = app.submit(calling(&healthy)).id;
    healthy.wait_for_within(Duration::from_secs(5), 1);
    delivery_once(&app, &id, "delivered");
}
