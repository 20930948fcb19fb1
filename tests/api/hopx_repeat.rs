//! A submission that a HopX client sends again by itself begins one execution, and only such a one.
//! What the published clients truly send is tested with them.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

const AGENT: &str = "python-httpx/0.28.1";

fn body(receiver: &TestReceiver) -> Value {
    // It runs until it is ended.
    json!({"code": "exec sleep 1000", "language": "sh", "callback_url": receiver.url("/hook")})
}

fn submit(app: &TestApp, agent: &str, body: &Value) -> String {
    let request = app.request("POST", "/execute/async").header("user-agent", agent).json(body);
    let answer = request.send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["execution_id"].as_str().unwrap().to_owned()
}

#[test]
fn the_same_submission_begins_one_execution_until_that_has_ended() {
    let receiver = TestReceiver::start();
    let mut app = TestApp::start();
    let body = body(&receiver);
    let first = submit(&app, AGENT, &body);
    assert_eq!(submit(&app, AGENT, &body), first);
    app.restart();
    // The one that was running has ended with its server, and the next one is another.
    assert_eq!(app.finished(&first)["status"], "failed");
    let second = submit(&app, AGENT, &body);
    assert_ne!(second, first);
    assert_eq!(submit(&app, AGENT, &body), second);
    assert_eq!(app.delete(&format!("/v1/executions/{second}")).status, 202);
    app.finished(&second);
    assert_ne!(submit(&app, AGENT, &body), second);
}

#[test]
fn it_is_not_taken_for_one_that_is_being_cancelled() {
    let receiver = TestReceiver::start();
    let app = TestApp::start();
    let mut body = body(&receiver);
    // It holds out until it is killed.
    body["code"] = json!("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    let first = submit(&app, AGENT, &body);
    let output = format!("/v1/executions/{first}/output/stdout");
    eventually(DEADLINE, "it runs", || (app.get(&output).body == b"ready\n").then_some(()));
    let cancelled = app.delete(&format!("/execute/async/{first}"));
    assert_eq!((cancelled.status, &cancelled.json()["cancelling"]), (202, &json!(true)));
    let second = submit(&app, AGENT, &body);
    assert_ne!(second, first);
    assert_eq!(submit(&app, AGENT, &body), second);
    assert_eq!(app.finished(&first)["status"], "cancelled");
}

#[test]
fn twins_at_the_same_time_begin_one_execution() {
    let receiver = TestReceiver::start();
    let app = TestApp::start();
    let body = body(&receiver);
    let ids: HashSet<String> = std::thread::scope(|scope| {
        let twins: Vec<_> = (0..8).map(|_| scope.spawn(|| submit(&app, AGENT, &body))).collect();
        twins.into_iter().map(|twin| twin.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(app.get("/v1/executions").json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn it_is_known_although_the_queue_is_full_by_then() {
    let receiver = TestReceiver::start();
    let app = TestApp::with(|options| options.slots(1).env("RINGBACK_QUEUE__MAX_TOTAL", "1"));
    let (one, two) = (
        body(&receiver),
        json!({"code": "true", "language": "sh",
        "callback_url": receiver.url("/hook")}),
    );
    submit(&app, AGENT, &one);
    let waiting = submit(&app, AGENT, &two);
    let full =
        app.request("POST", "/execute/async").header("user-agent", "curl/8").json(&two).send();
    assert_eq!(full.status, 503, "{}", full.text());
    assert_eq!(submit(&app, AGENT, &two), waiting);
}

#[test]
fn other_clients_and_other_bodies_begin_their_own() {
    let receiver = TestReceiver::start();
    let app = TestApp::start();
    let body = body(&receiver);
    let other = json!({"env": {"A": "1"}, "code": body["code"], "language": "sh",
        "callback_url": body["callback_url"]});
    let mut ids = HashSet::new();
    for (agent, body) in [(AGENT, &body), (AGENT, &other), ("curl/8.0", &body), ("curl/8.0", &body)]
    {
        assert!(ids.insert(submit(&app, agent, body)), "{agent} {body}");
    }
}

#[test]
fn an_operator_may_switch_it_off() {
    let receiver = TestReceiver::start();
    let app = TestApp::with(|options| options.env("RINGBACK_COMPAT__HOPX_REPEAT_WITHIN", "0s"));
    let body = body(&receiver);
    assert_ne!(submit(&app, AGENT, &body), submit(&app, AGENT, &body));
}
