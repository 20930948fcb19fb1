//! `POST /execute`: a program is run and the answer says how it ended, in the words that HopX's
//! clients read. However a program ends, that is a result and not an error.

use serde_json::{Value, json};

use super::hopx_errors::check;
use crate::support::app::TestApp;
use crate::support::held::{Held, post};
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

const MEMBERS: [&str; 12] = [
    "execution_id",
    "status",
    "success",
    "stdout",
    "stderr",
    "exit_code",
    "execution_time",
    "started_at",
    "completed_at",
    "timestamp",
    "error",
    "language",
];

#[track_caller]
fn execute(app: &TestApp, body: Value) -> Value {
    let answer = app.post("/execute", &body).expect(200).json();
    let members: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, MEMBERS, "{answer:#}");
    answer
}

#[track_caller]
fn check_end(answer: &Value, (status, exit_code): (&str, i32), error: &str) {
    assert_eq!((&answer["status"], &answer["exit_code"]), (&json!(status), &json!(exit_code)));
    assert_eq!(answer["success"], false, "{answer:#}");
    assert!(answer["error"].as_str().is_some_and(|text| text.contains(error)), "{answer:#}");
}

#[test]
fn a_program_is_run_and_answered_with_all_that_a_client_reads() {
    let app = TestApp::start();
    let answer = execute(
        &app,
        json!({
            "code": "import os, sys; print(os.environ['A']); print('e', file=sys.stderr)",
            "language": "python", "timeout": 120, "workdir": "/workspace", "env": {"A": "1"},
        }),
    );
    assert_eq!((&answer["status"], &answer["success"]), (&json!("completed"), &json!(true)));
    assert_eq!((&answer["stdout"], &answer["stderr"]), (&json!("1\n"), &json!("e\n")));
    assert_eq!((&answer["exit_code"], &answer["error"]), (&json!(0), &Value::Null));
    assert_eq!(answer["language"], "python");
    assert!(answer["execution_time"].as_f64().is_some_and(|s| (0.0..20.0).contains(&s)));
    assert_eq!(answer["timestamp"], answer["completed_at"]);
    let record = app.record(answer["execution_id"].as_str().unwrap());
    assert_eq!(record["status"], "completed");
    for time in ["started_at", "completed_at"] {
        assert_eq!(answer[time], record[time]);
    }
}

#[test]
fn whatever_ends_a_program_is_a_result() {
    let app = TestApp::start();
    let sh = |code: &str| json!({"code": code, "language": "sh"});
    let failed = execute(&app, sh("echo out; echo err >&2; exit 3"));
    check_end(&failed, ("failed", 3), "code 3");
    assert_eq!((&failed["stdout"], &failed["stderr"]), (&json!("out\n"), &json!("err\n")));
    check_end(&execute(&app, sh("kill -SEGV $$")), ("failed", 139), "SIGSEGV");
    let late = json!({"code": "echo so far; exec sleep 1000", "language": "sh", "timeout": 0.2});
    let late = execute(&app, late);
    check_end(&late, ("timeout", 143), "timeout");
    assert_eq!(late["stdout"], "so far\n");
    let binary = execute(&app, sh(r"printf 'a\377b'"));
    assert_eq!(binary["stdout"], "a\u{fffd}b");
}

#[test]
fn a_cancel_from_elsewhere_is_a_result() {
    let app = TestApp::start();
    let body = json!({"code": "exec sleep 1000", "language": "sh"});
    let mut held = Held::send(app.address(), &post("/execute", &body));
    app.wait_for_program("sleep 1000");
    let list = app.get("/v1/executions").expect(200).json();
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let wish = app.request("DELETE", &format!("/v1/executions/{id}"));
    wish.json(&json!({"reason": "No longer needed."})).send().expect(202);
    let (status, answer) = held.answer();
    assert_eq!((status, &answer["execution_id"]), (200, &json!(id)));
    check_end(&answer, ("cancelled", 143), "No longer needed.");
}

#[test]
fn every_name_of_a_language_is_run_by_its_runtime() {
    let app = TestApp::start();
    let names = [
        ("python", "print(6*7)", &["python", "python3"][..]),
        ("javascript", "console.log(6*7)", &["javascript", "js", "node", "nodejs"]),
        ("bash", "echo $((6*7))", &["bash"]),
        ("sh", "echo $((6*7))", &["sh", "shell"]),
    ];
    for (language, code, names) in names {
        for name in names {
            let answer = execute(&app, json!({"code": code, "language": name}));
            assert_eq!(answer["stdout"], "42\n", "{name}: {answer:#}");
            assert_eq!(answer["language"], language, "{name}");
        }
    }
    assert_eq!(execute(&app, json!({"code": "print(1)"}))["language"], "python");
}

