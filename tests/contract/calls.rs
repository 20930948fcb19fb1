//! The table of calls: one test for each row.

use serde_json::{Value, json};

use super::long;
use crate::support::app::TestApp;
use crate::support::client::exchange;
use crate::support::options::API_KEY;
use crate::support::receiver::TestReceiver;

#[test]
fn post_v1_executions() {
    let app = TestApp::start();
    let body = json!({"language": "sh", "code": "true"});
    let accepted = app.post("/v1/executions", &body).expect(202);
    let id = accepted.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(accepted.header("location"), Some(&*format!("/v1/executions/{id}")));
    app.post("/v1/executions", &json!({})).expect(400);
    app.anonymous("POST", "/v1/executions").json(&body).send().expect(401);
    let keyed = |body: &Value| {
        app.request("POST", "/v1/executions").header("idempotency-key", "k").json(body).send()
    };
    keyed(&body).expect(202);
    keyed(&json!({"language": "sh", "code": "false"})).expect(422);
    let huge = json!({"language": "sh", "code": "x".repeat(5 << 20)});
    app.post("/v1/executions", &huge).expect(413);
}

#[test]
fn get_v1_executions() {
    let app = TestApp::start();
    let submit = |language: &str, code: &str, team: &str| {
        let body = json!({"language": language, "code": code, "labels": {"team": team}});
        app.submit(body).id
    };
    let ids = [
        submit("sh", "true", "red"),
        submit("sh", "exit 3", "red"),
        submit("bash", "true", "blue"),
    ];
    let records = ids.each_ref().map(|id| app.finished(id));
    let listed = |query: &str| -> Vec<String> {
        let page = app.get(&format!("/v1/executions?{query}")).expect(200).json();
        let data = page["data"].as_array().unwrap();
        data.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    };
    let newest_first = [&ids[2], &ids[1], &ids[0]].map(String::clone);
    assert_eq!(listed(""), newest_first);
    assert_eq!(listed("status=failed"), [&*ids[1]]);
    assert_eq!(listed("cause=exited"), newest_first);
    assert!(listed("cause=timeout").is_empty());
    assert_eq!(listed("language=bash"), [&*ids[2]]);
    assert_eq!(listed("label.team=red"), [&*ids[1], &*ids[0]]);
    assert!(listed("function=none").is_empty());
    let first = records[0]["created_at"].as_str().unwrap();
    assert_eq!(listed(&format!("created_before={first}")), Vec::<String>::new());
    assert_eq!(listed("created_after=2020-01-01T00:00:00Z"), newest_first);

    let page = app.get("/v1/executions?limit=2").expect(200).json();
    let cursor = page["next_cursor"].as_str().expect("there is one more");
    let next = app.get(&format!("/v1/executions?limit=2&cursor={cursor}")).expect(200).json();
    assert_eq!(next["data"][0]["id"], ids[0]);
    assert_eq!(next["next_cursor"], Value::Null);
    for bad in ["limit=0", "limit=201", "cursor=x"] {
        app.get(&format!("/v1/executions?{bad}")).expect(400);
    }
    app.get(&format!("/v1/executions?status=failed&cursor={cursor}")).expect(400);
}

#[test]
fn get_v1_executions_id() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "echo hi"})).id;
    let held = app.get(&format!("/v1/executions/{id}?wait=60")).expect(200).json();
    assert_eq!((&held["status"], &held["stdout"]), (&json!("completed"), &json!("hi\n")));
    let id = app.submit(long()).id;
    let held = app.get(&format!("/v1/executions/{id}?wait=0.2")).expect(200).json();
    assert!(["queued", "running"].contains(&held["status"].as_str().unwrap()), "{held}");
    for bad in ["wait=61", "wait=-1", "wait=soon"] {
        app.get(&format!("/v1/executions/{id}?{bad}")).expect(400);
    }
    app.get("/v1/executions/exec_0192a000000070008000000000000001").expect(404);
    app.delete(&format!("/v1/executions/{id}"));
    app.finished(&id);
}

