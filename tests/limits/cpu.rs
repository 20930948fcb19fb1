//! The CPU time of all processes of a program together.

use serde_json::json;

use crate::kinds::{KINDS, expect_exceeded, limited, said};

/// Two processes of which neither uses as much as the limit.
const TWO: &str = "
import os, signal, time
for _ in range(2):
    if os.fork() == 0:
        while time.process_time() < 0.2: pass
        signal.pause()
signal.pause()";

/// Three processes, one after the other, of which none uses as much as the limit.
const IN_TURN: &str = "
import os, signal, time
for _ in range(3):
    if os.fork() == 0:
        while time.process_time() < 0.15: pass
        os._exit(0)
    os.wait()
signal.pause()";

/// More of them, and nobody asks what became of them. What one computes after it was last looked at
/// is known to nobody, and on a busy machine that is a good part.
const UNASKED: &str = "
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(12):
    if os.fork() == 0:
        while time.process_time() < 0.15: pass
        os._exit(0)
    try: os.wait()
    except ChildProcessError: pass
signal.pause()";

#[test]
fn a_program_that_computes_too_long_is_ended_for_that() {
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(limited("while True: pass", json!({"cpu_seconds": 0.5})));
        let sentence = "The program used more than its CPU limit of 0.5 s.";
        expect_exceeded(kind, &record, "cpu_limit", sentence);
        let used = record["usage"]["cpu_seconds"].as_f64().unwrap_or_default();
        assert!(used >= 0.5, "{kind:?}: {used}");
    }
}

#[test]
fn what_its_children_compute_counts_too() {
    for kind in KINDS {
        let app = kind.start();
        for code in [TWO, IN_TURN, UNASKED] {
            let record = app.run(limited(code, json!({"cpu_seconds": 0.3})));
            let sentence = "The program used more than its CPU limit of 0.3 s.";
            expect_exceeded(kind, &record, "cpu_limit", sentence);
        }
    }
}

#[test]
fn waiting_is_not_computing_and_the_timeout_holds() {
    for kind in KINDS {
        let app = kind.start();
        let mut body = limited(
            "import signal; signal.pause()",
            json!({"cpu_seconds": 0.2, "memory_bytes": 256 << 20, "processes": 8}),
        );
        body["timeout"] = json!(0.5);
        let record = app.run(body);
        let sentence = "The program was ended after its timeout of 0.5 s.";
        expect_exceeded(kind, &record, "timeout", sentence);
    }
}

#[test]
fn what_a_program_has_used_is_told() {
    let code = "
import time
kept = b'x' * (50 << 20)
while time.process_time() < 0.3: pass
print(len(kept))";
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(limited(code, json!({})));
        said(kind, &record);
        let used = record["usage"]["cpu_seconds"].as_f64().unwrap_or_default();
        assert!((0.3..3.0).contains(&used), "{kind:?}: {used}");
        let peak = record["usage"]["memory_peak_bytes"].as_u64().unwrap_or_default();
        assert!((50 << 20..150 << 20).contains(&peak), "{kind:?}: {peak}");
    }
}
