//! The calls beside `run_code_async`: those that wait, those that do not, and what becomes of these.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::client::{ALL, Client, Kind};
use crate::support::app::TestApp;
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

/// What the client makes of a process, once it says this of it.
#[track_caller]
fn process(client: &mut Client, id: &str, status: &str) -> Value {
    eventually(DEADLINE, format!("{id} is {status}"), || {
        let listed = client.get("list_processes", json!({}));
        let found = listed.as_array()?.iter().find(|process| process["process_id"] == *id)?;
        (found["status"] == status).then(|| found.clone())
    })
}

#[test]
fn every_client_runs_a_program_and_waits_for_it() {
    let app = TestApp::start();
    for kind in ALL {
        let mut client = kind.connected(&app);
        let result = client.get(
            "run_code",
            json!({
                "code": "import os, sys; print(os.environ['GREETING'], os.getcwd())\nprint('x', file=sys.stderr)",
                "env": { "GREETING": "grüß dich" },
            }),
        );
        let workspace = app.data_dir().join("workspaces/default");
        assert_eq!(result["stdout"], format!("grüß dich {}\n", workspace.display()), "{kind:?}");
        assert_eq!((&result["stderr"], &result["success"]), (&json!("x\n"), &json!(true)));
        assert_eq!(result["exit_code"], 0, "{kind:?}: {result}");
        let time = result["execution_time"].as_f64();
        assert!(time.is_some_and(|time| time > 0.0), "{kind:?}: {result}");
    }
}

#[test]
fn a_program_that_fails_is_a_result_and_no_exception_for_every_client() {
    let app = TestApp::start();
    for kind in ALL {
        let mut client = kind.connected(&app);
        let result =
            client.get("run_code", json!({ "code": "echo no >&2; exit 3", "language": "bash" }));
        assert_eq!((&result["success"], &result["exit_code"]), (&json!(false), &json!(3)));
        assert_eq!(result["stderr"], "no\n", "{kind:?}");
        let timeout = if kind == Kind::PythonAsync { "timeout_seconds" } else { "timeout" };
        let result = client.get("run_code", json!({ "code": "while True: pass", timeout: 1 }));
        assert_eq!(result["success"], false, "{kind:?}: {result}");
        assert_ne!(result["exit_code"], 0, "{kind:?}: {result}");
    }
}

#[test]
fn no_client_sends_a_program_again_that_runs_on_while_the_server_stops() {
    for kind in ALL {
        let mut app = TestApp::with(|options| {
            options.way_open().env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "60s")
        });
        let mut client = kind.connected(&app);
        let go = app.scratch().join("go");
        let code = format!("until [ -e {} ]; do sleep 0.01; done", go.display());
        let thrown = std::thread::scope(|scope| {
            let arguments = json!({ "code": code, "language": "bash" });
            let waiting = scope.spawn(|| client.call("run_code", arguments).unwrap_err());
            eventually(DEADLINE, "it runs", || (!app.programs().is_empty()).then_some(()));
            processes::signal(app.pid(), Signal::TERM);
            waiting.join().unwrap()
        });
        // What it throws is about the program that runs on. Had it tried again, it would have been told
        // by a server that stops that nothing is taken any more, or run it twice by the next one.
        assert!(thrown.bases.iter().any(|base| base == "HopxError"), "{kind:?}: {thrown:?}");
        let id = app.get("/v1/executions").json()["data"][0]["id"].as_str().unwrap().to_owned();
        // This one keeps the server's words to itself.
        let words = if kind == Kind::PythonAsync { "409 Conflict" } else { id.as_str() };
        assert!(thrown.message.contains(words), "{kind:?}: {thrown:?}");
        fs::write(go, "").unwrap();
        assert_eq!(app.ended().code(), Some(0), "{kind:?}: {}", app.stderr());
    }
}

#[test]
fn every_client_throws_its_own_exception_when_a_program_is_not_taken() {
    let app = TestApp::start();
    for kind in ALL {
        let mut client = kind.connected(&app);
        for method in ["run_code", "run_code_background"] {
            let arguments = json!({ "code": "1", "language": "cobol" });
            let thrown = client.call(method, arguments).unwrap_err();
            assert!(thrown.bases.iter().any(|base| base == "HopxError"), "{kind:?}: {thrown:?}");
            if kind != Kind::PythonAsync {
                assert_eq!(thrown.code.as_deref(), Some("INVALID_REQUEST"), "{thrown:?}");
                assert!(thrown.message.contains("cobol"), "{thrown:?}");
            }
        }
    }
}

#[test]
fn every_client_lists_what_runs_in_the_background_until_it_has_ended() {
    for kind in ALL {
        let app = TestApp::with(|options| options.way_open());
        let go = app.scratch().join("go");
        let mut client = kind.connected(&app);
        let code = format!("until [ -e {} ]; do sleep 0.01; done", go.display());
        let arguments = json!({ "code": code, "language": "bash", "name": "waits" });
        let given = client.get("run_code_background", arguments);
        let id = given["process_id"].as_str().expect("it has an id").to_owned();
        assert_eq!((&given["status"], &given["name"]), (&json!("running"), &json!("waits")));
        let listed = process(&mut client, &id, "running");
        assert_eq!((&listed["name"], &listed["language"]), (&json!("waits"), &json!("bash")));
        fs::write(go, "").unwrap();
        let ended = process(&mut client, &id, "completed");
        assert_eq!(ended["exit_code"], 0, "{kind:?}: {ended}");
    }
}

#[test]
fn every_client_kills_what_runs_in_the_background() {
    let app = TestApp::start();
    for kind in ALL {
        let mut client = kind.connected(&app);
        let arguments = json!({ "code": "exec sleep 1000", "language": "bash" });
        let given = client.get("run_code_background", arguments);
        let id = given["process_id"].as_str().expect("it has an id").to_owned();
        app.wait_for_program("sleep 1000");
        let killed = client.get("kill_process", json!({ "process_id": id }));
        // The JavaScript client keeps the answer to itself.
        if kind != Kind::JavaScript {
            assert_eq!((&killed["process_id"], &killed["status"]), (&json!(id), &json!("killed")));
        }
        process(&mut client, &id, "killed");
        eventually(DEADLINE, "its program has gone", || app.programs().is_empty().then_some(()));
    }
}

#[test]
fn every_client_throws_its_own_exception_when_there_is_no_such_process() {
    let app = TestApp::start();
    for kind in ALL {
        let mut client = kind.connected(&app);
        let thrown =
            client.call("kill_process", json!({ "process_id": "exec_nothing" })).unwrap_err();
        assert!(thrown.bases.iter().any(|base| base == "HopxError"), "{kind:?}: {thrown:?}");
        if kind == Kind::Python {
            assert_eq!(thrown.code.as_deref(), Some("PROCESS_NOT_FOUND"), "{thrown:?}");
        }
    }
}
