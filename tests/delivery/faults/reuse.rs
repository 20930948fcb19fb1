//! Connections that are used again, seen from outside: that they are, and that nobody loses
//! anything by it.

use crate::outbox::{calling, delivery_once};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;
use crate::support::wait::{DEADLINE, eventually};

/// Delivers so many callbacks, one after the other.
fn deliver(app: &TestApp, receiver: &TestReceiver, count: usize) {
    for _ in 0..count {
        let id = app.submit(calling(receiver)).id;
        let delivery = delivery_once(app, &id, "delivered");
        assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(1), "{delivery:#}");
    }
}

#[test]
fn deliveries_that_follow_each_other_come_on_one_connection() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__KEEP_ALIVE", "20s"));
    let receiver = TestReceiver::start();
    deliver(&app, &receiver, 5);
    assert_eq!(receiver.connections(), 1);
}

#[test]
fn without_keep_alive_each_has_its_own() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__KEEP_ALIVE", "0s"));
    let receiver = TestReceiver::start();
    deliver(&app, &receiver, 3);
    assert_eq!(receiver.connections(), 3);
    eventually(DEADLINE, "none stays open", || (receiver.open_connections() == 0).then_some(()));
}

#[test]
fn a_receiver_that_closes_what_is_idle_gets_every_callback_in_its_first_attempt() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__KEEP_ALIVE", "20s"));
    let polite = Scripted::raw("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let receiver = TestReceiver::always(polite);
    deliver(&app, &receiver, 3);
    assert_eq!((receiver.received().len(), receiver.connections()), (3, 3));
}

/// The end of the connection and the next request cross on their way: the receiver has read the
/// request, and the same event comes again at once on another connection.
#[test]
fn a_request_that_meets_the_end_of_its_connection_is_sent_again_within_the_attempt() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__KEEP_ALIVE", "20s"));
    let receiver = TestReceiver::answering([Scripted::status(200), Scripted::close()]);
    deliver(&app, &receiver, 2);
    let received = receiver.received();
    assert_eq!((received.len(), receiver.connections()), (3, 2));
    assert_eq!(received[1].header("webhook-id"), received[2].header("webhook-id"));
    assert_ne!(received[0].header("webhook-id"), received[1].header("webhook-id"));
    assert_eq!(received[1].body, received[2].body);
}

#[test]
fn an_idle_connection_does_not_stay() {
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__KEEP_ALIVE", "100ms"));
    let receiver = TestReceiver::start();
    deliver(&app, &receiver, 1);
    eventually(DEADLINE, "it is closed", || (receiver.open_connections() == 0).then_some(()));
}
