//! The fields of `POST /v1/executions`: one test for each.

use serde_json::{Value, json};

use super::fields_of;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

/// What a program that is asked for with these fields writes.
#[track_caller]
fn stdout_of(app: &TestApp, body: Value) -> String {
    let record = app.run(body);
    assert_eq!(record["status"], "completed", "{record}");
    record["stdout"].as_str().unwrap().to_owned()
}

#[track_caller]
fn refused(app: &TestApp, body: Value, field: &str) {
    let problem = app.post("/v1/executions", &body).expect(400).json();
    assert!(fields_of(&problem).contains(&field), "{problem}");
}

#[test]
fn code_or_command_is_required() {
    let app = TestApp::start();
    refused(&app, json!({"language": "sh"}), "code");
    // No operator has allowed it here.
    refused(&app, json!({"command": ["true"]}), "command");
}

#[test]
fn language_is_python_by_default() {
    let app = TestApp::start();
    let record = app.run(json!({"code": "print(1 + 1)"}));
    assert_eq!((&record["language"], &record["stdout"]), (&json!("python"), &json!("2\n")));
    refused(&app, json!({"language": "cobol-60", "code": "x"}), "language");
}

#[test]
fn stdin_is_read() {
    let app = TestApp::start();
    let body = json!({"language": "sh", "code": "cat", "stdin": "as it is"});
    assert_eq!(stdout_of(&app, body), "as it is");
}

#[test]
fn input_becomes_stdin() {
    let app = TestApp::start();
    let body = json!({"language": "sh", "code": "cat", "input": {"a": [1, null]}});
    assert_eq!(stdout_of(&app, body), r#"{"a":[1,null]}"#);
}

#[test]
fn env_is_the_programs() {
    let app = TestApp::start();
    let body = json!({"language": "sh", "code": "printf %s \"$A\"", "env": {"A": "b c"}});
    assert_eq!(stdout_of(&app, body), "b c");
    refused(&app, json!({"code": "x", "env": {"A": 1}}), "env.A");
}

#[test]
fn working_dir_or_workdir() {
    let app = TestApp::start();
    for name in ["working_dir", "workdir"] {
        let body = json!({"language": "sh", "code": "pwd", name: "/workspace/a"});
        assert!(stdout_of(&app, body).ends_with("/a\n"));
    }
    refused(&app, json!({"code": "x", "working_dir": "/etc"}), "working_dir");
}

#[test]
fn timeout_is_in_seconds_and_an_hour_by_default() {
    let app = TestApp::start();
    let record = app.run(json!({"language": "sh", "code": "sleep 300", "timeout": 0.2}));
    assert_eq!((&record["status"], &record["cause"]), (&json!("failed"), &json!("timeout")));
    let record = app.run(json!({"language": "sh", "code": "true"}));
    assert_eq!(record["timeout"], 3600.0);
    refused(&app, json!({"code": "x", "timeout": 0}), "timeout");
}

#[test]
fn limits_are_taken() {
    let app = TestApp::start();
    let limits = json!({"memory_bytes": 100_000_000, "processes": 10, "cpu_seconds": 5,
        "output_bytes": 4, "open_files": 50});
    let body = json!({"language": "sh", "code": "ulimit -n; printf 12345678", "limits": limits});
    let record = app.run(body);
    assert_eq!(record["stdout_truncated"], true, "{record}");
    refused(&app, json!({"code": "x", "limits": {"memory": 1}}), "limits.memory");
}

#[test]
fn network_is_a_boolean() {
    let app = TestApp::start();
    app.run(json!({"language": "sh", "code": "true", "network": true}));
    refused(&app, json!({"code": "x", "network": "yes"}), "network");
}

#[test]
fn labels_are_a_flat_map_of_at_most_16() {
    let app = TestApp::start();
    let record = app.run(json!({"language": "sh", "code": "true", "labels": {"a": "b"}}));
    assert_eq!(record["labels"], json!({"a": "b"}));
    let many: Value = (0..17).map(|n| (format!("l{n}"), json!("x"))).collect();
    refused(&app, json!({"code": "x", "labels": many}), "labels");
    refused(&app, json!({"code": "x", "labels": {"a": {"b": "c"}}}), "labels.a");
}

#[test]
fn metadata_is_flat_and_comes_back() {
    let (app, receiver) = (TestApp::start(), TestReceiver::start());
    let metadata = json!({"s": "x", "n": 1.5, "b": true, "z": null});
    app.submit(json!({"language": "sh", "code": "true", "metadata": metadata,
        "callback_url": receiver.url("/")}));
    assert_eq!(receiver.first().json()["data"]["metadata"], metadata);
    refused(&app, json!({"code": "x", "metadata": {"a": [1]}}), "metadata.a");
}

#[test]
fn callback_url_headers_secret_and_format() {
    let (app, receiver) = (TestApp::start(), TestReceiver::start());
    app.submit(json!({"language": "sh", "code": "true", "callback_url": receiver.url("/here"),
        "callback_headers": {"X-Mine": "1"}, "callback_signature_secret": "a-secret-of-this-test",
        "payload_format": "hopx"}));
    let received = receiver.first();
    assert_eq!((&*received.path, received.header("x-mine")), ("/here", Some("1")));
    assert!(received.header("x-hopx-signature").is_some());
    for format in ["standard", "hopx", "fetchhive", "cortex"] {
        let body = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/"),
            "payload_format": format});
        app.post("/v1/executions", &body).expect(202);
    }
    let other = json!({"code": "x", "callback_url": receiver.url("/"), "payload_format": "xml"});
    refused(&app, other, "payload_format");
}

