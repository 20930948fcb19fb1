//! Servers whose Python is warm, and the way to their interpreters. Asserts that there is one in
//! time, and nothing else.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

/// The switch.
pub const WARM: &str = "RINGBACK_RUNTIMES__PYTHON__WARM";

/// A server with the sandbox whose Python is warm by now.
#[track_caller]
pub fn warm() -> TestApp {
    warm_with(|options| options)
}

/// The same, started differently.
#[track_caller]
pub fn warm_with(change: impl FnOnce(Options) -> Options) -> TestApp {
    let app = sandbox(|options| change(options.env(WARM, "true")));
    wait_until_warm(&app);
    app
}

/// A server with the sandbox.
#[track_caller]
pub fn sandbox(change: impl FnOnce(Options) -> Options) -> TestApp {
    TestApp::with(|options| change(options.env("RINGBACK_EXECUTION__ISOLATION", "sandbox")))
}

/// Waits until an execution starts warm.
#[track_caller]
pub fn wait_until_warm(app: &TestApp) {
    eventually(DEADLINE, "an execution starts warm", || {
        (app.run(python("pass"))["start"] == "warm").then_some(())
    });
}

/// A program for Python.
pub fn python(code: &str) -> Value {
    json!({"language": "python", "code": code})
}

/// Runs a program that must start in this way and end well; gives what it says.
#[track_caller]
pub fn say(app: &TestApp, start: &str, program: Value) -> String {
    let record = app.run(program);
    let ended = (&record["status"], &record["start"]);
    assert_eq!(ended, (&json!("completed"), &json!(start)), "{record:#}");
    record["stdout"].as_str().expect("a text").to_owned()
}

/// The process of the server's warm interpreter, if there is one. A child of it that is no program
/// yet has its environment, but not a session of its own.
pub fn interpreter(app: &TestApp) -> Option<u32> {
    let below = |pid: u32| {
        std::iter::successors(Some(pid), |pid| processes::parent_of(*pid))
            .take_while(|pid| *pid > 1)
            .any(|pid| pid == app.pid())
    };
    let all = processes::with_environment(&["RINGBACK_ZYGOTE_FD="]);
    let pids = all.into_iter().map(|process| process.pid);
    pids.into_iter().find(|pid| processes::leads_session(*pid) && below(*pid))
}
