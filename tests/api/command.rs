//! A command in the place of code: its words arrive as they were sent, and only where that is allowed.

use serde_json::{Value, json};

use super::problem::expect_blame;
use crate::support::app::TestApp;

fn allowing() -> TestApp {
    TestApp::with(|options| options.env("RINGBACK_EXECUTION__COMMAND", "true"))
}

#[test]
fn its_words_are_run_as_they_stand() {
    let app = allowing();
    let words =
        ["printf", "%s|", "a b", "$HOME", "it's", "*", "`id`", "", "\\", "line\nbreak", "ü"];
    let record = app.run(json!({"command": words}));
    assert_eq!(record["status"], "completed", "{record}");
    assert_eq!(record["stdout"], words[2..].join("|") + "|");
    // Nothing stands between the program and whoever ends it.
    let record = app.run(json!({"command": ["sh", "-c", "kill -TERM $$"]}));
    assert_eq!(record["signal"], "SIGTERM", "{record}");
}

#[test]
fn one_that_is_not_there_fails_and_says_so() {
    let record = allowing().run(json!({"command": ["no-such-program"]}));
    assert_eq!((&record["status"], &record["exit_code"]), (&json!("failed"), &json!(127)));
    assert!(record["stderr"].as_str().unwrap().contains("no-such-program"), "{record}");
}

#[test]
fn what_is_no_command_is_told() {
    let app = allowing();
    let refused = |body: Value| {
        expect_blame(&app.post("/v1/executions", &body), "command");
    };
    refused(json!({"command": []}));
    refused(json!({"command": [""]}));
    refused(json!({"command": "ls -l"}));
    refused(json!({"command": ["ls", 1]}));
    refused(json!({"command": ["a\u{0}b"]}));
    refused(json!({"command": ["ls"], "code": "true"}));
    refused(json!({"command": ["ls"], "language": "sh"}));
    refused(json!({"command": ["x".repeat(2 << 20)]}));
}

#[test]
fn it_is_for_operators_to_allow() {
    let app = TestApp::start();
    let sentence =
        expect_blame(&app.post("/v1/executions", &json!({"command": ["true"]})), "command");
    assert_eq!(sentence, "`command` is not allowed on this server; send `code`.");
}
