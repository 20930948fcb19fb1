//! Every route that begins something knows a request again, and gives the first answer to the byte.
//! What is held until the end has a file of its own.

use serde_json::{Value, json};

use super::super::owed::{gives_up_at_once, owed};
use super::super::problem::{expect_blame, expect_problem};
use super::{executions, expect_replay, named, program, replays, send};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

/// A function `f` that can be called in every way.
#[track_caller]
fn put(app: &TestApp, code: &str) -> Value {
    let answer = app.request("PUT", "/v1/functions/f").json(&program(code)).send();
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    answer.json()
}

/// What each route takes that answers at once, for an endpoint.
fn bodies(receiver: &TestReceiver) -> [(&'static str, Value); 6] {
    let url = receiver.url("/hook");
    let with_url = json!({"language": "sh", "code": "echo x", "callback_url": url});
    let run = json!({"deployment": "f", "variant": "default", "inputs": {"a": 1},
        "async": {"enabled": true, "callback_url": url}});
    [
        ("/v1/executions", with_url.clone()),
        ("/v1/functions/f/invoke", json!({"input": [1], "callback_url": url})),
        ("/v1/workflow/invoke", run),
        ("/execute/async", with_url),
        ("/execute/background", json!({"language": "sh", "code": "true", "name": "n"})),
        ("/apis/f", json!({"a": 1})),
    ]
}

#[test]
fn the_first_answer_is_given_again_byte_for_byte() {
    let receiver = TestReceiver::start();
    let app = TestApp::start();
    put(&app, "echo 7 > $RINGBACK_RESULT");
    for (count, (path, body)) in bodies(&receiver).into_iter().enumerate() {
        let name = format!("name-of{}", path.replace('/', "."));
        let first = send(&app, path, &name, &body);
        assert!(matches!(first.status, 200 | 202), "{path}: {}", first.text());
        assert_eq!(executions(&app).len(), count + 1, "{path}");
        expect_replay(&first, &send(&app, path, &name, &body));
        // However it stands by then.
        let id = executions(&app).remove(0);
        app.finished(&id);
        if path != "/execute/background" {
            app.wait_for(&id, "it is told", |record| {
                record["delivery"] != "pending" && record["delivery"] != "retrying"
            });
        }
        expect_replay(&first, &send(&app, path, &name, &body));
        assert_eq!(executions(&app).len(), count + 1, "{path} has begun it once");
    }
    assert_eq!(replays(&app), 12);
}

#[test]
fn another_body_query_or_route_under_the_same_name_is_422() {
    let receiver = TestReceiver::start();
    let app = TestApp::start();
    put(&app, "true");
    for (path, body) in bodies(&receiver) {
        let name = format!("name-of{}", path.replace('/', "."));
        send(&app, path, &name, &body);
        let before = executions(&app);
        let mut other = body.clone();
        other["more"] = json!(1);
        let elsewhere =
            if path == "/execute/async" { "/execute/background" } else { "/execute/async" };
        for (path, body) in [(path, &other), (elsewhere, &body), (&format!("{path}?a=1"), &body)] {
            let answer = send(&app, path, &name, body);
            assert_eq!(answer.status, 422, "{path}: {}", answer.text());
            assert!(answer.text().contains("Idempotency-Key"), "{path}: {}", answer.text());
        }
        assert_eq!(executions(&app), before, "{path}");
    }
    let answer = send(&app, "/v1/executions", "name-of.v1.executions", &program("echo other"));
    assert_eq!(expect_problem(&answer, 422)["code"], "idempotency_mismatch");
    assert_eq!(replays(&app), 0);
}

#[test]
fn a_call_is_answered_as_at_first_whatever_has_become_of_its_function() {
    let app = TestApp::start();
    put(&app, "true");
    let body = json!({"input": 1});
    let invoke = |app: &TestApp| send(app, "/v1/functions/f/invoke", "a", &body);
    let first = invoke(&app).expect(202);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(first.header("location"), Some(format!("/v1/executions/{id}").as_str()));
    put(&app, "echo another");
    expect_replay(&first, &invoke(&app));
    app.delete("/v1/functions/f").expect(204);
    expect_replay(&first, &invoke(&app));
    expect_problem(&send(&app, "/v1/functions/f/invoke", "b", &body), 404);
}

#[test]
fn a_call_in_cortexs_way_is_known_by_its_name_and_by_its_id() {
    let app = TestApp::start();
    put(&app, "true");
    let call = |name: &str, id: &str, body: &Value| {
        named(&app, "/apis/f", name).header("x-request-id", id).json(body).send()
    };
    let (body, other) = (json!({"a": 1}), json!({"a": 2}));
    let first = call("a", "mine", &body).expect(200);
    expect_replay(&first, &call("a", "mine", &body));
    assert_eq!(first.header("x-request-id"), Some("mine"));
    // The name is looked at first; then the id, by which Cortex knows a call whatever its body is.
    assert_eq!(call("a", "mine", &other).status, 422);
    let by_id = call("b", "mine", &other).expect(200);
    assert_eq!((by_id.json(), by_id.header("idempotency-replayed")), (json!({"id": "mine"}), None));
    expect_replay(&by_id, &call("b", "mine", &other));
    assert_eq!(executions(&app).len(), 1);
}

#[test]
fn a_recovery_is_begun_once() {
    let app = TestApp::with(gives_up_at_once);
    let receiver = TestReceiver::answering([500, 500, 500].map(Scripted::status));
    owed(&app, &receiver, "exhausted");
    let path = "/v1/deliveries/recover";
    let body = json!({"since": "1h"});
    let first = send(&app, path, "a", &body).expect(202);
    expect_replay(&first, &send(&app, path, "a", &body));
    assert_eq!(send(&app, path, "a", &json!({"since": "2h"})).status, 422);
    assert_eq!(send(&app, "/v1/executions", "a", &program("true")).status, 422);
    let second = send(&app, path, "b", &body).expect(202);
    assert_ne!(second.json()["id"], first.json()["id"]);
}

#[test]
fn where_a_secret_is_shown_once_it_is_refused_and_where_nothing_is_begun_it_says_nothing() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    put(&app, "true");
    for path in ["/v1/signing-secret", "/v1/functions/f/rotate-secret"] {
        let sentence = expect_blame(&named(&app, path, "a").send(), "Idempotency-Key");
        assert!(sentence.contains("secret"), "{sentence}");
    }
    let definition = app.request("PUT", "/v1/functions/g").header(super::KEY, "a");
    expect_blame(&definition.json(&program("true")).send(), "Idempotency-Key");
    expect_problem(&app.get("/v1/functions/g"), 404);
    assert_eq!(app.get("/v1/signing-secret").json()["exists"], false);
    for _ in 0..2 {
        let test = send(&app, "/v1/callbacks/test", "a", &json!({"url": receiver.url("/")}));
        assert_eq!(test.expect(200).header("idempotency-replayed"), None);
    }
    assert_eq!(receiver.received().len(), 2);
}

#[test]
fn the_secret_of_a_run_is_told_again_as_it_is_now_and_kept_nowhere_in_clear() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let secret = put(&app, "true")["signing_secret"].as_str().unwrap().to_owned();
    let (path, body) = bodies(&receiver)[2].clone();
    let first = send(&app, path, "a", &body).expect(200);
    assert_eq!(first.json()["webhook_secret"], secret);
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let again = send(&app, path, "a", &body);
    expect_replay(&first, &again);
    assert_eq!(again.header("cache-control"), Some("no-store"));
    let rotated = app.request("POST", "/v1/functions/f/rotate-secret").send().expect(200).json();
    let again = send(&app, path, "a", &body).expect(200).json();
    assert_eq!(again["webhook_secret"], rotated["signing_secret"]);
    assert_eq!(again["request_id"], first.json()["request_id"]);
    for name in ["ringback.db", "ringback.db-wal"] {
        let bytes = std::fs::read(app.data_dir().join(name)).unwrap();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{name}");
    }
}
