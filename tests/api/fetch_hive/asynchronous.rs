//! Calls whose callers are called back: the answer at once, and then one event, signed, in the shape
//! that Fetch Hive's receivers know.

use serde_json::{Value, json};
use standardwebhooks::Webhook;
use ureq::http::{HeaderMap, HeaderName};

use super::{
    SAYS_AND_SLEEPS, SLEEPS, begin, call_back, deploy, deploy_with, event_with, execution_of,
    invoke, path_of, run, run_with, signature,
};
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};

/// Gives back what it was called with, as its result.
const ECHO: &str = r#"
import json, os, sys
inputs = json.load(sys.stdin)
print("thinking")
with open(os.environ["RINGBACK_RESULT"], "w") as result:
    json.dump({"got": inputs}, result)
"#;

fn headers(request: &Received) -> HeaderMap {
    let pair = |(name, value): &(String, String)| {
        let name: HeaderName = name.parse().unwrap();
        (name, value.parse().unwrap())
    };
    request.headers.iter().map(pair).collect()
}

/// The one event that a program of the shell's sends.
#[track_caller]
fn told(code: &str) -> (Value, Value) {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "sh", code);
    let answer = invoke(&app, &call_back(&receiver));
    (answer["request_id"].clone(), receiver.first().json())
}

#[test]
fn it_is_answered_at_once_and_called_back_with_its_end_signed() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let secret = deploy(&app, "python", ECHO);
    let mut body = call_back(&receiver);
    body["inputs"] = json!({"topic": "bees", "n": [1, 2.5, null]});
    let answer = app.post("/v1/workflow/invoke", &body).expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let answer = answer.json();
    let id = answer["request_id"].as_str().unwrap();
    let expected = json!({"request_id": id, "run_status": "running", "webhook_secret": secret});
    assert_eq!(answer, expected);
    assert_eq!((id.len(), id.starts_with("req_")), (4 + 32, true), "{id}");

    let request = receiver.first();
    assert_eq!((&*request.method, &*request.path), ("POST", "/hook?token=1"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let sent = request.all_headers("x-fetch-hive-signature");
    assert_eq!(sent, [signature(&secret, &request.body)], "in lower-case hex, of the raw body");
    Webhook::new(&secret).unwrap().verify(&request.body, &headers(&request)).unwrap();
    let output = json!({"got": {"topic": "bees", "n": [1, 2.5, null]}});
    let event = json!({
        "event_type": "workflow.completed", "request_id": id, "data": {"output": output},
    });
    assert_eq!(request.json(), event);

    let run = run_with(&app, id, "completed");
    assert_eq!(run["output"], output);
    assert_eq!(app.record(&execution_of(id))["stdout"], "thinking\n");
}

#[test]
fn a_script_that_writes_no_result_tells_what_it_has_printed() {
    let (id, event) = told("echo one; echo two; echo not this >&2");
    let data = json!({"output": "one\ntwo"});
    let expected = json!({"event_type": "workflow.completed", "request_id": id, "data": data});
    assert_eq!(event, expected);
}

#[test]
fn a_run_that_failed_tells_why_in_a_sentence() {
    let (id, event) = told("echo one; exit 3");
    let data = json!({"error": "The program exited with code 3."});
    let expected = json!({"event_type": "workflow.failed", "request_id": id, "data": data});
    assert_eq!(event, expected);
}

#[test]
fn a_run_that_was_cancelled_tells_the_reason_in_a_sentence() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let id = begin(&app, &call_back(&receiver));
    app.wait_for_program(SLEEPS);
    let reason = json!({"reason": "the user left"});
    app.request("DELETE", &path_of(&id)).json(&reason).send().expect(202);
    let data = json!({"error": "Cancelled: the user left", "reason": "cancelled"});
    let expected = json!({"event_type": "workflow.cancelled", "request_id": id, "data": data});
    assert_eq!(receiver.first().json(), expected);
}

