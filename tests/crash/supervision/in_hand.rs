//! The supervisor falls while the store writes what it had in hand. The next one finds that in the
//! store, and must not take it for news when it is told of it as well.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use crate::scene::Scene;
use crate::support::wait::{DEADLINE, eventually};

const COMPLETED: (&str, &str) = ("completed", "exited");
const CANCELLED: (&str, &str) = ("cancelled", "cancelled");

/// Brings the supervisor down by a submit that comes while the store writes something, and waits
/// until the next one answers.
#[track_caller]
fn bring_it_down_during_a_write(scene: &Scene) {
    let database = Connection::open(scene.app.data_dir().join("ringback.db")).unwrap();
    database.busy_timeout(Duration::ZERO).unwrap();
    eventually(DEADLINE, "the store writes", || {
        let is_locked = database.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_err();
        is_locked.then_some(())
    });
    scene.app.post("/v1/executions", &json!({"language": "sh", "code": "true"})).expect(503);
    eventually(DEADLINE, "the next one is there", || {
        (scene.app.anonymous("GET", "/readyz").send().status == 200).then_some(())
    });
    let falls = scene.app.stderr().matches("the supervisor has failed and is started").count();
    assert_eq!(falls, 1);
}

#[test]
fn what_was_being_accepted_when_the_supervisor_fell_runs_once() {
    let failpoints = "accept-before-commit=1*sleep(1000)->off;supervisor=1*off->1*panic->off";
    let scene = Scene::with(failpoints, 2);
    let program = scene.program("exec sleep 0.3", "fail");
    let id = std::thread::scope(|scope| {
        let accepting = scope.spawn(|| scene.submit(&program));
        bring_it_down_during_a_write(&scene);
        accepting.join().expect("it is answered: the write was on its way")
    });
    scene.ends(&id, COMPLETED, 1);
    assert_eq!((scene.evidence.runs_of(&id), scene.told(&id)), (1, 1));
    scene.audit();
}

#[test]
fn what_was_being_cancelled_when_the_supervisor_fell_is_not_counted_twice() {
    let failpoints = "finish-before-commit=1*sleep(1000)->off;supervisor=3*off->1*panic->off";
    let scene = Scene::with(failpoints, 1);
    let running = scene.occupy();
    let program = scene.program("echo hi", "fail");
    let [cancelled, waiting] = [(); 2].map(|()| scene.submit(&program));
    let path = |id: &str| format!("/v1/executions/{id}");
    std::thread::scope(|scope| {
        let cancelling = scope.spawn(|| {
            let answer = scene.app.request("DELETE", &path(&cancelled)).try_send();
            answer.expect("some answer").status
        });
        bring_it_down_during_a_write(&scene);
        let status = cancelling.join().expect("no panic");
        assert!(matches!(status, 200 | 503), "{status}");
    });
    scene.ends(&cancelled, CANCELLED, 1);
    let ready = scene.app.get("/readyz?verbose").expect(200).json();
    assert_eq!((&ready["queued"], &ready["running"]), (&json!(1), &json!(1)), "{ready:#}");
    // The one that waits is not forgotten.
    scene.app.delete(&path(&running)).expect(202);
    scene.ends(&running, CANCELLED, 1);
    scene.ends(&waiting, COMPLETED, 1);
    assert_eq!(scene.evidence.runs_of(&waiting), 1);
    scene.audit();
}
