//! The signing secret of a function: rotated, revoked, never told again and never in clear on disk.
//! That another sealing key seals it too is tested where keys are rotated.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use standardwebhooks::Webhook;
use ureq::http::HeaderMap;

use super::{invoke, put_new, script};
use crate::problem::{expect_blame, expect_problem};
use crate::support::app::TestApp;
use crate::support::files;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::{Gate, Scripted};

/// Whether a request verifies with a secret, by the published crate.
pub(super) fn verifies(request: &Received, secret: &str) -> bool {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name: ureq::http::HeaderName = name.parse().unwrap();
        headers.append(name, value.parse().unwrap());
    }
    Webhook::new(secret).unwrap().verify(&request.body, &headers).is_ok()
}

fn signatures(request: &Received) -> usize {
    request.header("webhook-signature").unwrap().split(' ').count()
}

fn hmac(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn calling(receiver: &TestReceiver, format: &str) -> Value {
    json!({"language": "sh", "code": "true", "callback_url": receiver.url("/"),
        "payload_format": format})
}

/// Rotates the secret of the function `f`, and gives the answer.
fn rotate(app: &TestApp, body: &Value) -> Value {
    let answer = app.post("/v1/functions/f/rotate-secret", body).expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

fn secret_of(made: &Value) -> String {
    made["signing_secret"].as_str().unwrap().to_owned()
}

#[test]
fn a_rotation_tells_the_new_one_once_and_until_when_the_old_one_signs() {
    let app = TestApp::start();
    let first = put_new(&app, "f", &script("true"));
    let made = rotate(&app, &json!({}));
    let members: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(members, ["signing_secret", "created_at", "previous_valid_until"]);
    assert_ne!(secret_of(&made), first);
    Webhook::new(&secret_of(&made)).unwrap();
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let overlap = time(&made["previous_valid_until"]) - time(&made["created_at"]);
    // The two ends of it are of two readings of the clock.
    assert!((overlap.total(jiff::Unit::Hour).unwrap() - 24.0).abs() < 0.01, "{made}");
    let text = app.get("/v1/functions/f").expect(200).text();
    assert!(!text.contains("whsec_"), "{text}");
    assert_eq!(app.get("/v1/functions/f").json()["version"], 1, "it is no other version");
}

#[test]
fn both_sign_what_is_owed_and_the_newest_alone_stands_in_the_formats_own_header() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    for (format, header, prefix) in
        [("hopx", "x-hopx-signature", "sha256="), ("fetchhive", "x-fetch-hive-signature", "")]
    {
        let before = receiver.received().len();
        let first = put_new(&app, "f", &calling(&receiver, format));
        let second = secret_of(&rotate(&app, &json!({})));
        invoke(&app, "f", &json!({}));
        let request = receiver.wait_for(before + 1).remove(before);
        assert!(verifies(&request, &first) && verifies(&request, &second));
        assert_eq!(signatures(&request), 2);
        let expected = format!("{prefix}{}", hmac(&second, &request.body));
        assert_eq!(request.all_headers(header), [expected]);
        app.delete("/v1/functions/f").expect(204);
    }
}

#[test]
fn a_revoked_one_stops_at_once_and_a_third_ends_the_first() {
    let app = TestApp::start();
    let gates = [(); 3].map(|()| Gate::closed());
    let receiver =
        TestReceiver::answering(gates.each_ref().map(|gate| Scripted::status(500).held_by(gate)));
    let first = put_new(&app, "f", &calling(&receiver, "cortex"));
    invoke(&app, "f", &json!({}));
    receiver.wait_for(1);
    let second = secret_of(&rotate(&app, &json!({"revoke_previous": false})));
    gates[0].open();
    receiver.wait_for(2);
    let third = secret_of(&rotate(&app, &json!({})));
    gates[1].open();
    receiver.wait_for(3);
    let revoking = rotate(&app, &json!({"revoke_previous": true}));
    assert_eq!(revoking["previous_valid_until"], json!(null));
    gates[2].open();
    let requests = receiver.wait_for(4);
    let secrets = [&first, &second, &third, &secret_of(&revoking)];
    let verified = |request: &Received| secrets.map(|secret| verifies(request, secret));
    assert_eq!(verified(&requests[0]), [true, false, false, false]);
    assert_eq!(verified(&requests[1]), [true, true, false, false]);
    assert_eq!(verified(&requests[2]), [false, true, true, false]);
    assert_eq!(verified(&requests[3]), [false, false, false, true]);
    assert_eq!(requests.iter().map(signatures).collect::<Vec<_>>(), [1, 2, 2, 1]);
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[test]
fn each_variant_is_rotated_alone() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let first = put_new(&app, "f", &calling(&receiver, "cortex"));
    let mut other = calling(&receiver, "cortex");
    other["variant"] = json!("other");
    let of_the_other = put_new(&app, "f", &other);
    let rotated = app.request("POST", "/v1/functions/f/rotate-secret?variant=other").send();
    let rotated = secret_of(&rotated.expect(200).json());
    invoke(&app, "f", &json!({"variant": "other"}));
    let request = receiver.first();
    assert!(verifies(&request, &rotated) && verifies(&request, &of_the_other));
    invoke(&app, "f", &json!({}));
    let request = receiver.wait_for(2).remove(1);
    assert_eq!((verifies(&request, &first), signatures(&request)), (true, 1));
}

#[test]
fn a_wrong_wish_is_refused_by_name_and_changes_nothing() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let secret = put_new(&app, "f", &calling(&receiver, "cortex"));
    let path = "/v1/functions/f/rotate-secret";
    expect_blame(&app.post(path, &json!({"revoke_previous": "yes"})), "revoke_previous");
    expect_blame(&app.post(path, &json!({"variant": "default"})), "variant");
    expect_problem(&app.post(path, &json!([])), 400);
    expect_problem(&app.post("/v1/functions/g/rotate-secret", &json!({})), 404);
    expect_problem(&app.post(&format!("{path}?variant=x"), &json!({})), 404);
    invoke(&app, "f", &json!({}));
    let request = receiver.first();
    assert_eq!((verifies(&request, &secret), signatures(&request)), (true, 1));
}

