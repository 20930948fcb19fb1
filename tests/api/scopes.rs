//! Which scope each call about executions needs: with it alone a key may do that, and with all others
//! it may not.

use serde_json::{Value, json};

use super::hopx_errors::check;
use super::problem::expect_problem;
use super::scoped::add_key;
use crate::support::app::TestApp;
use crate::support::client::Request;

const ALL: [&str; 8] = [
    "executions:write",
    "executions:read",
    "executions:cancel",
    "deliveries:read",
    "deliveries:redeliver",
    "functions:write",
    "keys:write",
    "metrics:read",
];

/// A call, its body, and the scopes that it needs.
type Call = (&'static str, &'static str, Value, &'static [&'static str]);

fn calls() -> Vec<Call> {
    const WRITE: &[&str] = &["executions:write"];
    const READ: &[&str] = &["executions:read"];
    const CANCEL: &[&str] = &["executions:cancel"];
    let code = || json!({"code": "true", "language": "sh"});
    let called_back =
        json!({"code": "true", "language": "sh", "callback_url": "http://127.0.0.1:9/"});
    vec![
        ("POST", "/v1/executions", code(), WRITE),
        ("GET", "/v1/executions", Value::Null, READ),
        ("GET", "/v1/executions/{id}", Value::Null, READ),
        ("GET", "/v1/executions/{id}?wait=5", Value::Null, READ),
        (
            "GET",
            "/v1/executions/{id}?wait=5&cancel_on_disconnect=true",
            Value::Null,
            &["executions:read", "executions:cancel"],
        ),
        ("GET", "/v1/executions/{id}/output/stdout", Value::Null, READ),
        ("GET", "/v1/executions/{id}/output/stderr", Value::Null, READ),
        ("DELETE", "/v1/executions/{id}", Value::Null, CANCEL),
        ("POST", "/execute", code(), WRITE),
        ("POST", "/execute", json!({"code": "1", "cancel_on_disconnect": true}), WRITE),
        ("POST", "/execute/background", code(), WRITE),
        ("POST", "/execute/async", called_back, WRITE),
        ("GET", "/execute/async/{id}", Value::Null, READ),
        ("DELETE", "/execute/async/{id}", Value::Null, CANCEL),
        ("GET", "/execute/processes", Value::Null, READ),
        ("GET", "/processes", Value::Null, READ),
        ("DELETE", "/execute/kill?process_id={id}", Value::Null, CANCEL),
        ("POST", "/execute/kill/{id}", Value::Null, CANCEL),
        ("POST", "/processes/{id}/kill", Value::Null, CANCEL),
        // The last one, for nothing is left of the execution after it.
        ("DELETE", "/v1/executions/{id}?purge=true", Value::Null, CANCEL),
    ]
}

fn request(app: &TestApp, key: &str, (method, path, body, _): &Call, id: &str) -> Request {
    let request = app.anonymous(method, &path.replace("{id}", id));
    let request = request.header("authorization", &format!("Bearer {key}"));
    if body.is_null() { request } else { request.json(body) }
}

#[test]
fn a_call_needs_its_scope_and_no_other() {
    let mut app = TestApp::start();
    let id =
        app.run(json!({"code": "echo hi", "language": "sh"}))["id"].as_str().unwrap().to_owned();
    let sets = [
        &["executions:write"][..],
        &["executions:read"],
        &["executions:cancel"],
        &["executions:read", "executions:cancel"],
    ];
    for needed in sets {
        let key = add_key(&mut app, needed);
        let others: Vec<_> = ALL.into_iter().filter(|scope| *scope != needed[0]).collect();
        let other_key = add_key(&mut app, &others);
        for call in calls().iter().filter(|call| call.3 == needed) {
            let (method, path, _, _) = call;
            let refused = request(&app, &other_key, call, &id).send();
            let sentence = if path.starts_with("/v1/") {
                expect_problem(&refused, 403)["detail"].clone()
            } else {
                check(&refused, 403, "AUTHENTICATION_REQUIRED")["message"].clone()
            };
            assert!(sentence.as_str().unwrap().contains(needed[0]), "{method} {path}: {sentence}");
            if !path.contains("purge") {
                let allowed = request(&app, &key, call, &id).send();
                assert!(
                    (200..300).contains(&allowed.status),
                    "{method} {path}: {}",
                    allowed.text()
                );
            }
        }
    }
    let canceller = add_key(&mut app, &["executions:cancel"]);
    let calls = calls();
    let purge = calls.last().unwrap();
    request(&app, &canceller, purge, &id).send().expect(204);
}

#[test]
fn what_a_refused_call_asked_for_has_not_happened() {
    let mut app = TestApp::start();
    let reader = add_key(&mut app, &["executions:read"]);
    let id = app.submit(json!({"code": "exec sleep 1000", "language": "sh"})).id;
    app.wait_for_program("sleep 1000");
    for call in calls().iter().filter(|call| call.3 != ["executions:read"]) {
        assert_eq!(request(&app, &reader, call, &id).send().status, 403, "{} {}", call.0, call.1);
    }
    let list = app.get("/v1/executions").expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list:#}");
    let record = &list["data"][0];
    assert_eq!((&record["status"], record.get("cancelling")), (&json!("running"), None));
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    app.finished(&id);
}
