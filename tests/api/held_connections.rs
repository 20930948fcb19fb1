//! What a held answer costs while nobody may be left to read it: connections are given back, and
//! clients that say nothing are asked whether they are there.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::held::{Held, get, post};
use crate::support::wait::{DEADLINE, eventually};

fn descriptors(app: &TestApp) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", app.pid())).expect("it lives").count()
}

/// Begins a program that does not end, and gives the path at which it is waited for.
fn begun(app: &TestApp) -> String {
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    format!("/v1/executions/{id}")
}

#[test]
fn a_connection_that_has_ended_leaves_nothing_behind() {
    let app = TestApp::start();
    let path = begun(&app);
    let leave = [Held::close, Held::reset];
    let use_it = |number: usize| {
        let mut held = Held::send(app.address(), &get(&format!("{path}?wait=0.01")));
        held.answer();
        held.say(&get(&format!("{path}?wait=0.01&cancel_on_disconnect=true")));
        held.answer();
        leave[number % 2](held);
    };
    use_it(0);
    let before = descriptors(&app);
    (0..40).for_each(use_it);
    eventually(DEADLINE, "all descriptors are given back", || {
        (descriptors(&app) <= before).then_some(())
    });
    app.delete(&path).expect(202);
}

#[test]
fn nothing_is_held_for_a_client_that_cannot_read_it() {
    let app = TestApp::start();
    let path = begun(&app);
    let before = descriptors(&app);
    let wait = format!("{path}?wait=60");
    let held: Vec<_> = (0..20).map(|_| Held::send(app.address(), &get(&wait))).collect();
    eventually(DEADLINE, "all are held", || held.iter().all(Held::is_read).then_some(()));
    assert!(descriptors(&app) >= before + 20);
    for held in held {
        held.say_no_more();
        held.reset();
    }
    eventually(DEADLINE, "all descriptors are given back", || {
        (descriptors(&app) <= before).then_some(())
    });
    assert_eq!(app.get(&path).expect(200).json()["status"], "running");
    app.delete(&path).expect(202);
}

#[test]
fn a_silent_client_is_asked_whether_it_is_there_while_its_answer_is_held() {
    let app = TestApp::start();
    let mut held = Held::send(app.address(), &get("/readyz"));
    held.answer();
    assert!(!held.is_probed(), "nothing is held");
    let body = json!({"language": "sh", "code": "exec sleep 1000"});
    held.say(&post("/execute", &body));
    eventually(DEADLINE, "it is probed", || held.is_probed().then_some(()));
    let id = app.get("/v1/executions").expect(200).json()["data"][0]["id"].clone();
    app.delete(&format!("/v1/executions/{}", id.as_str().unwrap()));
    assert_eq!(held.answer().1["status"], "cancelled");
}
