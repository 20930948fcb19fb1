//! Everything that a receiver, its name service or its network can do wrong: for each of it a
//! class, a sentence, and an end within the deadline. One file for each place where it goes wrong.

mod bodies;
mod breaks;
mod heads;
mod names;
mod own_network;
mod pauses;
mod reuse;
mod tls;

use std::time::Duration;

use serde_json::{Value, json};

use super::outbox::{calling, delivery};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

/// How long an attempt may take here.
const TIMEOUT: &str = "1s";

/// A server whose deliveries have one attempt, with a short deadline.
fn one_attempt_each() -> TestApp {
    TestApp::with(|options| options.retry_schedule("").env("RINGBACK_WEBHOOK__TIMEOUT", TIMEOUT))
}

/// The one attempt that a callback to this URL got.
#[track_caller]
fn attempt_at(app: &TestApp, url: &str) -> Value {
    let id = app.submit(json!({ "language": "sh", "code": "true", "callback_url": url })).id;
    the_attempt(app, &id)
}

/// The one attempt that this answer was given to.
#[track_caller]
fn answered(app: &TestApp, answer: Scripted) -> Value {
    let receiver = TestReceiver::answering([answer]);
    let id = app.submit(calling(&receiver)).id;
    let attempt = the_attempt(app, &id);
    assert_eq!(receiver.received().len(), 1, "{attempt:#}");
    attempt
}

#[track_caller]
fn the_attempt(app: &TestApp, id: &str) -> Value {
    let ended = eventually(DEADLINE, "its one attempt was made", || {
        delivery(app, id).filter(|delivery| delivery["status"] != "pending")
    });
    let attempts = ended["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1, "{ended:#}");
    attempts[0].clone()
}

/// That an attempt failed in this class, with these words in its sentence, and well in time.
#[track_caller]
fn failed(attempt: &Value, class: &str, words: &str) {
    assert_eq!(attempt["error_class"], class, "{attempt:#}");
    let sentence = attempt["error"].as_str().unwrap_or_default();
    assert!(sentence.contains(words) && sentence.ends_with('.'), "{words:?} not in {attempt:#}");
    in_time(attempt);
}

/// That an attempt was taken, with an answer that was kept whole or not.
#[track_caller]
fn taken(attempt: &Value, status: u16, is_truncated: bool) {
    assert_eq!((&attempt["status_code"], &attempt["error"]), (&json!(status), &Value::Null));
    assert_eq!(attempt["response_truncated"], is_truncated, "{attempt:#}");
    in_time(attempt);
}

/// The deadline, and as much again as a busy machine may add.
#[track_caller]
fn in_time(attempt: &Value) {
    let total = attempt["timings_ms"]["total"].as_f64().unwrap_or(f64::INFINITY);
    assert!(Duration::from_secs_f64(total / 1000.0) < Duration::from_secs(5), "{attempt:#}");
}
