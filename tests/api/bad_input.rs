//! Requests that cannot be kept: each is a 400 that names the field, and nothing is accepted.
//! Callback addresses and headers have a file of their own.

mod bodies;
mod texts;

use serde_json::{Map, Value, json};

use super::problem::{expect_blame, expect_problem};
use crate::support::app::TestApp;

/// A good request with one field made bad.
#[track_caller]
fn check(app: &TestApp, field: &str, value: Value) -> String {
    let mut body = json!({"code": "print(1)"});
    body[field] = value;
    expect_blame(&app.post("/v1/executions", &body), field)
}

#[track_caller]
fn nothing_was_accepted(app: &TestApp) {
    assert_eq!(app.get("/v1/executions").expect(200).json()["data"], json!([]));
}

#[test]
fn code_that_is_missing_empty_or_no_string_is_refused() {
    let app = TestApp::start();
    expect_blame(&app.post("/v1/executions", &json!({})), "code");
    for code in [json!(""), json!(null), json!(7), json!(["print(1)"])] {
        check(&app, "code", code);
    }
    check(&app, "code", json!("#".repeat(1024 * 1024 + 1)));
    nothing_was_accepted(&app);
}

#[test]
fn a_timeout_must_be_a_number_of_seconds_within_the_limits() {
    let app = TestApp::start();
    for timeout in
        [json!(0), json!(-1), json!(-0.5), json!(1e15), json!("60"), json!(true), json!([])]
    {
        check(&app, "timeout", timeout);
    }
    for queue_timeout in [json!(-1), json!("60"), json!({})] {
        check(&app, "queue_timeout", queue_timeout);
    }
    nothing_was_accepted(&app);
}

#[test]
fn an_unknown_language_is_answered_with_the_known_ones() {
    let app = TestApp::start();
    for language in [json!("cobol"), json!(""), json!("../sh")] {
        let sentence = check(&app, "language", language);
        for known in ["python", "javascript", "bash", "sh"] {
            assert!(sentence.contains(known), "{known} is known: {sentence}");
        }
    }
    check(&app, "language", json!(3));
    nothing_was_accepted(&app);
}

#[test]
fn an_unknown_field_is_named() {
    let app = TestApp::start();
    for field in ["timeuot", "cmd", "Timeout", "callbackUrl", "a b"] {
        check(&app, field, json!(1));
    }
    let body = json!({"code": "print(1)", "limits": {"output_byte": 10}});
    let problem = expect_problem(&app.post("/v1/executions", &body), 400);
    assert!(problem.to_string().contains("output_byte"), "{problem}");
    nothing_was_accepted(&app);
}

#[test]
fn the_environment_takes_only_names_and_strings_that_a_process_can_have() {
    let app = TestApp::start();
    let bad = [
        json!({"A=B": "1"}),
        json!({"": "1"}),
        json!({"A\0B": "1"}),
        json!({"A": "1\0 2"}),
        json!({"A": 1}),
        json!({"A": null}),
        json!(["A=1"]),
        json!("A=1"),
        json!({"BIG": "x".repeat(64 * 1024 + 1)}),
    ];
    for env in bad {
        check(&app, "env", env);
    }
    nothing_was_accepted(&app);
}

#[test]
fn labels_and_metadata_are_flat_few_and_short() {
    let app = TestApp::start();
    let entries = |count: usize| -> Value {
        (0..count).map(|n| (format!("k{n}"), json!("v"))).collect::<Map<_, _>>().into()
    };
    for field in ["labels", "metadata"] {
        check(&app, field, entries(17));
        check(&app, field, json!({"n".repeat(65): "v"}));
        check(&app, field, json!({"n": "v".repeat(257)}));
        check(&app, field, json!({"n": {"nested": 1}}));
        check(&app, field, json!({"n": [1]}));
        check(&app, field, json!("n=v"));
    }
    check(&app, "labels", json!({"n": 1}));
    nothing_was_accepted(&app);
    let body = json!({"code": "1", "labels": entries(16), "metadata": entries(16)});
    let id = app.submit(body).id;
    app.finished(&id);
}

#[test]
fn standard_input_comes_one_way_and_is_text() {
    let app = TestApp::start();
    let body = json!({"code": "print(1)", "stdin": "a", "input": {"a": 1}});
    let problem = expect_problem(&app.post("/v1/executions", &body), 400);
    let text = problem.to_string();
    assert!(text.contains("stdin") && text.contains("input"), "{text}");
    check(&app, "stdin", json!(7));
    nothing_was_accepted(&app);
}

#[test]
fn a_working_directory_is_the_workspace_or_one_that_the_operator_listed() {
    let app = TestApp::start();
    for working_dir in
        ["/", "/etc", "/workspace/../etc", "../..", "a/../../b", "a\0b", "/workspacex"]
    {
        check(&app, "working_dir", json!(working_dir));
    }
    check(&app, "working_dir", json!(1));
    nothing_was_accepted(&app);
}

#[test]
fn the_other_fields_have_their_types_and_their_words() {
    let app = TestApp::start();
    let bad = [
        ("on_interrupt", json!("retry")),
        ("payload_format", json!("xml")),
        ("callback_signature_secret", json!(5)),
        ("limits", json!("none")),
        ("limits", json!({"output_bytes": -1})),
        ("limits", json!({"output_bytes": "1k"})),
        ("limits", json!({"output_bytes": 64 * 1024 * 1024 + 1})),
    ];
    for (field, value) in bad {
        check(&app, field, value);
    }
    nothing_was_accepted(&app);
}

#[test]
fn a_whsec_secret_must_be_base64() {
    let app = TestApp::start();
    for secret in
        ["whsec_", "whsec_my secret!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_-_-_"]
    {
        let sentence = check(&app, "callback_signature_secret", json!(secret));
        assert!(!sentence.contains("my secret!"), "a secret is not repeated: {sentence}");
    }
    nothing_was_accepted(&app);
}

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    let app = TestApp::start();
    let bodies: [&[u8]; 10] = [
        b"",
        b"{",
        b"{\"code\": \"print(1)\",}",
        b"code=print(1)",
        b"null",
        b"[]",
        b"\"print(1)\"",
        b"{\"code\": \"print(1)\"} trailing",
        b"{\"code\": \"\xff\xfe\"}",
        b"\xef\xbb\xbf{\"code\": \"print(1)\"}",
    ];
    for body in bodies {
        let request =
            app.request("POST", "/v1/executions").header("content-type", "application/json");
        expect_problem(&request.bytes(body).send(), 400);
    }
    nothing_was_accepted(&app);
}

#[test]
fn json_that_is_nested_without_end_is_refused_and_the_server_lives() {
    let app = TestApp::start();
    let deep = format!("{{\"code\": \"1\", \"input\": {}", "[".repeat(1_000_000));
    let request = app.request("POST", "/v1/executions").header("content-type", "application/json");
    expect_problem(&request.bytes(deep).send(), 400);
    nothing_was_accepted(&app);
}
