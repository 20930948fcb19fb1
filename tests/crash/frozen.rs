//! A launcher that is stopped or hangs can end nobody and hears nothing: it is woken or killed, and
//! whatever it was to run or to end is settled all the same.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::processes;
use crate::support::receiver::TestReceiver;
use crate::support::server::Server;
use crate::support::wait::{DEADLINE, eventually};

const IMPATIENT: &str = "launcher-patience-ms=return(300)";

fn sleeping() -> Value {
    json!({"language": "sh", "code": "exec sleep 1000"})
}

/// Both processes of the server's launcher.
fn launchers(app: &TestApp) -> Vec<u32> {
    let outer = below(app.pid());
    outer.iter().flat_map(|pid| below(*pid)).chain(outer.iter().copied()).collect()
}

fn below(pid: u32) -> Vec<u32> {
    let children = processes::children_of(pid).into_iter();
    children.filter(|child| child.command.starts_with("ringback launcher")).map(|c| c.pid).collect()
}

/// A server whose launcher was stopped while a program ran.
fn frozen(failpoints: &str) -> (TestApp, String) {
    let app = TestApp::with(|options| options.failpoints(failpoints));
    let id = app.submit(sleeping()).id;
    app.wait_for_program("sleep 1000");
    let stopped = launchers(&app);
    assert!(!stopped.is_empty());
    stopped.iter().for_each(|pid| processes::signal(*pid, Signal::STOP));
    (app, id)
}

#[test]
fn one_that_is_stopped_when_its_server_is_killed_is_woken_by_the_next() {
    let (mut app, id) = frozen("");
    processes::signal(app.pid(), Signal::KILL);
    let mut next = Server::spawn(&Options::default(), &app.data_dir());
    next.ready().expect("it starts");
    // Only now is there nobody any more who could write to the first one's stderr.
    app.kill9();
    assert!(app.programs().is_empty(), "{:?}", app.programs());
    assert!(next.end_by(Signal::TERM, DEADLINE).1);
    app.restart();
    assert_eq!(app.finished(&id)["cause"], "interrupted");
    assert_eq!(app.run(json!({"language": "sh", "code": "echo on"}))["stdout"], "on\n");
}

#[test]
fn one_that_does_not_answer_is_replaced_and_its_programs_are_settled() {
    let (app, id) = frozen(IMPATIENT);
    let receiver = TestReceiver::start();
    let mut program = sleeping();
    program["callback_url"] = json!(receiver.url("/hook"));
    let asked_in_vain = app.submit(program).id;
    for id in [&id, &asked_in_vain] {
        assert_eq!(app.finished(id)["cause"], "interrupted");
    }
    assert_eq!(receiver.first().json()["type"], "execution.failed");
    eventually(DEADLINE, "no program is left", || app.programs().is_empty().then_some(()));
    assert_eq!(app.run(json!({"language": "sh", "code": "echo on"}))["stdout"], "on\n");
}

#[test]
fn what_comes_while_there_is_none_waits_for_the_next_and_no_longer() {
    // Looked at so rarely that only the news of the next launcher can be what starts it.
    let app = TestApp::with(|options| {
        options.env("RINGBACK_QUEUE__POLL", "10m").failpoints("launcher-next=sleep(300)")
    });
    launchers(&app).iter().for_each(|pid| processes::signal(*pid, Signal::KILL));
    eventually(DEADLINE, "there is no launcher", || {
        (app.get("/readyz").json()["code"] == "no_launcher").then_some(())
    });
    let accepted = app.submit(json!({"language": "sh", "code": "echo on"}));
    assert_eq!(accepted.answer.json()["status"], "queued");
    let record = app.finished(&accepted.id);
    assert_eq!((&record["stdout"], &record["attempt"]), (&json!("on\n"), &json!(1)));
}

#[test]
fn one_that_is_stopped_does_not_keep_its_server_from_ending() {
    let (mut app, id) = frozen(IMPATIENT);
    app.change(|options| options.failpoints(""));
    // What it cannot end in time is for the next server to settle.
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    assert_eq!(app.terminate().code(), Some(0), "{}", app.stderr());
    eventually(DEADLINE, "no program is left", || app.programs().is_empty().then_some(()));
    app.restart();
    assert_eq!(app.finished(&id)["status"], "cancelled");
}
