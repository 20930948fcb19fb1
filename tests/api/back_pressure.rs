//! What a server does when more is asked of it than it may keep: it says so and when to come back.
//! Fills the queue and looks at nothing else.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::problem::expect_problem;
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

fn program() -> Value {
    json!({"language": "sh", "code": "exec sleep 1000", "callback_url": "http://127.0.0.1:8080/"})
}

/// Submits until the server has enough, which must be after so many.
#[track_caller]
fn fill(app: &TestApp, limit: usize) -> (Vec<String>, Answer) {
    let mut ids = Vec::new();
    for _ in 0..=limit {
        let answer = app.post("/v1/executions", &program());
        if answer.status != 202 {
            assert_eq!(ids.len(), limit, "it had enough after {}", ids.len());
            return (ids, answer);
        }
        ids.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
    panic!("{} executions were accepted", ids.len());
}

#[track_caller]
fn check(setting: &str, status: u16, hopx_code: &str) {
    let app = TestApp::with(|options| options.slots(1).env(setting, "3"));
    // What runs is not in the queue any more.
    app.submit(program());
    app.wait_for_program("sleep 1000");
    let (ids, refusal) = fill(&app, 3);
    expect_problem(&refusal, status);
    let seconds = refusal.header("retry-after").and_then(|text| text.parse::<u64>().ok());
    assert!(seconds.is_some_and(|seconds| seconds >= 1), "{:?}", refusal.header("retry-after"));
    for path in ["/execute", "/execute/async", "/execute/background"] {
        let refusal = app.post(path, &program());
        assert_eq!(
            (refusal.status, &refusal.json()["code"]),
            (status, &json!(hopx_code)),
            "{path}"
        );
        assert!(refusal.header("retry-after").is_some(), "{path}");
    }
    app.delete(&format!("/v1/executions/{}", ids[2])).expect(200);
    app.submit(program());
    app.post("/v1/executions", &program()).expect(status);
}

#[test]
fn a_tenant_over_its_share_is_told_429_until_something_of_it_ends() {
    check("RINGBACK_QUEUE__MAX_PER_TENANT", 429, "RATE_LIMIT_EXCEEDED");
}

#[test]
fn a_full_server_tells_everybody_503_until_something_ends() {
    check("RINGBACK_QUEUE__MAX_TOTAL", 503, "SERVICE_UNAVAILABLE");
}

/// When to come back, in seconds.
#[track_caller]
fn retry_after(answer: &Answer) -> u64 {
    let seconds = answer.header("retry-after").and_then(|text| text.parse().ok());
    seconds.unwrap_or_else(|| panic!("no Retry-After: {}", answer.text()))
}

#[test]
fn however_many_submit_at_once_what_is_accepted_is_there_and_no_more_than_fits() {
    let app = TestApp::with(|options| options.slots(1).env("RINGBACK_QUEUE__MAX_TOTAL", "20"));
    app.submit(program());
    app.wait_for_program("sleep 1000");
    let submit = || {
        let answers = (0..25).map(|_| app.post("/v1/executions", &program()));
        answers.partition::<Vec<_>, _>(|answer| answer.status == 202)
    };
    let all: Vec<_> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(submit)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let accepted: Vec<_> = all.iter().flat_map(|(accepted, _)| accepted).collect();
    assert_eq!(accepted.len(), 20);
    for answer in accepted {
        assert_eq!(app.record(answer.json()["id"].as_str().unwrap())["status"], "queued");
    }
    for refusal in all.iter().flat_map(|(_, refused)| refused) {
        assert_eq!(expect_problem(refusal, 503)["code"], "queue_full");
        assert_eq!(retry_after(refusal), 1);
    }
    let list = app.get("/v1/executions?limit=200").expect(200).json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(21), "nothing that was refused is kept");
}

#[test]
fn a_server_that_stops_tells_everybody_503_and_keeps_nothing_more() {
    let mut app =
        TestApp::with(|options| options.way_open().env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "60s"));
    let function = json!({"language": "sh", "code": "true"});
    app.request("PUT", "/v1/functions/known").json(&function).send().expect(201);
    let go = app.scratch().join("go");
    let code = format!("until [ -e {} ]; do sleep 0.01; done", go.display());
    let id = app.submit(json!({"language": "sh", "code": code})).id;
    app.wait_for(&id, "it runs", |record| record["status"] == "running");
    processes::signal(app.pid(), Signal::TERM);
    // One that comes in before the signal is heard must not hold up the end.
    let short = json!({"language": "sh", "code": "true"});
    let refusal = eventually(DEADLINE, "it stops", || {
        let answer = app.post("/v1/executions", &short);
        (answer.status == 503).then_some(answer)
    });
    assert_eq!(expect_problem(&refusal, 503)["code"], "draining");
    assert!(retry_after(&refusal) >= 1);
    let listed = |app: &TestApp| {
        let list = app.get("/v1/executions?limit=200").expect(200).json();
        let ids = list["data"].as_array().unwrap().iter().map(|each| each["id"].clone());
        ids.collect::<Vec<_>>()
    };
    let before = listed(&app);
    for path in ["/execute", "/execute/async", "/execute/background", "/apis/known"] {
        let answer = app.post(path, &program());
        assert_eq!(answer.status, 503, "{path}: {}", answer.text());
        assert!(retry_after(&answer) >= 1, "{path}");
    }
    let answer = app.post("/v1/functions/known/invoke", &json!({}));
    assert_eq!(expect_problem(&answer, 503)["code"], "draining");
    // It can still be read and cancelled.
    assert_eq!(app.record(&id)["status"], "running");
    assert_eq!(listed(&app), before);
    fs::write(&go, "").unwrap();
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
    app.restart();
    assert_eq!(listed(&app), before, "nothing that was refused is kept");
}
