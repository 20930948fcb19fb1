//! Where the signing secret is told, and that it is told nowhere else.
//! What is signed with it is looked at here only as far as the answer promises it.

use serde_json::{Value, json};

use super::synchronous::newest;
use super::{
    INVOKE, SAYS_AND_SLEEPS, SLEEPS, begin, call, call_back, deploy, event_with, invoke, log_of,
    path_of, run, signature,
};
use crate::support::app::TestApp;
use crate::support::held::{Held, post};
use crate::support::receiver::TestReceiver;

fn rotate(app: &TestApp, body: &Value) -> String {
    let made = app.post("/v1/functions/flow/rotate-secret?variant=prod", body).expect(200).json();
    made["signing_secret"].as_str().unwrap().to_owned()
}

#[test]
fn a_rotated_secret_is_told_at_once_and_signs_at_once() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let first = deploy(&app, "sh", "echo hi");
    assert_eq!(invoke(&app, &call())["webhook_secret"], first);
    let second = rotate(&app, &json!({}));
    assert_ne!(first, second);
    assert_eq!(invoke(&app, &call())["webhook_secret"], second);
    assert_eq!(invoke(&app, &call_back(&receiver))["webhook_secret"], second);
    let request = receiver.first();
    let sent = request.all_headers("x-fetch-hive-signature");
    assert_eq!(sent, [signature(&second, &request.body)], "one value only, the newest secret's");
    let standard = request.header("webhook-signature").unwrap();
    assert_eq!(standard.split(' ').count(), 2, "both sign where there is room for two");
}

#[test]
fn who_has_waited_is_told_the_secret_of_the_end_and_not_of_the_beginning() {
    let app = TestApp::start();
    let first = deploy(&app, "sh", SAYS_AND_SLEEPS);
    let mut held = Held::send(app.address(), &post(INVOKE, &call()));
    app.wait_for_program(SLEEPS);
    let second = rotate(&app, &json!({"revoke_previous": true}));
    app.delete(&path_of(&newest(&app, "running"))).expect(202);
    let (status, answer) = held.answer();
    assert_eq!((status, &answer["webhook_secret"]), (200, &json!(second)), "{answer}");
    assert_ne!(first, second);
}

#[test]
fn another_deployment_has_another_secret() {
    let app = TestApp::start();
    let first = deploy(&app, "sh", "echo hi");
    let definition = json!({"language": "sh", "code": "echo ho", "variant": "test"});
    let kept = app.request("PUT", "/v1/functions/flow").json(&definition).send().expect(201);
    let second = kept.json()["signing_secret"].clone();
    assert_ne!(second, first);
    let mut body = call();
    body["variant"] = json!("test");
    let answer = invoke(&app, &body);
    assert_eq!((&answer["webhook_secret"], &answer["output"]), (&second, &json!("ho")));
}

#[test]
fn it_is_told_in_no_other_answer_and_no_log() {
    let app = TestApp::with(|options| options.env("RINGBACK_LOG", "debug"));
    let receiver = TestReceiver::start();
    let secret = deploy(&app, "sh", "echo hi");
    let id = begin(&app, &call_back(&receiver));
    event_with(&app, &id, "delivered");
    let answers = [run(&app, &id), json!(log_of(&app, &id)), app.delete(&path_of(&id)).json()];
    for text in answers.map(|answer| answer.to_string()) {
        assert!(!text.contains(&secret) && !text.contains("whsec_"), "{text}");
        assert!(!text.contains("token=1"), "{text}");
    }
    let refused = app.post(INVOKE, &json!({"deployment": "flow"})).expect(400).text();
    assert!(!refused.contains("whsec_"), "{refused}");
    assert!(!app.stderr().contains(&secret) && !app.stderr().contains("whsec_"));
}

#[test]
fn the_operator_can_have_it_told_only_once() {
    let app =
        TestApp::with(|options| options.env("RINGBACK_COMPAT__FETCH_HIVE_ECHO_SECRET", "false"));
    let receiver = TestReceiver::start();
    let secret = deploy(&app, "sh", "echo hi");
    for body in [call(), call_back(&receiver)] {
        let answer = app.post(INVOKE, &body).expect(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let members: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert!(!members.contains(&"webhook_secret".to_owned()), "{members:?}");
    }
    let request = receiver.first();
    let sent = request.header("x-fetch-hive-signature");
    assert_eq!(sent, Some(&*signature(&secret, &request.body)), "it signs all the same");
}
