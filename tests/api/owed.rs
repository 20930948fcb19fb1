//! Short words for executions that call back, their deliveries, and what is asked of these.
//! Judges nothing.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::options::Options;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, within};

/// A server that gives up after the first attempt, and never leaves a host alone.
pub fn gives_up_at_once(options: Options) -> Options {
    patient(options).retry_schedule("")
}

/// A server that comes back only after hours, and never leaves a host alone.
pub fn comes_back_late(options: Options) -> Options {
    patient(options).retry_schedule("5h,5h")
}

/// A server that never leaves a host alone.
pub fn patient(options: Options) -> Options {
    options.env("RINGBACK_WEBHOOK__BREAKER_ATTEMPTS_MIN", "0")
}

/// A program that succeeds and calls this receiver back.
pub fn calling(receiver: &TestReceiver) -> Value {
    json!({"language": "sh", "code": "echo hi", "callback_url": receiver.url("/hook?token=1")})
}

/// Everything that is owed for an execution, as it is now.
pub fn owed_for(app: &TestApp, id: &str) -> Vec<Value> {
    let list = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    list["data"].as_array().cloned().expect("a list")
}

/// The delivery of an execution's end once it satisfies a condition.
#[track_caller]
pub fn delivery_once(app: &TestApp, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let event = id.replace("exec_", "evt_");
    let mut last = Value::Null;
    let found = within(DEADLINE, || {
        last = owed_for(app, id).into_iter().find(|delivery| delivery["event_id"] == event)?;
        is(&last).then(|| last.clone())
    });
    found.unwrap_or_else(|| panic!("not within {DEADLINE:?}: {what}; it is {last:#}"))
}

/// The same once its status is this one.
#[track_caller]
pub fn with_status(app: &TestApp, id: &str, status: &str) -> Value {
    delivery_once(app, id, status, |delivery| delivery["status"] == status)
}

/// The same once so many attempts have been made.
#[track_caller]
pub fn with_attempts(app: &TestApp, id: &str, count: usize) -> Value {
    delivery_once(app, id, "enough attempts", |delivery| delivery["attempts_made"] == count)
}

/// An execution whose delivery has come to this status, and that delivery.
#[track_caller]
pub fn owed(app: &TestApp, receiver: &TestReceiver, status: &str) -> Value {
    let id = app.submit(calling(receiver)).id;
    with_status(app, &id, status)
}

/// The id of a delivery.
pub fn id_of(delivery: &Value) -> &str {
    delivery["id"].as_str().expect("a delivery has an id")
}

/// Has a delivery made again.
#[track_caller]
pub fn redeliver(app: &TestApp, delivery: &Value) -> Answer {
    app.request("POST", &format!("/v1/deliveries/{}/redeliver", id_of(delivery))).send()
}

/// One delivery, asked for by its own id.
#[track_caller]
pub fn read(app: &TestApp, delivery: &Value) -> Value {
    app.get(&format!("/v1/deliveries/{}", id_of(delivery))).expect(200).json()
}

/// Each attempt's number, trigger and status code.
pub fn tries(delivery: &Value) -> Vec<(u64, String, Option<u64>)> {
    let attempts = delivery["attempts"].as_array().expect("a list of attempts").iter();
    let tried = |attempt: &Value| {
        let number = attempt["number"].as_u64().expect("a number");
        let trigger = attempt["trigger"].as_str().expect("a trigger").to_owned();
        (number, trigger, attempt["status_code"].as_u64())
    };
    attempts.map(tried).collect()
}
