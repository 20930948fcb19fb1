//! Whom a call calls back, in which format, and with what it is signed.
//! Rotated secrets have tests of their own.

use serde_json::{Value, json};

use super::secrets::verifies;
use super::{invoke, put_new};
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};

fn calling(receiver: &TestReceiver, more: Value) -> Value {
    let mut definition = json!({"language": "sh", "code": "echo hi",
        "callback_url": receiver.url("/own"), "callback_headers": {"X-Token": "for-its-own"}});
    definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    definition
}

/// Which of the four formats a request has.
fn format_of(request: &Received) -> &'static str {
    let body = request.json();
    match () {
        () if body["data"]["labels"].is_object() => "standard",
        () if body["execution_id"].is_string() => "hopx",
        () if body["event_type"] == "workflow.completed" => "fetchhive",
        () if body["id"].is_string() && body.get("data").is_none() => "cortex",
        () => panic!("of no format: {body:#}"),
    }
}

#[test]
fn a_function_is_called_back_for_as_it_says_unless_its_caller_says_otherwise() {
    let app = TestApp::start();
    let [own, other] = [(); 2].map(|()| TestReceiver::start());
    let secret = put_new(&app, "f", &calling(&own, json!({})));
    invoke(&app, "f", &json!({}));
    let request = own.first();
    assert_eq!((request.path.as_str(), request.header("x-token")), ("/own", Some("for-its-own")));
    assert!(verifies(&request, &secret));
    let call = json!({"callback_url": other.url("/its"), "callback_headers": {"X-Mine": "1"}});
    invoke(&app, "f", &call);
    let request = other.first();
    assert_eq!((request.path.as_str(), request.header("x-mine")), ("/its", Some("1")));
    assert_eq!(request.header("x-token"), None, "that was for the function's own receiver");
    assert!(verifies(&request, &secret), "the function's secret signs wherever it goes");
    assert_eq!(own.received().len(), 1);
}

#[test]
fn without_a_callback_of_either_nobody_is_called() {
    let app = TestApp::start();
    put_new(&app, "f", &json!({"language": "sh", "code": "true"}));
    let id = invoke(&app, "f", &json!({}));
    app.finished(&id);
    assert_eq!(app.record(&id)["delivery"], "none");
    let list = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    assert_eq!(list["data"], json!([]));
}

#[test]
fn the_format_is_the_callers_else_the_functions_else_ours() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    put_new(&app, "silent", &calling(&receiver, json!({})));
    put_new(&app, "chosen", &calling(&receiver, json!({"payload_format": "hopx"})));
    let mut count = 0;
    let mut format = |name: &str, call: Value| {
        invoke(&app, name, &call);
        count += 1;
        format_of(&receiver.wait_for(count)[count - 1])
    };
    assert_eq!(format("silent", json!({})), "standard");
    assert_eq!(format("chosen", json!({})), "hopx");
    for one in ["standard", "hopx", "fetchhive", "cortex"] {
        assert_eq!(format("silent", json!({"payload_format": one})), one);
        assert_eq!(format("chosen", json!({"payload_format": one})), one);
    }
    let named = json!({"callback_url": receiver.url("/named")});
    assert_eq!(format("chosen", named), "hopx");
}

#[test]
fn a_secret_that_the_caller_brings_signs_alone() {
    const ITS_OWN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let app = TestApp::start();
    app.request("POST", "/v1/signing-secret").send().expect(201);
    let receiver = TestReceiver::start();
    let secret = put_new(&app, "f", &calling(&receiver, json!({})));
    let call = json!({"callback_url": receiver.url("/"), "callback_signature_secret": ITS_OWN});
    invoke(&app, "f", &call);
    let request = receiver.first();
    assert!(verifies(&request, ITS_OWN) && !verifies(&request, &secret));
    assert_eq!(request.header("webhook-signature").unwrap().split(' ').count(), 1);
}

#[test]
fn the_functions_secret_signs_in_the_place_of_the_tenants() {
    let app = TestApp::start();
    let made = app.request("POST", "/v1/signing-secret").send().expect(201).json();
    let of_the_tenant = made["signing_secret"].as_str().unwrap();
    let receiver = TestReceiver::start();
    let secret = put_new(&app, "f", &calling(&receiver, json!({})));
    invoke(&app, "f", &json!({}));
    let request = receiver.first();
    assert!(verifies(&request, &secret) && !verifies(&request, of_the_tenant));
    app.submit(calling(&receiver, json!({})));
    let request = receiver.wait_for(2).remove(1);
    assert!(verifies(&request, of_the_tenant) && !verifies(&request, &secret));
}

#[test]
fn what_is_told_before_the_end_and_when_it_is_tried_again_is_as_the_function_has_it() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let more = json!({"events": ["started"], "retry": {"schedule": [0.01]}, "code": "sleep 0.2"});
    put_new(&app, "f", &calling(&receiver, more));
    let id = invoke(&app, "f", &json!({}));
    let requests = receiver.wait_for(2);
    assert_eq!(requests[0].json()["type"], "execution.started");
    assert_eq!(requests[1].json()["type"], "execution.completed");
    let list = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    let end =
        list["data"].as_array().unwrap().iter().find(|d| d["event_type"] == "execution.completed");
    assert_eq!(end.unwrap()["attempts_max"], 2);
}
