//! Hosts that always fail: left alone, asked again by one attempt, and taken up again.
//! What the breaker decides is in `domain::breaker`.

use serde_json::json;

use super::outbox::{calling, delivery, delivery_once};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

/// A server that leaves a host alone for so long after three failures.
fn app(pause: &str) -> TestApp {
    TestApp::with(|options| {
        options
            .env("RINGBACK_WEBHOOK__BREAKER_ATTEMPTS_MIN", "3")
            .env("RINGBACK_WEBHOOK__BREAKER_PAUSE", pause)
            .retry_schedule("20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms,20ms")
    })
}

#[test]
fn a_host_that_always_fails_is_left_alone_and_the_delivery_says_so() {
    let app = app("1h");
    let receiver = TestReceiver::always(Scripted::status(500));
    let id = app.submit(calling(&receiver)).id;
    // The breaker opens with the answer, a moment before the attempt is on disk.
    let waiting = eventually(DEADLINE, "it waits for the breaker", || {
        delivery(&app, &id).filter(|delivery| {
            delivery["waiting_for"] == "breaker" && delivery["attempts_made"] != 2
        })
    });
    assert_eq!(
        (&waiting["status"], waiting["attempts"].as_array().unwrap().len()),
        (&json!("pending"), 3)
    );
    // Others of that host wait untried.
    let other = app.submit(calling(&receiver)).id;
    let untried = eventually(DEADLINE, "the other waits too", || {
        delivery(&app, &other).filter(|delivery| delivery["waiting_for"] == "breaker")
    });
    assert_eq!(untried["attempts"], json!([]));
    // Another host is none of its business.
    let healthy = TestReceiver::start();
    let served = app.submit(calling(&healthy)).id;
    delivery_once(&app, &served, "delivered");
    assert_eq!(receiver.received().len(), 3);
    assert!(app.stderr().contains("has failed nearly always lately"), "{}", app.stderr());
}

#[test]
fn one_probe_opens_the_way_for_all_again() {
    let app = app("300ms");
    let receiver = TestReceiver::answering((0..5).map(|_| Scripted::status(500)));
    let first = app.submit(calling(&receiver)).id;
    eventually(DEADLINE, "the host is left alone", || {
        delivery(&app, &first).filter(|delivery| delivery["waiting_for"] == "breaker")
    });
    let others: Vec<_> = (0..20).map(|_| app.submit(calling(&receiver)).id).collect();
    for id in others.iter().chain([&first]) {
        delivery_once(&app, id, "delivered");
    }
    // Three before it was left alone, and two probes that failed.
    let answers: Vec<_> = receiver.received().iter().map(|received| received.answer).collect();
    assert_eq!(answers[..5], [Some(500); 5]);
    assert_eq!(answers[5..], [Some(200); 21]);
}

#[test]
fn what_fails_among_others_that_succeed_is_no_reason() {
    let app = app("1h");
    // Two of three failed, which is less than four fifths.
    let mixed = TestReceiver::answering([
        Scripted::status(200),
        Scripted::status(500),
        Scripted::status(500),
        Scripted::status(200),
    ]);
    delivery_once(&app, &app.submit(calling(&mixed)).id, "delivered");
    delivery_once(&app, &app.submit(calling(&mixed)).id, "delivered");
    assert_eq!(mixed.received().len(), 4);
}
