//! Accepting: what the answer to a good request says, on our route and on HopX's.
//! Does not wait for programs to end, but where the answer is about their end.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::wait::within;

const MEMBERS: [&str; 30] = [
    "id",
    "status",
    "cause",
    "success",
    "exit_code",
    "signal",
    "error",
    "result",
    "stdout",
    "stderr",
    "stdout_encoding",
    "stderr_encoding",
    "stdout_bytes",
    "stderr_bytes",
    "stdout_truncated",
    "stderr_truncated",
    "created_at",
    "started_at",
    "completed_at",
    "execution_time",
    "queue_time",
    "usage",
    "descendants_killed",
    "start",
    "cancel_reason",
    "cancelled_by",
    "labels",
    "metadata",
    "attempt",
    "delivery",
];

#[test]
fn an_accepted_execution_is_answered_with_202_its_record_and_its_location() {
    let app = TestApp::start();
    let submitted = app.submit(json!({"code": "print('hi')"}));
    let record = submitted.answer.json();
    check_id(&record["id"], "exec_");
    let location = format!("/v1/executions/{}", submitted.id);
    assert_eq!(submitted.answer.header("location"), Some(location.as_str()));
    assert!(["queued", "running"].iter().any(|status| record["status"] == **status), "{record}");
    assert_eq!(record["cause"], Value::Null);
    assert_eq!(record["attempt"], 1);
    assert_eq!(record["delivery"], "none");
    check_time(&record["created_at"]);
    assert_eq!(app.get(&location).expect(200).json()["id"], record["id"]);
    app.finished(&submitted.id);
}

#[test]
fn a_record_has_every_member_of_the_contract_from_the_beginning_to_the_end() {
    let app = TestApp::start();
    let submitted = app.submit(json!({
        "code": "print('hi')",
        "labels": {"team": "blue"},
        "metadata": {"order": 7, "paid": true, "note": "x", "none": null},
    }));
    let ended = app.finished(&submitted.id);
    for record in [&submitted.answer.json(), &ended] {
        for member in MEMBERS.into_iter().chain(["links"]) {
            assert!(record.get(member).is_some(), "{member} is missing in {record:#}");
        }
        assert_eq!(record["labels"], json!({"team": "blue"}));
        assert_eq!(
            record["metadata"],
            json!({"order": 7, "paid": true, "note": "x", "none": null})
        );
    }
    assert_eq!(ended["status"], "completed");
    assert_eq!(ended["cause"], "exited");
    assert_eq!(ended["success"], true);
    assert_eq!((&ended["exit_code"], &ended["signal"]), (&json!(0), &Value::Null));
    assert_eq!((&ended["error"], &ended["result"]), (&Value::Null, &Value::Null));
    assert_eq!((&ended["stdout"], &ended["stdout_bytes"]), (&json!("hi\n"), &json!(3)));
    for time in ["created_at", "started_at", "completed_at"] {
        check_time(&ended[time]);
    }
    for seconds in ["execution_time", "queue_time"] {
        assert!(ended[seconds].as_f64().is_some_and(|s| (0.0..20.0).contains(&s)), "{ended:#}");
    }
    assert!(ended["usage"]["cpu_seconds"].as_f64().is_some_and(|s| s > 0.0), "{ended:#}");
    assert!(ended["usage"]["memory_peak_bytes"].as_u64().is_some_and(|b| b > 0), "{ended:#}");
}

#[test]
fn python_is_the_language_when_none_is_named() {
    let app = TestApp::start();
    let record = app.run(json!({"code": "import sys; print(sys.version_info.major)"}));
    assert_eq!(record["stdout"], "3\n");
}

#[test]
fn every_name_of_a_language_is_taken_on_both_routes() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    for language in
        ["python", "python3", "javascript", "js", "node", "nodejs", "bash", "sh", "shell"]
    {
        let body = json!({"code": "1", "language": language, "callback_url": receiver.url("/")});
        app.post("/v1/executions", &body).expect(202);
        app.post("/execute/async", &body).expect(200);
    }
    receiver.wait_for(18);
}

#[test]
fn the_hopx_route_answers_with_the_id_the_status_and_the_url() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let url = receiver.url("/hook?run=1");
    let body = json!({
        "code": "print(1)", "language": "python", "timeout": 1800, "workdir": "/workspace",
        "env": {"A": "1"}, "callback_url": url, "callback_headers": {"X-Run": "1"},
        "callback_signature_secret": "",
    });
    let answer = app.post("/execute/async", &body).expect(200).json();
    check_id(&answer["execution_id"], "exec_");
    let id = answer["execution_id"].as_str().unwrap_or_default();
    assert_eq!(answer, json!({"execution_id": id, "status": "queued", "callback_url": url}));
    assert_eq!(receiver.first().json()["execution_id"], id);
    assert_eq!(app.record(id)["id"], id);
}

#[test]
fn an_id_that_was_answered_is_known_after_the_power_failed() {
    let mut app = TestApp::with(|options| options.slots(1));
    let ids: Vec<_> = (0..20)
        .map(|n| {
            app.submit(json!({"language": "sh", "code": "true", "labels": {"n": n.to_string()}}))
        })
        .map(|submitted| submitted.id)
        .collect();
    app.kill9();
    app.restart();
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(app.finished(id)["labels"]["n"], n.to_string());
    }
}

#[test]
fn accepting_does_not_wait_for_the_program() {
    let app = TestApp::with(|options| options.slots(1));
    let first = app.submit(json!({"language": "sh", "code": "exec sleep 1000"}));
    app.wait_for_program("sleep 1000");
    let second = app.submit(json!({"language": "sh", "code": "true"}));
    assert_eq!(second.answer.json()["status"], "queued");
    app.delete(&format!("/v1/executions/{}", first.id)).expect(202);
    assert_eq!(app.finished(&second.id)["status"], "completed");
    let gone = within(std::time::Duration::ZERO, || app.programs().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", app.programs());
}

#[test]
fn an_execution_that_waits_longer_than_its_queue_timeout_fails() {
    let app = TestApp::with(|options| options.slots(1));
    let first = app.submit(json!({"language": "sh", "code": "exec sleep 1000"}));
    let second = app.run(json!({"language": "sh", "code": "true", "queue_timeout": 0.2}));
    assert_eq!((&second["status"], &second["cause"]), (&json!("failed"), &json!("queue_expired")));
    assert_eq!(second["started_at"], Value::Null);
    app.delete(&format!("/v1/executions/{}", first.id)).expect(202);
    app.finished(&first.id);
}

#[track_caller]
fn check_id(id: &Value, prefix: &str) {
    let rest = id.as_str().and_then(|id| id.strip_prefix(prefix)).unwrap_or_default();
    let hexadecimal = rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    assert!(rest.len() == 32 && hexadecimal, "{prefix} and 32 hexadecimal digits: {id}");
    assert_eq!(&rest[12..13], "7", "a UUID of version 7: {id}");
}

/// RFC 3339 in UTC with exactly three digits of a second.
#[track_caller]
fn check_time(time: &Value) {
    let text = time.as_str().unwrap_or_default();
    assert!(text.parse::<jiff::Timestamp>().is_ok(), "no time: {time}");
    assert!(text.len() == 24 && text.ends_with('Z') && &text[19..20] == ".", "no millis: {time}");
}
