//! The record: its fields, its statuses and its causes.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

#[test]
fn it_has_every_field() {
    let app = TestApp::start();
    let code = "echo '{\"n\": 1}' > \"$RINGBACK_RESULT\"; printf out; printf err >&2";
    let record = app.run(json!({"language": "sh", "code": code}));
    let id = record["id"].as_str().unwrap();
    assert!(id.len() == 37 && id.starts_with("exec_") && &id[17..18] == "7", "{id}");
    for (field, expected) in [
        ("status", json!("completed")),
        ("cause", json!("exited")),
        ("success", json!(true)),
        ("exit_code", json!(0)),
        ("signal", Value::Null),
        ("error", Value::Null),
        ("result", json!({"n": 1})),
        ("stdout", json!("out")),
        ("stderr", json!("err")),
        ("stdout_encoding", json!("utf8")),
        ("stderr_encoding", json!("utf8")),
        ("stdout_bytes", json!(3)),
        ("stderr_bytes", json!(3)),
        ("stdout_truncated", json!(false)),
        ("stderr_truncated", json!(false)),
        ("cancel_reason", Value::Null),
        ("cancelled_by", Value::Null),
        ("labels", json!({})),
        ("metadata", json!({})),
        ("attempt", json!(1)),
        ("delivery", json!("none")),
    ] {
        assert_eq!(record[field], expected, "{field}: {record}");
    }
    for time in ["created_at", "started_at", "completed_at"] {
        let text = record[time].as_str().unwrap();
        assert!(text.len() == 24 && text.ends_with('Z') && text.contains('.'), "{time}: {text}");
    }
    for seconds in ["execution_time", "queue_time"] {
        assert!(record[seconds].is_number(), "{seconds}: {record}");
    }
    assert!(record["usage"]["cpu_seconds"].is_number(), "{record}");
    assert!(record["usage"]["memory_peak_bytes"].is_number(), "{record}");
    assert!(record["links"].is_object(), "{record}");
}

/// How a program ends, and what the record then says.
#[track_caller]
fn ends(body: Value, status: &str, cause: &str) -> Value {
    let record = TestApp::start().run(body);
    assert_eq!((&record["status"], &record["cause"]), (&json!(status), &json!(cause)), "{record}");
    assert_eq!(record["success"], status == "completed");
    assert_eq!(record["error"].is_null(), status == "completed", "{record}");
    record
}

#[test]
fn cause_exited() {
    ends(json!({"language": "sh", "code": "true"}), "completed", "exited");
    let record = ends(json!({"language": "sh", "code": "exit 3"}), "failed", "exited");
    assert_eq!(record["exit_code"], 3);
}

#[test]
fn cause_signaled() {
    let record = ends(json!({"language": "sh", "code": "kill -KILL $$"}), "failed", "signaled");
    assert_eq!((&record["signal"], &record["exit_code"]), (&json!("SIGKILL"), &Value::Null));
}

#[test]
fn cause_timeout() {
    let body = json!({"language": "sh", "code": "sleep 300", "timeout": 0.2});
    ends(body, "failed", "timeout");
}

#[test]
fn cause_output_limit() {
    let body = json!({"language": "sh", "code": "yes", "limits": {"output_bytes": 1000},
        "on_output_limit": "fail"});
    ends(body, "failed", "output_limit");
}

#[test]
fn cause_memory_limit() {
    let body = json!({"code": "x = bytearray(400_000_000)\nimport time; time.sleep(300)",
        "limits": {"memory_bytes": 100_000_000}});
    ends(body, "failed", "memory_limit");
}

#[test]
fn cause_spawn_failed() {
    let app = TestApp::with(|options| {
        let options = options.env("RINGBACK_RUNTIMES__MISSING__COMMAND", "no-such-command");
        options.env("RINGBACK_RUNTIMES__MISSING__FILE", "main")
    });
    let record = app.run(json!({"language": "missing", "code": "x"}));
    assert_eq!((&record["status"], &record["cause"]), (&json!("failed"), &json!("spawn_failed")));
}

#[test]
fn cause_interrupted() {
    let mut app = TestApp::start();
    let id = app.submit(super::long()).id;
    app.wait_for_program("sleep 300");
    app.kill9();
    app.restart();
    let record = app.finished(&id);
    assert_eq!((&record["status"], &record["cause"]), (&json!("failed"), &json!("interrupted")));
}

#[test]
fn cause_cancelled_with_who_and_why() {
    let app = TestApp::start();
    let id = app.submit(super::long()).id;
    let reason = json!({"reason": "enough"});
    app.request("DELETE", &format!("/v1/executions/{id}")).json(&reason).send();
    let record = app.finished(&id);
    assert_eq!(record["status"], "cancelled");
    assert_eq!(
        (&record["cancel_reason"], &record["cause"]),
        (&json!("enough"), &json!("cancelled"))
    );
    assert!(record["cancelled_by"].is_string(), "{record}");
}

#[test]
fn output_that_is_no_text_is_base64() {
    let app = TestApp::start();
    let record = app.run(json!({"language": "sh", "code": "printf '\\377\\376'"}));
    assert_eq!(record["stdout_encoding"], "base64");
    assert_eq!((&record["stdout"], &record["stdout_bytes"]), (&json!("//4="), &json!(2)));
}

#[test]
fn a_result_that_is_no_json_does_not_change_the_status() {
    let app = TestApp::start();
    let record = app.run(json!({"language": "sh", "code": "echo '{' > \"$RINGBACK_RESULT\""}));
    assert_eq!((&record["status"], &record["result"]), (&json!("completed"), &Value::Null));
    assert!(record["result_error"].is_string(), "{record}");
}

#[test]
fn secrets_headers_and_values_of_env_are_in_no_answer() {
    let (app, receiver) = (TestApp::start(), TestReceiver::start());
    let id = app.submit(json!({"language": "sh", "code": "true", "callback_url": receiver.url("/"),
        "callback_signature_secret": "whispered-secret", "callback_headers": {"X-A": "whispered-header"},
        "env": {"A": "whispered-value"}})).id;
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    let own = format!("/v1/executions/{id}");
    for path in [&*own, &format!("{own}/deliveries"), "/v1/executions", "/v1/deliveries"] {
        let text = app.get(path).expect(200).text();
        assert!(!text.contains("whispered"), "{path}: {text}");
    }
    assert!(!app.stderr().contains("whispered"));
}