#[test]
fn it_is_queued_when_no_slot_was_free_and_running_when_one_was() {
    let app = TestApp::with(|options| options.slots(2));
    let receiver = TestReceiver::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let answers: Vec<_> = (0..3).map(|_| invoke(&app, &call_back(&receiver))).collect();
    let statuses: Vec<_> = answers.iter().map(|answer| &answer["run_status"]).collect();
    assert_eq!(statuses, ["running", "running", "queued"]);
    let waits = answers[2]["request_id"].as_str().unwrap();
    assert_eq!(run(&app, waits)["run_status"], "queued");
    app.delete(&path_of(answers[0]["request_id"].as_str().unwrap())).expect(202);
    run_with(&app, waits, "running");
    for id in [&answers[1], &answers[2]].map(|answer| answer["request_id"].as_str().unwrap()) {
        app.delete(&path_of(id)).expect(202);
    }
    receiver.wait_for(3);
}

#[test]
fn whom_the_function_names_is_not_called_beside_and_its_format_is_not_used() {
    let app = TestApp::start();
    let (named, receiver) = (TestReceiver::start(), TestReceiver::start());
    let secret = deploy_with(
        &app,
        json!({
            "language": "sh", "code": "echo hi", "payload_format": "cortex",
            "callback_url": named.url("/own"), "callback_headers": {"x-own": "yes"},
        }),
    );
    let id = begin(&app, &call_back(&receiver));
    let request = receiver.first();
    assert_eq!(request.json()["event_type"], "workflow.completed");
    assert_eq!(request.header("x-own"), None, "that is for the function's own endpoint");
    let sent = request.header("x-fetch-hive-signature");
    assert_eq!(sent, Some(&*signature(&secret, &request.body)));
    // All that is owed for it has been delivered.
    event_with(&app, &id, "delivered");
    assert_eq!((receiver.received().len(), named.connections()), (1, 0));
}

#[test]
fn inputs_are_any_json_and_an_empty_object_when_nothing_is_said() {
    let app = TestApp::start();
    deploy(&app, "sh", "cat");
    let mut body = super::call();
    let cases = [
        (json!({"a": {"b": [1]}}), r#"{"a":{"b":[1]}}"#),
        (json!([1, "two"]), r#"[1,"two"]"#),
        (json!("text"), r#""text""#),
        (json!(0), "0"),
        (json!(false), "false"),
        (json!(null), "{}"),
    ];
    for (inputs, expected) in cases {
        body["inputs"] = inputs;
        assert_eq!(invoke(&app, &body)["output"], expected);
    }
    assert_eq!(invoke(&app, &super::call())["output"], "{}");
}

#[test]
fn a_program_of_node_s_is_called_as_well() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let code = "const fs = require('fs');
        const {n} = JSON.parse(fs.readFileSync(0, 'utf8'));
        fs.writeFileSync(process.env.RINGBACK_RESULT, JSON.stringify({twice: 2 * n}));";
    deploy(&app, "javascript", code);
    let mut body = call_back(&receiver);
    body["inputs"] = json!({"n": 21});
    invoke(&app, &body);
    assert_eq!(receiver.first().json()["data"], json!({"output": {"twice": 42}}));
}

#[test]
fn a_handler_is_called_with_the_inputs_and_what_it_returns_is_the_output() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let code = "class Handler:
    def __init__(self, config):
        self.word = config['word']
    def handle_async(self, payload):
        return {'said': [self.word, payload['name']]}";
    let config = json!({"word": "hello"});
    deploy_with(
        &app,
        json!({"language": "python", "entrypoint": "handler", "code": code, "config": config}),
    );
    let mut body = call_back(&receiver);
    body["inputs"] = json!({"name": "bee"});
    invoke(&app, &body);
    assert_eq!(receiver.first().json()["data"], json!({"output": {"said": ["hello", "bee"]}}));
}

#[test]
fn fields_that_only_their_clients_know_are_passed_over() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "sh", "echo hi");
    let mut body = call_back(&receiver);
    body["stream"] = json!(false);
    body["async"]["retries"] = json!(3);
    assert_eq!(invoke(&app, &body)["run_status"], "running");
    assert_eq!(receiver.first().json()["data"]["output"], "hi");
}

#[test]
fn metadata_is_kept_beside_that_of_the_function() {
    let app = TestApp::start();
    let metadata = json!({"team": "bees", "stage": "test"});
    deploy_with(&app, json!({"language": "sh", "code": "true", "metadata": metadata}));
    let mut body = super::call();
    body["metadata"] = json!({"stage": "prod", "n": 1, "ok": true, "none": null});
    let id = begin(&app, &body);
    let expected = json!({"team": "bees", "stage": "prod", "n": 1, "ok": true, "none": null});
    assert_eq!(run(&app, &id)["metadata"], expected);
}
