//! `run_code_stream`: each message when it is there, and every one of them.

use std::fs;

use serde_json::{Value, json};

use super::client::{ALL, Client};
use crate::support::app::TestApp;

/// All messages of a program.
#[track_caller]
fn stream(client: &mut Client, arguments: Value) -> Vec<Value> {
    let mut messages = Vec::new();
    let over = client.listen("run_code_stream", arguments, |message| messages.push(message));
    over.unwrap_or_else(|thrown| panic!("{thrown:?}, after {messages:?}"));
    messages
}

fn text(messages: &[Value], stream: &str) -> String {
    let of_stream = messages.iter().filter(|message| message["type"] == stream);
    of_stream.map(|message| message["data"].as_str().expect("data is a text")).collect()
}

fn types(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["type"].as_str().unwrap()).collect()
}

#[test]
fn every_client_sees_output_while_the_program_runs() {
    for kind in ALL {
        let app = TestApp::with(|options| options.way_open());
        let go = app.scratch().join("go");
        let code = format!(
            "import os, time\nprint('one')\nwhile not os.path.exists({go:?}): time.sleep(0.01)\nprint('two')"
        );
        let mut client = kind.connected(&app);
        let mut messages = Vec::new();
        client
            .listen("run_code_stream", json!({ "code": code }), |message| {
                // Without this the program waits for ever.
                fs::write(&go, "").unwrap();
                messages.push(message);
            })
            .unwrap_or_else(|thrown| panic!("{kind:?}: {thrown:?}"));
        assert_eq!(types(&messages), ["stdout", "stdout", "result", "complete"], "{kind:?}");
        assert_eq!(
            (&messages[0]["data"], &messages[1]["data"]),
            (&json!("one\n"), &json!("two\n"))
        );
        assert_eq!((&messages[2]["exit_code"], &messages[3]["success"]), (&json!(0), &json!(true)));
        assert!(messages[2]["execution_time"].is_f64(), "{messages:?}");
    }
}

/// JavaScript's client loses messages that come together, unless the server sees to it that none do.
#[test]
fn no_client_loses_anything() {
    let app = TestApp::start();
    let code = "import sys\n\
                for n in range(20000):\n    \
                    print(f'{n} €uro'); print(f'{n} more', file=sys.stderr)";
    let lines = |word: &str| (0..20_000).map(|n| format!("{n} {word}\n")).collect::<String>();
    for kind in ALL {
        let mut client = kind.connected(&app);
        let messages = stream(&mut client, json!({ "code": code }));
        assert!(text(&messages, "stdout") == lines("€uro"), "{kind:?}");
        assert!(text(&messages, "stderr") == lines("more"), "{kind:?}");
        assert_eq!(types(&messages[messages.len() - 2..]), ["result", "complete"], "{kind:?}");
    }
}

#[test]
fn every_client_is_told_how_it_ended_and_does_not_wait_for_more() {
    let app = TestApp::start();
    for kind in ALL {
        let mut client = kind.connected(&app);
        let arguments = json!({
            "code": "echo $GREETING; pwd >&2; exit 3", "language": "bash", "timeout": 30,
            "env": { "GREETING": "hello" }, "working_dir": "/workspace",
        });
        let failed = stream(&mut client, arguments);
        assert_eq!(text(&failed, "stdout"), "hello\n", "{kind:?}");
        let workspace = app.data_dir().join("workspaces/default");
        assert_eq!(text(&failed, "stderr"), format!("{}\n", workspace.display()), "{kind:?}");
        let [result, complete] = &failed[failed.len() - 2..] else { panic!("{failed:?}") };
        assert_eq!((&result["exit_code"], &complete["success"]), (&json!(3), &json!(false)));

        let refused = stream(&mut client, json!({ "code": "1", "language": "cobol" }));
        assert_eq!(types(&refused), ["error", "complete"], "{kind:?}");
        assert!(refused[0]["error"].as_str().unwrap().contains("cobol"), "{refused:?}");
    }
}