#[test]
fn delete_v1_executions_id() {
    let app = TestApp::with(|options| options.slots(1));
    let running = app.submit(long()).id;
    app.wait_for(&running, "it runs", |record| record["status"] == "running");
    let queued = app.submit(long()).id;
    let reason = json!({"reason": "not wanted"});
    let cancel =
        |id: &str| app.request("DELETE", &format!("/v1/executions/{id}")).json(&reason).send();
    let ended = cancel(&queued).expect(200).json();
    assert_eq!((&ended["status"], &ended["cause"]), (&json!("cancelled"), &json!("cancelled")));
    assert_eq!(ended["cancel_reason"], "not wanted");
    let ending = cancel(&running).expect(202).json();
    assert_eq!(ending["cancelling"], true);
    let ended = app.finished(&running);
    assert_eq!(ended["status"], "cancelled");
    let again = app.delete(&format!("/v1/executions/{running}")).expect(200).json();
    assert_eq!(again, ended);
}

#[test]
fn get_v1_executions_id_output_stream() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "printf 0123456789; echo e >&2"})).id;
    app.finished(&id);
    let path = format!("/v1/executions/{id}/output/stdout");
    assert_eq!(app.get(&path).expect(200).body, b"0123456789");
    assert_eq!(app.get(&format!("/v1/executions/{id}/output/stderr")).expect(200).body, b"e\n");
    let part = app.request("GET", &path).header("range", "bytes=2-4").send().expect(206);
    assert_eq!((&*part.body, part.header("content-range")), (&b"234"[..], Some("bytes 2-4/10")));
    assert_eq!(app.get(&format!("{path}?offset=7")).expect(200).body, b"789");
    app.get(&format!("/v1/executions/{id}/output/stdlog")).expect(404);

    let code = "echo so far; sleep 300";
    let id = app.submit(json!({"language": "sh", "code": code})).id;
    let path = format!("/v1/executions/{id}/output/stdout");
    crate::support::wait::eventually(crate::support::wait::DEADLINE, "there is output", || {
        (app.get(&path).expect(200).body == b"so far\n").then_some(())
    });
    app.delete(&format!("/v1/executions/{id}"));
    app.finished(&id);
}

#[test]
fn get_v1_executions_id_events() {
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "printf héllo; printf no >&2"})).id;
    app.finished(&id);
    let stream = app.get(&format!("/v1/executions/{id}/events")).expect(200);
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    let events = events(&stream.text());
    let of = |name: &str| -> Vec<&Value> {
        events.iter().filter(|event| event.name == name).map(|event| &event.data).collect()
    };
    assert_eq!(events[0].name, "status");
    assert_eq!(of("stdout"), [&json!({"offset": 0, "text": "héllo"})]);
    assert_eq!(of("stderr"), [&json!({"offset": 0, "text": "no"})]);
    let last = events.last().unwrap();
    assert_eq!((&*last.name, &last.data["id"]), ("end", &json!(id)));
    assert_eq!(last.data["status"], "completed");

    let resumed = app
        .request("GET", &format!("/v1/executions/{id}/events"))
        .header("last-event-id", "3-2")
        .send()
        .expect(200);
    let resumed = self::events(&resumed.text());
    let stdout: Vec<_> = resumed.iter().filter(|event| event.name == "stdout").collect();
    assert_eq!(stdout.len(), 1);
    assert_eq!((&stdout[0].data, &*stdout[0].id), (&json!({"offset": 3, "text": "llo"}), "6-2"));
    assert!(resumed.iter().all(|event| event.name != "stderr"));
    app.get("/v1/executions/exec_0192a000000070008000000000000001/events").expect(404);
}

struct Event {
    name: String,
    id: String,
    data: Value,
}

/// The events of a stream that has ended.
fn events(text: &str) -> Vec<Event> {
    let text = text.replace("\r\n", "\n");
    let blocks = text.split("\n\n").filter(|block| block.contains("data:"));
    let field = |block: &str, name: &str| {
        let value = |line: &str| Some(line.strip_prefix(name)?.trim_start().to_owned());
        block.lines().find_map(value).unwrap_or_default()
    };
    let event = |block: &str| Event {
        name: field(block, "event:"),
        id: field(block, "id:"),
        data: serde_json::from_str(&field(block, "data:")).expect("the data is JSON"),
    };
    blocks.map(event).collect()
}

