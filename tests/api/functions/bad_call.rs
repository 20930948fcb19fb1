//! Calls that cannot be: each is refused by the name of the field, and nothing is accepted.
//! What can be called is tested beside.

use serde_json::{Value, json};

use super::{put_new, script, try_invoke};
use crate::problem::{expect_blame, expect_problem};
use crate::support::app::TestApp;

fn nothing_was_accepted(app: &TestApp) {
    assert_eq!(app.get("/v1/executions").expect(200).json()["data"], json!([]));
}

/// So many entries, of which no other count has one.
fn entries(count: usize) -> Value {
    (0..count).map(|number| (format!("{count}-{number}"), json!("v"))).collect()
}

#[test]
fn a_field_that_cannot_be_is_named() {
    let app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__STDIN_BYTES_MAX", "1000"));
    put_new(&app, "f", &script("true"));
    for (field, value) in [
        ("input", json!("x".repeat(999))),
        ("stdin", json!("x".repeat(1001))),
        ("stdin", json!(1)),
        ("env", json!({"A": 1})),
        ("env", json!({"": "1"})),
        ("labels", json!([])),
        ("labels", entries(17)),
        ("metadata", json!({"a": {}})),
        ("timeout", json!(0)),
        ("timeout", json!("1")),
        ("queue_timeout", json!(-1)),
        ("version", json!(0)),
        ("version", json!("1")),
        ("version", json!(4_294_967_296_u64)),
        ("variant", json!("a/b")),
        ("callback_url", json!("nowhere")),
        ("callback_url", json!("http://10.0.0.1/")),
        ("payload_format", json!("xml")),
        ("callback_signature_secret", json!(1)),
        ("code", json!("true")),
        ("language", json!("sh")),
        ("limits", json!({})),
        ("network", json!(true)),
        ("callback_verify", json!(true)),
        ("inptu", json!(1)),
    ] {
        expect_blame(&try_invoke(&app, "f", &json!({field: value})), field);
    }
    expect_blame(&try_invoke(&app, "f", &json!({"input": 1, "stdin": "1"})), "input");
    nothing_was_accepted(&app);
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let app = TestApp::start();
    put_new(&app, "f", &script("true"));
    for body in ["{", "[]", "1", "\"a\""] {
        let request = app.request("POST", "/v1/functions/f/invoke");
        let answer = request.header("content-type", "application/json").bytes(body).send();
        expect_problem(&answer, 400);
    }
    let form = app.request("POST", "/v1/functions/f/invoke").header("content-type", "text/plain");
    expect_problem(&form.bytes("{}").send(), 415);
    nothing_was_accepted(&app);
}

#[test]
fn what_is_said_of_a_callback_needs_its_url() {
    let app = TestApp::start();
    let url = "https://example.com/";
    put_new(&app, "f", &json!({"language": "sh", "code": "true", "callback_url": url}));
    for (field, value) in [
        ("callback_signature_secret", json!("its-own")),
        ("callback_headers", json!({"X-A": "1"})),
        ("events", json!(["started"])),
        ("retry", json!({"schedule": [1]})),
    ] {
        let sentence = expect_blame(&try_invoke(&app, "f", &json!({field: value})), "callback_url");
        assert!(!sentence.contains("nobody"), "the function's own is called back: {sentence}");
    }
    nothing_was_accepted(&app);
}

#[test]
fn together_with_what_the_function_has_it_may_not_be_more_than_an_execution_may_have() {
    let app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__ENV_BYTES_MAX", "100"));
    put_new(
        &app,
        "f",
        &json!({
            "language": "sh", "code": "true", "labels": entries(10), "metadata": entries(10),
            "env": {"A": "x".repeat(60)},
        }),
    );
    for (field, value) in
        [("labels", entries(7)), ("metadata", entries(7)), ("env", json!({"B": "x".repeat(60)}))]
    {
        let sentence = expect_blame(&try_invoke(&app, "f", &json!({field: value})), field);
        assert!(sentence.contains("function"), "it says with what together: {sentence}");
    }
    nothing_was_accepted(&app);
    // What takes the place of something is not one more.
    let full = json!({"labels": entries(6), "metadata": entries(10), "env": {"A": "x".repeat(99)}});
    try_invoke(&app, "f", &full).expect(202);
}

#[test]
fn events_that_the_functions_format_has_no_shape_for_are_refused() {
    let app = TestApp::start();
    put_new(&app, "f", &json!({"language": "sh", "code": "true", "payload_format": "cortex"}));
    let url = "https://example.com/";
    let call = json!({"callback_url": url, "events": ["started"]});
    let sentence = expect_blame(&try_invoke(&app, "f", &call), "events");
    assert!(sentence.contains("`cortex`"), "{sentence}");
    nothing_was_accepted(&app);
    let standard =
        json!({"callback_url": url, "events": ["started"], "payload_format": "standard"});
    try_invoke(&app, "f", &standard).expect(202);
}

#[test]
fn a_variant_in_the_query_is_not_passed_over() {
    let app = TestApp::start();
    put_new(&app, "f", &script("true"));
    for query in ["variant=v", "version=1"] {
        let path = format!("/v1/functions/f/invoke?{query}");
        let (parameter, _) = query.split_once('=').unwrap();
        expect_blame(&app.post(&path, &json!({})), parameter);
    }
    nothing_was_accepted(&app);
}