#[test]
fn a_language_that_is_not_here_is_named() {
    let app = TestApp::start();
    let error = app.post("/execute", &json!({"code": "package main", "language": "go"}));
    let error = check(&error, 400, "INVALID_REQUEST");
    assert_eq!(error["details"].as_object().unwrap().len(), 1, "{error}");
    let sentence = error["details"]["language"].as_str().unwrap();
    assert!(sentence.contains("`go`") && sentence.contains("python"), "{sentence}");
    drop(app);

    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("ringback.toml");
    let runtime = "[runtimes.go]\ncommand = [\"/nowhere/go\", \"run\"]\nfile = \"main.go\"\n";
    std::fs::write(&config, runtime).unwrap();
    let app = TestApp::with(|options| options.argument("--config", config.to_str().unwrap()));
    let answer = execute(&app, json!({"code": "package main", "language": "go"}));
    check_end(&answer, ("failed", -1), "`/nowhere/go`");
}

#[test]
fn the_workspace_is_shared_and_workdir_wins() {
    let app = TestApp::start();
    let sh = |code: &str, workdir: &str| {
        let body = json!({
            "code": code, "language": "sh", "workdir": workdir, "working_dir": "/not/allowed",
        });
        execute(&app, body)["stdout"].clone()
    };
    assert_eq!(sh("echo kept > note; mkdir deep; ls", "/workspace"), "deep\nnote\n");
    assert_eq!(sh("cat ../note", "/workspace/deep"), "kept\n");
    assert_eq!(sh("cat note", "."), "kept\n");
    let documented = json!({"code": "cat note", "language": "sh", "working_dir": "/workspace"});
    assert_eq!(execute(&app, documented)["stdout"], "kept\n");
    assert_eq!(execute(&app, json!({"code": "ls", "language": "sh"}))["stdout"], "");
    let refused = json!({"code": "ls", "language": "sh", "workdir": "/etc"});
    let error = check(&app.post("/execute", &refused), 400, "INVALID_REQUEST");
    assert!(error["message"].as_str().unwrap().contains("workdir"), "{error}");
}

#[test]
fn fields_that_mean_nothing_here_are_overlooked_and_nobody_is_called_back() {
    let app = TestApp::start();
    let receiver = TestReceiver::start();
    let answer = execute(
        &app,
        json!({
            "code": "echo hi", "language": "sh", "callback_url": receiver.url("/"),
            "callback_headers": 7, "rich": true, "name": "x", "env": null, "timeout": null,
        }),
    );
    assert_eq!(answer["stdout"], "hi\n");
    let record = app.record(answer["execution_id"].as_str().unwrap());
    assert_eq!((&record["delivery"], &record["labels"]), (&json!("none"), &json!({})));
}

#[test]
fn what_waits_for_a_slot_is_answered_as_well() {
    let app = TestApp::with(|options| options.slots(1));
    let first = app.submit(json!({"language": "sh", "code": "exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let body = json!({"code": "echo second", "language": "sh"});
    let mut held = Held::send(app.address(), &post("/execute", &body));
    eventually(DEADLINE, "it waits", || {
        let list = app.get("/v1/executions?status=queued").expect(200).json();
        (!list["data"].as_array()?.is_empty()).then_some(())
    });
    app.delete(&format!("/v1/executions/{first}")).expect(202);
    let (status, answer) = held.answer();
    assert_eq!((status, &answer["stdout"]), (200, &json!("second\n")), "{answer:#}");
}

#[test]
fn a_connection_serves_one_answer_after_the_other() {
    let app = TestApp::start();
    let body =
        |text: &str| post("/execute", &json!({"code": format!("echo {text}"), "language": "sh"}));
    let mut held = Held::send(app.address(), &[body("one"), body("two")].concat());
    assert_eq!(held.answer().1["stdout"], "one\n");
    assert_eq!(held.answer().1["stdout"], "two\n");
    held.say(&body("three"));
    assert_eq!(held.answer().1["stdout"], "three\n");
}
