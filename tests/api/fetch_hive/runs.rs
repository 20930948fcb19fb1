//! A run as it is told: every field, at each place of its life, and only to those it belongs to.

use serde_json::{Value, json};

use super::{
    RUNS, SAYS_AND_SLEEPS, SLEEPS, begin, call, call_back, deploy, deploy_with, error_of,
    event_with, execution_of, path_of, run, run_with,
};
use crate::scoped::{add_key, add_key_of, with_key};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

#[test]
fn it_has_every_field_of_the_contract() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy_with(&app, json!({"language": "sh", "code": "true", "timeout": 5}));
    let definition = json!({
        "language": "sh", "code": "echo hi", "timeout": 7.5, "variant": "prod",
        "env": {"TOKEN": "hush"},
    });
    app.request("PUT", "/v1/functions/flow").json(&definition).send().expect(200);
    let mut body = call_back(&receiver);
    body["metadata"] = json!({"ticket": 12});
    let id = begin(&app, &body);
    let webhook = event_with(&app, &id, "delivered");
    let mut told = run(&app, &id);
    let record = app.record(&execution_of(&id));
    for time in ["created_at", "started_at", "completed_at", "execution_time"] {
        assert!(!told[time].is_null(), "{time}");
        assert_eq!(told[time].take(), record[time], "{time}");
    }
    let expected = json!({
        "request_id": id, "execution_id": execution_of(&id),
        "deployment": "flow", "variant": "prod", "version": 2,
        "run_status": "completed",
        "async": {"enabled": true, "callback_url": receiver.url("/hook")},
        "configuration": {"language": "sh", "timeout": 7.5},
        "output": "hi", "result_error": null, "partial_output": null, "error": null, "reason": null,
        "metadata": {"ticket": 12},
        "created_at": null, "started_at": null, "completed_at": null, "execution_time": null,
        "webhooks": [webhook],
    });
    assert_eq!(told, expected);
}

#[test]
fn it_says_where_it_is_from_the_queue_to_its_end() {
    let app = TestApp::with(|options| options.slots(1));
    let receiver = TestReceiver::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let [runs, waits] = [(); 2].map(|()| begin(&app, &call_back(&receiver)));
    app.wait_for_program(SLEEPS);
    let check = |run: &Value, status: &str, not_yet: &[&str]| {
        assert_eq!(run["run_status"], status, "{run:#}");
        for field in not_yet {
            assert_eq!(run.get(field), Some(&Value::Null), "{field}: {run:#}");
        }
    };
    let open = ["completed_at", "execution_time", "output", "partial_output", "error", "reason"];
    check(&run(&app, &runs), "running", &open);
    let waiting = run(&app, &waits);
    check(&waiting, "queued", &[&open[..], &["started_at"]].concat());
    assert_eq!(waiting["async"]["enabled"], true);
    assert_eq!(waiting["webhooks"], json!([]), "nothing is owed before the end");

    app.delete(&path_of(&waits)).expect(200);
    app.delete(&path_of(&runs)).expect(202);
    let ended = run_with(&app, &runs, "cancelled");
    assert_eq!((&ended["output"], &ended["partial_output"]), (&Value::Null, &json!("so far")));
    assert_eq!((&ended["reason"], ended["error"].is_string()), (&json!("cancelled"), true));
    let never_begun = run(&app, &waits);
    check(&never_begun, "cancelled", &["started_at", "execution_time", "output"]);
    assert_eq!(never_begun["partial_output"], "");
}

#[test]
fn a_run_that_failed_keeps_what_it_had_said() {
    let app = TestApp::start();
    deploy(&app, "sh", "echo half of it; exit 4");
    let failed = run(&app, &begin(&app, &call()));
    assert_eq!((&failed["run_status"], &failed["reason"]), (&json!("failed"), &json!("exited")));
    let told = (&failed["output"], &failed["partial_output"], &failed["error"]);
    let error = json!("The program exited with code 4.");
    assert_eq!(told, (&Value::Null, &json!("half of it"), &error));
}

#[test]
fn calls_that_came_another_way_are_runs_too() {
    let app = TestApp::start();
    deploy(&app, "sh", "echo hi");
    let body = json!({"variant": "prod"});
    let answer = app.post("/v1/functions/flow/invoke", &body).expect(202).json();
    let id = answer["id"].as_str().unwrap();
    app.finished(id);
    let told = run(&app, &id.replace("exec_", "req_"));
    assert_eq!((&told["deployment"], &told["output"]), (&json!("flow"), &json!("hi")));
}

#[test]
fn it_is_still_told_when_the_function_is_gone_and_after_a_restart() {
    let mut app = TestApp::start();
    deploy(&app, "sh", "echo hi");
    let id = begin(&app, &call());
    let before = run(&app, &id);
    app.delete("/v1/functions/flow?variant=prod").expect(204);
    app.restart();
    assert_eq!(run(&app, &id), before);
}

#[test]
fn whatever_is_no_run_of_the_callers_is_404_and_looks_alike() {
    let mut app = TestApp::start();
    deploy(&app, "sh", "echo hi");
    let id = begin(&app, &call());
    let execution = app.run(json!({"language": "sh", "code": "true"}));
    let no_call = execution["id"].as_str().unwrap().replace("exec_", "req_");
    let unknown = format!("req_{}", "0".repeat(32));
    let upper = id.to_uppercase().replacen("REQ_", "req_", 1);
    let own = execution_of(&id);
    let ids = [&no_call, &unknown, &upper, &own, "x", "req_", "%ff", "%20"];
    let mut sentences = Vec::new();
    for id in ids {
        let path = format!("{RUNS}/{id}");
        sentences.push(error_of(&app.get(&path), 404));
        sentences.push(error_of(&app.delete(&path), 404));
        sentences.push(error_of(&app.get(&format!("{path}/webhooks")), 404));
    }
    let key = add_key_of(&mut app, "other");
    sentences.push(error_of(&with_key(&app, &key, &path_of(&id)), 404));
    sentences.push(error_of(&with_key(&app, &key, &format!("{}/webhooks", path_of(&id))), 404));
    let authorized = format!("Bearer {key}");
    let cancel = app.anonymous("DELETE", &path_of(&id)).header("authorization", &authorized);
    sentences.push(error_of(&cancel.send(), 404));
    sentences.dedup();
    assert_eq!(sentences.len(), 1, "{sentences:?}");
    assert_eq!(run(&app, &id)["run_status"], "completed");
}

#[test]
fn an_execution_that_is_no_run_is_not_cancelled_from_here() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program(SLEEPS);
    error_of(&app.delete(&path_of(&id.replace("exec_", "req_"))), 404);
    let record = app.record(&id);
    assert_eq!((&record["status"], record.get("cancelling")), (&json!("running"), None));
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    app.finished(&id);
}

#[test]
fn who_may_not_read_the_log_is_told_the_run_without_it() {
    let mut app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "sh", "echo hi");
    let id = begin(&app, &call_back(&receiver));
    event_with(&app, &id, "delivered");
    let key = add_key(&mut app, &["executions:read"]);
    let told = with_key(&app, &key, &path_of(&id)).expect(200).json();
    assert_eq!((&told["output"], told.get("webhooks")), (&json!("hi"), Some(&Value::Null)));
}
