//! Limits, network and the policy for too much output: what is accepted, and what is refused with a
//! sentence. Whether a limit holds is tested with the programs.

use serde_json::{Value, json};

use super::problem::expect_blame;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

/// A good request with one more field.
fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"language": "sh", "code": "true"});
    body[field] = value;
    body
}

#[track_caller]
fn refused(app: &TestApp, field: &str, value: Value) -> String {
    expect_blame(&app.post("/v1/executions", &with(field, value)), field)
}

#[test]
fn every_limit_within_the_servers_is_accepted() {
    let app = TestApp::start();
    let all = json!({
        "memory_bytes": 256 * 1024 * 1024, "processes": 64, "cpu_seconds": 0.5, "open_files": 256,
        "disk_bytes": 1024 * 1024, "output_bytes": 1024,
    });
    for limits in [all, json!({}), json!({"processes": 4096, "memory_bytes": null})] {
        let record = app.run(with("limits", limits));
        assert_eq!(record["cause"], "exited", "{record:#}");
        assert!(record.get("limits").is_none(), "{record:#}");
    }
}

#[test]
fn a_limit_that_is_none_or_beyond_the_maximum_is_refused_with_the_maximum() {
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_EXECUTION__MEMORY_BYTES_DEFAULT", "2000000")
            .env("RINGBACK_EXECUTION__MEMORY_BYTES_MAX", "3000000")
            .env("RINGBACK_EXECUTION__CPU_TIME_DEFAULT", "1s")
            .env("RINGBACK_EXECUTION__CPU_TIME_MAX", "90s")
    });
    let maxima = [
        ("memory_bytes", "3000000"),
        ("processes", "4096"),
        ("cpu_seconds", "90"),
        ("open_files", "65536"),
        ("disk_bytes", "4294967296"),
        ("output_bytes", "67108864"),
    ];
    for (name, max) in maxima {
        let beyond = max.parse::<u64>().unwrap() + 1;
        for value in [json!(beyond), json!(0), json!(-1), json!(1e30)] {
            let sentence = refused(&app, "limits", json!({ (name): value }));
            assert!(sentence.contains(name) && sentence.contains(max), "{value}: {sentence}");
        }
        for value in [json!("1m"), json!(true), json!([1])] {
            let sentence = refused(&app, "limits", json!({ (name): value }));
            assert!(sentence.contains(name), "{value}: {sentence}");
        }
    }
    assert_eq!(app.get("/v1/executions").json()["data"], json!([]));
}

#[test]
fn the_network_is_refused_where_the_operator_has_switched_it_off() {
    let app = TestApp::with(|options| {
        options
            .env("RINGBACK_EXECUTION__NETWORK", "off")
            .env("RINGBACK_EXECUTION__ISOLATION", "auto")
    });
    let answer = app.post("/v1/executions", &with("network", json!(true)));
    let sentence = expect_blame(&answer, "network");
    assert!(sentence.contains("switched") && sentence.contains("off"), "{sentence}");
    assert_eq!(answer.json()["errors"][0]["code"], "not_allowed");
    app.run(with("network", json!(false)));
    let mut hopx = with("network", json!(true));
    hopx["callback_url"] = json!("http://127.0.0.1:8080/");
    let answer = app.post("/execute/async", &hopx);
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.json()["code"], "INVALID_REQUEST");
    assert!(answer.json()["details"]["network"].is_string(), "{}", answer.text());
}

#[test]
fn the_network_cannot_be_declined_where_it_cannot_be_taken_away() {
    let app = TestApp::with(|options| options.argument("--isolation", "none"));
    let answer = app.post("/v1/executions", &with("network", json!(false)));
    let sentence = expect_blame(&answer, "network");
    assert_eq!(sentence, "This server cannot take the network away from a program.");
    assert_eq!(answer.json()["errors"][0]["code"], "not_available");
    app.run(with("network", json!(true)));
    let receiver = TestReceiver::start();
    let mut hopx = with("callback_url", json!(receiver.url("/")));
    app.post("/execute/async", &hopx).expect(200);
    receiver.first();
    hopx["network"] = json!(false);
    assert_eq!(app.post("/execute/async", &hopx).status, 400);
}

#[test]
fn the_network_and_the_output_policy_have_their_types_and_their_words() {
    let app = TestApp::start();
    for value in [json!("on"), json!(1), json!({})] {
        refused(&app, "network", value);
    }
    for value in [json!("stop"), json!(""), json!(true)] {
        refused(&app, "on_output_limit", value);
    }
    for policy in ["truncate", "fail"] {
        assert_eq!(app.run(with("on_output_limit", json!(policy)))["status"], "completed");
    }
}

#[test]
fn a_record_says_how_its_program_started_and_what_it_left_behind() {
    let app = TestApp::with(|options| {
        options.env("RINGBACK_RUNTIMES__BASH__COMMAND", "no-such-interpreter")
    });
    let receiver = TestReceiver::start();
    let record = app.run(with("callback_url", json!(receiver.url("/"))));
    assert_eq!((&record["start"], &record["descendants_killed"]), (&json!("cold"), &json!(0)));
    let told = &receiver.first().json()["data"];
    assert_eq!((&told["start"], &told["descendants_killed"]), (&json!("cold"), &json!(0)));
    let never = app.run(json!({"language": "bash", "code": "true"}));
    assert_eq!(never["cause"], "spawn_failed");
    assert_eq!((&never["start"], &never["descendants_killed"]), (&Value::Null, &json!(0)));
}
