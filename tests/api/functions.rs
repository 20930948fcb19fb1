//! `/v1/functions…` as clients see it: kept in versions, listed, removed, called, and signed for.
//! Here are the words that its tests share.

mod bad_call;
mod bad_definition;
mod callbacks;
mod invoke;
mod keep;
mod lasting;
mod lists;
mod refusals;
mod secrets;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::{Answer, Request};

/// `PUT` of a function, to be sent.
fn putting(app: &TestApp, name: &str, definition: &Value) -> Request {
    app.request("PUT", &format!("/v1/functions/{name}")).json(definition)
}

/// Keeps a function of a new name, and gives its signing secret.
#[track_caller]
fn put_new(app: &TestApp, name: &str, definition: &Value) -> String {
    let kept = putting(app, name, definition).send().expect(201).json();
    kept["signing_secret"].as_str().expect("a new function has a secret").to_owned()
}

/// Keeps another version of a function, and gives what is told of it.
#[track_caller]
fn put_again(app: &TestApp, name: &str, definition: &Value) -> Value {
    putting(app, name, definition).send().expect(200).json()
}

/// A script in the shell's language.
fn script(code: &str) -> Value {
    json!({"language": "sh", "code": code})
}

/// What is told of a function, by name and query.
#[track_caller]
fn told(app: &TestApp, which: &str) -> Value {
    app.get(&format!("/v1/functions/{which}")).expect(200).json()
}

/// A call that may not be taken.
fn try_invoke(app: &TestApp, name: &str, call: &Value) -> Answer {
    app.post(&format!("/v1/functions/{name}/invoke"), call)
}

/// Calls a function, and gives the id of the execution.
#[track_caller]
fn invoke(app: &TestApp, name: &str, call: &Value) -> String {
    let accepted = try_invoke(app, name, call).expect(202).json();
    accepted["id"].as_str().expect("an id").to_owned()
}

/// Calls a function, and gives the record of the end.
#[track_caller]
fn run(app: &TestApp, name: &str, call: &Value) -> Value {
    app.finished(&invoke(app, name, call))
}
