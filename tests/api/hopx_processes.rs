//! Processes in HopX's words: begun in the background, and listed. What kills them is tested with
//! the kill.

use serde_json::{Value, json};

use super::hopx_errors::check;
use super::scoped::{add_key_of, with_key};
use crate::support::app::TestApp;
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

const LISTS: [&str; 2] = ["/execute/processes", "/processes"];

/// Begins a program in the background, and gives the answer.
#[track_caller]
pub fn background(app: &TestApp, body: &Value) -> Value {
    app.post("/execute/background", body).expect(200).json()
}

/// Begins a program that does not end, and gives its id.
#[track_caller]
pub fn begin(app: &TestApp, seconds: u32) -> String {
    let body = json!({"code": format!("exec sleep {seconds}"), "language": "sh"});
    let id = background(app, &body)["process_id"].as_str().unwrap().to_owned();
    app.wait_for_program(&format!("sleep {seconds}"));
    id
}

/// A process in both lists, which say the same of it.
#[track_caller]
fn listed(app: &TestApp, id: &str) -> Value {
    let [one, other] = LISTS.map(|path| {
        let list = app.get(path).expect(200).json();
        let all = list["processes"].as_array().unwrap();
        assert_eq!(list["count"], all.len(), "{list:#}");
        assert!(list["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
        all.iter().find(|process| process["process_id"] == id).cloned().expect("it is listed")
    });
    let lasting = |process: &Value| {
        let mut process = process.clone();
        // Of what runs, these may change between one list and the next.
        for passing in ["duration", "pid"] {
            process[passing] = Value::Null;
        }
        process
    };
    assert_eq!(lasting(&one), lasting(&other));
    other
}

#[test]
fn a_program_in_the_background_is_answered_at_once_and_keeps_its_name() {
    let app = TestApp::start();
    let begun = background(
        &app,
        &json!({
            "code": "exec sleep 1000", "language": "sh", "timeout": 300, "name": "training",
            "env": {"A": "1"}, "workdir": "/workspace", "callback_url": 7,
        }),
    );
    let id = begun["process_id"].as_str().unwrap();
    let expected = json!({
        "process_id": id, "execution_id": id, "status": "running", "name": "training",
        "start_time": begun["start_time"],
    });
    assert_eq!(begun, expected);
    let record = app.record(id);
    assert_eq!(begun["start_time"], record["started_at"]);
    assert_eq!(
        (&record["labels"], &record["timeout"]),
        (&json!({"name": "training"}), &json!(300.0))
    );
    assert_eq!(listed(&app, id)["name"], "training");

    let nameless = background(&app, &json!({"code": "print(1)"}));
    assert_eq!(nameless.get("name"), None);
    let empty = background(&app, &json!({"code": "print(1)", "name": ""}));
    assert_eq!(empty.get("name"), None);
    for begun in [&nameless, &empty] {
        let ended = app.finished(begun["execution_id"].as_str().unwrap());
        assert_eq!((&ended["stdout"], &ended["labels"]), (&json!("1\n"), &json!({})));
    }
    app.post(&format!("/execute/kill/{id}"), &json!({})).expect(200);
    app.finished(id);
}

#[test]
fn a_name_that_cannot_be_kept_is_refused() {
    let app = TestApp::start();
    for name in [json!("x".repeat(257)), json!(7)] {
        let body = json!({"code": "true", "language": "sh", "name": name});
        let error = check(&app.post("/execute/background", &body), 400, "INVALID_REQUEST");
        assert!(error["details"]["name"].as_str().unwrap().contains("`name`"), "{error}");
    }
    let longest = json!({"code": "true", "language": "sh", "name": "ä".repeat(256)});
    let id = background(&app, &longest)["process_id"].as_str().unwrap().to_owned();
    app.finished(&id);
    assert_eq!(app.get(LISTS[0]).expect(200).json()["count"], 1);
}

#[test]
fn a_process_is_listed_with_everything_that_is_known_of_it() {
    let app = TestApp::with(|options| options.slots(1));
    let running = begin(&app, 1000);
    let body = json!({"code": "exit 3", "language": "sh", "name": "second"});
    let queued = background(&app, &body)["process_id"].as_str().unwrap().to_owned();

    let process = listed(&app, &queued);
    let expected = json!({
        "process_id": queued, "execution_id": queued, "name": "second", "language": "sh",
        "pid": null, "status": "queued", "start_time": null, "started_at": null,
        "end_time": null, "ended_at": null, "completed_at": null, "exit_code": null,
        "duration": null, "execution_time": null,
    });
    assert_eq!(process, expected);

    let (process, pid) = eventually(DEADLINE, "its pid is known", || {
        let process = listed(&app, &running);
        let pid = process["pid"].as_u64()?;
        Some((process, pid))
    });
    let marks = [&format!("RINGBACK_EXECUTION_ID={running}"), app.mark()];
    let found = processes::with_environment(&marks);
    assert!(found.iter().any(|found| u64::from(found.pid) == pid), "{pid}: {found:?}");
    assert_eq!((&process["status"], &process["exit_code"]), (&json!("running"), &Value::Null));
    assert_eq!(process["started_at"], app.record(&running)["started_at"]);
    assert_eq!(process["start_time"], process["started_at"]);
    assert_eq!((&process["end_time"], &process["execution_time"]), (&Value::Null, &Value::Null));
    let duration = process["duration"].as_f64().unwrap();
    assert!((0.0..20.0).contains(&duration), "{process:#}");

    app.delete(&format!("/execute/kill?process_id={running}")).expect(200);
    app.finished(&running);
    let record = app.finished(&queued);
    let process = listed(&app, &queued);
    assert_eq!((&process["status"], &process["exit_code"]), (&json!("failed"), &json!(3)));
    assert_eq!(process["pid"], Value::Null);
    for time in ["end_time", "ended_at", "completed_at"] {
        assert_eq!(process[time], record["completed_at"], "{time}");
    }
    for seconds in ["duration", "execution_time"] {
        assert_eq!(process[seconds], record["execution_time"], "{seconds}");
    }
    assert_eq!(listed(&app, &running)["status"], "killed");
    assert_eq!(listed(&app, &running)["exit_code"], 143);
}

#[test]
fn every_end_has_its_word() {
    let app = TestApp::start();
    for (body, status, exit_code) in [
        (json!({"code": "true", "language": "sh"}), "completed", 0),
        (json!({"code": "exit 7", "language": "sh"}), "failed", 7),
        (json!({"code": "exec sleep 9", "language": "sh", "timeout": 0.1}), "failed", 143),
    ] {
        let id = background(&app, &body)["process_id"].as_str().unwrap().to_owned();
        app.finished(&id);
        let process = listed(&app, &id);
        assert_eq!(
            (&process["status"], &process["exit_code"]),
            (&json!(status), &json!(exit_code))
        );
    }
}

#[test]
fn what_runs_is_listed_whatever_was_begun_since() {
    let app = TestApp::start();
    let running = begin(&app, 1000);
    let body = json!({"code": "true", "language": "sh"});
    let later: Vec<_> = (0..101).map(|_| background(&app, &body)["process_id"].clone()).collect();
    let last = listed(&app, &running);
    assert_eq!(last["status"], "running", "{last:#}");
    assert!(last["pid"].is_number(), "{last:#}");
    for id in later {
        app.finished(id.as_str().unwrap());
    }
    let list = app.get(LISTS[0]).expect(200).json();
    let all = list["processes"].as_array().unwrap();
    assert_eq!((all.len(), &all[100]["process_id"]), (101, &json!(running)));
}

#[test]
fn the_newest_hundred_of_a_tenant_are_listed_newest_first() {
    let mut app = TestApp::start();
    let ids: Vec<Value> =
        (0..103).map(|_| app.submit(json!({"code": "true", "language": "sh"})).id.into()).collect();
    ids.iter().for_each(|id| drop(app.finished(id.as_str().unwrap())));
    for path in LISTS {
        let list = app.get(path).expect(200).json();
        let all: Vec<_> =
            list["processes"].as_array().unwrap().iter().map(|each| &each["process_id"]).collect();
        assert_eq!(all, ids.iter().rev().take(100).collect::<Vec<_>>());
        assert_eq!(list["count"], 100);
    }
    let stranger = add_key_of(&mut app, "other");
    for path in LISTS {
        let list = with_key(&app, &stranger, path).expect(200).json();
        assert_eq!((&list["processes"], &list["count"]), (&json!([]), &json!(0)));
    }
}
