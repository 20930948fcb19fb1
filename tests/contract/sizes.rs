//! The sizes: each at its bound, and one beyond.

use serde_json::{Value, json};

use super::fields_of;
use crate::support::app::TestApp;

#[track_caller]
fn status(app: &TestApp, change: Value) -> (u16, Value) {
    let mut body = json!({"language": "sh", "code": "true"});
    for (field, value) in change.as_object().unwrap() {
        body[field] = value.clone();
    }
    let answer = app.post("/v1/executions", &body);
    (answer.status, answer.json())
}

#[track_caller]
fn bounded(app: &TestApp, at: Value, beyond: Value, field: &str) {
    assert_eq!(status(app, at).0, 202, "{field} at its bound");
    let (status, problem) = status(app, beyond);
    assert_eq!(status, 400, "{field} beyond its bound");
    assert!(fields_of(&problem).iter().any(|each| each.starts_with(field)), "{problem}");
}

#[test]
fn body_4_mib() {
    let app = TestApp::start();
    let body = |length: usize| {
        let mut bytes = b"{\"language\": \"sh\", \"code\": \"true\"}".to_vec();
        bytes.resize(length, b' ');
        let request = app.request("POST", "/v1/executions");
        request.header("content-type", "application/json").bytes(bytes).send().status
    };
    assert_eq!((body(4 << 20), body((4 << 20) + 1)), (202, 413));
}

#[test]
fn code_1_mib() {
    let app = TestApp::start();
    let code = |length: usize| json!({"code": format!("true{}", "\n".repeat(length - 4))});
    bounded(&app, code(1 << 20), code((1 << 20) + 1), "code");
}

#[test]
fn env_64_kib_in_all() {
    let app = TestApp::start();
    let env = |length: usize| json!({"env": {"A": "x".repeat(length - 1)}});
    bounded(&app, env(1 << 16), env((1 << 16) + 1), "env");
}

#[test]
fn labels_and_metadata_16_entries_names_64_values_256() {
    let app = TestApp::start();
    for field in ["labels", "metadata"] {
        let many = |count: usize| -> Value {
            let entries: Value = (0..count).map(|n| (format!("n{n}"), json!("x"))).collect();
            json!({field: entries})
        };
        bounded(&app, many(16), many(17), field);
        let name = |length: usize| json!({field: {"n".repeat(length): "x"}});
        bounded(&app, name(64), name(65), field);
        let value = |length: usize| json!({field: {"n": "ü".repeat(length)}});
        bounded(&app, value(256), value(257), field);
    }
}

#[test]
fn callback_url_2048() {
    let app = TestApp::start();
    let url = |length: usize| {
        let begin = "http://127.0.0.1:9/";
        json!({"callback_url": format!("{begin}{}", "x".repeat(length - begin.len()))})
    };
    bounded(&app, url(2048), url(2049), "callback_url");
}

#[test]
fn callback_headers_20_of_4_kib() {
    let app = TestApp::start();
    let headers = |count: usize| -> Value {
        let entries: Value = (0..count).map(|n| (format!("X-{n}"), json!("x"))).collect();
        json!({"callback_url": "http://127.0.0.1:9/", "callback_headers": entries})
    };
    bounded(&app, headers(20), headers(21), "callback_headers");
    let long = |length: usize| {
        json!({"callback_url": "http://127.0.0.1:9/",
            "callback_headers": {"X-A": "x".repeat(length - 3)}})
    };
    bounded(&app, long(4096), long(4097), "callback_headers");
}

#[test]
fn limit_and_wait_out_of_range() {
    let app = TestApp::start();
    let id = app.run(json!({"language": "sh", "code": "true"}))["id"].as_str().unwrap().to_owned();
    for query in ["limit=0", "limit=201", "limit=1.5", "limit=", "cursor=broken"] {
        app.get(&format!("/v1/executions?{query}")).expect(400);
    }
    for query in ["wait=60.1", "wait=-1", "wait=NaN", "wait="] {
        app.get(&format!("/v1/executions/{id}?{query}")).expect(400);
    }
    app.get("/v1/executions?limit=200").expect(200);
    app.get(&format!("/v1/executions/{id}?wait=60")).expect(200);
}
