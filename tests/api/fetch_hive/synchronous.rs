//! Calls whose callers wait: the answer is the end, whatever it is, and nobody is called back.
//! What becomes of a run whose client has gone, or whose server stops.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    INVOKE, RUNS, SAYS_AND_SLEEPS, SLEEPS, begin, call, call_back, deploy, deploy_with,
    execution_of, invoke, log_of, path_of, run, run_with,
};
use crate::support::app::TestApp;
use crate::support::held::{Held, post};
use crate::support::processes;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

/// Goes on until it is sent SIGUSR1.
const UNTIL_TOLD: &str =
    "trap 'echo through; exit 0' USR1; echo ready; while :; do sleep 0.01; done";

/// The run of the newest execution, once there is one in this state.
#[track_caller]
pub(super) fn newest(app: &TestApp, status: &str) -> String {
    eventually(DEADLINE, format!("one is {status}"), || {
        let list = app.get(&format!("/v1/executions?status={status}")).expect(200).json();
        Some(list["data"][0]["id"].as_str()?.replace("exec_", "req_"))
    })
}

/// Waits until the program of [`UNTIL_TOLD`] can be told, and tells it.
#[track_caller]
fn let_through(app: &TestApp, request_id: &str) {
    let stdout = format!("/v1/executions/{}/output/stdout", execution_of(request_id));
    eventually(DEADLINE, "it is ready", || (app.get(&stdout).body == b"ready\n").then_some(()));
    for program in app.programs() {
        processes::signal(program.pid, Signal::USR1);
    }
}

fn waiting(app: &TestApp, cancel_on_disconnect: bool) -> Held {
    let mut body = call();
    body["cancel_on_disconnect"] = json!(cancel_on_disconnect);
    Held::send(app.address(), &post(INVOKE, &body))
}

#[test]
fn it_is_answered_with_the_output_and_the_secret() {
    let app = TestApp::start();
    let secret = deploy(&app, "python", "import sys\nprint('hi', file=sys.stderr)\nprint('there')");
    let mut disabled = call();
    disabled["async"] = json!({"enabled": false, "callback_url": "http://127.0.0.1:9/"});
    let mut empty = call();
    empty["async"] = json!({});
    for body in [call(), disabled, empty] {
        let answer = app.post(INVOKE, &body).expect(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let answer = answer.json();
        let id = answer["request_id"].as_str().unwrap();
        let expected = json!({
            "request_id": id, "run_status": "completed", "output": "there",
            "webhook_secret": secret,
        });
        assert_eq!(answer, expected);
        assert_eq!(run(&app, id)["run_status"], "completed", "the answer is the end");
    }
}

#[test]
fn a_result_is_the_output_also_when_it_is_null() {
    let app = TestApp::start();
    deploy(&app, "sh", "cat > $RINGBACK_RESULT; echo beside it");
    for result in [json!({"a": [1, {"b": null}]}), json!([]), json!("text"), json!(7)] {
        let mut body = call();
        body["inputs"] = result.clone();
        assert_eq!(invoke(&app, &body)["output"], result);
    }
    app.request("PUT", "/v1/functions/flow")
        .json(&json!({
            "language": "sh", "variant": "prod", "code": "printf null > $RINGBACK_RESULT",
        }))
        .send()
        .expect(200);
    let answer = invoke(&app, &call());
    assert_eq!(answer.get("output"), Some(&Value::Null), "{answer}");
}

#[test]
fn a_run_that_fails_is_a_result_and_not_an_error() {
    let app = TestApp::start();
    let secret = deploy(&app, "sh", "echo so far; exit 7");
    let answer = invoke(&app, &call());
    let expected = json!({
        "request_id": answer["request_id"], "run_status": "failed",
        "error": "The program exited with code 7.", "webhook_secret": secret,
    });
    assert_eq!(answer, expected);
}

#[test]
fn a_run_whose_time_is_up_has_failed() {
    let app = TestApp::start();
    deploy_with(&app, json!({"language": "sh", "code": SAYS_AND_SLEEPS, "timeout": 0.3}));
    let answer = invoke(&app, &call());
    assert_eq!(answer["run_status"], "failed");
    assert!(answer["error"].as_str().unwrap().contains("0.3"), "{answer}");
    let run = run(&app, answer["request_id"].as_str().unwrap());
    assert_eq!((&run["reason"], &run["partial_output"]), (&json!("timeout"), &json!("so far")));
}

#[test]
fn who_waits_hears_that_somebody_else_has_cancelled_it() {
    let app = TestApp::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let mut held = waiting(&app, false);
    app.wait_for_program(SLEEPS);
    let id = newest(&app, "running");
    app.request("DELETE", &path_of(&id)).json(&json!({"reason": "enough"})).send().expect(202);
    let (status, answer) = held.answer();
    assert_eq!((status, &answer["run_status"]), (200, &json!("cancelled")), "{answer}");
    assert_eq!((&answer["error"], answer.get("output")), (&json!("Cancelled: enough"), None));
}

#[test]
fn nobody_is_called_back_not_even_whom_the_function_names() {
    let app = TestApp::start();
    let named = TestReceiver::start();
    let url = named.url("/own");
    deploy_with(&app, json!({"language": "sh", "code": "echo hi", "callback_url": url}));
    let id = begin(&app, &call());
    let run = run(&app, &id);
    assert_eq!(run["async"], json!({"enabled": false, "callback_url": null}));
    assert_eq!((log_of(&app, &id), &run["webhooks"]), (vec![], &json!([])));
    assert_eq!(app.record(&execution_of(&id))["delivery"], "none");
    assert_eq!(named.connections(), 0);
}

#[test]
fn a_large_output_comes_whole_and_in_a_callback_as_far_as_it_fits() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "python", "print('ä' * 200_000 + '.')");
    let whole = format!("{}.", "ä".repeat(200_000));
    let answer = invoke(&app, &call());
    assert!(answer["output"] == whole, "{} bytes", answer["output"].to_string().len());
    let id = begin(&app, &call_back(&receiver));
    let event = receiver.first();
    assert!((200_000..=262_144).contains(&event.body.len()), "{} bytes", event.body.len());
    let told = event.json()["data"]["output"].as_str().unwrap().to_owned();
    assert!(told.starts_with('ä') && told.ends_with("ä."), "head and tail");
    assert!(told.contains(" bytes left out ...]"), "and a mark in between");
    assert!(run(&app, &id)["output"] == whole);
}