#[test]
fn nothing_secret_of_a_function_is_told_logged_or_in_clear_on_disk() {
    let mut app = TestApp::with(|options| options.env("RINGBACK_LOG", "trace"));
    let receiver = TestReceiver::start();
    let mut definition = calling(&receiver, "cortex");
    definition["env"] = json!({"TOKEN": "env-value-never-to-be-seen"});
    definition["callback_headers"] = json!({"X-Token": "header-value-never-to-be-seen"});
    definition["labels"] = json!({"n": "label-that-anybody-may-see"});
    let first = put_new(&app, "f", &definition);
    let second = secret_of(&rotate(&app, &json!({})));
    let call = json!({"env": {"MORE": "env-value-of-the-call"}});
    let id = invoke(&app, "f", &call);
    let request = receiver.first();
    assert!(verifies(&request, &first) && verifies(&request, &second), "both are in use");
    let mut told = vec![String::from_utf8_lossy(&request.body).into_owned()];
    for path in [
        "/v1/functions".to_owned(),
        "/v1/functions/f".to_owned(),
        "/v1/functions/f/versions".to_owned(),
        format!("/v1/executions/{id}"),
        format!("/v1/executions/{id}/deliveries"),
        format!("/apis/f/{id}"),
    ] {
        told.push(app.get(&path).expect(200).text());
    }
    app.terminate();
    told.push(app.stderr());
    // Without what all of a kind begin with.
    let bare = |secret: &str| secret.split('_').next_back().unwrap().to_owned();
    let words = [
        "env-value-never-to-be-seen",
        "env-value-of-the-call",
        "header-value-never-to-be-seen",
        &bare(&first),
        &bare(&second),
    ];
    for word in words {
        assert!(told.iter().all(|told| !told.contains(word)), "{word} is told");
        assert_eq!(files::holding(&app.data_dir(), word), Vec::<std::path::PathBuf>::new());
    }
    let seen = files::holding(&app.data_dir(), "label-that-anybody-may-see");
    assert!(!seen.is_empty(), "it is looked for in the right place");
}
