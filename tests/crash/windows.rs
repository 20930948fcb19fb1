//! The server killed between any two things that it does, and started again: each window by its
//! name, what must come of it, and an audit of all that is left. See `src/failpoint.rs`.

use crate::scene::{SECOND_TIME_LUCKY, Scene};

/// What becomes of an execution whose start is on disk and of whose program nothing was begun:
/// whether it is started later, in the same attempt, or is settled like one that may have begun.
const UNBEGUN_STARTS_LATER: bool = false;

const POLICIES: [&str; 2] = ["fail", "rerun"];

const COMPLETED: (&str, &str) = ("completed", "exited");
const INTERRUPTED: (&str, &str) = ("failed", "interrupted");
const CANCELLED: (&str, &str) = ("cancelled", "cancelled");

/// The program of an execution was never begun: how it ends, and that it ran once or not at all.
#[track_caller]
fn unbegun_ends(scene: &Scene, id: &str, on_interrupt: &str) {
    let (end, attempt, runs) = match on_interrupt {
        _ if UNBEGUN_STARTS_LATER => (COMPLETED, 1, 1),
        "rerun" => (COMPLETED, 2, 1),
        _ => (INTERRUPTED, 1, 0),
    };
    scene.ends(id, end, attempt);
    assert_eq!(scene.evidence.runs_of(id), runs);
}

#[test]
fn w1_what_was_not_committed_was_not_answered_and_does_not_exist() {
    // With a slot free it would have been started at once, and queued otherwise.
    for (occupied, failpoints) in [(0, "return(kill)"), (1, "1*off->return(kill)")] {
        let mut scene = Scene::with(&format!("accept-before-commit={failpoints}"), 1);
        let earlier: Vec<_> = (0..occupied).map(|_| scene.occupy()).collect();
        let program = scene.program("echo hi", "fail");
        assert_eq!(scene.try_submit(&program), None);
        scene.killed_and_started_again();
        assert_eq!(scene.all(), earlier);
        let again = scene.submit(&program);
        scene.ends(&again, COMPLETED, 1);
        assert_eq!(scene.evidence.runs_of(&again), 1);
        scene.audit();
    }
}

#[test]
fn w2_what_was_committed_and_queued_runs_although_nobody_was_answered() {
    let mut scene = Scene::with("accept-after-commit=1*off->return(kill)", 1);
    let first = scene.occupy();
    assert_eq!(scene.try_submit(&scene.program("echo hi", "fail")), None);
    scene.killed_and_started_again();
    let all = scene.all();
    assert_eq!((all.len(), &all[0]), (2, &first));
    scene.ends(&first, INTERRUPTED, 1);
    scene.ends(&all[1], COMPLETED, 1);
    assert_eq!(scene.evidence.runs_of(&all[1]), 1);
    scene.audit();
}

#[test]
fn w2_what_was_accepted_and_started_in_one_commit_has_an_end() {
    for on_interrupt in POLICIES {
        let mut scene = Scene::with("accept-after-commit=return(kill)", 1);
        let program = scene.program("echo hi", on_interrupt);
        assert_eq!(scene.try_submit(&program), None);
        scene.killed_and_started_again();
        let all = scene.all();
        assert_eq!(all.len(), 1);
        unbegun_ends(&scene, &all[0], on_interrupt);
        // The auditor believes only what clients were answered.
        let answered = scene.submit(&program);
        scene.ends(&answered, COMPLETED, 1);
        scene.audit();
    }
}

#[test]
fn w3_what_was_accepted_and_started_and_not_begun_has_an_end() {
    for on_interrupt in POLICIES {
        let mut scene = Scene::with("start-after-commit=return(kill)", 1);
        let program = scene.program("echo hi", on_interrupt);
        // The answer is on its way at the same time, and may be faster.
        let answered = scene.try_submit(&program);
        scene.killed_and_started_again();
        let all = scene.all();
        assert_eq!(all.len(), 1);
        assert!(answered.is_none_or(|id| id == all[0]));
        unbegun_ends(&scene, &all[0], on_interrupt);
        scene.submit(&program);
        scene.audit();
    }
}

#[test]
fn w3_what_was_taken_from_the_queue_and_not_begun_has_an_end() {
    for on_interrupt in POLICIES {
        let mut scene = Scene::with("start-after-commit=1*off->return(kill)", 1);
        let first = scene.occupy();
        let second = scene.submit(&scene.program("echo hi", on_interrupt));
        // The end of the first is the start of the second.
        scene.app.delete(&format!("/v1/executions/{first}")).expect(202);
        scene.killed_and_started_again();
        scene.ends(&first, CANCELLED, 1);
        unbegun_ends(&scene, &second, on_interrupt);
        scene.audit();
    }
}

#[test]
fn w4_what_the_launcher_was_not_asked_for_has_an_end() {
    for on_interrupt in POLICIES {
        let mut scene = Scene::with("launch-before-order=return(kill)", 1);
        let program = scene.program("echo hi", on_interrupt);
        scene.try_submit(&program);
        scene.killed_and_started_again();
        unbegun_ends(&scene, &scene.all()[0], on_interrupt);
        scene.submit(&program);
        scene.audit();
    }
}

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
