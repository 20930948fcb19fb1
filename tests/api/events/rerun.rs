//! An execution that runs a second time: its output begins anew, and whoever follows it is told so.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use super::{names, of, output};
use crate::support::app::TestApp;
use crate::support::events::EventStream;
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

/// Says in which of its runs it is, and ends when it is let.
fn accepted(app: &TestApp) -> String {
    let folder = app.scratch().display();
    let code = format!(
        "[ -e {folder}/second ] && word=second || word=first; printf \"$word run\"; \
         until [ -e {folder}/go ]; do sleep 0.01; done"
    );
    let body = json!({"language": "sh", "code": code, "on_interrupt": "rerun"});
    app.submit(body).id
}

fn start() -> TestApp {
    TestApp::with(|options| options.way_open())
}

#[track_caller]
fn until_said(stream: &mut EventStream, text: &str) -> String {
    eventually(DEADLINE, format!("it says {text}"), || {
        let event = stream.event();
        (event.data == json!({"offset": 0, "text": text})).then_some(event.id)
    })
}

#[track_caller]
fn check_the_second_run(app: &TestApp, stream: &mut EventStream) {
    let mut statuses = Vec::new();
    let said = loop {
        let event = stream.event();
        if event.name == "stdout" {
            break event;
        }
        statuses.push(event.data);
    };
    let queued = json!({"status": "queued", "attempt": 2});
    let running = json!({"status": "running", "attempt": 2});
    assert_eq!(statuses.last(), Some(&running));
    assert!(statuses.iter().all(|status| [&queued, &running].contains(&status)), "{statuses:?}");
    assert_eq!(said.data, json!({"offset": 0, "text": "second run"}), "its output begins anew");
    assert_eq!(said.id, "10-0-2", "and its ids are those of another attempt");
    fs::write(app.scratch().join("go"), "").unwrap();
    let rest = stream.until_end();
    assert_eq!(names(&rest), ["status", "end"]);
    assert_eq!(rest[1].data["attempt"], 2);
}

#[test]
fn whoever_follows_it_through_a_loss_of_the_launcher_is_told_of_the_second_run() {
    let app = start();
    let id = accepted(&app);
    let mut stream = of(&app, &id, None);
    until_said(&mut stream, "first run");
    fs::write(app.scratch().join("second"), "").unwrap();
    let launcher = processes::child_of(app.pid(), "launcher").expect("a server has a launcher");
    processes::signal(launcher, Signal::KILL);
    check_the_second_run(&app, &mut stream);
}

#[test]
fn whoever_comes_again_after_a_loss_of_the_server_is_told_the_second_run_from_its_beginning() {
    let mut app = start();
    let id = accepted(&app);
    let last = until_said(&mut of(&app, &id, None), "first run");
    assert_eq!(last, "9-0");
    fs::write(app.scratch().join("second"), "").unwrap();
    app.kill9();
    app.restart();
    let mut stream = of(&app, &id, Some(&last));
    check_the_second_run(&app, &mut stream);
    let rest = of(&app, &id, Some("4-0-2")).until_end();
    assert_eq!(output(&rest, "stdout", 4), b"nd run", "ids of the second run go on there");
    assert_eq!(output(&of(&app, &id, Some(&last)).until_end(), "stdout", 0), b"second run");
}
