//! A call with an id of its caller's begins one execution, however often and whenever it is sent.
//! That it outlives a kill before it was answered is tested where servers are killed.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::json;

use super::{calling, ended, executions, expect_error, id_of, put_script, told};
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::processes;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

const LINGERS: &str = "exec sleep 1000";

fn send(app: &TestApp, id: &str) -> Answer {
    calling(app, "f").header("x-request-id", id).json(&json!({})).send()
}

#[test]
fn sent_again_it_is_answered_the_same_and_runs_once() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let definition = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/")});
    super::put(&app, "f", definition);
    for _ in 0..3 {
        assert_eq!(id_of(&send(&app, "mine")), "mine");
        ended(&app, "f", "mine");
    }
    // Another body does not make it another call: Cortex knows it by its id.
    let other = calling(&app, "f").header("x-request-id", "mine").bytes(b"other".as_slice());
    assert_eq!(id_of(&other.send()), "mine");
    assert_eq!(executions(&app).len(), 1);
    // One that came after has been told of: nothing is on the way.
    assert_eq!(id_of(&send(&app, "next")), "next");
    let told = receiver.wait_for(2);
    assert_eq!((&told[0].json()["id"], &told[1].json()["id"]), (&json!("mine"), &json!("next")));
}

#[test]
fn of_many_at_once_one_begins_it() {
    let app = TestApp::start();
    put_script(&app, "f", "true");
    let ids: BTreeSet<String> = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..16).map(|_| scope.spawn(|| id_of(&send(&app, "mine")))).collect();
        sending.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["mine"]);
    assert_eq!(executions(&app).len(), 1);
    assert_eq!(ended(&app, "f", "mine")["status"], "completed");
}

#[test]
fn it_is_known_after_a_restart() {
    let mut app = TestApp::start();
    put_script(&app, "f", "echo 7 > $RINGBACK_RESULT");
    send(&app, "mine");
    let before = ended(&app, "f", "mine");
    app.kill9();
    app.restart();
    assert_eq!(told(&app, "f", "mine"), before);
    assert_eq!(id_of(&send(&app, "mine")), "mine");
    assert_eq!(executions(&app).len(), 1);
}

#[test]
fn what_is_known_is_answered_when_nothing_new_is_taken() {
    for (setting, status, code) in [
        ("RINGBACK_QUEUE__MAX_PER_TENANT", 429, "tenant_queue_full"),
        ("RINGBACK_QUEUE__MAX_TOTAL", 503, "queue_full"),
    ] {
        let app = TestApp::with(|options| options.slots(1).env(setting, "1"));
        put_script(&app, "f", LINGERS);
        id_of(&send(&app, "runs"));
        app.wait_for_program("sleep 1000");
        id_of(&send(&app, "waits"));
        let refusal = send(&app, "too-many");
        expect_error(&refusal, status, code);
        let seconds = refusal.header("retry-after").and_then(|text| text.parse::<u64>().ok());
        assert!(seconds.is_some_and(|seconds| seconds >= 1), "{:?}", refusal.header("retry-after"));
        for known in ["runs", "waits"] {
            assert_eq!(id_of(&send(&app, known)), known);
        }
        // What was refused has not used its id up.
        let runs = executions(&app).pop().unwrap();
        app.delete(&format!("/v1/executions/{runs}")).expect(202);
        app.finished(&runs);
        app.wait_for_program("sleep 1000");
        assert_eq!(id_of(&send(&app, "too-many")), "too-many");
        assert_eq!(executions(&app).len(), 3);
    }
}

#[test]
fn it_is_known_when_its_function_is_another_one_or_none() {
    let app = TestApp::start();
    put_script(&app, "f", "echo 1 > $RINGBACK_RESULT");
    send(&app, "mine");
    let before = ended(&app, "f", "mine");
    app.delete("/v1/functions/f").expect(204);
    assert_eq!(id_of(&send(&app, "mine")), "mine");
    expect_error(&send(&app, "new"), 404, "not_found");
    put_script(&app, "f", "echo 2 > $RINGBACK_RESULT");
    assert_eq!(id_of(&send(&app, "mine")), "mine");
    assert_eq!(ended(&app, "f", "mine"), before);
    assert_eq!(executions(&app).len(), 1);
}

#[test]
fn what_is_purged_is_forgotten_with_its_id() {
    let app = TestApp::start();
    put_script(&app, "f", "true");
    send(&app, "mine");
    ended(&app, "f", "mine");
    let first = executions(&app).remove(0);
    app.delete(&format!("/v1/executions/{first}?purge=true")).expect(204);
    for id in ["mine", &first] {
        expect_error(&app.get(&format!("/apis/f/{id}")), 404, "not_found");
    }
    assert_eq!(id_of(&send(&app, "mine")), "mine");
    assert_eq!(ended(&app, "f", "mine")["status"], "completed");
    assert_ne!(executions(&app), [first]);
}

#[test]
fn what_is_known_is_answered_by_a_server_that_stops() {
    let mut app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "15s"));
    put_script(&app, "f", LINGERS);
    send(&app, "runs");
    app.wait_for_program("sleep 1000");
    processes::signal(app.pid(), Signal::TERM);
    eventually(DEADLINE, "it is about to stop", || {
        (app.anonymous("GET", "/readyz").send().status == 503).then_some(())
    });
    let refusal = send(&app, "new");
    expect_error(&refusal, 503, "draining");
    assert!(refusal.header("retry-after").is_some());
    assert_eq!(id_of(&send(&app, "runs")), "runs");
    let id = executions(&app).remove(0);
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
}
