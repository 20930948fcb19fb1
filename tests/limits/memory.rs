//! The memory of all processes of a program together.

use serde_json::json;

use crate::kinds::{KINDS, expect_exceeded, limited, said};

const LIMIT: u64 = 64 << 20;

const SENTENCE: &str = "The program used more than its memory limit of 67108864 bytes.";

/// Takes more than it may, and keeps it until it is ended.
const HOG: &str = "
import signal
kept = b'x' * (200 << 20)
signal.pause()";

/// Four processes of which none takes more than it may.
const FAMILY: &str = "
import os, signal
for _ in range(4):
    if os.fork() == 0:
        kept = b'x' * (20 << 20)
        signal.pause()
signal.pause()";

/// Processes that share what the first has taken, and run until they have been looked at.
const SHARING: &str = "
import os, time
kept = b'x' * (30 << 20)
for _ in range(2):
    if os.fork() == 0:
        while time.process_time() < 0.2: pass
        os._exit(0)
for _ in range(2):
    assert os.wait()[1] == 0
print(len(kept))";

#[test]
fn a_program_that_takes_too_much_is_ended_for_that() {
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(limited(HOG, json!({"memory_bytes": LIMIT})));
        expect_exceeded(kind, &record, "memory_limit", SENTENCE);
        assert_eq!(record["signal"], "SIGKILL", "{kind:?}");
        let peak = record["usage"]["memory_peak_bytes"].as_u64().unwrap_or_default();
        assert!(peak >= LIMIT, "{kind:?}: {peak}");
    }
}

#[test]
fn what_its_children_take_counts_too() {
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(limited(FAMILY, json!({"memory_bytes": LIMIT})));
        expect_exceeded(kind, &record, "memory_limit", SENTENCE);
    }
}

#[test]
fn what_processes_share_counts_once() {
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(limited(SHARING, json!({"memory_bytes": LIMIT})));
        assert_eq!(said(kind, &record), 30 << 20);
    }
}

#[test]
fn a_neighbour_is_not_ended_for_it() {
    for kind in KINDS {
        let app = kind.start();
        let neighbour = app.submit(limited(
            "import sys\nkept = b'x' * (30 << 20)\nprint('ready', flush=True)\nsys.stdin.read()\n\
             import time\nwhile time.process_time() < 0.3: pass\nprint('fine')",
            json!({"memory_bytes": LIMIT}),
        ));
        let hog = app.run(limited(HOG, json!({"memory_bytes": LIMIT})));
        expect_exceeded(kind, &hog, "memory_limit", SENTENCE);
        let record = app.finished(&neighbour.id);
        assert_eq!(record["stdout"], "ready\nfine\n", "{kind:?}: {record:#}");
    }
}
