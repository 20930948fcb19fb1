//! The standard payload, and what its attempts have in common.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

#[test]
fn the_body_is_type_timestamp_and_the_record_without_links() {
    let (app, receiver) = (TestApp::start(), TestReceiver::start());
    let body = json!({"language": "sh", "code": "echo hi", "callback_url": receiver.url("/")});
    let id = app.submit(body).id;
    let received = receiver.first();
    let body = received.json();
    assert_eq!(body["type"], "execution.completed");
    assert_eq!(body["timestamp"], body["data"]["completed_at"]);
    assert_eq!((&body["data"]["id"], &body["data"]["stdout"]), (&json!(id), &json!("hi\n")));
    assert!(body["data"].get("links").is_none());
    let event = format!("evt_{}", id.strip_prefix("exec_").unwrap());
    assert_eq!(received.header("webhook-id"), Some(&*event));
}

#[test]
fn each_end_has_its_type() {
    let (app, receiver) = (TestApp::start(), TestReceiver::start());
    let submit = |code: &str| {
        app.submit(json!({"language": "sh", "code": code, "callback_url": receiver.url("/")})).id
    };
    submit("true");
    submit("false");
    let id = submit("sleep 300");
    app.delete(&format!("/v1/executions/{id}"));
    let received = receiver.wait_for(3);
    let mut types: Vec<_> =
        received.iter().map(|each| each.json()["type"].as_str().unwrap().to_owned()).collect();
    types.sort_unstable();
    assert_eq!(types, ["execution.cancelled", "execution.completed", "execution.failed"]);
}

#[test]
fn a_schedule_of_n_delays_makes_n_plus_1_attempts_with_one_id_and_the_same_bytes() {
    let app = TestApp::with(|options| options.retry_schedule("1ms,1ms").without_breakers());
    let receiver = TestReceiver::always(Scripted::status(500));
    let body = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/"),
        "callback_signature_secret": "a-secret-of-this-test"});
    let id = app.submit(body).id;
    app.wait_for(&id, "it is given up", |record| record["delivery"] == "exhausted");
    let received = receiver.received();
    assert_eq!(received.len(), 3);
    for each in &received[1..] {
        assert_eq!(each.body, received[0].body);
        assert_eq!(each.header("webhook-id"), received[0].header("webhook-id"));
    }
}

#[test]
fn a_whsec_secret_is_decoded_for_webhook_signature() {
    let (app, receiver) = (TestApp::start(), TestReceiver::start());
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    app.submit(json!({"language": "sh", "code": "true", "callback_url": receiver.url("/"),
        "callback_signature_secret": secret}));
    let received = receiver.first();
    let webhook = standardwebhooks::Webhook::new(secret).unwrap();
    let signature = received.header("webhook-signature").unwrap();
    let timestamp = received.header("webhook-timestamp").unwrap().parse().unwrap();
    let expected = webhook.sign(received.header("webhook-id").unwrap(), timestamp, &received.body);
    assert_eq!(signature, expected.unwrap());
}
