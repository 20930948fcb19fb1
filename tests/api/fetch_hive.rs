//! Fetch Hive's routes, `/v1/workflow` and below, as its clients see them. Here are short words for
//! deployments, runs and what they tell; each of the files below has one side of it.

mod asynchronous;
mod cancel;
mod errors;
mod log;
mod runs;
mod secret;
mod synchronous;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, within};

/// Where workflows are called.
const INVOKE: &str = "/v1/workflow/invoke";

/// Where runs are.
const RUNS: &str = "/v1/workflow/runs";

/// A program that says something and goes on for longer than any test.
const SAYS_AND_SLEEPS: &str = "echo so far; exec sleep 1000";

/// What a program of that kind is found by.
const SLEEPS: &str = "sleep 1000";

/// Keeps the deployment `flow` with the variant `prod`, and gives its signing secret.
#[track_caller]
fn deploy(app: &TestApp, language: &str, code: &str) -> String {
    deploy_with(app, json!({"language": language, "code": code}))
}

/// The same with more to say of it.
#[track_caller]
fn deploy_with(app: &TestApp, mut definition: Value) -> String {
    definition["variant"] = json!("prod");
    let answer = app.request("PUT", "/v1/functions/flow").json(&definition).send();
    let kept = answer.expect(201).json();
    kept["signing_secret"].as_str().expect("a new function is told its secret").to_owned()
}

/// A call of it whose caller waits.
fn call() -> Value {
    json!({"deployment": "flow", "variant": "prod"})
}

/// A call of it whose caller is called back.
fn call_back(receiver: &TestReceiver) -> Value {
    call_back_to(&receiver.url("/hook?token=1"))
}

fn call_back_to(url: &str) -> Value {
    let mut body = call();
    body["async"] = json!({"enabled": true, "callback_url": url});
    body
}

/// Calls, which must be taken.
#[track_caller]
fn invoke(app: &TestApp, body: &Value) -> Value {
    app.post(INVOKE, body).expect(200).json()
}

/// Calls and gives the id of the run.
#[track_caller]
fn begin(app: &TestApp, body: &Value) -> String {
    let answer = invoke(app, body);
    answer["request_id"].as_str().expect("a run has an id").to_owned()
}

fn path_of(request_id: &str) -> String {
    format!("{RUNS}/{request_id}")
}

/// The execution that a run is.
fn execution_of(request_id: &str) -> String {
    request_id.replace("req_", "exec_")
}

/// A run as it is now.
#[track_caller]
fn run(app: &TestApp, request_id: &str) -> Value {
    app.get(&path_of(request_id)).expect(200).json()
}

/// A run once it is so.
#[track_caller]
fn run_once(app: &TestApp, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let found = within(DEADLINE, || {
        last = run(app, id);
        is(&last).then(|| last.clone())
    });
    found.unwrap_or_else(|| panic!("not within {DEADLINE:?}: {what}; the run is {last:#}"))
}

/// A run once it has this status.
#[track_caller]
fn run_with(app: &TestApp, id: &str, status: &str) -> Value {
    run_once(app, id, status, |run| run["run_status"] == status)
}

/// What is known of what was sent of a run.
#[track_caller]
fn log_of(app: &TestApp, id: &str) -> Vec<Value> {
    let log = app.get(&format!("{}/webhooks", path_of(id))).expect(200).json();
    assert_eq!(log.as_object().map(serde_json::Map::len), Some(1), "{log:#}");
    log["data"].as_array().cloned().expect("a list")
}

/// The one event of a run once its delivery is so.
#[track_caller]
fn event_once(app: &TestApp, id: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let mut last = Vec::new();
    let found = within(DEADLINE, || {
        last = log_of(app, id);
        last.first().filter(|event| is(event)).cloned()
    });
    let found = found.unwrap_or_else(|| panic!("not within {DEADLINE:?}: {what}: {last:#?}"));
    assert_eq!(last.len(), 1, "there is one event for each run: {last:#?}");
    found
}

/// The same once it has this status.
#[track_caller]
fn event_with(app: &TestApp, id: &str, status: &str) -> Value {
    event_once(app, id, status, |event| event["status"] == status)
}

/// What a receiver makes of a secret and the bytes that came, without any code of the server's.
fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// An error in Fetch Hive's shape: its sentence.
#[track_caller]
fn error_of(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()));
    let body = answer.json();
    let members: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["error"], "{body:#}");
    let sentence = body["error"].as_str().expect("a sentence").to_owned();
    assert!(!sentence.is_empty());
    sentence
}
