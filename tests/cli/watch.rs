//! `ringback watch`: one execution from state to state, and all that wait or run.

use serde_json::{Value, json};

use crate::asking::{Going, ID, ask, ask_script, asking, at, events, json, on_a_terminal, record};
use crate::shared::app::TestApp;
use crate::shared::receiver::TestReceiver;

#[test]
fn one_is_told_from_state_to_state_until_its_end() {
    let app = TestApp::with(|options| options.slots(1));
    let gate = app.scratch().join("gate");
    let code = format!("until [ -e {} ]; do sleep 0.01; done", gate.display());
    app.submit(json!({ "language": "sh", "code": code }));
    let second = format!("{}; exit 3", code.replace("gate", "gate2"));
    let id = app.submit(json!({ "language": "sh", "code": second })).id;
    let mut watching = Going::start(asking(&app, &["watch", &id]));
    assert_eq!(watching.line(), format!("{id} queued\n"));
    std::fs::write(&gate, "").unwrap();
    assert_eq!(watching.line(), format!("{id} running\n"));
    std::fs::write(gate.with_file_name("gate2"), "").unwrap();
    let ran = watching.end();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.starts_with(&format!("{id} failed in ")), "{}", ran.stdout);
    let again = ask(&app, &["watch", &id, "-o", "json"]);
    let record: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(record, app.record(&id));
    assert_eq!(ask(&app, &["watch", &id, "-o", "id"]).stdout, format!("{id}\n"));
}

#[test]
fn states_come_by_events_and_each_is_told_once() {
    let status = |status: &str| format!("event: status\ndata: {{\"status\":\"{status}\"}}\n\n");
    let end = format!("event: end\ndata: {}\n\n", record("completed"));
    let running = record("running");
    let script = [
        events(&[&status("queued")]),
        events(&[
            &status("queued"),
            &status(r"pa\u0007used"),
            "event: status\ndata: {\"status\":\"queued\",\"attempt\":2}\n\n",
            &status("completed"),
            &end,
        ]),
        json(200, &record("completed")),
    ];
    let server = TestReceiver::answering(script);
    let ran = ask_script(&server, &["watch", ID]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let expected =
        format!("{ID} queued\n{ID} pa\\u{{7}}used\n{ID} queued, attempt 2\n{ID} completed\n");
    assert_eq!(ran.stdout, expected);

    let script =
        [events(&[&status("running"), &end]), json(200, &running), json(200, &record("completed"))];
    let ran = ask_script(&TestReceiver::answering(script), &["watch", ID, "-o", "jsonl"]);
    let rows: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows, [running, record("completed")], "all that the server says");
}

#[test]
fn all_that_wait_or_run_are_told_as_they_change() {
    let app = TestApp::with(|options| options.slots(1));
    let gate = app.scratch().join("gate");
    let code = format!("until [ -e {} ]; do sleep 0.01; done", gate.display());
    let running = app.submit(json!({ "language": "sh", "code": code })).id;
    app.wait_for(&running, "it runs", |record| record["status"] == "running");
    let queued = app.submit(json!({ "language": "sh", "code": "exec sleep 1000" })).id;
    let mut watching = Going::start(asking(&app, &["watch", "--interval", "0.05"]));
    assert_eq!(watching.line(), format!("{queued} queued\n"));
    assert_eq!(watching.line(), format!("{running} running\n"));
    std::fs::write(&gate, "").unwrap();
    // Which of both is seen first depends on when it is looked.
    let next = [watching.line(), watching.line()];
    assert!(next.contains(&format!("{queued} running\n")), "{next:?}");
    assert!(next.iter().any(|line| line.starts_with(&format!("{running} completed"))), "{next:?}");
    let ran = watching.interrupt();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(130), ""));
    assert!(ran.stderr.contains("the executions go on"), "{}", ran.stderr);
    assert_eq!(app.record(&queued)["status"], "running");
}

#[test]
fn on_a_terminal_the_list_is_drawn_in_its_place() {
    let page = |rows: &[Value]| json(200, &json!({ "data": rows, "next_cursor": null }));
    let mut waiting = record("queued");
    waiting["id"] = json!(ID.replace('1', "2"));
    let mut started = record("queued");
    started["id"] = record("running")["id"].clone();
    let script = [
        // One that starts meanwhile is in both answers, and is drawn once.
        page(&[waiting, started]),
        page(&[record("running")]),
        page(&[]),
        page(&[]),
        // And then a server that is no more, or it would never end.
        crate::asking::problem(500, "Enough."),
    ];
    let server = TestReceiver::answering(script);
    let command = at(&server.url(""), &["watch", "--interval", "0.01"]);
    let drawn = on_a_terminal(&command, &[]);
    assert_eq!(drawn.code, Some(1), "{}", drawn.stdout);
    let (first, second) =
        drawn.stdout.split_once("\x1b[4F\x1b[J").expect("four lines up, and anew");
    assert!(first.contains("1 running, 1 queued; Ctrl-C stops watching"), "{first:?}");
    assert_eq!(first.matches("exec_").count(), 2, "{first:?}");
    assert!(second.contains("0 running, 0 queued") && !second.contains(ID), "{second:?}");
    assert!(second.contains("Enough."), "{second:?}");
}
