//! How a call stands, at each place of its life, in Cortex's four words.
//! Sends no webhook; that has tests of its own.

use serde_json::json;

use super::{call, ended, put_script, told};
use crate::support::app::TestApp;

const LINGERS: &str = "exec sleep 1000";

#[test]
fn a_call_that_waits_is_in_the_queue_and_one_that_runs_in_progress() {
    let app = TestApp::with(|options| options.slots(1));
    put_script(&app, "f", LINGERS);
    let [runs, waits] = [(); 2].map(|()| call(&app, "f", &json!({})));
    app.wait_for_program("sleep 1000");
    assert_eq!(told(&app, "f", &runs), json!({"id": runs, "status": "in_progress"}));
    assert_eq!(told(&app, "f", &waits), json!({"id": waits, "status": "in_queue"}));
    // A cancel is told as a failure, of the one and of the other.
    app.delete(&format!("/v1/executions/{waits}")).expect(200);
    assert_eq!(told(&app, "f", &waits), json!({"id": waits, "status": "failed"}));
    app.delete(&format!("/v1/executions/{runs}")).expect(202);
    assert_eq!(ended(&app, "f", &runs), json!({"id": runs, "status": "failed"}));
}

#[test]
fn a_call_that_completed_has_its_result_and_when() {
    let app = TestApp::start();
    put_script(&app, "f", "printf '{\"b\":1.50,\"a\":[null]}' > $RINGBACK_RESULT");
    let id = call(&app, "f", &json!({}));
    let told = ended(&app, "f", &id);
    let record = app.record(&id);
    let expected = json!({"id": id, "status": "completed", "result": {"b": 1.50, "a": [null]},
        "timestamp": record["completed_at"]});
    assert_eq!(told, expected);
    // In the order in which it was written.
    let text = app.get(&format!("/apis/f/{id}")).expect(200).text();
    assert!(text.contains("\"result\":{\"b\":1.5,\"a\":[null]}"), "{text}");
}

#[test]
fn a_call_that_completed_without_a_result_has_only_when() {
    let app = TestApp::start();
    put_script(&app, "f", "true");
    let id = call(&app, "f", &json!({}));
    let told = ended(&app, "f", &id);
    let timestamp = app.record(&id)["completed_at"].clone();
    assert_eq!(told, json!({"id": id, "status": "completed", "timestamp": timestamp}));
}

#[test]
fn a_result_that_could_not_be_kept_is_missed_aloud() {
    let app = TestApp::start();
    put_script(&app, "f", "echo '{' > $RINGBACK_RESULT");
    let id = call(&app, "f", &json!({}));
    let told = ended(&app, "f", &id);
    let record = app.record(&id);
    assert!(record["result_error"].is_string(), "{record}");
    let expected = json!({"id": id, "status": "completed", "result_error": record["result_error"],
        "timestamp": record["completed_at"]});
    assert_eq!(told, expected);
}

#[test]
fn a_call_that_failed_has_no_result_whatever_it_wrote() {
    let app = TestApp::start();
    put_script(&app, "f", "echo 1 > $RINGBACK_RESULT; exit 3");
    let id = call(&app, "f", &json!({}));
    assert_eq!(ended(&app, "f", &id), json!({"id": id, "status": "failed"}));
}
