//! A call of a function: what it brings, what it changes, and how it is answered.
//! Whom it calls back has tests of its own.

use serde_json::json;

use super::{invoke, put_again, put_new, run, script, told, try_invoke};
use crate::problem::expect_problem;
use crate::support::app::TestApp;

#[test]
fn it_is_answered_as_an_execution_is_and_the_record_names_the_function() {
    let app = TestApp::start();
    // Its name is the word that stands before it in the path, to see that this confuses nobody.
    put_new(&app, "functions", &script("echo hi"));
    put_again(&app, "functions", &script("echo hello"));
    let answer = try_invoke(&app, "functions", &json!({})).expect(202);
    let record = answer.json();
    let path = format!("/v1/executions/{}", record["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(&*path));
    assert_eq!(record["links"]["self"], path);
    let end = app.finished(record["id"].as_str().unwrap());
    assert_eq!((&end["status"], &end["stdout"]), (&json!("completed"), &json!("hello\n")));
    assert_eq!(end["function"]["name"], "functions");
    assert_eq!(end["function"]["variant"], "default");
    assert_eq!(end["function"]["version"], 2);
    assert_eq!(app.run(script("true"))["function"], json!(null));
}

#[test]
fn it_reads_what_its_caller_brings() {
    let app = TestApp::start();
    put_new(&app, "f", &script("cat"));
    for (call, stdout) in [
        (json!({"stdin": "as it is\n"}), "as it is\n"),
        (json!({"stdin": ""}), ""),
        (json!({"input": {"b": 1, "a": [1.5, null]}}), r#"{"b":1,"a":[1.5,null]}"#),
        (json!({"input": "text"}), "\"text\""),
        (json!({"input": null}), ""),
        (json!({}), ""),
    ] {
        assert_eq!(run(&app, "f", &call)["stdout"], stdout, "{call}");
    }
    // There need not be a body at all.
    let answer = app.request("POST", "/v1/functions/f/invoke").send().expect(202);
    assert_eq!(app.finished(answer.json()["id"].as_str().unwrap())["stdout"], "");
}

#[test]
fn what_it_brings_is_added_to_what_the_function_has_and_wins() {
    let app = TestApp::start();
    put_new(
        &app,
        "f",
        &json!({
            "language": "sh", "code": "echo $A $B $C",
            "env": {"A": "own", "B": "own"},
            "labels": {"a": "own", "b": "own"},
            "metadata": {"a": 1, "b": 1},
            "timeout": 5, "queue_timeout": 50,
        }),
    );
    let call = json!({
        "env": {"B": "call", "C": "call"},
        "labels": {"b": "call", "c": "call"},
        "metadata": {"b": 2, "c": null},
    });
    let record = run(&app, "f", &call);
    assert_eq!(record["stdout"], "own call call\n");
    assert_eq!(record["labels"], json!({"a": "own", "b": "call", "c": "call"}));
    assert_eq!(record["metadata"], json!({"a": 1, "b": 2, "c": null}));
    // The function is as it was.
    assert_eq!(run(&app, "f", &json!({}))["stdout"], "own own\n");
    assert_eq!(told(&app, "f")["labels"], json!({"a": "own", "b": "own"}));
}

#[test]
fn a_call_may_have_a_time_of_its_own() {
    let app = TestApp::with(|options| options.slots(1));
    put_new(&app, "f", &json!({"language": "sh", "code": "exec sleep 1000", "timeout": 0.2}));
    assert_eq!(run(&app, "f", &json!({}))["cause"], "timeout");
    let runs = invoke(&app, "f", &json!({"timeout": 1000}));
    app.wait_for_program("sleep 1000");
    let expired = run(&app, "f", &json!({"queue_timeout": 0.05}));
    assert_eq!(expired["cause"], "queue_expired");
    assert_eq!(app.record(&runs)["status"], "running", "the longer time holds");
    app.delete(&format!("/v1/executions/{runs}")).expect(202);
    app.finished(&runs);
}

#[test]
fn a_version_may_be_named_and_a_variant() {
    let app = TestApp::start();
    put_new(&app, "f", &script("echo one"));
    put_again(&app, "f", &script("echo two"));
    put_new(&app, "f", &json!({"language": "sh", "code": "echo other", "variant": "o"}));
    for (call, stdout, version) in [
        (json!({}), "two\n", 2),
        (json!({"version": null}), "two\n", 2),
        (json!({"version": 1}), "one\n", 1),
        (json!({"version": 2, "variant": "default"}), "two\n", 2),
        (json!({"variant": "o"}), "other\n", 1),
    ] {
        let record = run(&app, "f", &call);
        assert_eq!(
            (&record["stdout"], &record["function"]["version"]),
            (&json!(stdout), &json!(version))
        );
    }
    for none in
        [json!({"version": 3}), json!({"variant": "o", "version": 2}), json!({"variant": "x"})]
    {
        expect_problem(&try_invoke(&app, "f", &none), 404);
    }
    expect_problem(&try_invoke(&app, "nobody", &json!({})), 404);
}

#[test]
fn the_operators_rules_are_those_of_the_moment_of_the_call() {
    const LISTED: &str = "RINGBACK_EXECUTION__WORKING_DIRS";
    let mut app = TestApp::with(|options| {
        options.env(LISTED, "/usr").env("RINGBACK_EXECUTION__TIMEOUT_DEFAULT", "1s")
    });
    put_new(&app, "listed", &json!({"language": "sh", "code": "pwd", "working_dir": "/usr/bin"}));
    let long = json!({"language": "sh", "code": "exec sleep 1000", "timeout": 1500});
    put_new(&app, "long", &long);
    assert_eq!(run(&app, "listed", &json!({}))["stdout"], "/usr/bin\n");
    app.change(|options| options.env(LISTED, "/opt").env("RINGBACK_EXECUTION__TIMEOUT_MAX", "1s"));
    app.restart();
    let problem = expect_problem(&try_invoke(&app, "listed", &json!({})), 400);
    assert!(problem["detail"].as_str().unwrap().contains("`working_dir`"), "{problem}");
    assert_eq!(run(&app, "long", &json!({}))["cause"], "timeout");
}
