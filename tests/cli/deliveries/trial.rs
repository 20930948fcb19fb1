//! `ringback deliveries test`: what the server is asked to send, and what is told of what came of it.
//! The server is a script.

use serde_json::{Value, json};

use super::server::{Scene, json};

fn tried(allowed: bool, delivered: bool) -> Value {
    json!({
        "allowed": allowed,
        "delivered": delivered,
        "explanation": "It was answered as it was answered.",
        "attempt": {
            "started_at": "2026-01-31T12:00:01.000Z",
            "address": "192.0.2.7:443",
            "status_code": if delivered { 204 } else { 500 },
            "error_class": if delivered { Value::Null } else { "status".into() },
            "error": null,
            "timings_ms": { "dns": 0.4, "connect": 1.5, "tls": 12.3, "first_byte": 100, "total": 101.2 },
            "response_body": "",
        },
    })
}

#[test]
fn the_server_is_asked_to_send_what_was_given() {
    let scene = Scene::answering([json(200, &tried(true, true))]);
    let given =
        ["--secret", "hunter2", "--header", "Authorization: Bearer a:b", "--header", "x-a:1"];
    let ran = scene.run(&[&["test", "https://example.com/hook"], &given[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let request = scene.server.first();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/callbacks/test"));
    let expected = json!({
        "url": "https://example.com/hook",
        "signature_secret": "hunter2",
        "headers": { "Authorization": "Bearer a:b", "x-a": "1" },
    });
    assert_eq!(request.json(), expected);
    let (told, figures) = ran.stdout.split_once("\n\n").unwrap();
    assert_eq!(told, "It was answered as it was answered.");
    for expected in ["1  01-31 12:00:01Z", "204", "12 ms"] {
        assert!(figures.contains(expected), "{expected:?} is missing: {figures}");
    }
    assert!(!ran.stdout.contains("hunter2"), "{}", ran.stdout);
}

#[test]
fn only_what_would_arrive_is_a_success() {
    let run = |answer: &Value, more: &[&str]| {
        let scene = Scene::answering([json(200, answer)]);
        let ran = scene.run(&[&["test", "https://example.com/hook"], more].concat());
        assert_eq!(scene.server.first().json(), json!({ "url": "https://example.com/hook" }));
        ran
    };
    let failed = run(&tried(true, false), &[]);
    assert_eq!(failed.code, Some(1));
    assert_eq!(failed.stderr, "ringback: a callback would not arrive there\n");
    let refused = run(&tried(false, false), &[]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.stdout, "It was answered as it was answered.\n", "nothing was sent");
    assert_eq!(refused.stderr, "ringback: callbacks may not go there\n");
    let machine = run(&tried(true, false), &["-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&machine.stdout).unwrap(), tried(true, false));
}

#[test]
fn a_header_that_is_none_is_not_repeated() {
    let ran = Scene::answering([]).run(&["test", "https://example.com", "--header", "hunter2"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--header: expected a name"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
}
