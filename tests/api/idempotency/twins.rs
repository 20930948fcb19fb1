//! Requests that come at the same time, and requests that come when nothing new is taken.

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::super::problem::expect_problem;
use super::{Told, executions, expect_replay, is_replayed, program, replays, send, told};
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

const LINGERS: &str = "exec sleep 1000";

fn all_at_once(app: &TestApp, count: usize, path: &str) -> Vec<Answer> {
    let body = program("echo once");
    std::thread::scope(|scope| {
        let sent: Vec<_> =
            (0..count).map(|_| scope.spawn(|| send(app, path, "a", &body))).collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    })
}

#[test]
fn of_fifty_at_once_one_begins_it_and_all_are_answered_the_same() {
    for path in ["/v1/executions", "/execute", "/execute/background"] {
        let app = TestApp::start();
        let answers = all_at_once(&app, 50, path);
        let different: BTreeSet<Told> = answers.iter().map(told).collect();
        assert_eq!(different.len(), 1, "{path}: {:?}", answers.iter().map(Answer::text));
        assert!(matches!(answers[0].status, 200 | 202), "{}", answers[0].text());
        assert_eq!(answers.iter().filter(|answer| !is_replayed(answer)).count(), 1, "{path}");
        assert_eq!(executions(&app).len(), 1, "{path}");
        assert_eq!(replays(&app), 49, "{path}");
    }
}

#[test]
fn of_many_at_once_all_are_answered_where_there_is_room_for_one() {
    let app = TestApp::with(|options| options.slots(1).env("RINGBACK_QUEUE__MAX_TOTAL", "1"));
    let lingers = app.submit(program(LINGERS)).id;
    app.wait_for_program("sleep 1000");
    let answers = all_at_once(&app, 16, "/v1/executions");
    let accepted: BTreeSet<Told> =
        answers.iter().filter(|answer| answer.status == 202).map(told).collect();
    assert_eq!(accepted.len(), 1, "all that were accepted are the same");
    // One that came before the first was on disk may be sent again.
    for answer in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!(expect_problem(answer, 503)["code"], "queue_full");
    }
    assert_eq!(executions(&app).len(), 2);
    expect_problem(&app.post("/v1/executions", &program("true")), 503);
    let again = send(&app, "/v1/executions", "a", &program("echo once")).expect(202);
    assert!(is_replayed(&again));
    app.delete(&format!("/v1/executions/{lingers}")).expect(202);
}

#[test]
fn it_is_known_by_a_server_that_stops_and_by_the_next_one() {
    let mut app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "15s"));
    let body = program(LINGERS);
    let first = send(&app, "/v1/executions", "a", &body).expect(202);
    app.wait_for_program("sleep 1000");
    processes::signal(app.pid(), Signal::TERM);
    eventually(DEADLINE, "it is about to stop", || {
        (app.anonymous("GET", "/readyz").send().status == 503).then_some(())
    });
    let refused = send(&app, "/v1/executions", "b", &body);
    assert_eq!(expect_problem(&refused, 503)["code"], "draining");
    expect_replay(&first, &send(&app, "/v1/executions", "a", &body));
    let id = executions(&app).remove(0);
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
    app.restart();
    expect_replay(&first, &send(&app, "/v1/executions", "a", &body));
    assert_eq!(executions(&app), [id], "what was refused has begun nothing");
    // And its name is still free.
    assert!(!is_replayed(&send(&app, "/v1/executions", "b", &program("true")).expect(202)));
}

#[test]
fn it_is_known_after_a_kill() {
    let mut app = TestApp::start();
    let body = program("true");
    let first = send(&app, "/v1/executions", "a", &body).expect(202);
    app.kill9();
    app.restart();
    expect_replay(&first, &send(&app, "/v1/executions", "a", &body));
    assert_eq!(executions(&app).len(), 1);
}
