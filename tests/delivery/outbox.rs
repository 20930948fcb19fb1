//! Short words for executions that call back and for what is recorded of their deliveries.
//! Judges nothing.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

/// A program that succeeds and calls this receiver back.
pub fn calling(receiver: &TestReceiver) -> Value {
    json!({"language": "sh", "code": "echo hi", "callback_url": receiver.url("/hook")})
}

/// The one delivery of an execution, as it is now; none before the execution has ended.
pub fn delivery(app: &TestApp, id: &str) -> Option<Value> {
    let list = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    let data = list["data"].as_array().cloned().unwrap_or_default();
    assert!(data.len() <= 1, "one event makes one delivery: {list:#}");
    data.into_iter().next()
}

/// The delivery of an execution once its status is this one.
#[track_caller]
pub fn delivery_once(app: &TestApp, id: &str, status: &str) -> Value {
    let mut last = Value::Null;
    let found = crate::support::wait::within(DEADLINE, || {
        last = delivery(app, id)?;
        (last["status"] == status).then(|| last.clone())
    });
    found.unwrap_or_else(|| panic!("not {status} within {DEADLINE:?}: {last:#}"))
}

/// The first attempt of an execution's delivery, once it was made.
#[track_caller]
pub fn first_attempt(app: &TestApp, id: &str) -> Value {
    eventually(DEADLINE, "a first attempt is recorded", || {
        let attempt = delivery(app, id)?["attempts"].get(0).cloned()?;
        Some(attempt)
    })
}
