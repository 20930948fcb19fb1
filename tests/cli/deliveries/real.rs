//! `ringback deliveries` against a real server, from a callback that fails to one that arrives.
//! Looks at the receiver too: what is said to be sent has to come.

use serde_json::{Value, json};

use crate::shared::app::TestApp;
use crate::shared::options::API_KEY;
use crate::shared::receiver::TestReceiver;
use crate::shared::scripted::Scripted;
use crate::support::{Ran, command, ran};

/// `ringback deliveries` with these arguments, asked of this server.
fn deliveries(app: &TestApp, token: &str, arguments: &[&str]) -> Ran {
    let mut command = command(&[&["deliveries"], arguments].concat());
    command.env("RINGBACK_SERVER", format!("http://{}", app.address()));
    command.env("RINGBACK_TOKEN", token);
    ran(command)
}

/// An execution whose delivery was given up after two attempts.
fn given_up(app: &TestApp, receiver: &TestReceiver) -> String {
    let id = app.submit(json!({
        "language": "sh", "code": "echo hi", "callback_url": receiver.url("/hook?token=hunter2"),
    }));
    app.wait_for(&id.id, "it is given up", |record| record["delivery"] == "exhausted");
    id.id
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn one_command_says_why_a_callback_has_not_arrived_and_another_sends_it() {
    let app = TestApp::with(|options| options.retry_schedule("50ms"));
    let busy = || Scripted::status(503).body("the database is away");
    let receiver = TestReceiver::answering([busy(), busy()]);
    let id = given_up(&app, &receiver);
    let run = |arguments: &[&str]| {
        let ran = deliveries(&app, API_KEY, arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        ran.stdout
    };

    let delivery = run(&["list", "--status", "exhausted", "--since", "1h", "-o", "id"]);
    let delivery = delivery.trim_end();
    let event = id.replace("exec_", "evt_");
    let told = run(&["get", &id]);
    assert_eq!(run(&["get", &event]), told);
    assert_eq!(run(&["get", delivery]), told);
    for expected in [
        &format!("{delivery} exhausted event {event} execution.completed execution {id} to "),
        "It has not arrived and was given up after 2 attempts",
        "look into its log",
        &format!("`ringback deliveries redeliver {delivery}` sends this one"),
        "it answered: the database is away",
    ] {
        assert!(words(&told).contains(expected), "{expected:?} is missing: {told}");
    }
    assert!(!told.contains("hunter2"), "a query may be a secret: {told}");

    let sent = run(&["redeliver", &id]);
    assert!(sent.starts_with(&format!("{delivery} is sent again to ")), "{sent}");
    assert!(sent.ends_with(", as attempt 3\n"), "{sent}");
    let requests = receiver.wait_for(3);
    assert_eq!(requests[2].header("webhook-id"), Some(event.as_str()));
    assert_eq!(requests[2].body, requests[0].body);
    app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
    let told = run(&["get", &id]);
    assert!(words(&told).contains("attempt 3 was answered 200"), "{told}");
    assert!(words(&told).contains("manual"), "{told}");
}

#[test]
fn lists_are_of_whom_and_when_was_asked_for() {
    let app = TestApp::with(|options| options.retry_schedule("20ms"));
    let (bad, good) = (TestReceiver::always(Scripted::status(500)), TestReceiver::start());
    let failed = given_up(&app, &bad);
    let arrived =
        app.submit(json!({ "language": "sh", "code": ":", "callback_url": good.url("/") })).id;
    app.wait_for(&arrived, "it is delivered", |record| record["delivery"] == "delivered");
    let executions = |arguments: &[&str]| {
        let ran = deliveries(&app, API_KEY, &[&["list", "-o", "jsonl"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        let rows = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.map(|row| row["execution_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(executions(&[]), [&*arrived, &*failed], "the newest first");
    assert_eq!(executions(&["--status", "delivered"]), [&*arrived]);
    assert_eq!(executions(&["--host", &bad.address().to_string()]), [&*failed]);
    assert_eq!(executions(&["--execution", &failed]), [&*failed]);
    assert_eq!(executions(&["--event-type", "execution.failed"]), [""; 0]);
    assert_eq!(executions(&["--until", "1h"]), [""; 0]);
    assert_eq!(executions(&["--limit", "1"]), [&*arrived]);
    assert_eq!(executions(&["--all"]).len(), 2);
    let table = deliveries(&app, API_KEY, &["list"]).stdout;
    assert_eq!(table.lines().count(), 3, "{table}");
}

#[test]
fn recover_sends_all_that_was_given_up_and_waits_for_it() {
    let app = TestApp::with(|options| options.retry_schedule(""));
    let receiver = TestReceiver::answering([(); 3].map(|()| Scripted::status(500)));
    let ids = [(); 3].map(|()| given_up(&app, &receiver));
    let host = receiver.address().to_string();
    let ran = deliveries(&app, API_KEY, &["recover", "--since", "1h", "--host", &host]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let expected = "done: 3 of 3 sent again; 3 delivered, 0 failed, 0 pending\n";
    assert!(ran.stdout.ends_with(expected), "{}", ran.stdout);
    assert_eq!(receiver.wait_for(6).len(), 6);
    for id in ids {
        assert_eq!(app.record(&id)["delivery"], "delivered");
    }
    let none = deliveries(&app, API_KEY, &["recover", "--since", "1h", "-o", "json"]);
    let none: Value = serde_json::from_str(&none.stdout).unwrap();
    assert_eq!((&none["status"], &none["matched"]), (&json!("done"), &json!(0)));
}

#[test]
fn exit_codes_tell_scripts_what_went_wrong() {
    let app = TestApp::start();
    let unknown = "dlv_0197f1c3a7b27d1e8f0a4b5c6d7e8f90";
    let check = |token: &str, arguments: &[&str], code: i32| {
        let ran = deliveries(&app, token, arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("ringback: "), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    };
    check("a-wrong-key-of-16-characters", &["list"], 3);
    check("", &["list"], 3);
    check(API_KEY, &["get", unknown], 4);
    check(API_KEY, &["get", &unknown.replace("dlv_", "exec_")], 4);
    check(API_KEY, &["redeliver", unknown], 4);
    check(API_KEY, &["list", "--event-type", "nonsense"], 2);
    check(API_KEY, &["list", "--host", "no host"], 2);
}
