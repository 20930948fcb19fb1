//! Deliveries and attempts: their fields, and what ends them.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

/// The delivery of an execution that calls back to this receiver, once it stands so.
fn delivery(app: &TestApp, receiver: &TestReceiver, standing: &str) -> Value {
    let url = receiver.url("/hook?token=hidden");
    let id = app.submit(json!({"language": "sh", "code": "true", "callback_url": url})).id;
    app.wait_for(&id, standing, |record| record["delivery"] == standing);
    let log = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    let mut data = log["data"].as_array().unwrap().clone();
    assert_eq!(data.len(), 1);
    data.remove(0)
}

#[test]
fn a_delivery_has_every_field() {
    let (app, receiver) = (TestApp::start(), TestReceiver::start());
    let delivery = delivery(&app, &receiver, "delivered");
    assert!(delivery["id"].as_str().unwrap().starts_with("dlv_"));
    assert!(delivery["event_id"].as_str().unwrap().starts_with("evt_"));
    assert!(delivery["execution_id"].as_str().unwrap().starts_with("exec_"));
    assert_eq!(delivery["event_type"], "execution.completed");
    assert_eq!(delivery["url"], receiver.url("/hook"), "without its query");
    assert_eq!(delivery["payload_format"], "standard");
    assert_eq!(delivery["status"], "delivered");
    assert_eq!((&delivery["ended_by"], &delivery["waiting_for"]), (&Value::Null, &Value::Null));
    // A schedule of three delays, which this server is started with.
    assert_eq!(delivery["attempts_max"], 4);
    assert_eq!(delivery["next_attempt_at"], Value::Null);
    assert!(delivery["created_at"].is_string() && delivery["delivered_at"].is_string());
}

#[test]
fn an_attempt_has_every_field() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let delivery = delivery(&app, &receiver, "delivered");
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["number"], &attempt["trigger"]), (&json!(1), &json!("schedule")));
    assert_eq!(attempt["status_code"], 200);
    assert_eq!(attempt["address"], receiver.address().to_string());
    assert_eq!((&attempt["error_class"], &attempt["error"]), (&Value::Null, &Value::Null));
    for phase in ["dns", "connect", "tls", "first_byte", "total"] {
        assert!(attempt["timings_ms"].get(phase).is_some(), "{phase}: {attempt}");
    }
    assert!(attempt["response_headers"].is_object() && attempt["response_body"].is_string());
    assert_eq!(attempt["response_truncated"], false);
    assert!(attempt["started_at"].is_string());
}

#[test]
fn ended_by_attempts() {
    let app = TestApp::with(|options| options.retry_schedule("1ms").without_breakers());
    let receiver = TestReceiver::always(Scripted::status(500));
    let delivery = delivery(&app, &receiver, "exhausted");
    assert_eq!(delivery["ended_by"], "attempts");
    assert_eq!(delivery["attempts"][1]["error_class"], "status");
}

#[test]
fn ended_by_gone() {
    let app = TestApp::start();
    let receiver = TestReceiver::always(Scripted::status(410));
    assert_eq!(delivery(&app, &receiver, "exhausted")["ended_by"], "gone");
}

#[test]
fn ended_by_too_large() {
    let app = TestApp::start();
    let receiver = TestReceiver::always(Scripted::status(413));
    assert_eq!(delivery(&app, &receiver, "exhausted")["ended_by"], "too_large");
}

#[test]
fn while_it_is_pending_it_says_what_it_waits_for() {
    let app = TestApp::with(|options| options.retry_schedule("1h"));
    let receiver = TestReceiver::always(Scripted::status(500));
    let delivery = delivery(&app, &receiver, "retrying");
    assert_eq!((&delivery["status"], &delivery["waiting_for"]), (&json!("pending"), &json!("due")));
    assert!(delivery["next_attempt_at"].is_string());
}
