//! `ringback cancel`: queued, running, ended; with a reason, and with the patience to see the end.

use serde_json::{Value, json};

use crate::asking::{ask, asking};
use crate::shared::app::TestApp;
use crate::support::{file, ran};

fn long(app: &TestApp) -> String {
    app.submit(json!({ "language": "sh", "code": "exec sleep 1000" })).id
}

#[test]
fn what_runs_is_ended_and_its_record_says_why() {
    let app = TestApp::start();
    let id = long(&app);
    app.wait_for(&id, "it runs", |record| record["status"] == "running");
    let ran = ask(&app, &["cancel", &id, "--reason", "too slow", "--wait"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.starts_with(&format!("{id} cancelled in ")), "{}", ran.stdout);
    assert_eq!(app.record(&id)["cancel_reason"], "too slow");
    let again = ask(&app, &["cancel", &id, "-o", "json"]);
    let record: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((again.code, &record["cancel_reason"]), (Some(0), &json!("too slow")));
}

#[test]
fn what_waits_never_runs_and_what_has_ended_stays() {
    let app = TestApp::with(|options| options.slots(1));
    let done = app.run(json!({ "language": "sh", "code": "exit 2" }))["id"].clone();
    let running = long(&app);
    let queued = long(&app);
    let (_directory, path) = file("ids", &format!("{queued}\n{}\n", done.as_str().unwrap()));
    let mut command = asking(&app, &["cancel", "-"]);
    command.stdin(std::fs::File::open(path).unwrap());
    let ran = ran(command);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with(&format!("{queued} cancelled")), "{}", ran.stdout);
    assert!(lines[1].contains("failed in") && lines[1].contains("code 2"), "{}", ran.stdout);
    assert_eq!(app.record(&queued)["started_at"], Value::Null);
    let all = ask(&app, &["cancel", &running, "exec_nothing", "-o", "id"]);
    assert_eq!((all.code, all.stdout), (Some(4), format!("{running}\n")));
    assert!(all.stderr.starts_with("ringback: exec_nothing: "), "{}", all.stderr);
}

#[test]
fn one_that_is_being_ended_is_told_as_such() {
    let app = TestApp::with(|options| options.grace("2s"));
    let code = "trap '' TERM; echo ready; while :; do sleep 0.01; done";
    let id = app.submit(json!({ "language": "sh", "code": code })).id;
    let path = format!("/v1/executions/{id}/output/stdout");
    crate::shared::wait::eventually(crate::shared::wait::DEADLINE, "it is deaf", || {
        (app.get(&path).body == b"ready\n").then_some(())
    });
    let ran = ask(&app, &["cancel", &id]);
    assert_eq!(ran.stdout, format!("{id} running, and is being cancelled\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}
