//! The webhook that nobody's handler has to send: whom it goes to, in which shape, signed by whom.
//! What becomes of a handler has tests of its own.

use serde_json::{Value, json};

use super::{call, calling, ended, executions, expect_error, id_of, put, verifies};
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::Scripted;

const CODE: &str = "echo '{\"sum\": 3}' > $RINGBACK_RESULT";

fn calling_back(receiver: &TestReceiver, more: Value) -> Value {
    let mut definition =
        json!({"language": "sh", "code": CODE, "callback_url": receiver.url("/own")});
    definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    definition
}

/// The members of the body in their order.
fn members(request: &Received) -> Vec<String> {
    request.json().as_object().unwrap().keys().cloned().collect()
}

#[test]
fn it_has_the_shape_that_users_of_cortex_send_and_is_signed_with_the_functions_secret() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let secret = put(&app, "f", calling_back(&receiver, json!({})));
    let answer = calling(&app, "f").header("x-request-id", "mine").json(&json!({})).send();
    assert_eq!(id_of(&answer), "mine");
    let request = receiver.first();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/own"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(members(&request), ["id", "status", "result", "timestamp"]);
    // It is what may be asked for, word for word.
    assert_eq!(request.json(), ended(&app, "f", "mine"));
    assert_eq!(request.json()["result"], json!({"sum": 3}));
    assert!(verifies(&request, &secret));
    assert!(!verifies(&request, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    let id = executions(&app).remove(0);
    assert_eq!(request.header("webhook-id"), Some(&*id.replace("exec_", "evt_")));
}

#[test]
fn a_result_that_does_not_fit_is_missed_aloud_and_can_be_asked_for() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__PAYLOAD_BYTES_MAX", "4096"));
    let receiver = TestReceiver::start();
    let code = "printf '\"%05000d\"' 0 > $RINGBACK_RESULT";
    put(&app, "f", calling_back(&receiver, json!({"code": code})));
    let id = call(&app, "f", &json!({}));
    let request = receiver.first();
    assert_eq!(members(&request), ["id", "status", "result_error", "timestamp"]);
    let why = "The result has 5002 bytes, too many for this message.";
    assert_eq!(request.json()["result_error"], why);
    let told = ended(&app, "f", &id);
    assert_eq!(told["result"].as_str().map(str::len), Some(5000));
    assert!(told.get("result_error").is_none(), "{told}");
}

#[test]
fn a_failure_and_a_cancel_are_told_as_failed_and_no_more() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let secret =
        put(&app, "f", calling_back(&receiver, json!({"code": format!("{CODE}; exit 1")})));
    let id = call(&app, "f", &json!({}));
    let failed = receiver.first();
    assert_eq!(failed.json(), json!({"id": id, "status": "failed"}));
    assert!(verifies(&failed, &secret));

    put(&app, "g", calling_back(&receiver, json!({"code": "exec sleep 1000"})));
    let id = call(&app, "g", &json!({}));
    app.wait_for_program("sleep 1000");
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    assert_eq!(receiver.wait_for(2)[1].json(), json!({"id": id, "status": "failed"}));
}

#[test]
fn it_is_tried_again_with_the_same_bytes_and_logged() {
    let app = TestApp::start();
    let receiver = TestReceiver::answering([Scripted::status(500), Scripted::status(503)]);
    let secret = put(&app, "f", calling_back(&receiver, json!({})));
    let id = call(&app, "f", &json!({}));
    let requests = receiver.wait_for(3);
    for request in &requests {
        assert_eq!(request.body, requests[0].body);
        assert_eq!(request.header("webhook-id"), requests[0].header("webhook-id"));
        assert!(verifies(request, &secret));
    }
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    let log = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    let delivery = &log["data"][0];
    assert_eq!(delivery["payload_format"], "cortex");
    let codes = delivery["attempts"].as_array().unwrap().iter().map(|a| a["status_code"].clone());
    assert_eq!(codes.collect::<Vec<_>>(), [500, 503, 200]);
}

#[test]
fn the_callers_url_takes_the_place_of_the_functions_and_its_headers_stay_behind() {
    let app = TestApp::start();
    let [own, other] = [(); 2].map(|()| TestReceiver::start());
    let more = json!({"callback_headers": {"X-Token": "for-its-own-receiver"},
        "retry": {"schedule": [0.05]}});
    let secret = put(&app, "f", calling_back(&own, more));
    let failing = TestReceiver::always(Scripted::status(500));
    let with_url = |url: &str| {
        let request = calling(&app, "f").header("Ringback-Callback-Url", url).json(&json!({}));
        id_of(&request.send())
    };
    with_url(&other.url("/elsewhere?a=1"));
    let request = other.first();
    assert_eq!(request.path, "/elsewhere?a=1");
    assert_eq!(request.header("x-token"), None);
    assert!(verifies(&request, &secret));
    // How often it is tried is as the function has it: twice.
    let id = with_url(&failing.url("/"));
    app.wait_for(&id, "it is given up", |record| record["delivery"] == "exhausted");
    assert_eq!(failing.received().len(), 2);
    assert_eq!(own.received().len(), 0);
    call(&app, "f", &json!({}));
    assert_eq!(own.first().header("x-token"), Some("for-its-own-receiver"));
}

#[test]
fn a_function_without_a_callback_calls_nobody_unless_its_caller_names_one() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let secret = super::put_script(&app, "f", CODE);
    let id = call(&app, "f", &json!({}));
    assert_eq!(ended(&app, "f", &id)["status"], "completed");
    assert_eq!(app.record(&id)["delivery"], "none");
    let url = receiver.url("/");
    calling(&app, "f").header("ringback-callback-url", &url).json(&json!({})).send().expect(200);
    assert!(verifies(&receiver.first(), &secret));
    assert_eq!(members(&receiver.first()), ["id", "status", "result", "timestamp"]);
}

#[test]
fn the_format_is_the_functions_own_choice() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let secret = put(&app, "f", calling_back(&receiver, json!({"payload_format": "standard"})));
    let id = call(&app, "f", &json!({}));
    let request = receiver.first();
    assert_eq!(request.json()["type"], "execution.completed");
    assert_eq!(request.json()["data"]["id"], id);
    assert!(verifies(&request, &secret));
    let url = receiver.url("/named");
    calling(&app, "f").header("ringback-callback-url", &url).json(&json!({})).send().expect(200);
    assert_eq!(receiver.wait_for(2)[1].json()["type"], "execution.completed");
}

#[test]
fn a_url_that_is_not_allowed_is_refused_by_the_name_of_the_header() {
    let app = TestApp::start();
    super::put_script(&app, "f", CODE);
    let too_long = format!("https://example.com/{}", "x".repeat(2100));
    for url in [
        "",
        "nowhere",
        "ftp://example.com/",
        "http://10.0.0.1/",
        "https://169.254.169.254/",
        "https://user:secret@example.com/",
        "https://example.com:22/",
        &too_long,
    ] {
        let request = calling(&app, "f").header("Ringback-Callback-Url", url).json(&json!({}));
        let sentence = expect_error(&request.send(), 400, "invalid_request");
        assert!(sentence.contains("Ringback-Callback-Url"), "{url}: {sentence}");
    }
    assert_eq!(executions(&app), Vec::<String>::new());
}
