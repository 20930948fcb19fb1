//! The log of deliveries: one with all that is known of it, and what it says of itself in words.
//! Lists have a file of their own, and so has what is asked of a delivery.

use serde_json::{Value, json};

use super::owed::{
    calling, comes_back_late, delivery_once, gives_up_at_once, id_of, owed, owed_for, patient,
    read, with_attempts,
};
use super::problem::expect_problem;
use super::scoped::{add_key, add_key_of, with_key};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::{Gate, Scripted};

#[test]
fn a_delivery_has_every_member_of_the_contract() {
    let app = TestApp::with(comes_back_late);
    let answer = Scripted::status(503).header("retry-after", "7").header("x-seen", "yes");
    let receiver = TestReceiver::answering([answer.body("not today")]);
    let mut program = calling(&receiver);
    program["callback_headers"] = json!({"x-token": "hush"});
    program["callback_signature_secret"] = json!("a-secret");
    program["retry"] = json!({"schedule": [3600], "max_age": 7200});
    let id = app.submit(program).id;
    let listed = with_attempts(&app, &id, 1);
    let delivery = read(&app, &listed);
    // They say in how much time the next attempt comes.
    let but_for_words = |mut delivery: Value| {
        delivery["explanation"].take();
        delivery
    };
    let as_listed = but_for_words(owed_for(&app, &id).remove(0));
    assert_eq!(but_for_words(delivery.clone()), as_listed, "the same wherever it is asked for");

    assert_eq!(delivery["execution_id"], id);
    assert_eq!(delivery["event_id"], id.replace("exec_", "evt_"));
    assert_eq!(delivery["url"], receiver.url("/hook"), "without its query");
    assert_eq!((&delivery["status"], &delivery["waiting_for"]), (&json!("pending"), &json!("due")));
    assert_eq!((&delivery["ended_by"], &delivery["breaker_until"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&delivery["attempts_made"], &delivery["attempts_max"], &delivery["next_trigger"]),
        (&json!(1), &json!(2), &json!("schedule"))
    );
    assert!(delivery["expires_at"].is_string() && delivery["next_attempt_at"].is_string());
    assert_eq!(delivery["delivered_at"], Value::Null);

    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["number"], &attempt["status_code"]), (&json!(1), &json!(503)));
    assert_eq!(attempt["retry_after"], 7.0);
    assert_eq!(attempt["next_attempt_at"], delivery["next_attempt_at"]);
    assert_eq!(attempt["response_headers"]["x-seen"], "yes");
    assert_eq!(
        (&attempt["response_body"], &attempt["response_truncated"], &attempt["response_hidden"]),
        (&json!("not today"), &json!(false), &json!(false))
    );
    let sent = &attempt["request_headers"];
    assert_eq!(sent["webhook-id"], delivery["event_id"]);
    assert_eq!(
        (&sent["x-token"], &sent["webhook-signature"]),
        (&json!("[redacted]"), &json!("[redacted]"))
    );
    assert!(attempt["timings_ms"].get("tls").is_some(), "{attempt:#}");
    let text = delivery.to_string();
    assert!(!text.contains("hush") && !text.contains("token=1"), "{text}");
}

#[test]
fn it_says_in_words_why_it_has_not_arrived_and_what_comes_next() {
    let app = TestApp::with(comes_back_late);
    let receiver = TestReceiver::answering([Scripted::status(500)]);
    let id = app.submit(calling(&receiver)).id;
    let delivery = with_attempts(&app, &id, 1);
    let explanation = delivery["explanation"].as_str().unwrap();
    let due = delivery["next_attempt_at"].as_str().unwrap();
    let begins = "Attempt 1 of 3 failed: The receiver answered 500 instead of 2xx. The next attempt \
                  is due at ";
    assert!(explanation.starts_with(&format!("{begins}{due}, in ")), "{explanation}");

    let gone = TestReceiver::always(Scripted::status(410));
    let gone = owed(&app, &gone, "exhausted");
    assert_eq!(gone["ended_by"], "gone");
    let said = gone["explanation"].as_str().unwrap();
    assert!(said.contains("410") && said.ends_with("redeliver it."), "{said}");

    let taken = owed(&app, &TestReceiver::start(), "delivered");
    let said = taken["explanation"].as_str().unwrap();
    let at = taken["delivered_at"].as_str().unwrap();
    assert_eq!(said, format!("The endpoint took it at {at}: attempt 1 was answered 200."));
    assert_eq!((&taken["waiting_for"], &taken["next_trigger"]), (&Value::Null, &Value::Null));
}

#[test]
fn an_attempt_under_way_and_one_that_waits_for_room_say_so() {
    let app = TestApp::with(|options| {
        patient(options).env("RINGBACK_WEBHOOK__IN_FLIGHT_PER_HOST_MAX", "1")
    });
    let gate = Gate::closed();
    let receiver = TestReceiver::answering([Scripted::status(200).held_by(&gate)]);
    let first = app.submit(calling(&receiver)).id;
    receiver.first();
    let under_way = &owed_for(&app, &first)[0];
    assert_eq!(under_way["waiting_for"], Value::Null);
    assert_eq!(
        under_way["explanation"],
        "No attempt has been made yet. The first attempt is under way."
    );
    let second = app.submit(calling(&receiver)).id;
    let waits = delivery_once(&app, &second, "it waits", |each| each["waiting_for"] == "permit");
    assert!(waits["explanation"].as_str().unwrap().contains("waits for others"), "{waits:#}");
    gate.open();
    with_attempts(&app, &second, 1);
}

