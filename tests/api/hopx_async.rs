//! `GET` and `DELETE /execute/async/{id}`: how an execution stands, in the words of its callback, and
//! its cancel.

use serde_json::{Value, json};

use super::hopx_errors::check;
use super::scoped::add_key_of;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

#[track_caller]
fn submit(app: &TestApp, receiver: &TestReceiver, code: &str) -> String {
    let body = json!({"code": code, "language": "sh", "callback_url": receiver.url("/")});
    let answer = app.post("/execute/async", &body).expect(200).json();
    answer["execution_id"].as_str().unwrap().to_owned()
}

fn path(id: &str) -> String {
    format!("/execute/async/{id}")
}

#[test]
fn after_the_end_it_is_told_in_the_words_of_the_callback() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let id = submit(&app, &receiver, "echo out; echo err >&2; exit 3");
    let told = receiver.first().json();
    let mut answer = app.get(&path(&id)).expect(200).json();
    assert_eq!(answer.as_object_mut().unwrap().shift_remove("language"), Some(json!("sh")));
    assert_eq!(answer, told);
    assert_eq!((&answer["status"], &answer["exit_code"]), (&json!("failed"), &json!(3)));
}

#[test]
fn before_the_end_what_is_not_known_is_null() {
    let app = TestApp::with(|options| options.slots(1));
    let receiver = TestReceiver::start();
    let running = submit(&app, &receiver, "exec sleep 1000");
    app.wait_for_program("sleep 1000");
    let queued = submit(&app, &receiver, "true");
    for (id, status) in [(&running, "running"), (&queued, "queued")] {
        let answer = app.get(&path(id)).expect(200).json();
        let expected = json!({
            "execution_id": id, "status": status, "success": null, "stdout": "", "stderr": "",
            "exit_code": null, "execution_time": null,
            "started_at": app.record(id)["started_at"], "completed_at": null, "timestamp": null,
            "error": null, "language": "sh",
        });
        assert_eq!(answer, expected);
    }
    app.delete(&path(&queued)).expect(200);
    app.delete(&path(&running)).expect(202);
    receiver.wait_for(2);
}

#[test]
fn it_is_cancelled_as_on_our_own_route() {
    let app = TestApp::with(|options| options.slots(1).grace("60s"));
    let receiver = TestReceiver::start();
    let deaf = "trap '' TERM; sleep 1000; sleep 1001";
    let running = submit(&app, &receiver, deaf);
    app.wait_for_program("sleep 1000");
    let queued = submit(&app, &receiver, "true");
    let wish = app.request("DELETE", &path(&queued)).json(&json!({"reason": "Not now.", "x": 1}));
    let answer = wish.send().expect(200).json();
    assert_eq!((&answer["status"], &answer["exit_code"]), (&json!("cancelled"), &json!(-1)));
    assert_eq!(answer["error"], "Cancelled: Not now.");
    let empty = app.request("DELETE", &path(&running)).header("content-type", "application/json");
    let answer = empty.bytes("").send().expect(202).json();
    assert_eq!((&answer["status"], &answer["cancelling"]), (&json!("running"), &json!(true)));
    assert_eq!(app.get(&path(&running)).expect(200).json()["cancelling"], true);
    for sleep in ["sleep 1000", "sleep 1001"] {
        let program = app.wait_for_program(sleep);
        crate::support::processes::signal(program.pid, rustix::process::Signal::KILL);
    }
    assert_eq!(app.finished(&running)["status"], "cancelled");
    let again = app.delete(&path(&running)).expect(200).json();
    assert_eq!((&again["status"], again.get("cancelling")), (&json!("cancelled"), None));
    let ended = app.run(json!({"code": "true", "language": "sh"}))["id"].clone();
    let answer = app.delete(&path(ended.as_str().unwrap())).expect(200).json();
    assert_eq!(answer["status"], "completed", "as it ended, however it was submitted");
    receiver.wait_for(2);
}

#[test]
fn an_unknown_id_and_another_tenants_are_the_same_404() {
    let mut app = TestApp::start();
    let id = app.run(json!({"code": "true", "language": "sh"}))["id"].as_str().unwrap().to_owned();
    let stranger = format!("Bearer {}", add_key_of(&mut app, "other"));
    let unknown = format!("exec_{}", "0".repeat(32));
    let mut said = Vec::new();
    for method in ["GET", "DELETE"] {
        for id in [&id, &unknown, "x", "%ff"] {
            let request = app.anonymous(method, &path(id)).header("authorization", &stranger);
            let mut error = check(&request.send(), 404, "RESOURCE_NOT_FOUND");
            for its_own in ["request_id", "timestamp"] {
                error[its_own] = Value::Null;
            }
            said.push(error);
        }
    }
    assert!(said.iter().all(|error| *error == said[0]), "{said:#?}");
    let broken = app.request("DELETE", &path(&id)).json(&json!({"reason": 5})).send();
    let error = check(&broken, 400, "INVALID_REQUEST");
    assert!(error["details"]["reason"].as_str().unwrap().contains("`reason`"), "{error}");
}
