//! What a server does when more is asked of it than it may keep: it says so and when to come back.
//! Fills the queue and looks at nothing else.

use serde_json::{Value, json};

use super::problem::expect_problem;
use crate::support::app::TestApp;
use crate::support::client::Answer;

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
