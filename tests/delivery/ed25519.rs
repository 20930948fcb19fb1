//! Callbacks that are signed with the server's own key as well, and the public keys that it lists.
//! Verified with the key that was listed, and with the published crate, which passes it over.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use ringback::webhook::signature::{self, PublicKey, TOLERANCE};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::outbox::calling;
use super::webhook::header_map;
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::receiver::{Received, TestReceiver};

const PATH: &str = "/.well-known/ringback-keys";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Svix's test key and its public half.
const GIVEN: (&str, &str) = (
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
    "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
);

fn on(options: Options) -> Options {
    options.env("RINGBACK_WEBHOOK__ED25519", "true")
}

fn key_file(app: &TestApp) -> PathBuf {
    app.data_dir().join("signing.key")
}

/// The public keys that anybody is shown, in their order.
fn listed(app: &TestApp) -> Vec<String> {
    let answer = app.anonymous("GET", PATH).send().expect(200).json();
    let keys = answer["keys"].as_array().unwrap().iter().map(|key| {
        assert_eq!(key["type"], "ed25519");
        assert!(key["id"].as_str().is_some_and(|id| !id.is_empty()), "{key}");
        key["public_key"].as_str().unwrap().to_owned()
    });
    keys.collect()
}

fn called_back(app: &TestApp, more: &Value) -> Received {
    let receiver = TestReceiver::start();
    let mut body = calling(&receiver);
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.submit(body);
    receiver.first()
}

/// The versions of the signatures of a request, in their order.
fn versions(request: &Received) -> Vec<&str> {
    let value = request.header("webhook-signature").unwrap_or_default();
    let items = value.split(' ').map(|item| item.split_once(',').unwrap().0);
    if value.is_empty() { Vec::new() } else { items.collect() }
}

#[track_caller]
fn verify(request: &Received, public_key: &str) -> bool {
    let header = |name| request.header(name).unwrap();
    let timestamp = header("webhook-timestamp");
    let received = signature::Received {
        id: header("webhook-id"),
        timestamp,
        signature: header("webhook-signature"),
        body: &request.body,
    };
    let (key, now) = (PublicKey::from_text(public_key).unwrap(), timestamp.parse().unwrap());
    signature::verify_ed25519(&key, received, now, TOLERANCE).is_ok()
}

#[test]
fn by_default_there_is_no_such_key() {
    let app = TestApp::start();
    let answer = app.anonymous("GET", PATH).send().expect(404);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json()["code"], "not_found");
    assert!(versions(&called_back(&app, &json!({}))).is_empty());
    assert!(!key_file(&app).exists());
}

#[test]
fn every_callback_is_signed_with_the_key_and_verifies_with_the_one_that_is_listed() {
    let mut app = TestApp::with(on);
    let mode = fs::metadata(key_file(&app)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let [public] = &listed(&app)[..] else { panic!("not one key") };
    let request = called_back(&app, &json!({}));
    assert_eq!((versions(&request), verify(&request, public)), (vec!["v1a"], true));
    assert!(!verify(&request, GIVEN.1), "not with any other");

    let request = called_back(&app, &json!({"callback_signature_secret": WHSEC}));
    assert_eq!((versions(&request), verify(&request, public)), (vec!["v1", "v1a"], true));
    Webhook::new(WHSEC).unwrap().verify(&request.body, &header_map(&request)).unwrap();
    app.kill9();
    app.restart();
    assert_eq!(listed(&app), std::slice::from_ref(public), "it is made once");
}

#[test]
fn while_a_signing_secret_is_rotated_there_are_three_and_each_verifies() {
    let app = TestApp::with(on);
    let secrets = [(); 2].map(|()| {
        let made = app.request("POST", "/v1/signing-secret").send().expect(201).json();
        made["signing_secret"].as_str().unwrap().to_owned()
    });
    let request = called_back(&app, &json!({}));
    assert_eq!(versions(&request), ["v1", "v1", "v1a"]);
    for secret in secrets {
        Webhook::new(&secret).unwrap().verify(&request.body, &header_map(&request)).unwrap();
    }
    assert!(verify(&request, &listed(&app)[0]));
}

#[test]
fn a_rotated_key_stays_listed_behind_the_new_one_while_it_is_configured() {
    let mut app = TestApp::with(on);
    let old = listed(&app).remove(0);
    app.change(|options| {
        options
            .env("RINGBACK_WEBHOOK__ED25519_KEY", GIVEN.0)
            .env("RINGBACK_WEBHOOK__ED25519_PREVIOUS", &old)
    });
    app.restart();
    assert_eq!(listed(&app), [GIVEN.1, &old]);
    let request = called_back(&app, &json!({}));
    assert_eq!((verify(&request, GIVEN.1), verify(&request, &old)), (true, false));
}

#[test]
fn a_file_that_holds_no_key_is_refused_and_left_alone() {
    let mut app = TestApp::with(on);
    app.terminate();
    let public_alone = GIVEN.1;
    for text in ["", "hello", public_alone, &GIVEN.0[..60]] {
        fs::write(key_file(&app), text).unwrap();
        assert_eq!(app.restart_to_its_end().code(), Some(1));
        assert_eq!(fs::read_to_string(key_file(&app)).unwrap(), text);
    }
    let said = app.stderr();
    let named = format!("cannot use {}: an Ed25519 signing key must be", key_file(&app).display());
    assert_eq!(said.matches(&named).count(), 4, "{said}");
    assert!(!said.contains(&GIVEN.0[..60]), "{said}");
}