#[test]
fn on_interrupt_is_fail_or_rerun() {
    let app = TestApp::start();
    for policy in ["fail", "rerun"] {
        app.run(json!({"language": "sh", "code": "true", "on_interrupt": policy}));
    }
    refused(&app, json!({"code": "x", "on_interrupt": "retry"}), "on_interrupt");
}

#[test]
fn queue_timeout_gives_up_waiting_for_a_slot() {
    let app = TestApp::with(|options| options.slots(1));
    let running = app.submit(super::long()).id;
    let record = app.run(json!({"language": "sh", "code": "true", "queue_timeout": 0.1}));
    assert_eq!((&record["status"], &record["cause"]), (&json!("failed"), &json!("queue_expired")));
    app.delete(&format!("/v1/executions/{running}"));
    app.finished(&running);
}

#[test]
fn an_unknown_field_is_refused_by_its_name() {
    let app = TestApp::start();
    refused(&app, json!({"code": "x", "timeuot": 5}), "timeuot");
}

#[test]
fn stdin_together_with_input_is_400() {
    let app = TestApp::start();
    refused(&app, json!({"code": "x", "stdin": "a", "input": 1}), "input");
}

#[test]
fn idempotency_key_gives_the_first_answer_again() {
    let app = TestApp::start();
    let body = json!({"language": "sh", "code": "true"});
    let submit = |body: &Value, key: &str| {
        app.request("POST", "/v1/executions").header("idempotency-key", key).json(body).send()
    };
    let first = submit(&body, "one").expect(202);
    assert_eq!(first.header("idempotency-replayed"), None);
    app.finished(first.json()["id"].as_str().unwrap());
    let again = submit(&body, "one").expect(202);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((&again.body, again.header("location")), (&first.body, first.header("location")));
    submit(&json!({"language": "sh", "code": "false"}), "one").expect(422);
    submit(&json!({"language": "sh"}), "two").expect(400);
    submit(&body, "two").expect(202);
    for bad in [" ", "ü", &"x".repeat(256)] {
        let refused = submit(&body, bad).status;
        assert_eq!(refused, 400, "{bad:?}");
    }
    submit(&body, &"x".repeat(255)).expect(202);
}
