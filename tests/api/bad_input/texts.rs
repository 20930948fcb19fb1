//! NUL and control characters, field by field: what a program is or reads may have them, what is shown,
//! searched for or looked up may not. And very many entries, of which not each is spoken of.

use serde_json::{Map, Value, json};

use super::super::problem::{expect_blame, expect_problem};
use super::{check, nothing_was_accepted};
use crate::support::app::TestApp;

/// NUL, a line break, a tab, escape, delete and one of those beyond ASCII.
const CONTROLS: [char; 6] = ['\0', '\n', '\t', '\u{1b}', '\u{7f}', '\u{85}'];

#[test]
fn what_is_shown_or_looked_up_has_no_control_characters() {
    let app = TestApp::start();
    for control in CONTROLS {
        let odd = format!("a{control}b");
        for (field, value) in [
            ("labels", json!({"k": odd})),
            ("labels", json!({odd.as_str(): "v"})),
            ("metadata", json!({odd.as_str(): "v"})),
            ("env", json!({odd.as_str(): "v"})),
            ("language", json!(odd)),
            ("working_dir", json!(odd)),
            ("callback_url", json!(format!("https://example.com/{odd}"))),
            ("payload_format", json!(odd)),
            ("on_interrupt", json!(odd)),
            (odd.as_str(), json!(1)),
        ] {
            let field =
                if field == odd { odd.escape_debug().to_string() } else { field.to_owned() };
            let name = if value == json!(1) { odd.as_str() } else { field.as_str() };
            let mut body = json!({"code": "1"});
            body[name] = value;
            let sentence = expect_blame(&app.post("/v1/executions", &body), &field);
            assert!(!sentence.contains(char::is_control), "it is told escaped: {sentence:?}");
            assert!(sentence.ends_with('.') || sentence.ends_with('?'), "{sentence}");
        }
        let named = json!({"code": "1", "name": odd});
        assert_eq!(app.post("/execute/background", &named).status, 400, "{control:?}");
        for (path, field) in [("/v1/functions/f", "variant"), ("/v1/functions/f", "entrypoint")] {
            let body = json!({"code": "1", field: odd});
            expect_blame(&app.request("PUT", path).json(&body).send(), field);
        }
        let recover = json!({"since": "1h", "host": odd});
        expect_blame(&app.post("/v1/deliveries/recover", &recover), "host");
    }
    nothing_was_accepted(&app);
}

#[test]
fn a_reason_is_a_line() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let path = format!("/v1/executions/{id}");
    let cancel = |path: &str, reason: &str| {
        app.request("DELETE", path).json(&json!({"reason": reason})).send()
    };
    for control in CONTROLS {
        expect_blame(&cancel(&path, &format!("a{control}b")), "reason");
        assert_eq!(cancel(&format!("/execute/async/{id}"), &format!("{control}")).status, 400);
    }
    assert!(app.record(&id)["cancelling"].is_null());
    cancel(&path, "größer \u{2603}").expect(202);
    assert_eq!(app.finished(&id)["cancel_reason"], "größer \u{2603}");
}

#[test]
fn what_a_program_is_or_reads_may_have_them() {
    let app = TestApp::start();
    check(&app, "code", json!("print(1)\0"));
    check(&app, "env", json!({"A": "a\0"}));
    nothing_was_accepted(&app);
    let body = json!({"language": "sh", "code": "printf '%s' \"$A\"\r\t\x0b; cat",
        "env": {"A": "1\n2\x1b"}, "stdin": "a\0b\n\u{7f}", "metadata": {"text": "1\n2"}});
    let body = app.run(json!({"language": "sh", "code": "printf '%s' \"$A\"; cat",
        "env": body["env"], "stdin": body["stdin"], "metadata": body["metadata"]}));
    assert_eq!(body["stdout"], "1\n2\x1ba\0b\n\u{7f}");
    assert_eq!(body["metadata"], json!({"text": "1\n2"}));
}

#[test]
fn of_very_many_wrong_entries_a_few_are_told() {
    let app = TestApp::start();
    let entries = |value: Value| -> Value {
        (0..10_000).map(|n| (format!("\n{n}"), value.clone())).collect::<Map<_, _>>().into()
    };
    for field in ["labels", "metadata", "callback_headers"] {
        let mut body = json!({"code": "1"});
        body[field] = entries(json!("v\0"));
        let problem = expect_problem(&app.post("/v1/executions", &body), 400);
        let said = problem["errors"].as_array().unwrap().iter();
        let said: Vec<_> = said.filter(|error| error["code"] == "too_many").collect();
        assert_eq!((said.len(), &said[0]["field"]), (1, &json!(field)), "{problem:#}");
        assert!(problem["errors"].as_array().unwrap().len() <= 2, "{problem:#}");
    }
    for (field, value) in [("labels", json!(1)), ("env", json!(1)), ("env", json!("\0"))] {
        let mut body = json!({"code": "1"});
        body[field] = entries(value);
        let answer = app.post("/v1/executions", &body);
        let problem = expect_problem(&answer, 400);
        assert!(problem["errors"].as_array().unwrap().len() <= 20, "{}", answer.body.len());
    }
    // Nor is a name of a megabyte repeated.
    for body in [
        json!({"code": "1", "x".repeat(1_000_000): 1}),
        json!({"code": "1", "labels": {"x".repeat(1_000_000): "v"}}),
        json!({"code": "1", "metadata": {"x".repeat(1_000_000): []}}),
        json!({"code": "1", "env": {"=".repeat(10_000): "v"}}),
        json!({"code": "1", "language": "x".repeat(1_000_000)}),
        json!({"code": "1", "callback_headers": {"x".repeat(4_000_000 / 4): "v"}}),
    ] {
        let answer = app.post("/v1/executions", &body);
        expect_problem(&answer, 400);
        assert!(answer.body.len() < 4000, "{} bytes", answer.body.len());
    }
    nothing_was_accepted(&app);
}
