//! Cortex's calls of asynchronous APIs: `POST /apis/{name}`, `GET /apis/{name}/{id}`, and the webhook.
//! Here are the words that its tests share.

mod bodies;
mod callbacks;
mod errors;
mod handlers;
mod ids;
mod results;
mod twice;

use serde_json::{Value, json};
use standardwebhooks::Webhook;
use ureq::http::HeaderMap;

use crate::support::app::TestApp;
use crate::support::client::{Answer, Request};
use crate::support::receiver::Received;

/// A program that gives its standard input back as its result.
const ECHO: &str = "printf '{\"got\":\"%s\"}' \"$(cat)\" > \"$RINGBACK_RESULT\"";

/// Keeps a function, and gives its signing secret.
#[track_caller]
fn put(app: &TestApp, name: &str, definition: Value) -> String {
    let kept = app.request("PUT", &format!("/v1/functions/{name}")).json(&definition).send();
    let kept = kept.expect(201).json();
    kept["signing_secret"].as_str().expect("a new function has a secret").to_owned()
}

/// Keeps a script in the shell's language.
#[track_caller]
fn put_script(app: &TestApp, name: &str, code: &str) -> String {
    put(app, name, json!({"language": "sh", "code": code}))
}

/// A call, to be filled and sent.
fn calling(app: &TestApp, name: &str) -> Request {
    app.request("POST", &format!("/apis/{name}"))
}

/// Calls with JSON, which must be taken, and gives the id.
#[track_caller]
fn call(app: &TestApp, name: &str, body: &Value) -> String {
    id_of(&calling(app, name).json(body).send())
}

/// The id in a good answer, which has nothing else and says it in its head too.
#[track_caller]
fn id_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let id = body["id"].as_str().expect("an id").to_owned();
    assert_eq!(body, json!({"id": id}));
    assert_eq!(answer.header("x-request-id"), Some(&*id));
    id
}

/// How a call stands.
#[track_caller]
fn told(app: &TestApp, name: &str, id: &str) -> Value {
    app.get(&format!("/apis/{name}/{}", in_path(id))).expect(200).json()
}

/// An id as a client has to write it into a path.
fn in_path(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

/// How a call stands once it has ended.
#[track_caller]
fn ended(app: &TestApp, name: &str, id: &str) -> Value {
    let what = format!("the call {id} has ended");
    crate::support::wait::eventually(crate::support::wait::DEADLINE, what, || {
        let told = told(app, name, id);
        ["completed", "failed"].iter().any(|end| told["status"] == **end).then_some(told)
    })
}

/// The ids of all executions, the newest first.
fn executions(app: &TestApp) -> Vec<String> {
    let list = app.get("/v1/executions?limit=200").expect(200).json();
    let data = list["data"].as_array().expect("a list");
    data.iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
}

/// Whether a request verifies with a secret, by the published crate.
fn verifies(request: &Received, secret: &str) -> bool {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name: ureq::http::HeaderName = name.parse().unwrap();
        headers.append(name, value.parse().unwrap());
    }
    Webhook::new(secret).unwrap().verify(&request.body, &headers).is_ok()
}

/// Checks the shape that every error has here, and gives its sentence.
#[track_caller]
fn expect_error(answer: &Answer, status: u16, code: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let error = answer.json();
    let members: Vec<&String> = error.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["message", "code", "request_id"]);
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(error["request_id"].as_str(), answer.header("x-request-id"));
    let sentence = error["message"].as_str().expect("a sentence").to_owned();
    assert!(sentence.ends_with('.'), "{sentence}");
    sentence
}
