//! What is kept of standard output and standard error, in what form, and at what cost.
//! Looks at no other end than a good one.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::program::{expect_end, python, sh, with};
use crate::support::app::TestApp;

/// So much may the server's memory grow over a hundred times as much output.
const GROWTH_BYTES_MAX: u64 = 24 * 1024 * 1024;

#[test]
fn the_two_streams_are_kept_apart() {
    let app = TestApp::start();
    let record = app.run(sh("for n in 1 2 3; do echo out$n; echo err$n >&2; done"));
    assert_eq!(record["stdout"], "out1\nout2\nout3\n");
    assert_eq!(record["stderr"], "err1\nerr2\nerr3\n");
    for stream in ["stdout", "stderr"] {
        assert_eq!(record[format!("{stream}_bytes")], 15);
        assert_eq!(record[format!("{stream}_truncated")], false);
        assert_eq!(record[format!("{stream}_encoding")], "utf8");
    }
}

#[test]
fn text_is_kept_to_the_letter() {
    let app = TestApp::start();
    for text in
        ["", "no newline", "\r\n\t\u{7f}\u{1b}[31m", "€ 😀 \u{0} \u{200b}", "\"\\\"", "\u{feff}x"]
    {
        let code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())";
        let record = app.run(with(python(code), "stdin", json!(text)));
        assert_eq!(record["stdout"], text);
        assert_eq!(record["stdout_bytes"], text.len());
    }
}

#[test]
fn bytes_that_are_no_text_come_in_base64() {
    let app = TestApp::start();
    let code =
        "import sys; sys.stdout.buffer.write(bytes(range(256))); print('fine', file=sys.stderr)";
    let record = app.run(python(code));
    expect_end(&record, "completed", "exited");
    assert_eq!(record["stdout_encoding"], "base64");
    assert_eq!(decoded(&record["stdout"]), (0..=255).collect::<Vec<u8>>());
    assert_eq!(record["stdout_bytes"], 256);
    assert_eq!((&record["stderr_encoding"], &record["stderr"]), (&json!("utf8"), &json!("fine\n")));
}

#[test]
fn of_much_output_the_head_and_the_tail_are_kept_and_the_true_length_is_told() {
    let app = TestApp::start();
    let code = "print('first'); print('x' * 5_000_000); print('last')";
    let record = app.run(with(python(code), "limits", json!({"output_bytes": 1000})));
    assert_eq!(record["stdout_truncated"], true);
    assert_eq!(record["stdout_bytes"], 6 + 5_000_001 + 5);
    let text = record["stdout"].as_str().unwrap_or_default();
    assert!(text.starts_with("first\nxxx") && text.ends_with("xxx\nlast\n"), "{text}");
    // The mark in the gap comes on top of what is kept.
    assert!((900..1200).contains(&text.len()), "{}", text.len());
    assert_eq!((&record["stderr_truncated"], &record["stderr_bytes"]), (&json!(false), &json!(0)));
}

#[test]
fn a_cut_never_splits_a_character() {
    let app = TestApp::start();
    for output_bytes in 100..108 {
        let program =
            with(python("print('€' * 10_000)"), "limits", json!({"output_bytes": output_bytes}));
        let record = app.run(program);
        assert_eq!(
            (&record["stdout_truncated"], &record["stdout_encoding"]),
            (&json!(true), &json!("utf8"))
        );
        let text = record["stdout"].as_str().unwrap_or_default();
        assert!(!text.contains('\u{fffd}') && text.starts_with('€'), "{text}");
    }
}

#[test]
fn a_hundred_megabytes_of_output_cost_the_server_no_memory() {
    let app = TestApp::start();
    // What one execution costs at all is paid before the first look.
    app.run(python("print('x' * 3_000_000)"));
    let before = app.memory_peak();
    let code = "import sys\nfor _ in range(1600): sys.stdout.buffer.write(b'x' * 65536)";
    let record = app.run(python(code));
    expect_end(&record, "completed", "exited");
    assert_eq!(record["stdout_bytes"], 1600 * 65536);
    assert_eq!(record["stdout_truncated"], true);
    let grown = app.memory_peak().saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the server grew by {grown} bytes");
    let kept = record["stdout"].as_str().unwrap_or_default().len();
    assert!((1_000_000..1_100_000).contains(&kept), "1 MiB is kept by default: {kept}");
}

#[test]
fn a_grandchild_that_holds_the_pipes_delays_nothing() {
    let app = TestApp::start();
    for code in [
        "sleep 1000 & echo done",
        "setsid sleep 1000 & echo done",
        "(sleep 1000; echo late) & echo done",
    ] {
        let begin = std::time::Instant::now();
        let record = app.run(sh(code));
        expect_end(&record, "completed", "exited");
        assert_eq!(record["stdout"], "done\n", "{code}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{code} took {:?}", begin.elapsed());
    }
}

#[test]
fn a_grandchild_that_never_stops_to_write_delays_nothing() {
    let app = TestApp::start();
    let record = app.run(sh("(while :; do echo more; done) & echo done"));
    expect_end(&record, "completed", "exited");
    assert!(app.programs().is_empty(), "{:?}", app.programs());
}

#[test]
fn a_program_that_closes_its_streams_runs_on() {
    let app = TestApp::start();
    let record = app.run(sh("echo before; exec >&- 2>&- <&-; sleep 0.2; exit 4"));
    expect_end(&record, "failed", "exited");
    assert_eq!((&record["exit_code"], &record["stdout"]), (&json!(4), &json!("before\n")));
}

#[test]
fn what_was_written_last_before_the_end_is_kept() {
    let app = TestApp::start();
    let code = "import os; os.write(1, b'x' * 60_000); os.write(2, b'y' * 60_000); os._exit(0)";
    for _ in 0..10 {
        let record = app.run(python(code));
        assert_eq!(
            (&record["stdout_bytes"], &record["stderr_bytes"]),
            (&json!(60_000), &json!(60_000))
        );
    }
}

fn decoded(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().expect("base64 is text")).expect("padded standard base64")
}
