//! Bodies that are no JSON, or JSON of which something would be passed over, and numbers that are none of
//! those that are asked for.

use serde_json::{Value, json};

use super::super::problem::{expect_blame, expect_problem};
use super::nothing_was_accepted;
use crate::support::app::TestApp;
use crate::support::client::Answer;

/// Routes that take an object.
const ROUTES: [&str; 3] = ["/v1/executions", "/v1/deliveries/recover", "/v1/callbacks/test"];

fn send(app: &TestApp, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    app.request("POST", path).header("content-type", "application/json").bytes(body).send()
}

#[test]
fn what_is_no_json_object_is_told_why() {
    let app = TestApp::start();
    let deep = format!("{{\"input\": {}", "[".repeat(100_000));
    let deep_in_metadata = format!("{{\"metadata\": {}", "{\"a\":".repeat(100_000));
    for (body, code, words) in [
        (&b""[..], "invalid_json", "it is empty"),
        (b"  ", "invalid_json", "it is empty"),
        (b"null", "invalid_json", "must be a JSON object"),
        (b"[]", "invalid_json", "must be a JSON object"),
        (b"7", "invalid_json", "must be a JSON object"),
        (b"{", "invalid_json", "is not JSON"),
        (b"{\"code\": \"1\"} {}", "invalid_json", "trailing characters"),
        (b"{\"code\": 'a'}", "invalid_json", "is not JSON"),
        (b"\xef\xbb\xbf{\"code\": \"1\"}", "invalid_json", "byte order mark"),
        (b"{\"code\": \"\xff\"}", "invalid_json", "is not UTF-8"),
        (b"{\"code\": \"\xed\xa0\x80\"}", "invalid_json", "is not UTF-8"),
        (b"{\"code\": \"\\ud800\"}", "invalid_json", "is not JSON"),
        (b"{\"timeout\": 1e400}", "invalid_json", "number out of range"),
        (b"{\"timeout\": NaN}", "invalid_json", "is not JSON"),
        (b"{\"timeout\": 01}", "invalid_json", "is not JSON"),
        (deep.as_bytes(), "invalid_json", "nested more deeply"),
        (deep_in_metadata.as_bytes(), "invalid_json", "nested more deeply"),
    ] {
        for path in ROUTES {
            let problem = expect_problem(&send(&app, path, body), 400);
            let detail = problem["detail"].as_str().unwrap();
            assert_eq!(problem["code"], code, "{path}: {problem:#}");
            assert!(detail.contains(words) && detail.ends_with('.'), "{path}: {detail}");
        }
        // In the words of other systems it is the same.
        for path in ["/execute", "/execute/async", "/execute/background", "/v1/workflow/invoke"] {
            assert_eq!(send(&app, path, body).status, 400, "{path}");
        }
    }
    nothing_was_accepted(&app);
}

#[test]
fn a_field_that_is_there_twice_is_refused_by_name() {
    let app = TestApp::start();
    for (body, field) in [
        (r#"{"code": "1", "timeout": 1, "timeout": 3600}"#, "timeout"),
        (r#"{"code": "1", "code": "1"}"#, "code"),
        (r#"{"code": "1", "env": {"A": "1", "A": "2"}}"#, "env.A"),
        (r#"{"code": "1", "limits": {"processes": 1, "processes": 2}}"#, "limits.processes"),
        (r#"{"code": "1", "input": [{"a": 1, "\u0061": 2}]}"#, "input.0.a"),
    ] {
        let problem = expect_problem(&send(&app, "/v1/executions", body), 400);
        let error = &problem["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!("repeated")));
        let sentence = format!("`{field}` is there twice; give it once.");
        assert_eq!(problem["detail"], sentence);
        assert_eq!(send(&app, "/execute", body).status, 400);
    }
    nothing_was_accepted(&app);
    let body = r#"{"code": "1", "labels": {"a": "1", "b": "1"}, "metadata": {"a": "1"}}"#;
    send(&app, "/v1/executions", body).expect(202);
}

#[test]
fn numbers_that_are_none_of_those_that_are_asked_for_are_refused_by_name() {
    let app = TestApp::start();
    let body = |field: &str, number: &str| match field.split_once('.') {
        None => format!(r#"{{"code": "1", "{field}": {number}}}"#),
        Some((of, field)) => format!(r#"{{"code": "1", "{of}": {{"{field}": {number}}}}}"#),
    };
    let seconds = ["0", "-1", "-0.0", "1e300", "18446744073709551616", "1e-400", "-1e-9"];
    let counts =
        ["-1", "1.5", "1e2", "18446744073709551616", "-9223372036854775809", "0.0", "\"1\""];
    for (fields, numbers) in [
        (&["timeout", "queue_timeout", "limits.cpu_seconds"][..], &seconds[..]),
        (
            &[
                "limits.memory_bytes",
                "limits.processes",
                "limits.output_bytes",
                "limits.open_files",
            ],
            &counts,
        ),
    ] {
        for field in fields {
            for number in numbers {
                let answer = send(&app, "/v1/executions", body(field, number));
                let sentence = expect_blame(&answer, field);
                assert!(sentence.starts_with(&format!("`{field}` must be ")), "{sentence}");
                assert!(sentence.ends_with('.'), "{sentence}");
            }
        }
    }
    for (retry, field) in [
        (json!({"schedule": [1, -1]}), "retry.schedule"),
        (json!({"schedule": [1e300]}), "retry.schedule"),
        (json!({"max_age": 0}), "retry.max_age"),
    ] {
        let body = json!({"code": "1", "callback_url": "http://127.0.0.1:8080/", "retry": retry});
        expect_blame(&app.post("/v1/executions", &body), field);
    }
    nothing_was_accepted(&app);
}

#[test]
fn what_lies_in_the_future_cannot_be_recovered() {
    let app = TestApp::start();
    for until in [Value::Null, json!("2901-01-01T00:00:00Z")] {
        let body = json!({"since": "2900-01-01T00:00:00Z", "until": until});
        let sentence = expect_blame(&app.post("/v1/deliveries/recover", &body), "since");
        assert!(sentence.contains("future"), "{sentence}");
    }
    let list = app.get("/v1/deliveries?since=2900-01-01T00:00:00Z").expect(200).json();
    assert_eq!(list["data"], json!([]));
}
