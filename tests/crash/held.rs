//! Answers that are held back through a fall of the supervisor, and clients that go away in the one
//! moment in which nobody knows yet what it is that they wait for.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::held::{Held, post};
use crate::support::wait::{DEADLINE, eventually};

fn execute(code: &str) -> Vec<u8> {
    let body = json!({"language": "sh", "code": code, "cancel_on_disconnect": true});
    post("/execute", &body)
}

#[test]
fn a_client_that_is_gone_while_its_execution_is_being_accepted_takes_it_along() {
    for leave in [Held::reset, Held::close] {
        let slowly = "accept-before-commit=1*sleep(1000)->off";
        let app = TestApp::with(|options| options.failpoints(slowly));
        let database = Connection::open(app.data_dir().join("ringback.db")).unwrap();
        database.busy_timeout(Duration::ZERO).unwrap();
        let held = Held::send(app.address(), &execute("exec sleep 1000"));
        eventually(DEADLINE, "the store writes", || {
            let is_locked = database.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_err();
            is_locked.then_some(())
        });
        leave(held);
        let newest = || app.get("/v1/executions?limit=1").expect(200).json()["data"][0].clone();
        let id =
            eventually(DEADLINE, "it is accepted", || newest()["id"].as_str().map(str::to_owned));
        let record = app.finished(&id);
        assert_eq!(record["status"], "cancelled", "{record:#}");
        let reason = "The client that waited for it has gone away.";
        assert_eq!(record["cancel_reason"], reason, "{record:#}");
        eventually(DEADLINE, "its program is gone", || app.programs().is_empty().then_some(()));
    }
}

#[test]
fn an_answer_is_held_back_through_a_fall_of_the_supervisor() {
    // The first submit passes, and the second brings the supervisor down.
    let falls = "supervisor=1*off->1*panic->off";
    let app = TestApp::with(|options| options.slots(4).failpoints(falls));
    let code = "until [ -e gate ]; do sleep 0.01; done; echo through";
    let body = json!({"language": "sh", "code": code, "workdir": "/workspace"});
    let mut held = Held::send(app.address(), &post("/execute", &body));
    eventually(DEADLINE, "it runs", || (!app.programs().is_empty()).then_some(()));
    app.post("/v1/executions", &json!({"language": "sh", "code": "true"})).expect(503);
    let opener = json!({"language": "sh", "code": "touch gate", "workdir": "/workspace"});
    eventually(DEADLINE, "the next supervisor takes it", || {
        let answer = app.post("/execute", &opener);
        (answer.status == 200).then_some(())
    });
    let (status, answer) = held.answer();
    assert_eq!((status, &answer["stdout"]), (200, &Value::from("through\n")), "{answer:#}");
    let falls = app.stderr().matches("the supervisor has failed and is started").count();
    assert_eq!(falls, 1);
}
