//! W5 and W6: killed while a program runs, and when it has ended and nobody knows.
//! Everything is on disk but the end, so nothing is said here of what is not.

use super::{COMPLETED, INTERRUPTED};
use crate::scene::{SECOND_TIME_LUCKY, Scene};

#[test]
fn w5_what_runs_is_interrupted_or_runs_again_once() {
    for (on_interrupt, end, attempt) in [("fail", INTERRUPTED, 1), ("rerun", COMPLETED, 2)] {
        let mut scene = Scene::with("running=1*off->return(kill)", 4);
        let program = scene.program(SECOND_TIME_LUCKY, on_interrupt);
        let first = scene.submit(&program);
        scene.app.wait_for_program("sleep 1000");
        // The server is lost at the moment at which the second runs.
        scene.try_submit(&program);
        scene.killed_and_started_again();
        let all = scene.all();
        assert_eq!(all.len(), 2);
        scene.ends(&first, end, attempt);
        assert_eq!(scene.evidence.runs_of(&first), attempt as usize);
        // Whether the second had come to say that it begins is nobody's promise.
        let record = scene.app.finished(&all[1]);
        assert!(record["attempt"].as_u64() <= Some(attempt.into()), "{record:#}");
        scene.audit();
    }
}

#[test]
fn w6_a_result_that_was_not_committed_is_lost_and_that_is_told() {
    for (on_interrupt, end, runs) in [("fail", INTERRUPTED, 1), ("rerun", COMPLETED, 2)] {
        let mut scene = Scene::with("finish-before-commit=return(kill)", 1);
        let id = scene.submit(&scene.program("echo hi", on_interrupt));
        scene.killed_and_started_again();
        scene.ends(&id, end, runs);
        assert_eq!((scene.evidence.runs_of(&id), scene.told(&id)), (runs as usize, 1));
        scene.audit();
    }
}

#[test]
fn w6_twice_is_once_too_often_to_run_again() {
    let mut scene = Scene::with("finish-before-commit=return(kill)", 1);
    let id = scene.submit(&scene.program("echo hi", "rerun"));
    scene.killed();
    scene.dies_at_its_start("finish-before-commit=return(kill)");
    scene.start_again();
    scene.ends(&id, INTERRUPTED, 2);
    assert_eq!((scene.evidence.runs_of(&id), scene.told(&id)), (2, 1));
    scene.audit();
}

#[test]
fn w6_a_cancel_that_was_not_committed_was_not_answered_and_did_not_happen() {
    let mut scene = Scene::with("finish-before-commit=return(kill)", 1);
    let first = scene.occupy();
    let second = scene.submit(&scene.program("echo hi", "fail"));
    let path = format!("/v1/executions/{second}");
    assert!(scene.app.request("DELETE", &path).try_send().is_err());
    scene.killed_and_started_again();
    scene.ends(&first, INTERRUPTED, 1);
    scene.ends(&second, COMPLETED, 1);
    scene.audit();
}
