//! The signing secret of a tenant on real callbacks: what receivers verify before, while and after
//! it is rotated. Verified with the published crate and with a receiver's own Python.

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::outbox::{calling, delivery_once};
use super::verifiers::{HOPX_NODE, HOPX_PYTHON, STANDARD_PYTHON, Verdict};
use super::webhook::header_map;
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::{Gate, Scripted};

const PATH: &str = "/v1/signing-secret";

fn rotate(app: &TestApp, body: Value) -> String {
    let made = app.post(PATH, &body).expect(201).json();
    made["signing_secret"].as_str().unwrap().to_owned()
}

/// Whether a request verifies with each of these secrets.
fn verify<const N: usize>(request: &Received, secrets: [&str; N]) -> [bool; N] {
    secrets.map(|secret| {
        let webhook = Webhook::new(secret).unwrap();
        webhook.verify(&request.body, &header_map(request)).is_ok()
    })
}

/// How many signatures a request has.
fn signatures(request: &Received) -> usize {
    let [value] = request.all_headers("webhook-signature")[..] else { panic!("not one header") };
    let items: Vec<&str> = value.split(' ').collect();
    assert!(items.iter().all(|item| item.starts_with("v1,")), "{value}");
    items.len()
}

#[test]
fn rotated_between_two_attempts_the_same_event_is_signed_by_both_and_then_by_the_new_one() {
    let app = TestApp::start();
    let gates = [(); 2].map(|()| Gate::closed());
    let held = |gate: &Gate| Scripted::status(500).held_by(gate);
    let receiver = TestReceiver::answering(gates.each_ref().map(held));
    let first = rotate(&app, json!({}));
    let id = app.submit(calling(&receiver)).id;
    receiver.wait_for(1);
    let second = rotate(&app, json!({}));
    gates[0].open();
    receiver.wait_for(2);
    let third = rotate(&app, json!({"revoke_previous": true}));
    gates[1].open();
    let requests = receiver.wait_for(3);
    delivery_once(&app, &id, "delivered");

    let verified = |request| verify(request, [&first, &second, &third]);
    assert_eq!((verified(&requests[0]), signatures(&requests[0])), ([true, false, false], 1));
    assert_eq!((verified(&requests[1]), signatures(&requests[1])), ([true, true, false], 2));
    assert_eq!((verified(&requests[2]), signatures(&requests[2])), ([false, false, true], 1));
    for request in &requests {
        assert_eq!(request.header("webhook-id"), requests[0].header("webhook-id"));
        assert_eq!(request.body, requests[0].body);
    }
}

#[test]
fn while_two_sign_a_receiver_in_python_takes_either() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let secrets = [(); 3].map(|()| rotate(&app, json!({})));
    app.submit(calling(&receiver));
    let request = receiver.first();
    let header = |name| request.header(name).unwrap();
    let seconds = header("webhook-timestamp");
    let arguments = [header("webhook-id"), seconds, header("webhook-signature"), seconds];
    let judge = |secret: &String| STANDARD_PYTHON.judge(secret, &arguments, &request.body);
    let verdicts = secrets.each_ref().map(judge);
    assert_eq!(verdicts, [Verdict::Refused, Verdict::Verified, Verdict::Verified]);
}

#[test]
fn a_hopx_callback_has_one_value_of_the_new_secret() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let [old, new] = [(); 2].map(|()| rotate(&app, json!({})));
    let answer = app.post("/execute/async", &calling(&receiver));
    assert!(answer.status < 300, "{}", answer.text());
    let request = receiver.first();
    assert_eq!((verify(&request, [&old, &new]), signatures(&request)), ([true, true], 2));
    let [value] = request.all_headers("x-hopx-signature")[..] else { panic!("not one header") };
    for hopx in [HOPX_PYTHON, HOPX_NODE] {
        assert_eq!(hopx.judge(&new, &[value], &request.body), Verdict::Verified);
        assert_eq!(hopx.judge(&old, &[value], &request.body), Verdict::Refused);
    }
}

#[test]
fn what_was_accepted_before_there_was_a_secret_is_signed_and_after_it_is_gone_is_not() {
    let app = TestApp::start();
    let gates = [(); 2].map(|()| Gate::closed());
    let held = |gate: &Gate| Scripted::status(500).held_by(gate);
    let receiver = TestReceiver::answering(gates.each_ref().map(held));
    app.submit(calling(&receiver));
    receiver.wait_for(1);
    let secret = rotate(&app, json!({}));
    gates[0].open();
    receiver.wait_for(2);
    app.delete(PATH).expect(204);
    gates[1].open();
    let requests = receiver.wait_for(3);
    assert_eq!(requests[0].header("webhook-signature"), None);
    assert_eq!(verify(&requests[1], [&secret]), [true]);
    assert_eq!(requests[2].header("webhook-signature"), None);
}

#[test]
fn a_callback_that_brings_a_secret_of_its_own_is_signed_with_that_alone() {
    const OWN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let [old, new] = [(); 2].map(|()| rotate(&app, json!({})));
    let mut body = calling(&receiver);
    body["callback_signature_secret"] = json!(OWN);
    app.submit(body);
    let request = receiver.first();
    assert_eq!(verify(&request, [OWN, &old, &new]), [true, false, false]);
    assert_eq!(signatures(&request), 1);
}

#[test]
fn both_secrets_sign_on_after_a_kill() {
    let mut app = TestApp::with(|options| options.retry_schedule("300ms,1s,1s,1s"));
    let mut receiver = TestReceiver::down();
    let [old, new] = [(); 2].map(|()| rotate(&app, json!({})));
    let id = app.submit(calling(&receiver)).id;
    app.finished(&id);
    app.kill9();
    app.restart();
    receiver.up();
    delivery_once(&app, &id, "delivered");
    assert_eq!(verify(&receiver.first(), [&old, &new]), [true, true]);
}
