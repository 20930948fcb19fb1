//! `GET /v1/executions/{id}?wait=SECONDS`: an answer that is held back until the end.
//! Times nothing more exactly than by what is known to outlast it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::problem::expect_problem;
use crate::support::app::TestApp;

#[test]
fn the_answer_is_held_back_until_the_execution_has_ended() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "sleep 0.2; echo done"})).id;
    let record = app.get(&format!("/v1/executions/{id}?wait=20")).expect(200).json();
    assert_eq!((&record["status"], &record["stdout"]), (&json!("completed"), &json!("done\n")));
    // Of one that has ended there is nothing to wait for.
    let again = app.get(&format!("/v1/executions/{id}?wait=20")).expect(200).json();
    assert_eq!(again["completed_at"], record["completed_at"]);
}

#[test]
fn when_the_time_is_up_it_is_told_as_it_stands() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "sleep 1000"})).id;
    let began = Instant::now();
    let record = app.get(&format!("/v1/executions/{id}?wait=0.2")).expect(200).json();
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert_eq!(record["status"], "running");
    let record = app.get(&format!("/v1/executions/{id}?wait=0")).expect(200).json();
    assert_eq!(record["status"], "running");
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    app.finished(&id);
}

#[test]
fn an_unknown_id_is_not_waited_for() {
    let app = TestApp::start();
    let began = Instant::now();
    let unknown = format!("/v1/executions/exec_{}?wait=60", "0".repeat(32));
    expect_problem(&app.get(&unknown), 404);
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_wait_that_is_none_is_refused_by_name() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "true"})).id;
    for query in ["wait=-1", "wait=60.5", "wait=soon", "wait=", "wait=NaN", "weight=1"] {
        let problem = expect_problem(&app.get(&format!("/v1/executions/{id}?{query}")), 400);
        let field = query.split('=').next().unwrap();
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
    }
    app.finished(&id);
}
