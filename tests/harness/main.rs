//! The harness is itself tested: what the receiver keeps is what was sent, and a process that is
//! left behind does fail a test. Tests nothing of the server.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

use std::process::Command;

use support::app::TestApp;
use support::client::{Answer, Request};
use support::receiver::TestReceiver;
use support::scripted::{Gate, Scripted};
use support::wait::{DEADLINE, eventually};

fn post(receiver: &TestReceiver, body: &[u8]) -> Result<Answer, ureq::Error> {
    Request::new("POST", receiver.url("/hook?a=1")).header("x-odd", "Yes").bytes(body).try_send()
}

#[test]
fn the_receiver_keeps_bytes_headers_and_order() {
    let receiver = TestReceiver::start();
    let body = [0, 255, b'{', b'\n'];
    assert_eq!(post(&receiver, &body).unwrap().status, 200);
    assert_eq!(post(&receiver, b"second").unwrap().status, 200);
    let received = receiver.wait_for(2);
    assert_eq!((received[0].method.as_str(), received[0].path.as_str()), ("POST", "/hook?a=1"));
    assert_eq!(received[0].body, body);
    assert_eq!(received[0].header("X-Odd"), Some("Yes"));
    assert_eq!(received[1].body, b"second");
}

#[test]
fn the_receiver_follows_its_script_and_then_says_200() {
    let script = [Scripted::status(500).body("no"), Scripted::redirect(302, "/elsewhere")];
    let receiver = TestReceiver::answering(script);
    let answers: Vec<_> = (0..3).map(|_| post(&receiver, b"{}").unwrap()).collect();
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [500, 302, 200]);
    assert_eq!(answers[0].text(), "no");
    assert_eq!(answers[1].header("location"), Some("/elsewhere"));
}

#[test]
fn broken_answers_are_broken_for_the_client() {
    for broken in [Scripted::close(), Scripted::reset(), Scripted::cut(200), Scripted::raw("?\n")] {
        let receiver = TestReceiver::answering([broken.clone()]);
        assert!(post(&receiver, b"{}").is_err(), "{broken:?}");
        assert_eq!(receiver.received().len(), 1, "{broken:?}");
    }
}

#[test]
fn a_huge_answer_is_as_long_as_it_says() {
    let receiver = TestReceiver::answering([Scripted::huge(200, 3_000_001)]);
    assert_eq!(post(&receiver, b"{}").unwrap().body.len(), 3_000_001);
}

#[test]
fn a_held_answer_comes_when_its_gate_opens() {
    let gate = Gate::closed();
    let receiver = TestReceiver::answering([Scripted::status(204).held_by(&gate)]);
    let asking = std::thread::scope(|scope| {
        let asking = scope.spawn(|| post(&receiver, b"{}"));
        receiver.first();
        assert!(!asking.is_finished(), "the answer came through a closed gate");
        gate.open();
        asking.join().unwrap()
    });
    assert_eq!(asking.unwrap().status, 204);
}

#[test]
fn a_receiver_that_is_down_refuses_until_it_is_up_at_the_same_address() {
    let mut receiver = TestReceiver::down();
    assert!(post(&receiver, b"{}").is_err());
    let address = receiver.address();
    receiver.up();
    assert_eq!(receiver.address(), address);
    assert_eq!(post(&receiver, b"{}").unwrap().status, 200);
    receiver.take_down();
    assert!(post(&receiver, b"{}").is_err());
    assert_eq!(receiver.received().len(), 1);
}

#[test]
#[should_panic(expected = "a condition that never comes")]
fn waiting_for_what_never_comes_fails() {
    eventually(DEADLINE / 1000, "a condition that never comes", || None::<()>);
}

#[test]
fn a_process_that_is_left_behind_fails_the_test_and_is_killed() {
    let app = TestApp::start();
    // Not a program of the launcher, which would see to it.
    let mut left_behind = Command::new("sleep")
        .arg("1000")
        .env("RINGBACK_EXECUTION_ID", "exec_of_nobody")
        .env("MARK", app.mark())
        .spawn()
        .unwrap();
    app.wait_for_program("sleep 1000");
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(app)));
    let said = *dropped.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("outlived") && said.contains("sleep 1000"), "{said}");
    assert!(!left_behind.wait().unwrap().success());
}
