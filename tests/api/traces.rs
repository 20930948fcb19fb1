//! `traceparent`: from the request of a client to the environment of its program and the headers of
//! its webhooks, on every route that begins executions. What is well formed is tested with the domain.

use serde_json::{Value, json};

use super::owed::{calling, patient, with_attempts};
use crate::support::app::TestApp;
use crate::support::client::Request;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Says what it knows of its trace.
const SAYS: &str = "echo \"<$TRACEPARENT>\"";

/// What the program of an execution must have been told: the same trace, and the execution's span.
fn within(id: &str) -> String {
    let span = &id[id.len() - 16..];
    format!("00-{TRACE}-{span}-01")
}

fn traced(app: &TestApp, path: &str) -> Request {
    app.request("POST", path).header("traceparent", PARENT)
}

/// Submits and waits for the end.
#[track_caller]
fn run(app: &TestApp, request: Request) -> Value {
    let answer = request.send().expect(202).json();
    app.finished(answer["id"].as_str().unwrap())
}

#[track_caller]
fn check_told(record: &Value) {
    let id = record["id"].as_str().unwrap();
    assert_eq!(record["stdout"], format!("<{}>\n", within(id)), "{record:#}");
}

#[test]
fn program_and_webhooks_are_told_the_same_span_of_the_clients_trace_at_every_attempt() {
    let app = TestApp::with(patient);
    let receiver = TestReceiver::answering([Scripted::status(500), Scripted::status(500)]);
    let mut body = calling(&receiver);
    body["code"] = json!(SAYS);
    let record = run(&app, traced(&app, "/v1/executions").json(&body));
    check_told(&record);
    let received = receiver.wait_for(3);
    for request in &received {
        let expected = within(record["id"].as_str().unwrap());
        assert_eq!(request.all_headers("traceparent"), [expected]);
    }
    with_attempts(&app, record["id"].as_str().unwrap(), 3);
}

#[test]
fn one_that_has_waited_is_told_and_so_is_one_that_another_server_starts() {
    let mut app = TestApp::with(|options| options.slots(1));
    let sleeper = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    let body = json!({"language": "sh", "code": SAYS});
    let waiting = traced(&app, "/v1/executions").json(&body).send().expect(202).json();
    let waiting = waiting["id"].as_str().unwrap().to_owned();
    assert_eq!(app.record(&waiting)["status"], "queued");
    app.kill9();
    app.restart();
    check_told(&app.finished(&waiting));
    app.finished(&sleeper);
}

#[test]
fn without_a_trace_or_with_one_that_is_malformed_nobody_is_told_of_any() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let mut body = calling(&receiver);
    body["code"] = json!("env | grep -c TRACEPARENT; true");
    let request = || app.request("POST", "/v1/executions").json(&body);
    let upper = PARENT.to_uppercase();
    let malformed = [
        "",
        "nonsense",
        &PARENT[3..],
        &upper,
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ];
    let all = malformed.iter().map(|value| request().header("traceparent", value));
    let twice = request().header("traceparent", PARENT).header("traceparent", PARENT);
    let requests: Vec<_> = all.chain([request(), twice]).collect();
    let count = requests.len();
    for request in requests {
        assert_eq!(run(&app, request)["stdout"], "0\n");
    }
    for request in receiver.wait_for(count) {
        assert_eq!(request.header("traceparent"), None);
    }
}

#[test]
fn what_a_client_says_itself_wins() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let own = "00-11111111111111111111111111111111-2222222222222222-00";
    let mut body = calling(&receiver);
    body["code"] = json!(SAYS);
    body["env"] = json!({"TRACEPARENT": "mine"});
    body["callback_headers"] = json!({"Traceparent": own});
    let record = run(&app, traced(&app, "/v1/executions").json(&body));
    assert_eq!(record["stdout"], "<mine>\n");
    assert_eq!(receiver.first().all_headers("traceparent"), [own]);
}

#[test]
fn every_route_that_begins_an_execution_takes_the_trace() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let program = json!({"language": "sh", "code": SAYS});
    app.request("PUT", "/v1/functions/f").json(&program).send().expect(201);
    check_told(&run(&app, traced(&app, "/v1/functions/f/invoke").json(&json!({}))));

    // The other routes say who was begun in their own ways; the newest execution is the one.
    let newest = || {
        let page = app.get("/v1/executions").expect(200).json();
        app.finished(page["data"][0]["id"].as_str().expect("there is one"))
    };
    let url = receiver.url("/");
    let with_url = json!({"language": "sh", "code": SAYS, "callback_url": url});
    let sync = json!({"deployment": "f", "variant": "default", "inputs": {}});
    for (path, body) in [
        ("/execute", &program),
        ("/execute/background", &program),
        ("/execute/async", &with_url),
        ("/apis/f", &json!({})),
        ("/v1/workflow/invoke", &sync),
    ] {
        let answer = traced(&app, path).json(body).send();
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
        check_told(&newest());
    }
    let count = app.get("/v1/executions").expect(200).json()["data"].as_array().unwrap().len();
    assert_eq!(count, 6, "each began one");
}

#[test]
fn programs_that_are_sent_on_one_socket_are_all_of_its_trace() {
    let app = TestApp::start();
    let mut socket = super::hopx_stream::Socket::open_traced(&app, PARENT);
    for _ in 0..2 {
        socket.execute(SAYS);
        let told = socket.until_complete();
        let id = told.iter().find_map(|message| message["execution_id"].as_str()).unwrap();
        let record = eventually(DEADLINE, "it has ended", || {
            Some(app.record(id)).filter(|record| record["status"] == "completed")
        });
        check_told(&record);
    }
}