#[test]
fn a_result_that_is_too_large_for_a_callback_is_in_the_run_and_the_callback_says_so() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    deploy(&app, "sh", "cat > $RINGBACK_RESULT; echo said");
    let mut body = call_back(&receiver);
    body["inputs"] = json!({"a": "x".repeat(300_000)});
    let id = begin(&app, &body);
    let data = &receiver.first().json()["data"];
    assert_eq!(data["output"], "said");
    assert!(data["result_error"].as_str().unwrap().contains("too many for this message"));
    let run = run(&app, &id);
    assert!(run["output"] == body["inputs"] && run["result_error"].is_null());
}

#[test]
fn a_result_that_is_no_json_is_told_of_beside_what_was_printed() {
    let app = TestApp::start();
    deploy(&app, "sh", "echo '{' > $RINGBACK_RESULT; echo said");
    let answer = invoke(&app, &call());
    assert_eq!((&answer["run_status"], &answer["output"]), (&json!("completed"), &json!("said")));
    assert!(answer["result_error"].as_str().is_some_and(|why| why.contains("JSON")), "{answer}");
    let run = run(&app, answer["request_id"].as_str().unwrap());
    assert_eq!(run["result_error"], answer["result_error"]);
}

#[test]
fn a_client_that_goes_away_leaves_the_run_alone() {
    let app = TestApp::start();
    deploy(&app, "sh", UNTIL_TOLD);
    let held = waiting(&app, false);
    let id = newest(&app, "running");
    held.close();
    // Another has come and gone meanwhile.
    app.run(json!({"language": "sh", "code": "true"}));
    assert_eq!(run(&app, &id)["run_status"], "running");
    let_through(&app, &id);
    assert_eq!(run_with(&app, &id, "completed")["output"], "ready\nthrough");
}

#[test]
fn a_client_that_asked_for_it_takes_the_run_along() {
    let app = TestApp::start();
    deploy(&app, "sh", SAYS_AND_SLEEPS);
    let held = waiting(&app, true);
    app.wait_for_program(SLEEPS);
    let id = newest(&app, "running");
    held.close();
    let run = run_with(&app, &id, "cancelled");
    assert_eq!(run["error"], "Cancelled: The client that waited for it has gone away.");
    assert_eq!(run["partial_output"], "so far");
    eventually(DEADLINE, "its program is gone", || app.programs().is_empty().then_some(()));
}

#[test]
fn a_server_that_stops_says_which_run_goes_on() {
    let mut app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "60s"));
    deploy(&app, "sh", UNTIL_TOLD);
    let mut held = waiting(&app, false);
    let id = newest(&app, "running");
    processes::signal(app.pid(), Signal::TERM);
    let (status, error) = held.answer();
    assert_eq!((status, &error["request_id"]), (409, &json!(id)), "{error}");
    let sentence = error["error"].as_str().unwrap();
    assert!(sentence.contains(&format!("the run {id} goes on")), "{sentence}");
    assert!(sentence.contains(&format!("{RUNS}/{id}")), "{sentence}");
    assert_eq!(error.as_object().unwrap().len(), 2, "{error}");

    let refused = app.post(INVOKE, &call());
    assert!(!super::error_of(&refused, 503).is_empty());
    assert!(refused.header("retry-after").is_some());
    let_through(&app, &id);
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
    app.restart();
    assert_eq!(run(&app, &id)["output"], "ready\nthrough");
}
