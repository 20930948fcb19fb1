//! `DELETE /v1/executions/{id}?purge=true`: an execution that has ended goes at once and whole.
//! Knows nothing of ages.

use serde_json::{Value, json};

use super::problem::{expect_blame, expect_problem};
use super::scoped::add_key_of;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::{Gate, Scripted};

fn purge(id: &str) -> String {
    format!("/v1/executions/{id}?purge=true")
}

fn listed(app: &TestApp) -> Vec<String> {
    let page = app.get("/v1/executions").expect(200).json();
    let data = page["data"].as_array().unwrap();
    data.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_purged_execution_is_gone_and_no_other_is() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let program = json!({"language": "sh", "code": "echo x", "callback_url": receiver.url("/")});
    let [stays, goes] = [(); 2].map(|()| app.submit(program.clone()).id);
    for id in [&stays, &goes] {
        app.wait_for(id, "it is delivered", |record| record["delivery"] == "delivered");
    }
    let answer = app.delete(&purge(&goes)).expect(204);
    assert!(answer.body.is_empty(), "{}", answer.text());
    let path = format!("/v1/executions/{goes}");
    for path in [path.clone(), format!("{path}/deliveries"), format!("{path}?wait=20")] {
        expect_problem(&app.get(&path), 404);
    }
    expect_problem(&app.delete(&path), 404);
    expect_problem(&app.delete(&purge(&goes)), 404);
    assert_eq!(listed(&app), std::slice::from_ref(&stays));
    assert_eq!(app.record(&stays)["stdout"], "x\n");
    // What failed and what owes nothing goes as well.
    let failed = app.run(json!({"language": "sh", "code": "exit 3"}));
    app.delete(&purge(failed["id"].as_str().unwrap())).expect(204);
    assert_eq!(listed(&app), [stays]);
}

#[test]
fn what_another_tenant_has_is_not_found_and_stays() {
    let mut app = TestApp::start();
    let id = app.run(json!({"language": "sh", "code": "echo mine"}))["id"].clone();
    let id = id.as_str().unwrap();
    let key = add_key_of(&mut app, "somebody-else");
    let theirs = app.anonymous("DELETE", &purge(id));
    let answer = theirs.header("authorization", &format!("Bearer {key}")).send();
    expect_problem(&answer, 404);
    assert_eq!(app.record(id)["stdout"], "mine\n");
    app.delete(&purge(id)).expect(204);
}

#[test]
fn what_has_not_ended_is_refused_and_goes_on() {
    let app = TestApp::with(|options| options.slots(1));
    let running = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let queued = app.submit(json!({"language": "sh", "code": "true"})).id;
    for (id, status) in [(&running, "running"), (&queued, "queued")] {
        let problem = expect_problem(&app.delete(&purge(id)), 409);
        assert_eq!(problem["code"], "not_terminal", "{problem}");
        let record = app.record(id);
        assert_eq!((&record["status"], &record["cancelling"]), (&json!(status), &Value::Null));
    }
    app.delete(&format!("/v1/executions/{running}")).expect(202);
    for id in [&running, &queued] {
        app.finished(id);
        app.delete(&purge(id)).expect(204);
    }
}

#[test]
fn what_is_still_owed_is_refused_and_delivered() {
    let app = TestApp::start();
    let gate = Gate::closed();
    let receiver = TestReceiver::answering([Scripted::status(200).held_by(&gate)]);
    let program = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/")});
    let id = app.submit(program).id;
    app.finished(&id);
    let problem = expect_problem(&app.delete(&purge(&id)), 409);
    assert_eq!(problem["code"], "delivery_pending", "{problem}");
    gate.open();
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    assert_eq!(receiver.received().len(), 1);
    app.delete(&purge(&id)).expect(204);
}

#[test]
fn a_purge_that_is_none_is_refused_by_name_and_cancels_nothing() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let path = format!("/v1/executions/{id}");
    for query in ["purge=false", "purge=", "purge", "purge=TRUE", "force=true"] {
        let field = query.split('=').next().unwrap();
        expect_blame(&app.delete(&format!("{path}?{query}")), field);
    }
    let body = json!({"reason": "no more of it"});
    expect_blame(&app.request("DELETE", &purge(&id)).json(&body).send(), "reason");
    let record: Value = app.record(&id);
    assert_eq!((&record["status"], &record["cancelling"]), (&json!("running"), &Value::Null));
    app.delete(&path).expect(202);
    app.finished(&id);
}

#[test]
fn an_id_that_nobody_has_is_not_found() {
    let app = TestApp::start();
    for id in [format!("exec_{}", "0".repeat(32)), "nothing".to_owned()] {
        expect_problem(&app.delete(&purge(&id)), 404);
    }
    let answer = app.anonymous("DELETE", &purge("nothing")).send();
    expect_problem(&answer, 401);
}
