//! What a caller sends reaches the program: whatever its type, as it came, up to a size.
//! Calls scripts; what handlers make of it has tests of its own.

use serde_json::{Value, json};

use super::{ECHO, calling, ended, executions, expect_error, id_of, put_script};
use crate::support::app::TestApp;
use crate::support::client::Answer;

const COPY: &str = "cat > \"$RINGBACK_RESULT\"";

fn send(app: &TestApp, content_type: Option<&str>, body: &[u8]) -> Answer {
    let request = calling(app, "f").bytes(body);
    match content_type {
        Some(content_type) => request.header("content-type", content_type).send(),
        None => request.send(),
    }
}

#[track_caller]
fn result(app: &TestApp, content_type: Option<&str>, body: &[u8]) -> Value {
    let id = id_of(&send(app, content_type, body));
    ended(app, "f", &id)["result"].take()
}

#[test]
fn json_reaches_a_script_as_it_was_written() {
    let app = TestApp::start();
    put_script(
        &app,
        "f",
        "printf '\"%s\"' \"$(od -An -tx1 -v | tr -d ' \\n')\" > $RINGBACK_RESULT",
    );
    for content_type in ["application/json", "application/vnd.api+json", "Application/JSON;q=1"] {
        let body = b"{\"b\" : 1.50,\n\"a\":12345678901234567890.5}";
        assert_eq!(result(&app, Some(content_type), body), hex::encode(body));
    }
}

#[test]
fn text_and_bytes_that_are_text_reach_a_script_too() {
    let app = TestApp::start();
    put_script(&app, "f", ECHO);
    assert_eq!(result(&app, Some("text/plain"), "grüß".as_bytes()), json!({"got": "grüß"}));
    let latin = Some("text/plain; charset=iso-8859-1");
    assert_eq!(result(&app, latin, b"gr\xfc\xdf"), json!({"got": "grüß"}));
    for other in [None, Some("application/octet-stream"), Some("text/csv"), Some("image/png")] {
        assert_eq!(result(&app, other, b"a,b"), json!({"got": "a,b"}), "{other:?}");
    }
    for empty in [None, Some("text/plain"), Some("application/octet-stream")] {
        assert_eq!(result(&app, empty, b""), json!({"got": ""}), "{empty:?}");
    }
}

#[test]
fn what_is_not_what_it_is_said_to_be_is_refused_and_begins_nothing() {
    let app = TestApp::start();
    put_script(&app, "f", COPY);
    for body in [&b""[..], b"{", b"{'a': 1}", b"\"\xff\"", b"1 2", b"NaN"] {
        let answer = send(&app, Some("application/json"), body);
        let sentence = expect_error(&answer, 400, "invalid_json");
        assert!(sentence.contains("JSON"), "{sentence}");
    }
    let bytes = send(&app, None, b"\xff\xfe");
    let sentence = expect_error(&bytes, 400, "invalid_request");
    assert!(sentence.contains("UTF-8") && sentence.contains("script"), "{sentence}");
    let text = send(&app, Some("text/plain"), b"\xff\xfe");
    let sentence = expect_error(&text, 400, "invalid_request");
    assert!(sentence.contains("UTF-8"), "{sentence}");
    let unknown = send(&app, Some("text/plain; charset=klingon"), b"a");
    let sentence = expect_error(&unknown, 415, "unsupported_media_type");
    assert!(sentence.contains("Content-Type"), "{sentence}");
    assert_eq!(executions(&app), Vec::<String>::new());
}

#[test]
fn a_body_may_be_as_long_as_standard_input_and_no_longer() {
    let app = TestApp::with(|options| {
        let options = options.env("RINGBACK_EXECUTION__STDIN_BYTES_MAX", "100");
        options.env("RINGBACK_SERVER__BODY_BYTES_MAX", "1000")
    });
    put_script(&app, "f", ECHO);
    let body = "x".repeat(100);
    assert_eq!(result(&app, None, body.as_bytes()), json!({"got": body}));
    for (content_type, length) in [(None, 101), (Some("text/plain"), 101), (None, 1001)] {
        let answer = send(&app, content_type, &vec![b'x'; length]);
        expect_error(&answer, 413, "body_too_large");
    }
    let json = format!("\"{}\"", "x".repeat(99));
    expect_error(&send(&app, Some("application/json"), json.as_bytes()), 413, "body_too_large");
    assert_eq!(executions(&app).len(), 1);
}