#[test]
fn a_host_that_is_left_alone_is_named_with_the_time_of_its_next_chance() {
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_WEBHOOK__BREAKER_ATTEMPTS_MIN", "2")
            .env("RINGBACK_WEBHOOK__BREAKER_PAUSE", "1h")
            .retry_schedule("10ms,10ms,10ms,10ms")
    });
    let receiver = TestReceiver::always(Scripted::status(500));
    let id = app.submit(calling(&receiver)).id;
    let left =
        delivery_once(&app, &id, "its host is left alone", |each| each["waiting_for"] == "breaker");
    let (until, host) = (left["breaker_until"].as_str().unwrap(), receiver.address().to_string());
    let explanation = left["explanation"].as_str().unwrap();
    let expected =
        format!("but {host} has failed nearly always lately and is left alone until {until}");
    assert!(explanation.contains(&expected), "{explanation}");
}

#[test]
fn an_id_that_is_none_or_somebody_elses_is_404() {
    let mut app = TestApp::with(gives_up_at_once);
    let delivery = owed(&app, &TestReceiver::start(), "delivered");
    let own = id_of(&delivery).to_owned();
    let stranger = add_key_of(&mut app, "stranger");
    let unknown = "dlv_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b";
    let other_kind = own.replace("dlv_", "evt_");
    let upper = own.to_uppercase();
    for id in [unknown, "dlv_", "x", "%00", &other_kind, &upper] {
        expect_problem(&app.get(&format!("/v1/deliveries/{id}")), 404);
        expect_problem(&app.request("POST", &format!("/v1/deliveries/{id}/redeliver")).send(), 404);
    }
    let path = format!("/v1/deliveries/{own}");
    app.get(&path).expect(200);
    expect_problem(&with_key(&app, &stranger, &path), 404);
    let bearer = format!("Bearer {stranger}");
    let redeliver = app.anonymous("POST", &format!("{path}/redeliver"));
    expect_problem(&redeliver.header("authorization", &bearer).send(), 404);
    assert_eq!(read(&app, &delivery)["attempts_made"], 1);
    assert_eq!(with_key(&app, &stranger, "/v1/deliveries").expect(200).json()["data"], json!([]));
}

#[test]
fn what_an_endpoint_answered_is_shown_only_to_those_who_may_send_again() {
    let mut app = TestApp::with(comes_back_late);
    let answer = Scripted::status(500).header("server", "inside/1").body("inside");
    let receiver = TestReceiver::answering([answer, Scripted::raw("SSH-2.0-inside\r\n\r\n")]);
    let ids = [0, 1].map(|_| {
        let id = app.submit(calling(&receiver)).id;
        with_attempts(&app, &id, 1);
        id
    });
    let nothing = add_key(&mut app, &["executions:read"]);
    let reader = add_key(&mut app, &["deliveries:read"]);
    let repairer = add_key(&mut app, &["deliveries:read", "deliveries:redeliver"]);
    for id in &ids {
        let paths = [
            format!("/v1/executions/{id}/deliveries"),
            format!("/v1/deliveries?execution={id}"),
            format!("/v1/deliveries/{}", id_of(&owed_for(&app, id)[0])),
        ];
        for path in &paths {
            let problem = expect_problem(&with_key(&app, &nothing, path), 403);
            assert!(problem["detail"].to_string().contains("deliveries:read"), "{problem}");
            let seen = with_key(&app, &reader, path).expect(200).text();
            assert!(!seen.contains("inside"), "{seen}");
            assert!(seen.contains("\"address\":null"), "{seen}");
            assert!(seen.contains("\"response_hidden\":true"), "{seen}");
            assert!(seen.contains("\"response_headers\":null,\"response_body\":null"), "{seen}");
            let whole = with_key(&app, &repairer, path).expect(200).text();
            let address = format!("\"address\":\"{}\"", receiver.address());
            assert!(whole.contains("\"response_hidden\":false"), "{whole}");
            assert!(whole.contains(&address), "{whole}");
            if *id == ids[0] {
                assert!(whole.contains("inside/1") && whole.contains("\"inside\""), "{whole}");
                assert!(seen.contains("The receiver answered 500"), "{seen}");
            } else {
                assert!(seen.contains("The answer was not HTTP."), "{seen}");
            }
        }
    }
    let delivery = owed_for(&app, &ids[0])[0].clone();
    let redeliver = format!("/v1/deliveries/{}/redeliver", id_of(&delivery));
    for (method, path) in [("POST", redeliver.as_str()), ("POST", "/v1/deliveries/recover")] {
        let request =
            app.anonymous(method, path).header("authorization", &format!("Bearer {reader}"));
        let problem = expect_problem(&request.json(&json!({})).send(), 403);
        assert!(problem["detail"].to_string().contains("deliveries:redeliver"), "{problem}");
    }
}
