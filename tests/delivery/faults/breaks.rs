//! Connections that break, at each point at which one can.

use serde_json::json;

use super::{answered, attempt_at, failed, one_attempt_each, taken, the_attempt};
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::Scripted;

#[test]
fn a_break_before_the_body_is_a_reset_and_says_where() {
    let app = one_attempt_each();
    for (bytes, words) in [
        ("", "before there was an answer"),
        ("H", "in the head of the answer"),
        ("HTTP/1.1 200 OK\r\nx-a: b", "in the head of the answer"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n", "in the head of the answer"),
        ("HTTP/1.1 103 Early Hints\r\n\r\n", "before the final one"),
    ] {
        failed(&answered(&app, Scripted::raw(bytes)), "reset", words);
        failed(&answered(&app, Scripted::raw_reset(bytes)), "reset", "The connection was closed");
    }
    failed(&answered(&app, Scripted::close()), "reset", "before there was an answer");
    failed(&answered(&app, Scripted::reset()), "reset", "before there was an answer");
}

#[test]
fn a_break_in_the_body_leaves_what_the_head_has_said() {
    let app = one_attempt_each();
    let part = |status: u16| format!("HTTP/1.1 {status} X\r\ncontent-length: 9\r\n\r\npart");
    for answer in [Scripted::raw(part(200)), Scripted::raw_reset(part(200))] {
        let attempt = answered(&app, answer);
        taken(&attempt, 200, true);
    }
    failed(&answered(&app, Scripted::raw(part(500))), "status", "answered 500");
}

/// Whoever takes no more than the head of a long request may say so and hang up.
#[test]
fn an_answer_that_comes_before_the_request_was_sent_counts() {
    let app = one_attempt_each();
    let long = "x=0123456789abcdef; i=0; while [ $i -lt 16 ]; do x=$x$x; i=$((i+1)); done; echo $x";
    let answer = "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 0\r\n\r\n";
    let receiver = TestReceiver::answering([Scripted::raw_reset(answer)]);
    let id = app
        .submit(json!({
            "language": "bash",
            "code": long,
            "callback_url": receiver.url("/hook"),
        }))
        .id;
    let attempt = the_attempt(&app, &id);
    failed(&attempt, "status", "answered 413");
    assert!(!receiver.first().is_whole, "it was answered early");
}

#[test]
fn nobody_at_the_port_is_a_failure_to_connect() {
    let app = one_attempt_each();
    let nobody = TestReceiver::down();
    failed(&attempt_at(&app, &nobody.url("/hook")), "connect", "connection refused");
}

/// A backlog that is full is what a machine looks like that hangs: nothing comes back at all.
#[test]
fn a_port_that_takes_no_connection_is_a_timeout() {
    let app = TestApp::with(|options| {
        options.retry_schedule("").env("RINGBACK_WEBHOOK__CONNECT_TIMEOUT", "300ms")
    });
    let listener = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    )
    .unwrap();
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    rustix::net::bind(&listener, &any).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let listener = std::net::TcpListener::from(listener);
    let address = listener.local_addr().unwrap();
    // The queue has room for one; who comes later is not answered.
    let _first = std::net::TcpStream::connect(address).unwrap();
    let mut others = Vec::new();
    while let Ok(other) =
        std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(100))
    {
        others.push(other);
    }
    let attempt = attempt_at(&app, &format!("http://{address}/hook"));
    failed(&attempt, "timeout", "No connection could be made within 0.3 s.");
}
