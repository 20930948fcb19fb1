//! Errors on HopX's route have HopX's shape, and only codes that its clients survive.
//! What is wrong with a request is tested on our own route; here is how it is said.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::receiver::TestReceiver;

#[track_caller]
pub fn check(answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    let error = answer.json();
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(error["error"], error["message"], "{error}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
    assert!(error["details"].is_object(), "{error}");
    let time = error["timestamp"].as_str().unwrap_or_default();
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{error}");
    assert_eq!(error["request_id"].as_str(), answer.header("x-request-id"), "{error}");
    error
}

#[test]
fn missing_and_broken_fields_are_400_with_a_sentence_that_names_them() {
    let app = TestApp::start();
    let url = "http://127.0.0.1:8080/";
    let cases = [
        (json!({"code": "1"}), "MISSING_PARAMETER", "callback_url"),
        (json!({"code": "1", "callback_url": null}), "MISSING_PARAMETER", "callback_url"),
        (json!({"callback_url": url}), "MISSING_PARAMETER", "code"),
        (json!({"code": "1", "callback_url": "nowhere"}), "INVALID_REQUEST", "callback_url"),
        (
            json!({"code": "1", "callback_url": "ftp://a.example/"}),
            "INVALID_REQUEST",
            "callback_url",
        ),
        (
            json!({"code": "1", "callback_url": url, "language": "cobol"}),
            "INVALID_REQUEST",
            "language",
        ),
        (json!({"code": "1", "callback_url": url, "timeout": 0}), "INVALID_REQUEST", "timeout"),
        (json!({"code": "1", "callback_url": url, "timeout": "9"}), "INVALID_REQUEST", "timeout"),
        (json!({"code": "1", "callback_url": url, "env": {"A=": "1"}}), "INVALID_REQUEST", "A="),
        (
            json!({"code": "1", "callback_url": url, "workdir": "/etc"}),
            "INVALID_REQUEST",
            "workdir",
        ),
    ];
    for (body, code, field) in cases {
        let error = check(&app.post("/execute/async", &body), 400, code);
        assert!(error["message"].as_str().is_some_and(|text| text.contains(field)), "{error}");
    }
    assert_eq!(app.get("/v1/executions").json()["data"], json!([]));
}

#[test]
fn an_empty_code_is_refused_as_ours_is() {
    let app = TestApp::start();
    let body = json!({"code": "", "callback_url": "http://127.0.0.1:8080/"});
    let answer = app.post("/execute/async", &body);
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.json()["message"].to_string().contains("code"), "{}", answer.text());
}

#[test]
fn a_body_that_is_no_json_is_invalid_json() {
    let app = TestApp::start();
    for body in [&b"{"[..], b"", b"{\"code\": \"\xff\"}"] {
        let request =
            app.request("POST", "/execute/async").header("content-type", "application/json");
        check(&request.bytes(body).send(), 400, "INVALID_JSON");
    }
}

#[test]
fn nobody_without_a_key_and_nothing_but_post() {
    let app = TestApp::start();
    let stranger = app.anonymous("POST", "/execute/async").json(&json!({"code": "1"}));
    check(&stranger.send(), 401, "AUTHENTICATION_REQUIRED");
    let answer = app.get("/execute/async");
    check(&answer, 405, "METHOD_NOT_ALLOWED");
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[test]
fn workdir_wins_over_working_dir() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let mut body = json!({
        "language": "sh", "code": "touch here", "callback_url": receiver.url("/"),
        "workdir": "/workspace", "working_dir": "/workspace/elsewhere",
    });
    app.post("/execute/async", &body).expect(200);
    receiver.first();
    body["code"] = json!("ls");
    app.post("/execute/async", &body).expect(200);
    let second = receiver.wait_for(2).remove(1);
    assert_eq!(second.json()["stdout"], "here\n");
    body["workdir"] = json!("/etc");
    check(&app.post("/execute/async", &body), 400, "INVALID_REQUEST");
}
