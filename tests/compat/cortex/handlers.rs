//! Handlers as users of Cortex write them, called over Cortex's routes: what they are given, what
//! becomes of what they return, and of what they raise. How they are run has tests of its own.

use serde_json::{Value, json};

use super::{call, calling, ended, id_of, put, told, verifies};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

/// Returns all that it was given.
const TELLS: &str = "
class Handler:
    def __init__(self, config):
        self.config = config

    def handle_async(self, payload, request_id):
        kind = type(payload).__name__
        if isinstance(payload, bytes):
            payload = list(payload)
        return {'kind': kind, 'payload': payload, 'id': request_id, 'config': self.config}
";

fn handler(code: &str, more: Value) -> Value {
    let mut definition = json!({"language": "python", "entrypoint": "handler", "code": code});
    definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    definition
}

#[test]
fn a_payload_is_given_as_what_its_content_type_says() {
    // As strictly as this machine can: with a warm interpreter, where there is one.
    let app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__ISOLATION", "auto"));
    put(&app, "f", handler(TELLS, json!({"config": {"deep": [1, {"a": null}]}})));
    let cases: [(Option<&str>, &[u8], &str, Value); 11] = [
        (Some("application/json"), b"{\"a\": [1.5, null]}", "dict", json!({"a": [1.5, null]})),
        (Some("application/json"), b" [1]", "list", json!([1])),
        (Some("application/json; charset=utf-8"), b"\"a\"", "str", json!("a")),
        (Some("application/vnd.api+json"), b"null", "NoneType", json!(null)),
        (Some("text/plain"), "{\"ä\"".as_bytes(), "str", json!("{\"ä\"")),
        (Some("text/plain; charset=iso-8859-1"), b"gr\xfc\xdf", "str", json!("grüß")),
        (Some("text/plain"), b"", "str", json!("")),
        (Some("application/octet-stream"), b"\x00\xff", "bytes", json!([0, 255])),
        (Some("text/csv"), b"a,b", "bytes", json!([97, 44, 98])),
        (None, b"{}", "bytes", json!([123, 125])),
        (None, b"", "bytes", json!([])),
    ];
    for (content_type, body, kind, payload) in cases {
        let request = calling(&app, "f").bytes(body);
        let request = match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        };
        let id = id_of(&request.send());
        let result = ended(&app, "f", &id)["result"].take();
        let config = json!({"deep": [1, {"a": null}]});
        let expected = json!({"kind": kind, "payload": payload, "id": id, "config": config});
        assert_eq!(result, expected, "{content_type:?}");
    }
}

#[test]
fn the_id_that_the_caller_gave_is_the_one_that_the_handler_has() {
    let app = TestApp::start();
    put(&app, "f", handler(TELLS, json!({})));
    let id = "0b2f6c1e-5f0c/4d6a?'\"";
    let answer = calling(&app, "f").header("x-request-id", id).json(&json!({})).send();
    assert_eq!(id_of(&answer), id);
    let result = ended(&app, "f", id)["result"].take();
    assert_eq!((&result["id"], &result["config"]), (&json!(id), &json!({})));
}

#[test]
fn what_it_returns_is_told_by_a_signed_webhook_that_it_has_no_code_for() {
    let app = TestApp::start();
    let [receiver, of_the_config] = [(); 2].map(|()| TestReceiver::start());
    let code = "
class Handler:
    def __init__(self, config):
        assert config['webhook_url'].startswith('http')

    def handle_async(self, payload):
        print('what is printed is no result')
        return {'sum': sum(payload['numbers']), 'text': 'grüß'}
";
    let more = json!({"callback_url": receiver.url("/hook"),
        "config": {"webhook_url": of_the_config.url("/")}});
    let secret = put(&app, "f", handler(code, more));
    let id = call(&app, "f", &json!({"numbers": [1, 2, 3.5]}));
    let request = receiver.first();
    assert!(verifies(&request, &secret));
    let body = request.json();
    let result = json!({"sum": 6.5, "text": "grüß"});
    let timestamp = app.record(&id)["completed_at"].clone();
    assert_eq!(
        body,
        json!({"id": id, "status": "completed", "result": result, "timestamp": timestamp})
    );
    assert_eq!(told(&app, "f", &id), body);
    eventually(DEADLINE, "it is delivered", || {
        (app.record(&id)["delivery"] == "delivered").then_some(())
    });
    assert_eq!(of_the_config.connections(), 0, "that address is the handler's affair");
}

#[test]
fn a_handler_that_raises_has_failed_and_why_is_in_our_record() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let code = "
class Handler:
    def handle_async(self, payload):
        raise ValueError('bad ' + payload)
";
    let secret = put(&app, "f", handler(code, json!({"callback_url": receiver.url("/")})));
    let request = calling(&app, "f").header("content-type", "text/plain").bytes("apple");
    let id = id_of(&request.send());
    let request = receiver.first();
    assert_eq!(request.json(), json!({"id": id, "status": "failed"}));
    assert!(verifies(&request, &secret));
    assert_eq!(told(&app, "f", &id), json!({"id": id, "status": "failed"}));
    let record = app.record(&id);
    assert_eq!((&record["status"], &record["exit_code"]), (&json!("failed"), &json!(1)));
    assert!(record["error"].as_str().unwrap().contains("ValueError: bad apple"), "{record:#}");
}

#[test]
fn a_handler_that_runs_long_is_in_progress_and_the_next_in_the_queue() {
    let app = TestApp::with(|options| options.slots(1));
    let receiver = TestReceiver::start();
    let code = "
import threading
class Handler:
    def handle_async(self, payload):
        print('begun', flush=True)
        threading.Event().wait(1000)
        return {}
";
    put(&app, "f", handler(code, json!({"callback_url": receiver.url("/")})));
    let [runs, waits] = [(); 2].map(|()| call(&app, "f", &json!({})));
    eventually(DEADLINE, "it has begun", || {
        let output = app.get(&format!("/v1/executions/{runs}/output/stdout"));
        (output.text() == "begun\n").then_some(())
    });
    assert_eq!(told(&app, "f", &runs), json!({"id": runs, "status": "in_progress"}));
    assert_eq!(told(&app, "f", &waits), json!({"id": waits, "status": "in_queue"}));
    for id in [&waits, &runs] {
        app.delete(&format!("/v1/executions/{id}"));
        let failed = json!({"id": id, "status": "failed"});
        assert_eq!(ended(&app, "f", id), failed);
    }
    let requests = receiver.wait_for(2);
    assert_eq!(requests[0].json(), json!({"id": waits, "status": "failed"}));
    assert_eq!(requests[1].json(), json!({"id": runs, "status": "failed"}));
}

#[test]
fn our_own_route_calls_a_handler_as_well() {
    let app = TestApp::start();
    put(&app, "f", handler(TELLS, json!({})));
    for (body, kind, payload) in [
        (json!({"input": {"a": 1}}), "dict", json!({"a": 1})),
        (json!({"stdin": "{}"}), "str", json!("{}")),
        (json!({}), "NoneType", json!(null)),
    ] {
        let accepted = app.post("/v1/functions/f/invoke", &body).expect(202).json();
        let id = accepted["id"].as_str().unwrap();
        let record = app.finished(id);
        let expected = json!({"kind": kind, "payload": payload, "id": id, "config": {}});
        assert_eq!(record["result"], expected, "{body}");
        assert_eq!(told(&app, "f", id)["result"], expected);
    }
}
