//! Bodies of answers: what they do is not what decides.

use std::process::Command;

use serde_json::json;

use super::{answered, failed, one_attempt_each, taken};
use crate::support::scripted::Scripted;

#[test]
fn an_answer_without_a_body_is_not_waited_for() {
    let app = one_attempt_each();
    for held in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ncontent-length: 1000\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ] {
        let attempt = answered(&app, Scripted::raw_held(held));
        let status = if held.contains("204") { 204 } else { 200 };
        taken(&attempt, status, false);
    }
    // A 304 says how long what it does not send would be.
    let unchanged = "HTTP/1.1 304 Not Modified\r\ncontent-length: 1000\r\n\r\n";
    let attempt = answered(&app, Scripted::raw_held(unchanged));
    failed(&attempt, "status", "answered 304 instead of 2xx; redirects are not followed");
    assert_eq!(attempt["response_truncated"], false, "{attempt:#}");
}

#[test]
fn chunks_that_make_no_sense_leave_a_success_a_success() {
    let app = one_attempt_each();
    for chunks in ["zz\r\nhello", "5\r\nhello\r\n", "ffffffffffffffffffff\r\nhello", "5\r\nhelloX"]
    {
        let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}");
        taken(&answered(&app, Scripted::raw(answer)), 200, true);
    }
    let whole = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let attempt = answered(&app, Scripted::raw(whole));
    taken(&attempt, 200, false);
    assert_eq!(attempt["response_body"], "hello");
}

#[test]
fn a_failure_with_a_body_that_never_ends_is_still_that_failure() {
    let app = one_attempt_each();
    for broken in [Scripted::dripping(503), Scripted::huge(500, 50_000_000), Scripted::cut(502)] {
        let attempt = answered(&app, broken.clone());
        failed(&attempt, "status", "instead of 2xx");
        assert_eq!(attempt["response_truncated"], true, "{broken:?}: {attempt:#}");
    }
}

#[test]
fn a_body_that_ends_with_its_connection_is_kept() {
    let app = one_attempt_each();
    for answer in ["HTTP/1.1 200 OK\r\n\r\nthank you", "HTTP/1.0 200 OK\r\n\r\nthank you"] {
        let attempt = answered(&app, Scripted::raw(answer));
        taken(&attempt, 200, false);
        assert_eq!(attempt["response_body"], "thank you");
    }
}

#[test]
fn of_a_body_as_much_is_kept_as_is_configured() {
    let app = one_attempt_each();
    for (length, is_truncated) in [(16 * 1024, false), (16 * 1024 + 1, true)] {
        let attempt = answered(&app, Scripted::status(200).body(&"x".repeat(length)));
        taken(&attempt, 200, is_truncated);
        let kept = attempt["response_body"].as_str().map(str::len);
        assert_eq!(kept, Some(16 * 1024), "{length}");
    }
}

#[test]
fn a_small_body_that_would_unpack_to_a_huge_one_stays_small() {
    let app = one_attempt_each();
    app.run(json!({"language": "sh", "code": "true"}));
    let before = app.memory_peak();
    let pack = "import gzip, sys; sys.stdout.buffer.write(gzip.compress(bytes(50_000_000)))";
    let bomb = Command::new("python3").args(["-c", pack]).output().unwrap().stdout;
    let length = bomb.len();
    assert!((1000..100_000).contains(&length), "{length}");
    let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ";
    let answer = [format!("{head}{length}\r\n\r\n").as_bytes(), &bomb].concat();
    taken(&answered(&app, Scripted::raw(answer)), 200, true);
    let grown = app.memory_peak().saturating_sub(before);
    assert!(grown < 16 * 1024 * 1024, "a body of {length} bytes cost {grown} bytes of memory");
}