#[test]
fn get_v1_executions_id_deliveries() {
    let (app, receiver) = (TestApp::start(), TestReceiver::start());
    let body = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/")});
    let id = app.submit(body).id;
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    let log = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    assert_eq!(log["next_cursor"], Value::Null);
    assert_eq!(log["data"].as_array().unwrap().len(), 1);
    assert_eq!(log["data"][0]["attempts"].as_array().unwrap().len(), 1);
}

#[test]
fn post_v1_deliveries_id_redeliver() {
    let (app, receiver) = (TestApp::start(), TestReceiver::start());
    let body = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/"),
        "callback_signature_secret": "a-secret-of-this-test"});
    let id = app.submit(body).id;
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    let log = app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).json();
    let delivery = log["data"][0]["id"].as_str().unwrap();
    app.request("POST", &format!("/v1/deliveries/{delivery}/redeliver")).send().expect(202);
    let [first, second] = &receiver.wait_for(2)[..] else { panic!("two requests") };
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    app.request("POST", "/v1/deliveries/dlv_x/redeliver").send().expect(404);
}

#[test]
fn post_v1_deliveries_recover() {
    let app = TestApp::with(|options| options.retry_schedule("").without_breakers());
    let mut receiver = TestReceiver::down();
    let body = json!({"language": "sh", "code": "true", "callback_url": receiver.url("/")});
    let id = app.submit(body).id;
    app.wait_for(&id, "it is given up", |record| record["delivery"] == "exhausted");
    receiver.up();
    let wish = json!({"since": "2020-01-01T00:00:00Z"});
    let recovery = app.post("/v1/deliveries/recover", &wish).expect(202).json();
    assert_eq!(recovery["matched"], 1, "it says how many");
    receiver.wait_for(1);
    let host = json!({"since": "2020-01-01T00:00:00Z", "host": "example.com"});
    assert_eq!(app.post("/v1/deliveries/recover", &host).expect(202).json()["matched"], 0);
}

#[test]
fn get_v1_runtimes() {
    let app = TestApp::start();
    let runtimes = app.get("/v1/runtimes").expect(200).json();
    let python = runtimes["data"].as_array().unwrap().iter().find(|each| each["name"] == "python");
    let python = python.expect("python is a language");
    assert!(python["aliases"].as_array().unwrap().contains(&json!("python3")), "{python}");
    assert!(python["command"][0].as_str().unwrap().starts_with('/'), "{python}");
    assert!(python["version"].as_str().unwrap().contains("3."), "{python}");
}

#[test]
fn get_livez_and_readyz() {
    let app = TestApp::start();
    app.anonymous("GET", "/livez").send().expect(200);
    app.anonymous("GET", "/readyz").send().expect(200);
}

#[test]
fn get_metrics() {
    let app = TestApp::start();
    let text = app.get("/metrics").expect(200).text();
    assert!(text.contains("# TYPE ringback_executions_queued gauge"), "{text}");
    app.anonymous("GET", "/metrics").send().expect(401);
}

#[test]
fn get_openapi_json() {
    let app = TestApp::start();
    let document = app.anonymous("GET", "/openapi.json").send().expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{document}");
    let submit = &document["paths"]["/v1/executions"]["post"];
    assert!(submit["callbacks"].as_object().is_some_and(|callbacks| !callbacks.is_empty()));
}

/// Every route is there under its own method only, and HEAD is as GET without a body.
#[test]
fn other_methods_are_405() {
    let app = TestApp::start();
    for (method, path) in [
        ("PUT", "/v1/executions"),
        ("POST", "/v1/executions/exec_x"),
        ("POST", "/v1/runtimes"),
        ("DELETE", "/livez"),
    ] {
        let answer = app.request(method, path).send().expect(405);
        assert!(answer.header("allow").is_some(), "{method} {path}");
    }
    let request = format!(
        "TRACE /v1/executions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\n\
         connection: close\r\n\r\n"
    );
    let answer = exchange(app.address(), request.as_bytes());
    assert!(answer.starts_with(b"HTTP/1.1 405 "), "{}", String::from_utf8_lossy(&answer));
}
