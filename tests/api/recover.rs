//! Recoveries: everything in a window that failed is sent again once, within the operator's bound.
//! What a loss of the server does to one is among the crash tests.

use serde_json::{Value, json};

use super::owed::{calling, gives_up_at_once, owed, owed_for, tries, with_status};
use super::problem::{expect_blame, expect_problem};
use super::scoped::{add_key, add_key_of, with_key};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, within};

const PATH: &str = "/v1/deliveries/recover";

/// A recovery once all of it has been settled.
#[track_caller]
fn settled(app: &TestApp, begun: &Value) -> Value {
    let path = format!("{PATH}/{}", begun["id"].as_str().expect("it has an id"));
    let mut last = Value::Null;
    let found = within(DEADLINE, || {
        last = app.get(&path).expect(200).json();
        (last["status"] == "done" && last["pending"] == 0).then(|| last.clone())
    });
    found.unwrap_or_else(|| panic!("not settled within {DEADLINE:?}: {last:#}"))
}

fn counts(recovery: &Value) -> [Option<u64>; 4] {
    ["matched", "redelivered", "delivered", "failed"].map(|member| recovery[member].as_u64())
}

#[test]
fn all_that_failed_in_the_window_is_sent_again_once() {
    let app = TestApp::with(gives_up_at_once);
    let taken = owed(&app, &TestReceiver::start(), "delivered");
    let receiver = TestReceiver::answering([500, 500, 500, 500].map(Scripted::status));
    let lost: Vec<Value> = (0..4).map(|_| owed(&app, &receiver, "exhausted")).collect();
    let (since, until) = (&lost[1]["created_at"], &lost[3]["created_at"]);
    let begun = app.post(PATH, &json!({"since": since, "until": until})).expect(202).json();
    assert!(begun["id"].as_str().is_some_and(|id| id.starts_with("rcv_")), "{begun}");
    assert_eq!((&begun["since"], &begun["until"], &begun["host"]), (since, until, &Value::Null));
    assert_eq!((&begun["matched"], &begun["capped"]), (&json!(2), &json!(false)));
    assert!(begun["created_at"].is_string());
    let done = settled(&app, &begun);
    assert_eq!(counts(&done), [2, 2, 2, 0].map(Some), "{done:#}");

    let tried = |delivery: &Value| {
        let now = owed_for(&app, delivery["execution_id"].as_str().unwrap()).remove(0);
        tries(&now).into_iter().map(|(_, trigger, status)| (trigger, status)).collect::<Vec<_>>()
    };
    let pair = |trigger: &str, status| (trigger.to_owned(), Some(status));
    for (index, delivery) in lost.iter().enumerate() {
        let mut expected = vec![pair("schedule", 500)];
        expected.extend((1..3).contains(&index).then(|| pair("recover", 200)));
        assert_eq!(tried(delivery), expected, "{index}");
    }
    assert_eq!(tried(&taken), [pair("schedule", 200)], "what arrived is not sent again");
}

#[test]
fn a_host_of_many_can_be_recovered_and_what_fails_again_is_counted() {
    let app = TestApp::with(gives_up_at_once);
    let [here, there] = [0, 1].map(|_| TestReceiver::always(Scripted::status(500)));
    owed(&app, &there, "exhausted");
    let id = app.submit(calling(&here)).id;
    with_status(&app, &id, "exhausted");
    let wish = json!({"since": "1h", "host": here.address().to_string()});
    let begun = app.post(PATH, &wish).expect(202).json();
    assert_eq!(begun["host"], here.address().to_string());
    assert_eq!(counts(&settled(&app, &begun)), [1, 1, 0, 1].map(Some));
    assert_eq!((here.received().len(), there.received().len()), (2, 1));
    let everything = app.post(PATH, &json!({"since": "1h", "host": "127.0.0.1"})).expect(202);
    assert_eq!(everything.json()["matched"], 2);
}

#[test]
fn nothing_that_failed_is_a_recovery_that_is_done() {
    let app = TestApp::start();
    let begun = app.post(PATH, &json!({"since": "7d"})).expect(202).json();
    assert_eq!((&begun["status"], &begun["pending"]), (&json!("done"), &json!(0)));
    assert_eq!(counts(&begun), [0, 0, 0, 0].map(Some));
    assert_eq!(settled(&app, &begun), begun);
}

#[test]
fn one_call_recovers_no_more_than_the_operator_allows() {
    let app = TestApp::with(|options| {
        gives_up_at_once(options).env("RINGBACK_WEBHOOK__RECOVER_MAX", "2")
    });
    let receiver = TestReceiver::answering([500, 500, 500].map(Scripted::status));
    let ids: Vec<String> = (0..3)
        .map(|_| owed(&app, &receiver, "exhausted")["execution_id"].as_str().unwrap().to_owned())
        .collect();
    let begun = app.post(PATH, &json!({"since": "1h"})).expect(202).json();
    assert_eq!((&begun["matched"], &begun["capped"]), (&json!(2), &json!(true)));
    assert_eq!(counts(&settled(&app, &begun)), [2, 2, 2, 0].map(Some));
    assert_eq!(owed_for(&app, &ids[2])[0]["status"], "exhausted", "the oldest come first");
    let rest = app.post(PATH, &json!({"since": "1h"})).expect(202).json();
    assert_eq!((&rest["matched"], &rest["capped"]), (&json!(1), &json!(false)));
    with_status(&app, &ids[2], "delivered");
}

#[test]
fn a_wish_that_makes_no_sense_is_400_and_names_the_field() {
    let app = TestApp::start();
    for (wish, field) in [
        (json!({}), "since"),
        (json!({"since": ""}), "since"),
        (json!({"since": null}), "since"),
        (json!({"since": 7}), "since"),
        (json!({"since": "last week"}), "since"),
        (json!({"since": "1h", "until": "2h"}), "until"),
        (json!({"since": "1h", "until": "later"}), "until"),
        (json!({"since": "1h", "until": []}), "until"),
        (json!({"since": "1h", "host": "https://example.com"}), "host"),
        (json!({"since": "1h", "host": ""}), "host"),
        (json!({"since": "1h", "status": "refused"}), "status"),
    ] {
        expect_blame(&app.post(PATH, &wish), field);
    }
    expect_problem(&app.request("POST", PATH).send(), 400);
}

#[test]
fn a_recovery_is_seen_by_its_tenant_and_by_those_who_read_the_log() {
    let mut app = TestApp::start();
    let begun = app.post(PATH, &json!({"since": "1h"})).expect(202).json();
    let path = format!("{PATH}/{}", begun["id"].as_str().unwrap());
    let stranger = add_key_of(&mut app, "stranger");
    let reader = add_key(&mut app, &["deliveries:read"]);
    let repairer = add_key(&mut app, &["deliveries:redeliver"]);
    let nobody = add_key(&mut app, &["executions:read"]);
    expect_problem(&with_key(&app, &stranger, &path), 404);
    expect_problem(&with_key(&app, &nobody, &path), 403);
    for key in [&reader, &repairer] {
        assert_eq!(with_key(&app, key, &path).expect(200).json(), begun);
    }
    for id in ["rcv_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b", "rcv_", "7"] {
        expect_problem(&app.get(&format!("{PATH}/{id}")), 404);
    }
}
