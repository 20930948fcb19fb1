//! Killing a process in the four spellings that HopX's clients have: what is answered, and that it
//! is true.

use serde_json::{Value, json};

use super::hopx_errors::check;
use super::hopx_processes::{background, begin};
use super::scoped::add_key_of;
use crate::support::app::TestApp;
use crate::support::client::{Answer, Request};
use crate::support::options::API_KEY;
use crate::support::wait::{DEADLINE, eventually};

/// The four spellings of a kill, and the one of a client that announces JSON and sends nothing.
const SPELLINGS: [fn(&TestApp, &str) -> Request; 5] = [
    |app, id| app.request("DELETE", "/execute/kill").json(&json!({"process_id": id, "x": 1})),
    |app, id| app.request("DELETE", &format!("/execute/kill?process_id={id}")),
    |app, id| app.request("POST", &format!("/execute/kill/{id}")),
    |app, id| app.request("POST", &format!("/processes/{id}/kill")),
    |app, id| {
        let request = app.request("POST", &format!("/execute/kill/{id}"));
        request.header("content-type", "application/json").bytes("")
    },
];

#[test]
fn a_process_is_killed_in_every_spelling() {
    let app = TestApp::start();
    for (number, spelling) in SPELLINGS.iter().enumerate() {
        let id = begin(&app, 1000 + u32::try_from(number).unwrap());
        let killed = spelling(&app, &id).send().expect(200).json();
        let expected = json!({
            "process_id": id, "status": "killed", "message": "The process is being killed.",
        });
        assert_eq!(killed, expected);
        let record = app.finished(&id);
        assert_eq!(
            (&record["status"], &record["cancelled_by"]),
            (&json!("cancelled"), &json!("admin"))
        );
        eventually(DEADLINE, "its program is gone", || app.programs().is_empty().then_some(()));
        let again = spelling(&app, &id).send().expect(200).json();
        let expected = json!({
            "process_id": id, "status": "killed", "message": "The process has been killed.",
        });
        assert_eq!(again, expected, "killing is idempotent");
    }
}

#[test]
fn a_process_that_waits_is_killed_at_once_and_one_that_has_ended_is_told_as_it_ended() {
    let app = TestApp::with(|options| options.slots(1));
    let first = begin(&app, 1000);
    for spelling in SPELLINGS {
        let body = json!({"code": "true", "language": "sh"});
        let id = background(&app, &body)["process_id"].as_str().unwrap().to_owned();
        let killed = spelling(&app, &id).send().expect(200).json();
        assert_eq!(killed["message"], "The process has been killed.");
        assert_eq!(app.record(&id)["status"], "cancelled");
    }
    app.post(&format!("/processes/{first}/kill"), &json!({})).expect(200);
    app.finished(&first);
    for (code, status) in [("true", "completed"), ("false", "failed")] {
        let id = app.run(json!({"code": code, "language": "sh"}))["id"].clone();
        let id = id.as_str().unwrap();
        for spelling in SPELLINGS {
            let killed = spelling(&app, id).send().expect(200).json();
            let message = format!("The process had ended already: {status}.");
            let expected = json!({"process_id": id, "status": status, "message": message});
            assert_eq!(killed, expected);
        }
        assert_eq!(app.record(id)["status"], status, "nothing changes an end");
    }
}

#[test]
fn a_kill_that_was_answered_is_on_disk() {
    let mut app = TestApp::with(|options| options.grace("60s"));
    let deaf = json!({
        "code": "trap '' TERM; touch deaf; sleep 1000; sleep 1000", "language": "sh",
        "workdir": "/workspace",
    });
    let id = background(&app, &deaf)["process_id"].as_str().unwrap().to_owned();
    app.wait_for_program("sleep 1000");
    app.post(&format!("/execute/kill/{id}"), &json!({})).expect(200);
    app.kill9();
    app.restart();
    assert_eq!(app.finished(&id)["status"], "cancelled");
}

#[test]
fn an_id_that_names_no_process_of_the_callers_is_404_whatever_it_looks_like() {
    let mut app = TestApp::start();
    let id = app.run(json!({"code": "true", "language": "sh"}))["id"].as_str().unwrap().to_owned();
    let stranger = add_key_of(&mut app, "other");
    let check_404 = |answer: &Answer| {
        let mut error = check(answer, 404, "PROCESS_NOT_FOUND");
        for its_own in ["request_id", "timestamp"] {
            error[its_own] = Value::Null;
        }
        error
    };
    let mut said = Vec::new();
    for spelling in SPELLINGS {
        let unknown = format!("exec_{}", "0".repeat(32));
        for wrong in [&unknown, "proc_1", "exec_", "%20", "%ff", "..%2f", &"x".repeat(5000)] {
            said.push(check_404(&spelling(&app, wrong).send()));
        }
        let bearer = format!("Bearer {stranger}");
        let theirs = spelling(&app, &id).without_header("authorization");
        said.push(check_404(&theirs.header("authorization", &bearer).send()));
    }
    assert!(said.iter().all(|error| *error == said[0]), "{said:#?}");
    assert_eq!(app.record(&id)["status"], "completed");
    assert!(!said[0].to_string().contains(API_KEY));
}

#[test]
fn a_kill_without_an_id_is_told_what_is_missing() {
    let app = TestApp::start();
    let delete = |path: &str| app.request("DELETE", path);
    for request in [
        delete("/execute/kill"),
        delete("/execute/kill").header("content-type", "application/json").bytes(""),
        delete("/execute/kill").json(&json!({})),
        delete("/execute/kill").json(&json!({"process_id": null})),
        delete("/execute/kill").json(&json!({"process_id": ""})),
        delete("/execute/kill?process_id="),
        app.request("POST", "/execute/kill/"),
        app.request("POST", "/processes//kill"),
    ] {
        let error = check(&request.send(), 400, "MISSING_PARAMETER");
        assert!(error["details"]["process_id"].as_str().unwrap().contains("process_id"), "{error}");
    }
    let two = delete("/execute/kill?process_id=a").json(&json!({"process_id": "b"}));
    for request in [two, delete("/execute/kill").json(&json!({"process_id": 5}))] {
        let error = check(&request.send(), 400, "INVALID_REQUEST");
        assert!(error["details"]["process_id"].as_str().unwrap().contains("process_id"), "{error}");
    }
    let broken = delete("/execute/kill").header("content-type", "application/json");
    check(&broken.bytes("{").send(), 400, "INVALID_JSON");
}
