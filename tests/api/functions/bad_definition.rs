//! Definitions that cannot be kept: each is a 400 that names the field, and makes no version.
//! What is the same as in every execution is tested with these at length; here once for each field.

use serde_json::{Value, json};

use super::{put_new, putting, script, told};
use crate::problem::{expect_blame, expect_problem};
use crate::support::app::TestApp;

#[track_caller]
fn check(app: &TestApp, field: &str, blamed: &str, value: Value) -> String {
    let mut definition = script("true");
    definition[field] = value;
    expect_blame(&putting(app, "f", &definition).send(), blamed)
}

#[test]
fn a_field_that_cannot_be_is_named_and_the_function_stays_as_it_was() {
    let app = TestApp::start();
    put_new(&app, "f", &script("true"));
    expect_blame(&putting(&app, "f", &json!({"language": "sh"})).send(), "code");
    let https = "https://example.com/";
    for (field, value) in [
        ("code", json!("")),
        ("code", json!(7)),
        ("code", json!("a\0b")),
        ("code", json!("#".repeat(1024 * 1024 + 1))),
        ("language", json!("cobol")),
        ("language", json!(1)),
        ("entrypoint", json!("main")),
        ("entrypoint", json!(1)),
        ("config", json!([])),
        ("config", json!({})),
        ("timeout", json!(0)),
        ("timeout", json!("60")),
        ("queue_timeout", json!(-1)),
        ("limits", json!(1)),
        ("on_output_limit", json!("stop")),
        ("network", json!("yes")),
        ("working_dir", json!("/etc")),
        ("working_dir", json!("../a")),
        ("on_interrupt", json!("again")),
        ("env", json!({"A": 1})),
        ("env", json!({"A=B": "1"})),
        ("labels", json!({"a": 1})),
        ("metadata", json!({"a": []})),
        ("callback_url", json!("nowhere")),
        ("callback_url", json!("http://10.0.0.1/")),
        ("callback_headers", json!({"X-A": "1"})),
        ("payload_format", json!("xml")),
        ("events", json!(["started"])),
        ("retry", json!({"schedule": [1]})),
        ("variant", json!("a/b")),
        ("variant", json!("")),
        ("variant", json!(1)),
        ("stdin", json!("x")),
        ("input", json!(1)),
        ("version", json!(1)),
        ("callback_signature_secret", json!("its-own")),
        ("signing_secret", json!("its-own")),
        ("command", json!(["true"])),
        ("name", json!("f")),
    ] {
        // What belongs to a callback is missed where there is none.
        let blamed = match field {
            "callback_headers" | "events" | "retry" => "callback_url",
            _ => field,
        };
        check(&app, field, blamed, value);
    }
    check(&app, "limits", "limits", json!({"memory_bytes": 1}));
    let formatted = json!({"language": "sh", "code": "true", "callback_url": https,
        "payload_format": "cortex", "events": ["started"]});
    expect_blame(&putting(&app, "f", &formatted).send(), "events");
    let header = json!({"language": "sh", "code": "true", "callback_url": https,
        "callback_headers": {"webhook-id": "mine"}});
    expect_blame(&putting(&app, "f", &header).send(), "callback_headers");
    assert_eq!(told(&app, "f")["version"], 1);
}

#[test]
fn a_handler_is_pythons_and_its_config_has_a_size() {
    let app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__STDIN_BYTES_MAX", "100"));
    let handler = |more: Value| {
        let mut definition = json!({"entrypoint": "handler", "code": "class Handler: pass"});
        definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        putting(&app, "f", &definition).send()
    };
    let sentence = expect_blame(&handler(json!({"language": "sh"})), "entrypoint");
    assert!(sentence.contains("`python`"), "{sentence}");
    expect_blame(&handler(json!({"config": {"a": "x".repeat(100)}})), "config");
    expect_blame(&handler(json!({"config": "{}"})), "config");
    let kept = handler(json!({"config": {"a": 1}})).expect(201).json();
    assert_eq!((&kept["language"], &kept["config"]), (&json!("python"), &json!({"a": 1})));
    assert_eq!(handler(json!({})).expect(200).json()["config"], json!({}), "it is given one");
}

#[test]
fn a_script_has_no_config() {
    let app = TestApp::start();
    let sentence = check(&app, "config", "config", json!({"a": 1}));
    assert!(sentence.contains("`env`"), "it says what there is instead: {sentence}");
}

#[test]
fn the_network_is_what_the_operator_allows() {
    let app = TestApp::start();
    // Isolation level none cannot take it away, and does not say that it has.
    let sentence = check(&app, "network", "network", json!(false));
    assert!(sentence.contains("network"), "{sentence}");
    let mut definition = script("true");
    definition["network"] = json!(true);
    assert_eq!(putting(&app, "f", &definition).send().expect(201).json()["network"], true);
}

#[test]
fn a_name_that_cannot_be_is_refused_on_every_path() {
    let app = TestApp::start();
    let too_long = "x".repeat(65);
    for name in ["-a", "_a", ".a", "a%20b", "a%2Fb", "%C3%A4", &too_long] {
        expect_blame(&putting(&app, name, &script("true")).send(), "name");
        for (method, path) in [
            ("GET", format!("/v1/functions/{name}")),
            ("DELETE", format!("/v1/functions/{name}")),
            ("GET", format!("/v1/functions/{name}/versions")),
            ("POST", format!("/v1/functions/{name}/invoke")),
            ("POST", format!("/v1/functions/{name}/rotate-secret")),
        ] {
            expect_blame(&app.request(method, &path).send(), "name");
        }
    }
    let longest = "x".repeat(64);
    for name in [&longest, "0", "a.b_c-D", "functions", "invoke"] {
        put_new(&app, name, &script("true"));
        assert_eq!(told(&app, name)["name"], name);
    }
}

#[test]
fn a_body_that_is_none_is_refused_as_everywhere() {
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__BODY_BYTES_MAX", "1000"));
    let send = |content_type: &str, body: &str| {
        let request = app.request("PUT", "/v1/functions/f").header("content-type", content_type);
        request.bytes(body).send()
    };
    for body in ["", "{", "[]", "null"] {
        expect_problem(&send("application/json", body), 400);
    }
    expect_problem(&send("text/plain", "{}"), 415);
    expect_problem(&send("application/json", &"x".repeat(1001)), 413);
    for (method, path) in [
        ("PATCH", "/v1/functions/f"),
        ("POST", "/v1/functions"),
        ("GET", "/v1/functions/f/invoke"),
        ("GET", "/v1/functions/f/rotate-secret"),
        ("DELETE", "/v1/functions/f/versions"),
    ] {
        expect_problem(&app.request(method, path).send(), 405);
    }
    assert_eq!(app.get("/v1/functions").expect(200).json()["data"], json!([]));
}

#[test]
fn a_variant_in_the_query_makes_no_version_of_another_one() {
    let app = TestApp::start();
    put_new(&app, "f", &script("true"));
    let answer = app.request("PUT", "/v1/functions/f?variant=v").json(&script("false")).send();
    let sentence = expect_blame(&answer, "variant");
    assert!(sentence.contains("body"), "it says where the variant is said: {sentence}");
    assert_eq!(told(&app, "f")["version"], 1);
}
