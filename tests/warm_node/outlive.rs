//! Workers that nobody has taken end with their server, however that ends, and one that is ended by
//! somebody else is missed by nobody.

use std::path::Path;

use rustix::process::Signal;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::processes::{self, Process};
use crate::support::wait::{DEADLINE, eventually, within};

fn app() -> TestApp {
    TestApp::with(|options| options.way_open().env("RINGBACK_EXECUTION__ISOLATION", "sandbox"))
}

/// Runs a program until a worker was there for it.
fn run_warm(app: &TestApp) {
    let body = json!({ "language": "javascript", "code": "console.log(1)" });
    let warm = within(DEADLINE * 4, || (app.run(body.clone())["start"] == "warm").then_some(()));
    warm.expect("a worker");
}

/// The interpreters below a server.
fn workers(server: u32) -> Vec<Process> {
    let mut found = processes::children_of(server);
    let mut next = 0;
    while next < found.len() {
        let below = processes::children_of(found[next].pid);
        found.extend(below);
        next += 1;
    }
    found.retain(|process| process.command.contains("/execution/main.js"));
    found
}

fn are_gone(workers: &[Process]) -> bool {
    let left = processes::with_argument("/execution/main.js");
    workers.iter().all(|worker| left.iter().all(|process| process.pid != worker.pid))
}

fn idle(app: &TestApp) -> Vec<Process> {
    run_warm(app);
    let both = within(DEADLINE, || Some(workers(app.pid())).filter(|all| all.len() == 2));
    both.expect("two workers that wait")
}

#[test]
fn none_is_left_after_an_orderly_end() {
    let mut app = app();
    let workers = idle(&app);
    app.terminate();
    assert!(are_gone(&workers));
}

#[test]
fn none_is_left_after_the_server_was_killed() {
    let mut app = app();
    let workers = idle(&app);
    app.kill9();
    eventually(DEADLINE, "the workers are gone", || are_gone(&workers).then_some(()));
}

#[test]
fn one_that_somebody_else_ends_is_missed_by_nobody() {
    let app = app();
    let workers = idle(&app);
    for worker in &workers {
        processes::signal(worker.pid, Signal::KILL);
    }
    // Until then a program could still be told to begin in one, and would end with it.
    let is_there = |worker: &Process| Path::new(&format!("/proc/{}", worker.pid)).exists();
    eventually(DEADLINE, "they have ended", || (!workers.iter().any(is_there)).then_some(()));
    let record = app.run(json!({ "language": "javascript", "code": "console.log(1)" }));
    assert_eq!((&record["status"], &record["exit_code"]), (&json!("completed"), &json!(0)));
    run_warm(&app);
}

#[test]
fn an_execution_of_a_trace_is_as_warm_as_any() {
    let app = app();
    run_warm(&app);
    let body = json!({"language": "javascript", "code": "console.log(process.env.TRACEPARENT)"});
    let warm = within(DEADLINE * 4, || {
        let request = app.request("POST", "/v1/executions").json(&body);
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let answer = request.header("traceparent", trace).send().expect(202).json();
        let record = app.finished(answer["id"].as_str().unwrap());
        assert!(record["stdout"].as_str().unwrap().starts_with(&trace[..36]), "{record:#}");
        (record["start"] == "warm").then_some(())
    });
    warm.expect("a worker for it");
}
