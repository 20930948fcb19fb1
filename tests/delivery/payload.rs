//! What a callback says: the body of each format and the headers around it.
//! Signatures are tested with the webhook.

use serde_json::{Value, json};

use super::outbox::calling;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

fn with(mut body: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn the_standard_body_is_the_type_the_time_and_the_record() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let fields = json!({"metadata": {"order": 7}, "labels": {"team": "blue"}});
    let id = app.submit(with(calling(&receiver), fields)).id;
    let request = receiver.first();
    let record = app.finished(&id);
    let body = request.json();
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["type", "timestamp", "data"]);
    assert_eq!(body["type"], "execution.completed");
    assert_eq!(body["timestamp"], record["completed_at"]);
    let mut expected = record.as_object().unwrap().clone();
    expected.remove("links");
    // What becomes of the delivery is not known yet when the event says what happened.
    expected.insert("delivery".into(), body["data"]["delivery"].clone());
    assert_eq!(body["data"], Value::Object(expected));
    assert_eq!(body["data"]["metadata"], json!({"order": 7}));
}

#[test]
fn each_end_has_its_event() {
    let app = TestApp::start();
    for (code, timeout, status) in
        [("true", 60.0, "completed"), ("exit 3", 60.0, "failed"), ("sleep 1000", 0.2, "failed")]
    {
        let receiver = TestReceiver::start();
        app.submit(with(calling(&receiver), json!({"code": code, "timeout": timeout})));
        let body = receiver.first().json();
        assert_eq!(body["type"], format!("execution.{status}"));
        assert_eq!(body["data"]["status"], status);
        assert_eq!(body["data"]["success"], status == "completed");
    }
}

#[test]
fn a_callback_is_a_post_of_json_to_the_url_as_it_was_given() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let url = receiver.url("/hooks/a%20b/?x=1&y=%26");
    app.submit(with(calling(&receiver), json!({"callback_url": url})));
    let request = receiver.first();
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/hooks/a%20b/?x=1&y=%26")
    );
    assert_eq!(request.all_headers("content-type"), ["application/json"]);
    assert_eq!(request.all_headers("host"), [receiver.address().to_string()]);
    assert_eq!(request.all_headers("content-length"), [request.body.len().to_string()]);
    assert!(request.all_headers("transfer-encoding").is_empty());
    assert!(
        request.header("user-agent").is_some_and(|agent| agent.to_lowercase().contains("ringback"))
    );
}

#[test]
fn the_clients_headers_come_with_it_and_ours_are_there_once() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let headers = json!({"X-Run": "7", "X-Token": "t: a, b", "Accept": "text/plain"});
    app.submit(with(calling(&receiver), json!({"callback_headers": headers})));
    let request = receiver.first();
    assert_eq!(request.all_headers("x-run"), ["7"]);
    assert_eq!(request.all_headers("x-token"), ["t: a, b"]);
    assert_eq!(request.all_headers("accept"), ["text/plain"]);
    for ours in
        ["webhook-id", "webhook-timestamp", "content-type", "host", "content-length", "user-agent"]
    {
        assert_eq!(request.all_headers(ours).len(), 1, "{ours}: {:?}", request.headers);
    }
}

#[test]
fn the_hopx_body_is_what_hopx_sends() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let code = "echo out; echo err >&2";
    let body = with(calling(&receiver), json!({"code": code}));
    let answer = app.post("/execute/async", &body).expect(200).json();
    let request = receiver.first();
    let told = request.json();
    let record = app.finished(answer["execution_id"].as_str().unwrap());
    assert_eq!(told["execution_id"], answer["execution_id"]);
    assert_eq!((&told["status"], &told["success"]), (&json!("completed"), &json!(true)));
    assert_eq!((&told["stdout"], &told["stderr"]), (&json!("out\n"), &json!("err\n")));
    assert_eq!(told["exit_code"], 0);
    assert_eq!(told["execution_time"], record["execution_time"]);
    assert_eq!(told["started_at"], record["started_at"]);
    assert_eq!(told["completed_at"], record["completed_at"]);
    assert!(told["timestamp"].as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()));
    assert!(told.get("error").is_some_and(Value::is_null), "{told:#}");
    let seconds: i64 = request.header("x-hopx-timestamp").unwrap().parse().unwrap();
    assert_eq!(request.header("webhook-timestamp"), Some(seconds.to_string().as_str()));
}

#[test]
fn the_hopx_body_has_an_integer_exit_code_for_every_end() {
    let app = TestApp::with(|options| {
        options.env("RINGBACK_RUNTIMES__BASH__COMMAND", "no-such-interpreter")
    });
    for (fields, status, exit_code) in [
        (json!({"code": "exit 3"}), "failed", 3),
        (json!({"code": "kill -KILL $$"}), "failed", 128 + 9),
        (json!({"language": "bash"}), "failed", -1),
    ] {
        let told = hopx_callback(&app, &fields);
        assert_eq!(
            (&told["status"], &told["exit_code"]),
            (&json!(status), &json!(exit_code)),
            "{told:#}"
        );
        assert_eq!(told["success"], false);
        assert!(told["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{told:#}");
    }
    let told = hopx_callback(&app, &json!({"code": "sleep 1000", "timeout": 0.2}));
    assert_eq!(told["status"], "timeout", "{told:#}");
    assert!(told["exit_code"].as_i64().is_some_and(|code| code > 128), "{told:#}");
}

#[test]
fn a_cancelled_execution_is_told_in_hopx_words_too() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let body = with(calling(&receiver), json!({"code": "exec sleep 1000"}));
    let answer = app.post("/execute/async", &body).expect(200).json();
    app.wait_for_program("sleep 1000");
    let id = answer["execution_id"].as_str().unwrap();
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    let told = receiver.first().json();
    assert_eq!((&told["status"], &told["success"]), (&json!("cancelled"), &json!(false)));
    assert!(told["exit_code"].is_i64(), "{told:#}");
}

#[test]
fn a_client_chooses_the_format_on_our_own_route() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let id = app.submit(with(calling(&receiver), json!({"payload_format": "hopx"}))).id;
    let request = receiver.first();
    assert_eq!(request.json()["execution_id"], id);
    assert!(request.header("x-hopx-timestamp").is_some());
}

#[test]
fn output_that_is_no_text_leaves_the_body_valid() {
    let app = TestApp::start();
    let code = "printf '\\377\\376\\000'; printf '\\355\\240\\200' >&2";
    for (route, stdout) in [("/v1/executions", "/data/stdout"), ("/execute/async", "/stdout")] {
        let receiver = TestReceiver::start();
        let answer = app.post(route, &with(calling(&receiver), json!({"code": code})));
        assert!(answer.status < 300, "{}", answer.text());
        let request = receiver.first();
        assert!(std::str::from_utf8(&request.body).is_ok());
        assert!(request.json().pointer(stdout).is_some_and(Value::is_string));
    }
}

fn hopx_callback(app: &TestApp, fields: &Value) -> Value {
    let receiver = TestReceiver::start();
    app.post("/execute/async", &with(calling(&receiver), fields.clone())).expect(200);
    receiver.first().json()
}
