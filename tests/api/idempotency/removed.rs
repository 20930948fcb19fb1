//! For how long an answer is kept: beyond its execution where that was kept for less, and as long as that
//! where it was kept for more. What somebody wants gone is gone at once, and begins nothing again.

use serde_json::Value;

use super::super::problem::expect_problem;
use super::{executions, expect_replay, is_replayed, program, send};
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::wait::{DEADLINE, eventually};

const PATH: &str = "/v1/executions";

fn forgetting(options: Options, age: &str, kept: &str) -> Options {
    let options = options.env("RINGBACK_RETENTION__AGE", age);
    options
        .env("RINGBACK_RETENTION__INTERVAL", "20ms")
        .env("RINGBACK_REQUEST__IDEMPOTENCY_KEPT", kept)
}

#[track_caller]
fn none_are_left(app: &TestApp) {
    eventually(DEADLINE, "nothing is left", || executions(app).is_empty().then_some(()));
}

/// How many answers the database has.
fn rows(app: &TestApp) -> i64 {
    let database = rusqlite::Connection::open(app.data_dir().join("ringback.db")).unwrap();
    database.query_row("SELECT count(*) FROM answers", [], |row| row.get(0)).unwrap()
}

#[test]
fn an_answer_outlives_its_execution_for_its_time() {
    let app = TestApp::with(|options| forgetting(options, "1ms", "1h"));
    let body = program("true");
    let first = send(&app, PATH, "a", &body).expect(202);
    none_are_left(&app);
    expect_replay(&first, &send(&app, PATH, "a", &body));
    assert_eq!(send(&app, PATH, "a", &program("false")).status, 422);
    assert!(executions(&app).is_empty(), "it has begun nothing");
    // What was to be told at the end can be told no more; but it does not run again.
    assert_eq!(send(&app, "/execute", "held", &body).status, 200);
    none_are_left(&app);
    let again = send(&app, "/execute", "held", &body);
    assert_eq!((again.status, again.json()["code"].as_str()), (409, Some("CONFLICT")));
    assert!(executions(&app).is_empty());
}

#[test]
fn when_its_time_is_over_the_name_is_free_and_nothing_is_left() {
    let app = TestApp::with(|options| forgetting(options, "1ms", "1ms"));
    let body = program("true");
    let first = send(&app, PATH, "a", &body).expect(202).json()["id"].clone();
    eventually(DEADLINE, "it is forgotten", || (rows(&app) == 0).then_some(()));
    let second = send(&app, PATH, "a", &body).expect(202);
    assert!(!is_replayed(&second) && second.json()["id"] != first);
    eventually(DEADLINE, "it is forgotten", || (rows(&app) == 0).then_some(()));
}

#[test]
fn it_is_kept_as_long_as_its_execution() {
    let app = TestApp::with(|options| forgetting(options, "1h", "1ms"));
    let body = program("true");
    let first = send(&app, PATH, "a", &body).expect(202);
    let id: Value = first.json()["id"].clone();
    app.finished(id.as_str().unwrap());
    expect_replay(&first, &send(&app, PATH, "a", &body));
}

#[test]
fn what_is_purged_is_gone_at_once_and_not_begun_again() {
    let app = TestApp::start();
    let secret_label = "a-label-that-somebody-wants-gone";
    let mut body = program("true");
    body["labels"] = serde_json::json!({"who": secret_label});
    let first = send(&app, PATH, "a", &body).expect(202).json();
    let id = first["id"].as_str().unwrap();
    app.finished(id);
    app.delete(&format!("/v1/executions/{id}?purge=true")).expect(204);
    for _ in 0..2 {
        let problem = expect_problem(&send(&app, PATH, "a", &body), 409);
        assert_eq!(problem["code"], "idempotency_purged", "{problem:#}");
        assert!(problem["detail"].as_str().unwrap().contains("removed"), "{problem:#}");
    }
    assert_eq!(send(&app, PATH, "a", &program("false")).status, 422);
    assert!(executions(&app).is_empty());
    let database = rusqlite::Connection::open(app.data_dir().join("ringback.db")).unwrap();
    let kept = "SELECT coalesce(body, '') || coalesce(headers, '') FROM answers";
    let kept: String = database.query_row(kept, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "", "not a byte of it is kept");
}
