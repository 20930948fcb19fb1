//! Answers that are held back until the end: a request that comes again waits for the same end, and is
//! told of it in the same bytes.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{KEY, executions, expect_replay, program, send};
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::held::{Held, get, post};
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

/// Goes on until it is sent SIGUSR1.
const UNTIL_TOLD: &str =
    "trap 'echo through; exit 0' USR1; echo ready; while :; do sleep 0.01; done";

fn put(app: &TestApp, body: &Value) {
    app.request("PUT", "/v1/functions/f").json(body).send().expect(201);
}

fn run() -> Value {
    json!({"deployment": "f", "variant": "default", "inputs": {}})
}

/// The bytes of a request under the name `a`.
fn named(path: &str, body: &Value) -> Vec<u8> {
    let bytes = String::from_utf8(post(path, body)).unwrap();
    bytes.replacen("\r\n", &format!("\r\n{KEY}: a\r\n"), 1).into_bytes()
}

#[track_caller]
fn the_one_that_runs(app: &TestApp) -> String {
    eventually(DEADLINE, "one runs", || {
        let ids = executions(app);
        let output = format!("/v1/executions/{}/output/stdout", ids.first()?);
        (app.get(&output).body == b"ready\n").then(|| ids[0].clone())
    })
}

fn let_through(app: &TestApp) {
    for program in app.programs() {
        processes::signal(program.pid, Signal::USR1);
    }
}

#[test]
fn what_has_ended_is_told_again_in_the_same_bytes() {
    let app = TestApp::start();
    let failing = "echo out; echo err >&2; exit 3";
    put(&app, &program("echo '{\"n\": 1.50}' > $RINGBACK_RESULT"));
    for (path, body) in [
        ("/execute", program(failing)),
        ("/execute", json!({"language": "sh", "code": "exec sleep 100", "timeout": 0.1})),
        ("/v1/workflow/invoke", run()),
    ] {
        let name = format!("{}{}", path, body["timeout"]).replace('/', ".");
        let first = send(&app, path, &name, &body).expect(200);
        let count = executions(&app).len();
        for _ in 0..2 {
            expect_replay(&first, &send(&app, path, &name, &body));
        }
        assert_eq!(executions(&app).len(), count, "{path}");
        let mut other = body.clone();
        other["more"] = json!(true);
        assert_eq!(send(&app, path, &name, &other).status, 422);
    }
}

#[test]
fn it_is_told_by_the_next_server_also_when_nobody_heard_it_at_first() {
    let mut app = TestApp::start();
    let body = program("echo done");
    let gone = Held::send(app.address(), &named("/execute", &body));
    eventually(DEADLINE, "it is there", || (executions(&app).len() == 1).then_some(()));
    gone.reset();
    let id = executions(&app).remove(0);
    app.finished(&id);
    app.restart();
    let answer = send(&app, "/execute", "a", &body).expect(200);
    assert_eq!(answer.header("idempotency-replayed"), Some("true"));
    let told = answer.json();
    assert_eq!((&told["execution_id"], &told["stdout"]), (&json!(id), &json!("done\n")));
    assert_eq!(executions(&app), [id]);
}

#[test]
fn a_twin_waits_for_the_same_end() {
    for (path, body) in [("/execute", program(UNTIL_TOLD)), ("/v1/workflow/invoke", run())] {
        let app = TestApp::start();
        put(&app, &program(UNTIL_TOLD));
        let mut first = Held::send(app.address(), &named(path, &body));
        let id = the_one_that_runs(&app);
        let mut twin = Held::send(app.address(), &named(path, &body));
        eventually(DEADLINE, "it is held", || twin.is_read().then_some(()));
        assert_eq!(executions(&app), [id]);
        let_through(&app);
        let (one, other) = (first.answer(), twin.answer());
        assert_eq!((one.0, &one), (200, &other), "{path}");
    }
}

#[test]
fn a_twin_that_goes_away_cancels_nothing() {
    let app = TestApp::start();
    let mut body = program(UNTIL_TOLD);
    body["cancel_on_disconnect"] = json!(true);
    let mut first = Held::send(app.address(), &named("/execute", &body));
    let id = the_one_that_runs(&app);
    let twin = Held::send(app.address(), &named("/execute", &body));
    eventually(DEADLINE, "it is held", || twin.is_read().then_some(()));
    twin.close();
    assert!(app.record(&id)["cancelling"].is_null());
    let_through(&app);
    let (status, told) = first.answer();
    assert_eq!((status, &told["stdout"]), (200, &json!("ready\nthrough\n")));
}

#[test]
fn when_the_server_stops_a_twin_is_told_what_goes_on_as_the_first_is() {
    let mut app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "60s"));
    let body = program(UNTIL_TOLD);
    let mut first = Held::send(app.address(), &named("/execute", &body));
    let id = the_one_that_runs(&app);
    let mut twin = Held::send(app.address(), &named("/execute", &body));
    eventually(DEADLINE, "it is held", || twin.is_read().then_some(()));
    processes::signal(app.pid(), Signal::TERM);
    for held in [&mut first, &mut twin] {
        let (status, error) = held.answer();
        // Not a 5xx, which HopX's clients take for a wish to be sent the same again.
        assert_eq!((status, &error["details"]["execution_id"]), (409, &json!(id)), "{error:#}");
    }
    let_through(&app);
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
    app.restart();
    let again: Answer = send(&app, "/execute", "a", &body).expect(200);
    assert_eq!(again.json()["stdout"], "ready\nthrough\n");
    assert_eq!(executions(&app), [id]);
}

#[test]
fn whoever_floods_behind_its_request_is_told_of_what_it_has_begun() {
    let app = TestApp::start();
    let body = program(UNTIL_TOLD);
    let mut held = Held::send(app.address(), &named("/execute", &body));
    let id = the_one_that_runs(&app);
    held.send_on(&get("/livez").repeat(20_000));
    let (status, error) = held.answer();
    assert_eq!((status, &error["details"]["execution_id"]), (400, &json!(id)), "{error:#}");
    let_through(&app);
    let again = send(&app, "/execute", "a", &body).expect(200);
    assert_eq!(again.json()["stdout"], "ready\nthrough\n");
    assert_eq!(executions(&app), [id]);
}
