//! The log of what was sent of a run: every attempt with what came of it, in the words of this API, and
//! the details of answers only for those who may see them.

use serde_json::{Value, json};

use super::{
    SAYS_AND_SLEEPS, begin, call_back, deploy, event_once, event_with, execution_of, log_of,
    path_of, run,
};
use crate::owed::{comes_back_late, gives_up_at_once, patient};
use crate::scoped::{add_key, with_key};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

fn failing(status: u16) -> Scripted {
    Scripted::status(status).header("x-seen", "yes").body("not today")
}

#[test]
fn each_attempt_is_there_with_what_was_answered() {
    let app = TestApp::with(patient);
    let receiver = TestReceiver::answering([failing(500), failing(502)]);
    deploy(&app, "sh", "echo hi");
    let id = begin(&app, &call_back(&receiver));
    let event = event_with(&app, &id, "delivered");
    assert_eq!(
        (&event["event_type"], &event["request_id"], &event["execution_id"]),
        (&json!("workflow.completed"), &json!(id), &json!(execution_of(&id)))
    );
    assert_eq!(
        (&event["url"], &event["payload_format"]),
        (&json!(receiver.url("/hook")), &json!("fetchhive"))
    );
    assert_eq!((&event["attempts_made"], &event["ended_by"]), (&json!(3), &Value::Null));
    assert_eq!(event["next_attempt_at"], Value::Null);
    let attempts = event["attempts"].as_array().unwrap();
    let codes: Vec<_> = attempts.iter().map(|attempt| &attempt["status_code"]).collect();
    assert_eq!(codes, [500, 502, 200]);
    for (number, attempt) in (1..).zip(attempts) {
        assert_eq!((&attempt["number"], attempt["started_at"].is_string()), (&json!(number), true));
        assert_eq!(attempt["response_hidden"], false);
        assert_eq!(attempt["request_headers"]["x-fetch-hive-signature"], "[redacted]");
    }
    for failed in &attempts[..2] {
        assert_eq!(
            (&failed["response_headers"]["x-seen"], &failed["response_body"]),
            (&json!("yes"), &json!("not today"))
        );
        assert_eq!((&failed["error_class"], failed["error"].is_string()), (&json!("status"), true));
        assert!(failed["next_attempt_at"].is_string(), "{failed:#}");
    }
    // Every attempt had the same bytes, and the run tells the same of them.
    let sent = receiver.wait_for(3);
    assert!(sent.iter().all(|request| request.body == sent[0].body));
    assert_eq!(run(&app, &id)["webhooks"], json!([event]));
}

#[test]
fn one_that_has_not_arrived_says_when_it_is_tried_again() {
    let app = TestApp::with(comes_back_late);
    let receiver = TestReceiver::answering([failing(503)]);
    deploy(&app, "sh", "exit 1");
    let id = begin(&app, &call_back(&receiver));
    let event = event_once(&app, &id, "an attempt", |event| event["attempts_made"] == 1);
    assert_eq!(
        (&event["event_type"], &event["status"]),
        (&json!("workflow.failed"), &json!("pending"))
    );
    assert!(event["next_attempt_at"].is_string() && event["ended_by"].is_null(), "{event:#}");
    assert!(event["explanation"].as_str().unwrap().contains("503"), "{event:#}");
}

#[test]
fn one_that_was_given_up_says_by_what() {
    let app = TestApp::with(gives_up_at_once);
    let receiver = TestReceiver::answering([failing(410)]);
    deploy(&app, "sh", "true");
    let id = begin(&app, &call_back(&receiver));
    let event = event_with(&app, &id, "exhausted");
    assert_eq!((&event["ended_by"], &event["next_attempt_at"]), (&json!("gone"), &Value::Null));
}

#[test]
fn what_endpoints_answer_is_only_for_those_who_may_see_it() {
    let mut app = TestApp::with(comes_back_late);
    let receiver = TestReceiver::answering([failing(500)]);
    deploy(&app, "sh", "echo hi");
    let id = begin(&app, &call_back(&receiver));
    event_once(&app, &id, "an attempt", |event| event["attempts_made"] == 1);
    let key = add_key(&mut app, &["deliveries:read", "executions:read"]);
    let log = with_key(&app, &key, &format!("{}/webhooks", path_of(&id))).expect(200).json();
    let told = with_key(&app, &key, &path_of(&id)).expect(200).json();
    for event in [&log["data"][0], &told["webhooks"][0]] {
        let attempt = &event["attempts"][0];
        assert_eq!(
            (&attempt["status_code"], &attempt["response_hidden"]),
            (&json!(500), &json!(true))
        );
        assert_eq!(
            (&attempt["response_body"], &attempt["response_headers"]),
            (&Value::Null, &Value::Null)
        );
        let text = event.to_string();
        assert!(!text.contains("not today") && !text.contains("x-seen"), "{text}");
    }
    let outsider = add_key(&mut app, &["executions:read"]);
    with_key(&app, &outsider, &format!("{}/webhooks", path_of(&id))).expect(403);
}

#[test]
fn events_in_another_format_are_called_as_they_were_sent() {
    let app = TestApp::with(patient);
    let receiver = TestReceiver::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let body = json!({
        "variant": "prod", "callback_url": receiver.url("/hook"), "events": ["started"],
    });
    let answer = app.post("/v1/functions/flow/invoke", &body).expect(202).json();
    let id = answer["id"].as_str().unwrap().replace("exec_", "req_");
    assert_eq!(receiver.first().json()["type"], "execution.started");
    app.delete(&path_of(&id)).expect(202);
    assert_eq!(receiver.wait_for(2)[1].json()["type"], "execution.cancelled");
    let log = log_of(&app, &id);
    let mut names: Vec<_> = log.iter().map(|event| event["event_type"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["execution.cancelled", "execution.started"]);
}

#[test]
fn a_redelivery_is_the_same_event_again_and_not_another() {
    let app = TestApp::with(patient);
    let receiver = TestReceiver::start();
    deploy(&app, "sh", "echo hi");
    let id = begin(&app, &call_back(&receiver));
    let event = event_with(&app, &id, "delivered");
    let path = format!("/v1/deliveries/{}/redeliver", event["id"].as_str().unwrap());
    app.request("POST", &path).send().expect(202);
    let sent = receiver.wait_for(2);
    assert_eq!(sent[0].body, sent[1].body);
    assert_eq!(sent[0].header("webhook-id"), sent[1].header("webhook-id"));
    event_once(&app, &id, "two attempts", |event| event["attempts_made"] == 2);
    assert_eq!(log_of(&app, &id).len(), 1);
}
