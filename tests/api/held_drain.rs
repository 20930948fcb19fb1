//! The server is told to stop while it holds answers back: each is given at once, in the shape of its
//! route, and says which execution goes on without it. And nothing of that holds up the end.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::held::{Held, get, post};
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

/// Goes on until it is sent SIGUSR1.
const UNTIL_TOLD: &str =
    "trap 'echo through; exit 0' USR1; echo ready; while :; do sleep 0.01; done";

fn body() -> Value {
    json!({"language": "sh", "code": UNTIL_TOLD})
}

fn start(slots: usize) -> TestApp {
    TestApp::with(|options| options.slots(slots).env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "60s"))
}

/// Waits until so many executions run.
#[track_caller]
fn running(app: &TestApp, count: usize) -> Vec<String> {
    eventually(DEADLINE, format!("{count} run"), || {
        let list = app.get("/v1/executions?status=running").expect(200).json();
        let ids = list["data"].as_array()?.iter().map(|each| Some(each["id"].as_str()?.to_owned()));
        let ids = ids.collect::<Option<Vec<_>>>()?;
        (ids.len() == count && ids.iter().all(|id| is_ready(app, id))).then_some(ids)
    })
}

/// Whether its program can be told to end.
fn is_ready(app: &TestApp, id: &str) -> bool {
    app.get(&format!("/v1/executions/{id}/output/stdout")).body == b"ready\n"
}

fn is_alive(app: &TestApp, id: &str) -> bool {
    !processes::with_environment(&[&format!("RINGBACK_EXECUTION_ID={id}"), app.mark()]).is_empty()
}

/// Lets every program come to its end.
fn let_through(app: &TestApp) {
    for program in app.programs() {
        processes::signal(program.pid, Signal::USR1);
    }
}

#[test]
fn whoever_waits_when_the_server_stops_is_told_at_once_which_execution_goes_on() {
    let mut app = start(4);
    let mut executing = Held::send(app.address(), &post("/execute", &body()));
    let ids = running(&app, 1);
    let path = format!("/v1/executions/{}?wait=60", ids[0]);
    let mut waiting = Held::send(app.address(), &get(&path));
    eventually(DEADLINE, "it is held", || waiting.is_read().then_some(()));
    processes::signal(app.pid(), Signal::TERM);

    let (status, error) = executing.answer();
    // Not a 5xx: HopX's clients would send the same again, and it would run twice.
    assert_eq!((status, &error["code"]), (409, &json!("CONFLICT")), "{error:#}");
    assert_eq!(error["details"]["execution_id"], ids[0], "{error:#}");
    assert!(error["message"].as_str().unwrap().contains(&ids[0]), "{error:#}");
    let (status, problem) = waiting.answer();
    assert_eq!((status, &problem["code"]), (503, &json!("draining")), "{problem:#}");
    assert_eq!(problem["execution_id"], ids[0], "{problem:#}");
    assert!(problem["detail"].as_str().unwrap().contains(&ids[0]), "{problem:#}");

    // It goes on, as was said, and whoever asks meanwhile waits no longer.
    assert!(is_alive(&app, &ids[0]), "its program is still there");
    let late = app.get(&path);
    assert_eq!((late.status, &late.json()["code"]), (503, &json!("draining")));
    assert_eq!(app.record(&ids[0])["status"], "running");
    let_through(&app);
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
    app.restart();
    let record = app.record(&ids[0]);
    assert_eq!(
        (&record["status"], &record["stdout"]),
        (&json!("completed"), &json!("ready\nthrough\n"))
    );
}

#[test]
fn what_has_ended_is_answered_while_the_server_stops() {
    let mut app = start(2);
    let ended = app.run(json!({"language": "sh", "code": "echo done"}));
    app.post("/v1/executions", &body()).expect(202);
    running(&app, 1);
    processes::signal(app.pid(), Signal::TERM);
    eventually(DEADLINE, "it stops", || {
        (app.anonymous("GET", "/readyz").send().status == 503).then_some(())
    });
    let path = format!("/v1/executions/{}?wait=60", ended["id"].as_str().unwrap());
    for _ in 0..20 {
        assert_eq!(app.get(&path).expect(200).json()["stdout"], "done\n");
    }
    let answer = app.post("/execute", &json!({"language": "sh", "code": "echo no"}));
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("SERVICE_UNAVAILABLE")));
    let_through(&app);
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
}

#[test]
fn an_answer_that_waits_for_a_slot_does_not_hold_the_stop_up() {
    let mut app = start(1);
    let mut first = Held::send(app.address(), &post("/execute", &body()));
    let running = running(&app, 1).remove(0);
    let mut queued = body();
    queued["cancel_on_disconnect"] = json!(true);
    let mut second = Held::send(app.address(), &post("/execute", &queued));
    let waits = eventually(DEADLINE, "it waits", || {
        let list = app.get("/v1/executions?status=queued").expect(200).json();
        list["data"][0]["id"].as_str().map(str::to_owned)
    });
    processes::signal(app.pid(), Signal::TERM);
    let told: Vec<_> = [&mut first, &mut second]
        .map(|held| held.answer())
        .map(|(status, error)| (status, error["details"]["execution_id"].clone()))
        .into_iter()
        .collect();
    assert_eq!(told, [(409, json!(running)), (409, json!(waits))]);
    // Both connections are closed now; neither was its client's doing.
    first.close();
    second.close();
    let begin = Instant::now();
    let_through(&app);
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    app.restart();
    eventually(DEADLINE, "the second runs", || is_ready(&app, &waits).then_some(()));
    let_through(&app);
    assert_eq!(app.finished(&waits)["status"], "completed");
}
