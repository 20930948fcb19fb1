//! Limits of executions that start warm. What limits are is tested elsewhere.

use serde_json::{Value, json};

use super::site::{python, say, warm};
use crate::support::app::TestApp;

fn limited(code: &str, limit: &str, value: u64) -> Value {
    let mut program = python(code);
    program["limits"] = json!({ limit: value });
    program
}

/// Runs a program that must start warm and fail for this cause.
#[track_caller]
fn expect_cause(app: &TestApp, program: Value, cause: &str) {
    let record = app.run(program);
    let ended = (&record["start"], &record["status"], &record["cause"]);
    assert_eq!(ended, (&json!("warm"), &json!("failed"), &json!(cause)), "{record:#}");
}

#[test]
fn memory_and_time_are_limited() {
    let app = warm();
    let hog = "all = []\nwhile True: all.append(bytearray(1 << 22))";
    expect_cause(&app, limited(hog, "memory_bytes", 128 << 20), "memory_limit");
    expect_cause(&app, limited("while True: pass", "cpu_seconds", 1), "cpu_limit");
}

#[test]
fn time_is_counted_once() {
    let app = warm();
    // It stops by itself, by the kernel's own count of it, and shortly before it would be stopped:
    // so it is looked at until near its end.
    let mut program = python("import time\nwhile time.process_time() < 1.5: pass");
    program["limits"] = json!({"cpu_seconds": 1.8});
    let record = app.run(program);
    assert_eq!(
        (&record["start"], &record["success"]),
        (&json!("warm"), &json!(true)),
        "{record:#}"
    );
    let used = record["usage"]["cpu_seconds"].as_f64().unwrap();
    assert!((1.5..1.8).contains(&used), "{used}");
}

#[test]
fn open_files_and_processes_are_limited() {
    let app = warm();
    let code = "import os\nall = []\n\
                try:\n    while True: all.append(os.open('/dev/null', os.O_RDONLY))\n\
                except OSError as error:\n    print(error.strerror, max(all))";
    assert_eq!(say(&app, "warm", limited(code, "open_files", 32)), "Too many open files 31\n");
    let code = "import os, time\nchildren = 0\n\
                try:\n    while children < 50:\n        \
                if os.fork() == 0: time.sleep(1000)\n        children += 1\n\
                except OSError as error:\n    print(error.strerror, children < 10)";
    let said = say(&app, "warm", limited(code, "processes", 8));
    assert_eq!(said, "Resource temporarily unavailable True\n");
}
