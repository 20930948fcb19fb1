//! Errors on HopX's routes have HopX's shape, and only codes that its clients survive.
//! What is wrong with a request is tested on our own route; here is how it is said.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::receiver::TestReceiver;

/// The routes that take code.
const POSTS: [&str; 3] = ["/execute", "/execute/async", "/execute/background"];

/// Checks the shape that every error of HopX's routes has, and gives the error.
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
        (json!({}), "MISSING_PARAMETER", "code"),
        (json!({"code": null}), "MISSING_PARAMETER", "code"),
        (json!({"code": 1}), "INVALID_REQUEST", "code"),
        (json!({"code": ""}), "INVALID_REQUEST", "code"),
        (json!({"code": "a\0b"}), "INVALID_REQUEST", "code"),
        (json!({"code": "#".repeat(1024 * 1024 + 1)}), "INVALID_REQUEST", "code"),
        (json!({"code": "1", "language": "cobol"}), "INVALID_REQUEST", "language"),
        (json!({"code": "1", "language": 3}), "INVALID_REQUEST", "language"),
        (json!({"code": "1", "timeout": 0}), "INVALID_REQUEST", "timeout"),
        (json!({"code": "1", "timeout": -1}), "INVALID_REQUEST", "timeout"),
        (json!({"code": "1", "timeout": "9"}), "INVALID_REQUEST", "timeout"),
        (json!({"code": "1", "env": {"A=": "1"}}), "INVALID_REQUEST", "A="),
        (json!({"code": "1", "env": {"A": 1}}), "INVALID_REQUEST", "env.A"),
        (json!({"code": "1", "env": ["A"]}), "INVALID_REQUEST", "env"),
        (json!({"code": "1", "workdir": "/etc"}), "INVALID_REQUEST", "workdir"),
        (json!({"code": "1", "working_dir": "a/../.."}), "INVALID_REQUEST", "working_dir"),
        (json!({"code": "1", "workdir": 1}), "INVALID_REQUEST", "workdir"),
    ];
    for path in POSTS {
        for (body, code, field) in &cases {
            let mut body = body.clone();
            body["callback_url"] = json!(url);
            let error = check(&app.post(path, &body), 400, code);
            assert!(error["message"].as_str().is_some_and(|text| text.contains(field)), "{error}");
        }
    }
    let own = [
        ("/execute/async", json!({"code": "1"}), "MISSING_PARAMETER", "callback_url"),
        (
            "/execute/async",
            json!({"code": "1", "callback_url": null}),
            "MISSING_PARAMETER",
            "callback_url",
        ),
        (
            "/execute/async",
            json!({"code": "1", "callback_url": "nowhere"}),
            "INVALID_REQUEST",
            "callback_url",
        ),
        (
            "/execute/async",
            json!({"code": "1", "callback_url": "ftp://a.example/"}),
            "INVALID_REQUEST",
            "callback_url",
        ),
        (
            "/execute",
            json!({"code": "1", "cancel_on_disconnect": "yes"}),
            "INVALID_REQUEST",
            "cancel_on_disconnect",
        ),
    ];
    for (path, body, code, field) in own {
        let error = check(&app.post(path, &body), 400, code);
        assert!(error["message"].as_str().is_some_and(|text| text.contains(field)), "{error}");
    }
    assert_eq!(app.get("/v1/executions").json()["data"], json!([]), "nothing of that was accepted");
}

#[test]
fn a_body_that_is_no_json_is_invalid_json() {
    let app = TestApp::start();
    for path in POSTS {
        for body in [&b"{"[..], b"", b"[]", b"{\"code\": \"\xff\"}"] {
            let request = app.request("POST", path).header("content-type", "application/json");
            check(&request.bytes(body).send(), 400, "INVALID_JSON");
        }
        check(&app.request("POST", path).send(), 400, "INVALID_JSON");
        let form = app.request("POST", path).header("content-type", "text/plain");
        check(&form.bytes("{}").send(), 415, "INVALID_REQUEST");
        let large = json!({"code": "#".repeat(4 * 1024 * 1024)});
        check(&app.post(path, &large), 413, "INVALID_REQUEST");
    }
}

#[test]
fn a_wrong_method_is_405_and_is_told_the_right_ones() {
    let app = TestApp::start();
    for (method, path, allowed) in [
        ("GET", "/execute", "POST"),
        ("GET", "/execute/background", "POST"),
        ("PUT", "/execute/async", "POST"),
        ("POST", "/execute/async/x", "DELETE, GET"),
        ("POST", "/execute/processes", "GET"),
        ("DELETE", "/processes", "GET"),
        ("POST", "/execute/kill", "DELETE"),
        ("DELETE", "/execute/kill/x", "POST"),
        ("GET", "/processes/x/kill", "POST"),
    ] {
        let answer = app.request(method, path).send();
        check(&answer, 405, "METHOD_NOT_ALLOWED");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
    }
}

#[test]
fn a_path_that_does_not_exist_is_404_in_the_same_shape() {
    let app = TestApp::start();
    for path in [
        "/execute/",
        "/execute/nothing",
        "/execute/async/x/y",
        "/execute/kill/x/y",
        "/execute/ipython",
        "/processes/x",
        "/processes/x/kill/y",
    ] {
        for method in ["GET", "POST"] {
            check(&app.request(method, path).send(), 404, "RESOURCE_NOT_FOUND");
        }
    }
    assert_eq!(app.get("/executes").header("content-type"), Some("application/problem+json"));
}

#[test]
fn nobody_gets_in_without_a_key() {
    let app = TestApp::start();
    for path in POSTS {
        let stranger = app.anonymous("POST", path).json(&json!({"code": "1"}));
        check(&stranger.send(), 401, "AUTHENTICATION_REQUIRED");
    }
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
