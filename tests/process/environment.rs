//! What a program sees: its variables, its input, its interpreter, its session, its descriptors.
//! Where it runs is tested with the workspace.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::program::{expect_end, python, sh, with};
use crate::support::app::TestApp;
use crate::support::options::API_KEY;

/// The variables that a program sees, by name.
fn variables(app: &TestApp, env: Value) -> BTreeMap<String, String> {
    let code = "import json, os; print(json.dumps(dict(os.environ)))";
    let record = app.run(with(python(code), "env", env));
    expect_end(&record, "completed", "exited");
    serde_json::from_str(record["stdout"].as_str().unwrap_or_default()).unwrap()
}

#[test]
fn nothing_of_the_servers_environment_reaches_a_program() {
    let app = TestApp::with(|options| {
        options.env("A_SECRET_OF_THE_SERVER", "do-not-tell").env("LD_PRELOAD_NOT", "do-not-tell")
    });
    let seen = variables(&app, json!({}));
    assert!(!seen.contains_key("A_SECRET_OF_THE_SERVER"), "{seen:?}");
    for (name, value) in &seen {
        assert!(value != "do-not-tell" && !value.contains(API_KEY), "{name} tells");
        assert!(
            !name.starts_with("RINGBACK_EXECUTION__") && !name.starts_with("RINGBACK_WEBHOOK__")
        );
        assert!(name != "RINGBACK_API_KEY");
    }
    assert!(seen.contains_key("PATH") && seen.contains_key("RINGBACK_RESULT"), "{seen:?}");
}

#[test]
fn the_environment_that_the_client_gives_is_there() {
    let app = TestApp::start();
    let env = json!({"PLAIN": "1", "SPACES": " a  b ", "ODD": "a=b\n€", "EMPTY": "", "lower": "x"});
    let seen = variables(&app, env.clone());
    for (name, value) in env.as_object().unwrap() {
        assert_eq!(seen.get(name).map(String::as_str), value.as_str(), "{name}");
    }
}

#[test]
fn a_client_may_set_the_path_of_its_own_program() {
    let app = TestApp::start();
    let seen = variables(&app, json!({"PATH": "/usr/bin:/bin:/opt/own"}));
    assert_eq!(seen["PATH"], "/usr/bin:/bin:/opt/own");
}

#[test]
fn standard_input_is_what_was_sent_and_empty_otherwise() {
    let app = TestApp::start();
    let read = || python("import sys; print(repr(sys.stdin.buffer.read()))");
    assert_eq!(app.run(read())["stdout"], "b''\n");
    let record = app.run(with(read(), "stdin", json!("a\nb€")));
    assert_eq!(record["stdout"], "b'a\\nb\\xe2\\x82\\xac'\n");
}

#[test]
fn input_arrives_as_json_whatever_it_is() {
    let app = TestApp::start();
    let code = "import json, sys; print(json.dumps(json.load(sys.stdin), sort_keys=True))";
    for input in
        [json!({"a": [1, 2.5, null], "b": "€"}), json!([]), json!("text"), json!(0), json!(false)]
    {
        let record = app.run(with(python(code), "input", input.clone()));
        let text = record["stdout"].as_str().unwrap_or_default();
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), input);
    }
}

#[test]
fn a_large_input_is_not_lost_and_one_that_nobody_reads_harms_nobody() {
    let app = TestApp::start();
    let input = "x".repeat(3_000_000);
    let count = python("import sys; print(len(sys.stdin.read()))");
    assert_eq!(app.run(with(count, "stdin", json!(input)))["stdout"], "3000000\n");
    let record = app.run(with(sh("exec <&-; echo ignored"), "stdin", json!(input)));
    expect_end(&record, "completed", "exited");
    assert_eq!(record["stdout"], "ignored\n");
}

#[test]
fn every_language_of_the_table_runs() {
    let app = TestApp::start();
    for (language, code) in [
        ("python", "print('hello')"),
        ("python3", "print('hello')"),
        ("javascript", "console.log('hello')"),
        ("js", "console.log('hello')"),
        ("node", "console.log('hello')"),
        ("nodejs", "console.log('hello')"),
        ("bash", "a=(hello you); echo ${a[0]}"),
        ("sh", "echo hello"),
        ("shell", "echo hello"),
    ] {
        let record = app.run(json!({"language": language, "code": code}));
        expect_end(&record, "completed", "exited");
        assert_eq!(record["stdout"], "hello\n", "{language}");
    }
}

#[test]
fn code_is_run_as_it_was_sent() {
    let app = TestApp::start();
    let odd = "print('€ \\' \" $HOME `id`')\nprint(__file__ != '')\n#\r\n";
    assert_eq!(app.run(python(odd))["stdout"], "€ ' \" $HOME `id`\nTrue\n");
    let large = format!("{}\nprint('end')", "# padding\n".repeat(100_000));
    assert_eq!(app.run(python(&large))["stdout"], "end\n");
}

#[test]
fn a_program_has_a_session_of_its_own() {
    let app = TestApp::start();
    let record = app.run(python("import os; print(os.getsid(0), os.getpgid(0), os.getpid())"));
    let numbers: Vec<_> =
        record["stdout"].as_str().unwrap_or_default().split_whitespace().collect();
    assert_eq!(numbers.len(), 3, "{record:#}");
    assert!(numbers[0] == numbers[1] && numbers[1] == numbers[2], "{numbers:?}");
    assert_ne!(numbers[2], "1", "user code is never pid 1");
}

#[test]
fn a_program_inherits_no_descriptor_and_no_blocked_or_ignored_signal() {
    let app = TestApp::start();
    let code = "\
import os
print(sorted(int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')))
print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith(('SigBlk', 'SigIgn'))])";
    let record = app.run(python(code));
    let mut lines = record["stdout"].as_str().unwrap_or_default().lines();
    assert_eq!(lines.next(), Some("[0, 1, 2]"), "{record:#}");
    let masks: Vec<_> = lines.next().unwrap_or_default().split(' ').map(classic_signals).collect();
    // CPython itself ignores SIGPIPE (bit 12) and SIGXFSZ (bit 24).
    assert_eq!(masks, [0, 1 << 12 | 1 << 24], "none is blocked, none ignored but by CPython");
}

/// The signals 1 to 31 of a mask in hexadecimal. Those above are the C library's and real time's,
/// which nobody who starts a process can set back.
fn classic_signals(mask: &str) -> u64 {
    u64::from_str_radix(mask, 16).unwrap() & 0x7fff_ffff
}
