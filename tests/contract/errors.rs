//! The section on errors: one shape for all of them.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::client::Answer;

#[track_caller]
fn is_problem(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    for member in ["type", "title", "detail", "code", "request_id"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    }
    assert_eq!(problem["status"], status);
    assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"));
}

#[test]
fn validation_has_errors_with_field_code_and_detail() {
    let app = TestApp::start();
    let answer = app.post("/v1/executions", &json!({"code": "x", "timeout": -1}));
    is_problem(&answer, 400);
    let error = &answer.json()["errors"][0];
    assert_eq!(error["field"], "timeout");
    assert!(error["code"].is_string() && error["detail"].is_string());
}

#[test]
fn status_404() {
    let app = TestApp::start();
    is_problem(&app.get("/v1/executions/exec_x"), 404);
    is_problem(&app.get("/nothing/here"), 404);
}

#[test]
fn status_405() {
    is_problem(&TestApp::start().post("/v1/runtimes", &json!({})), 405);
}

#[test]
fn status_413() {
    let app = TestApp::start();
    is_problem(&app.request("POST", "/v1/executions").bytes(vec![b' '; 5 << 20]).send(), 413);
}

#[test]
fn status_415() {
    let app = TestApp::start();
    let form = app.request("POST", "/v1/executions").header("content-type", "text/csv");
    is_problem(&form.bytes("{}").send(), 415);
}

#[test]
fn a_broken_json_body() {
    let app = TestApp::start();
    let broken = app.request("POST", "/v1/executions").header("content-type", "application/json");
    is_problem(&broken.bytes("{\"code\": ").send(), 400);
}

#[test]
fn a_panic() {
    let app = TestApp::with(|options| options.failpoints("supervisor=1*panic"));
    let answer = app.post("/v1/executions", &json!({"language": "sh", "code": "true"}));
    // The supervisor is started again meanwhile.
    is_problem(&answer, 503);
    app.run(json!({"language": "sh", "code": "true"}));
}

#[test]
fn a_request_id_is_accepted_when_it_is_sane() {
    let app = TestApp::start();
    let sent = |id: &str| app.request("GET", "/v1/runtimes").header("x-request-id", id).send();
    assert_eq!(sent("of-mine.1").header("x-request-id"), Some("of-mine.1"));
    let odd = sent("a \"b\"");
    assert!(odd.header("x-request-id").is_some_and(|id| id != "a \"b\"" && !id.is_empty()));
}
