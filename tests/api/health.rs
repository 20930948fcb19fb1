//! `/livez` and `/readyz`: for those who watch the server and have no key, and in detail for those
//! who have one.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use super::problem::expect_problem;
use super::scoped::{add_key, with_key};
use crate::support::app::TestApp;
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

#[test]
fn health_is_told_without_a_key() {
    let app = TestApp::start();
    for path in ["/livez", "/readyz"] {
        let answer = app.anonymous("GET", path).send();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
}

#[test]
fn health_tells_a_stranger_nothing_about_the_machine() {
    let app = TestApp::start();
    let data_dir = app.data_dir();
    for path in ["/livez", "/readyz"] {
        let text = app.anonymous("GET", path).send().text();
        assert!(!text.contains(&*data_dir.to_string_lossy()), "{path}: {text}");
    }
}

#[test]
fn in_detail_it_agrees_with_what_the_server_was_told_to_be() {
    let app = TestApp::with(|options| options.slots(3));
    let body = app.get("/readyz?verbose").expect(200).json();
    let good = json!({ "ok": true, "error": null });
    assert_eq!(body["ready"], true);
    assert_eq!(
        body["checks"],
        json!({ "store": good, "disk": good, "launcher": good, "accepting": good })
    );
    // Tests ask for this level by its name.
    assert_eq!(body["isolation"]["level"], "none");
    assert_eq!(body["isolation"]["reason"], "asked for by the configuration");
    assert!(body["isolation"]["weaker"].is_array());
    let containment = body["containment"].as_str().unwrap();
    assert!(["cgroup2", "pidns", "session"].contains(&containment), "{containment}");
    assert_eq!(
        (&body["slots"], &body["queued"], &body["running"]),
        (&json!(3), &json!(0), &json!(0))
    );
    let host = rustix::system::uname().nodename().to_str().unwrap().to_owned();
    let node = body["node"].as_str().unwrap();
    assert!(node.starts_with(&format!("{host}-")) && !node.contains(' '), "{node}");
}

#[test]
fn a_node_is_another_one_after_each_start() {
    let mut app = TestApp::start();
    let node = |app: &TestApp| app.get("/readyz?verbose").expect(200).json()["node"].to_string();
    let first = node(&app);
    assert_eq!(node(&app), first);
    app.restart();
    assert_ne!(node(&app), first);
}

#[test]
fn it_counts_what_runs_and_what_waits() {
    let app = TestApp::with(|options| options.slots(1));
    let sleeper = json!({ "language": "sh", "code": "exec sleep 1000" });
    let first = app.submit(sleeper.clone()).id;
    let second = app.submit(sleeper).id;
    eventually(DEADLINE, "one runs and one waits", || {
        let body = app.get("/readyz?verbose").expect(200).json();
        (body["running"] == 1 && body["queued"] == 1).then_some(())
    });
    for id in [first, second] {
        app.delete(&format!("/v1/executions/{id}"));
    }
}

#[test]
fn details_are_for_those_with_the_scope() {
    let mut app = TestApp::start();
    expect_problem(&app.anonymous("GET", "/readyz?verbose").send(), 401);
    let with_scope = add_key(&mut app, &["metrics:read"]);
    let without = add_key(&mut app, &["executions:read", "executions:write"]);
    let ask = |key: &str| with_key(&app, key, "/readyz?verbose");
    assert_eq!(ask(&with_scope).expect(200).json()["ready"], true);
    let problem = expect_problem(&ask(&without), 403);
    assert_eq!(problem["code"], "forbidden");
    assert!(problem["detail"].as_str().unwrap().contains("`metrics:read`"), "{problem}");
    assert_eq!(app.anonymous("GET", "/readyz").send().status, 200);
}

#[test]
fn without_a_launcher_it_is_not_ready_and_names_the_check() {
    let app = TestApp::start();
    // No launcher starts without its lock, so that the moment lasts for as long as this is here.
    let lock = app.data_dir().join("launcher.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let launcher = processes::child_of(app.pid(), "launcher").expect("a server has a launcher");
    processes::signal(launcher, Signal::KILL);
    let body = eventually(DEADLINE, "the launcher is missed", || {
        let answer = app.get("/readyz?verbose");
        (answer.status == 503).then(|| answer.json())
    });
    assert_eq!(body["ready"], false);
    let missing = json!({ "ok": false, "error": "There is no launcher at present." });
    assert_eq!(body["checks"]["launcher"], missing);
    assert_eq!(body["checks"]["store"]["ok"], true);
    assert_eq!(body["isolation"]["level"], "none");
    fs::remove_dir(&lock).unwrap();
    eventually(DEADLINE, "there is another one", || {
        (app.get("/readyz?verbose").status == 200).then_some(())
    });
    assert_eq!(app.run(json!({ "language": "sh", "code": "true" }))["status"], "completed");
}
