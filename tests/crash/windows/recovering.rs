//! W9: killed while settling what an earlier server has left, more than once.
//! What the programs did before that is of no interest here.

use super::{COMPLETED, INTERRUPTED};
use crate::scene::{SECOND_TIME_LUCKY, Scene};

#[test]
fn w9_putting_back_what_was_lost_is_done_whole_or_again() {
    let mut scene = Scene::with("", 6);
    let program = scene.program(SECOND_TIME_LUCKY, "rerun");
    let ids: Vec<_> = (0..6).map(|_| scene.submit(&program)).collect();
    scene.killed_when_all_run(&ids);
    // What was written before the loss may be committed by then; four are still to be put back.
    for healthy in [0, 2, 3] {
        scene.dies_at_its_start(&format!("requeue-before-commit={healthy}*off->return(kill)"));
    }
    scene.start_again();
    for id in &ids {
        scene.ends(id, COMPLETED, 2);
        assert_eq!((scene.evidence.runs_of(id), scene.told(id)), (2, 1));
    }
    scene.audit();
}

#[test]
fn w9_ending_what_was_lost_is_done_whole_or_again() {
    let mut scene = Scene::with("", 6);
    let program = scene.program("exec sleep 1000", "fail");
    let ids: Vec<_> = (0..6).map(|_| scene.submit(&program)).collect();
    scene.killed_when_all_run(&ids);
    for healthy in [0, 2, 3] {
        scene.dies_at_its_start(&format!("finish-before-commit={healthy}*off->return(kill)"));
    }
    scene.start_again();
    for id in &ids {
        scene.ends(id, INTERRUPTED, 1);
        assert_eq!((scene.evidence.runs_of(id), scene.told(id)), (1, 1));
    }
    scene.audit();
}

#[test]
fn w9_an_end_that_recovery_has_committed_is_delivered_by_the_next_server() {
    let mut scene = Scene::with("", 1);
    let id = scene.occupy();
    scene.app.kill9();
    scene.dies_at_its_start("finish-after-commit=return(kill)");
    assert_eq!(scene.told(&id), 0);
    scene.start_again();
    scene.ends(&id, INTERRUPTED, 1);
    assert_eq!(scene.told(&id), 1);
    scene.audit();
}
