//! Heads of answers that are late, endless, contradictory or no heads.

use super::{answered, failed, one_attempt_each, taken};
use crate::support::scripted::Scripted;

#[test]
fn an_interim_answer_is_never_the_final_one() {
    let app = one_attempt_each();
    let fin = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok";
    let (go, wait, hint) = (
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n",
    );
    let many = hint.repeat(1000);
    for before in [go, wait, hint, &[go, hint, wait, hint].concat(), &many] {
        let attempt = answered(&app, Scripted::raw(format!("{before}{fin}")));
        taken(&attempt, 201, false);
        assert_eq!(attempt["response_body"], "ok", "{before:?}");
        assert!(attempt["response_headers"].get("link").is_none(), "{attempt:#}");
    }
    for (status, before) in [(100, go), (102, wait), (103, hint)] {
        let only = format!("interim answer ({status})");
        failed(&answered(&app, Scripted::raw(before)), "reset", &only);
        failed(&answered(&app, Scripted::raw_held(before)), "timeout", &only);
    }
    let endless = Scripted::raw(hint.repeat(40_000));
    failed(&answered(&app, endless), "protocol", "longer than 64 KiB");
    let switching = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
    failed(&answered(&app, Scripted::raw_held(switching)), "protocol", "another protocol (101)");
}

#[test]
fn a_length_that_is_none_or_that_is_said_twice_is_no_http() {
    let app = one_attempt_each();
    for (framing, words) in [
        ("content-length: five", "content-length is not a number"),
        ("content-length: -1", "content-length is not a number"),
        ("content-length: +2", "content-length is not a number"),
        ("content-length: 18446744073709551616", "content-length is not a number"),
        ("content-length: 2\r\ncontent-length: 2", "more than one content-length"),
        ("content-length: 2\r\ncontent-length: 3", "more than one content-length"),
        ("content-length: 2\r\ntransfer-encoding: chunked", "a content-length and a transfer"),
        ("transfer-encoding: chunked\r\ntransfer-encoding: chunked", "more than one transfer"),
        ("transfer-encoding: gzip, chunked", "transfer-encoding is not `chunked`"),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\nok");
        failed(&answered(&app, Scripted::raw_held(answer)), "protocol", words);
    }
}

#[test]
fn a_head_without_an_end_is_cut_short() {
    let app = one_attempt_each();
    app.run(serde_json::json!({"language": "sh", "code": "true"}));
    let before = app.memory_peak();
    for (header, words) in [
        (format!("x-long: {}\r\n", "x".repeat(2_000_000)), "longer than 64 KiB"),
        (format!("x-{}: long\r\n", "x".repeat(70_000)), "longer than 64 KiB"),
        ("x-many: y\r\n".repeat(100_000), "longer than 64 KiB"),
        ("x-many: y\r\n".repeat(97), "more than 96 header lines"),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{header}\r\n");
        failed(&answered(&app, Scripted::raw(answer)), "protocol", words);
    }
    let endless = format!("HTTP/1.1 200 {}", "O".repeat(2_000_000));
    failed(&answered(&app, Scripted::raw(endless)), "protocol", "longer than 64 KiB");
    let grown = app.memory_peak().saturating_sub(before);
    assert!(grown < 16 * 1024 * 1024, "heads cost {grown} bytes of memory");
    // One that is as long as it may be is taken.
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(60_000));
    taken(&answered(&app, Scripted::raw(long)), 200, false);
}

#[test]
fn a_head_that_comes_byte_by_byte_is_a_timeout() {
    let app = one_attempt_each();
    let attempt = answered(&app, Scripted::dripping_head(200));
    failed(&attempt, "timeout", "There was no answer within 1 s.");
    // That something had begun to come can be seen.
    assert!(attempt["timings_ms"]["first_byte"].as_f64().is_some(), "{attempt:#}");
}

#[test]
fn what_is_no_http_1_is_said_to_be_something_else() {
    let app = one_attempt_each();
    for (bytes, words) in [
        (&b"hello"[..], "did not begin with a status line"),
        (b"<html><body>200 OK</body></html>", "did not begin with a status line"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "did not begin with a status line"),
        (b"\0", "did not begin with a status line"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "did not begin with a status line"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80", "HTTP/2"),
        (b"HTTP/2 200\r\n\r\n", "another version of HTTP"),
        (b"HTTP/0.9 200 OK\r\n\r\n", "another version of HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "may have to begin with https://"),
        (b"HTTP/1.9 200 OK\r\n\r\n", "no version of HTTP/1"),
    ] {
        // It need not end: its beginning says enough.
        let attempt = answered(&app, Scripted::raw_held(bytes));
        failed(&attempt, "protocol", words);
        assert_eq!(attempt["status_code"], serde_json::Value::Null);
    }
}

#[test]
fn a_status_that_there_cannot_be_is_no_answer() {
    let app = one_attempt_each();
    for (status, words) in [
        ("000", "not from 100 to 999"),
        ("099", "not from 100 to 999"),
        ("99", "no status of three digits"),
        ("1000", "no status of three digits"),
        ("2x0", "no status of three digits"),
        ("-20", "no status of three digits"),
    ] {
        let answer = format!("HTTP/1.1 {status} OK\r\ncontent-length: 0\r\n\r\n");
        failed(&answered(&app, Scripted::raw(answer)), "protocol", words);
    }
    let attempt = answered(&app, Scripted::status(999));
    failed(&attempt, "status", "answered 999 instead of 2xx");
}
