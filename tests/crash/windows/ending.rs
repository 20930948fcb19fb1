//! W7 and W8: killed between an end and the receiver's knowing of it, or the server's knowing that.
//! How programs end is of no interest here.

use super::{CANCELLED, COMPLETED, POLICIES};
use crate::scene::Scene;

#[test]
fn w7_an_end_that_was_committed_is_delivered_by_the_next_server() {
    for on_interrupt in POLICIES {
        let mut scene = Scene::with("finish-after-commit=return(kill)", 1);
        let id = scene.submit(&scene.program("echo hi; exit 3", on_interrupt));
        scene.killed();
        assert_eq!(scene.told(&id), 0);
        scene.start_again();
        scene.ends(&id, ("failed", "exited"), 1);
        assert_eq!((scene.evidence.runs_of(&id), scene.told(&id)), (1, 1));
        assert_eq!(scene.receiver.first().json()["data"]["stdout"], "hi\n");
        scene.audit();
    }
}

#[test]
fn w7_a_cancel_that_was_committed_holds_although_nobody_was_answered() {
    let mut scene = Scene::with("finish-after-commit=return(kill)", 1);
    scene.occupy();
    let second = scene.submit(&scene.program("echo hi", "rerun"));
    let path = format!("/v1/executions/{second}");
    assert!(scene.app.request("DELETE", &path).try_send().is_err());
    scene.killed_and_started_again();
    scene.ends(&second, CANCELLED, 1);
    assert_eq!((scene.evidence.runs_of(&second), scene.told(&second)), (0, 1));
    let answer = scene.app.delete(&path).expect(200).json();
    scene.evidence.cancelled(&answer);
    scene.audit();
}

#[test]
fn w8_a_delivery_that_was_taken_and_not_recorded_comes_again_as_the_same_event() {
    let mut scene = Scene::with("attempt-before-record=return(kill)", 1);
    let id = scene.submit(&scene.program("echo hi", "fail"));
    scene.killed_and_started_again();
    scene.ends(&id, COMPLETED, 1);
    assert_eq!((scene.evidence.runs_of(&id), scene.told(&id)), (1, 2));
    let requests = scene.receiver.received();
    assert_eq!(requests[0].body, requests[1].body);
    scene.audit();
}
