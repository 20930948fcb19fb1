//! Signatures and identity: what proves that a callback is ours, and that it is the same one again.
//! Verified with the published crate and with HopX's own recipe.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use standardwebhooks::Webhook;
use ureq::http::HeaderMap;

use super::outbox::{calling, delivery_once};
use super::verifiers::{HOPX_NODE, HOPX_PYTHON, Verdict};
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::scripted::Scripted;

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Receives one callback that is signed with this secret.
fn signed(app: &TestApp, route: &str, secret: &str) -> Received {
    let receiver = TestReceiver::start();
    let mut body = calling(&receiver);
    body["callback_signature_secret"] = json!(secret);
    let answer = app.post(route, &body);
    assert!(answer.status < 300, "{}", answer.text());
    receiver.first()
}

/// The headers of a request as the published crate wants them.
pub fn header_map(request: &Received) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name: ureq::http::HeaderName = name.parse().unwrap();
        headers.append(name, value.parse().unwrap());
    }
    headers
}

fn hopx_signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[test]
fn a_whsec_secret_signs_so_that_the_published_verifier_agrees() {
    let app = TestApp::start();
    let request = signed(&app, "/v1/executions", WHSEC);
    let webhook = Webhook::new(WHSEC).unwrap();
    webhook.verify(&request.body, &header_map(&request)).unwrap();
    let mut forged = request.body.clone();
    forged[0] = b' ';
    assert!(webhook.verify(&forged, &header_map(&request)).is_err());
}

#[test]
fn any_other_secret_signs_with_its_own_bytes() {
    let app = TestApp::start();
    for secret in ["your-secret-key", "x", "pass phrase with € and spaces"] {
        let request = signed(&app, "/v1/executions", secret);
        let webhook = Webhook::from_bytes(secret.as_bytes().to_vec()).unwrap();
        webhook.verify(&request.body, &header_map(&request)).unwrap();
    }
}

#[test]
fn hopx_callbacks_carry_both_signatures() {
    let app = TestApp::start();
    for secret in ["your-secret-key", WHSEC] {
        let request = signed(&app, "/execute/async", secret);
        let expected = hopx_signature(secret, &request.body);
        assert_eq!(request.all_headers("x-hopx-signature"), [expected]);
        let webhook = match secret.starts_with("whsec_") {
            true => Webhook::new(secret),
            false => Webhook::from_bytes(secret.as_bytes().to_vec()),
        };
        webhook.unwrap().verify(&request.body, &header_map(&request)).unwrap();
    }
}

#[test]
fn receivers_written_from_hopxs_description_take_what_is_delivered() {
    let app = TestApp::start();
    let request = signed(&app, "/execute/async", "your-secret-key");
    let value = request.header("x-hopx-signature").unwrap();
    let mut changed = request.body.clone();
    changed[0] = b' ';
    for receiver in [HOPX_PYTHON, HOPX_NODE] {
        let judge = |body: &[u8]| receiver.judge("your-secret-key", &[value], body);
        assert_eq!(judge(&request.body), Verdict::Verified, "{receiver:?}");
        assert_eq!(judge(&changed), Verdict::Refused, "{receiver:?}");
    }
}

#[test]
fn without_a_secret_nothing_is_signed_and_the_rest_is_there() {
    let app = TestApp::start();
    for route in ["/v1/executions", "/execute/async"] {
        let receiver = TestReceiver::start();
        let mut body = calling(&receiver);
        if route == "/execute/async" {
            body["callback_signature_secret"] = json!("");
        }
        let answer = app.post(route, &body).json();
        let id = answer.get("id").or(answer.get("execution_id")).unwrap().as_str().unwrap();
        let request = receiver.first();
        assert_eq!(request.header("webhook-id"), Some(id.replace("exec_", "evt_").as_str()));
        assert!(request.header("webhook-signature").is_none(), "{:?}", request.headers);
        assert!(request.header("x-hopx-signature").is_none(), "{:?}", request.headers);
        let seconds: u64 = request.header("webhook-timestamp").unwrap().parse().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(seconds) <= 20, "{seconds} is not {now}");
    }
}

#[test]
fn hopx_headers_are_for_the_hopx_format_alone() {
    let app = TestApp::start();
    let request = signed(&app, "/v1/executions", WHSEC);
    assert!(request.header("x-hopx-signature").is_none(), "{:?}", request.headers);
    assert!(request.header("x-hopx-timestamp").is_none(), "{:?}", request.headers);
}

#[test]
fn a_receiver_that_answers_500_twice_gets_the_same_event_three_times_and_freshly_signed() {
    // Longer than a second, so that every attempt has a timestamp of its own.
    let app = TestApp::with(|options| options.retry_schedule("1100ms,1100ms"));
    let receiver =
        TestReceiver::answering([Scripted::status(500).body("first"), Scripted::status(500)]);
    let mut body = calling(&receiver);
    body["callback_signature_secret"] = json!(WHSEC);
    let id = app.submit(body).id;
    let requests = receiver.wait_for(3);
    let webhook = Webhook::new(WHSEC).unwrap();
    for request in &requests {
        webhook.verify(&request.body, &header_map(request)).unwrap();
        assert_eq!(request.header("webhook-id"), requests[0].header("webhook-id"));
        assert_eq!(request.body, requests[0].body);
    }
    let field =
        |name| requests.iter().map(|request| request.header(name).unwrap()).collect::<Vec<_>>();
    for fresh in ["webhook-timestamp", "webhook-signature"] {
        let mut values = field(fresh);
        values.dedup();
        assert_eq!(values.len(), 3, "{fresh}: {:?}", field(fresh));
    }
    let delivery = delivery_once(&app, &id, "delivered");
    let attempts = delivery["attempts"].as_array().unwrap();
    let told: Vec<_> = attempts
        .iter()
        .map(|attempt| (&attempt["number"], &attempt["status_code"], &attempt["error_class"]))
        .collect();
    let status = &json!("status");
    let expected = [
        (&json!(1), &json!(500), status),
        (&json!(2), &json!(500), status),
        (&json!(3), &json!(200), &json!(null)),
    ];
    assert_eq!(told, expected);
    assert_eq!(attempts[0]["response_body"], "first");
    assert_eq!(app.record(&id)["delivery"], "delivered");
    assert_eq!(receiver.received().len(), 3);
}

#[test]
fn a_delay_of_the_schedule_is_never_shortened() {
    let app = TestApp::with(|options| options.retry_schedule("400ms,800ms"));
    let receiver = TestReceiver::always(Scripted::status(503));
    app.submit(calling(&receiver));
    let requests = receiver.wait_for(3);
    let waited = |n: usize| requests[n].at.duration_since(requests[n - 1].at).unwrap().as_millis();
    assert!(waited(1) >= 400 && waited(2) >= 800, "{} ms and {} ms", waited(1), waited(2));
}
