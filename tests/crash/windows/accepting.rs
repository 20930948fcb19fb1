//! W1 and W2: killed before and after what a client asked for is on disk.
//! Whether it was started with that or queued makes a difference.

use serde_json::{Value, json};

use super::{COMPLETED, INTERRUPTED, POLICIES, unbegun_ends};
use crate::scene::Scene;
use crate::support::client::Request;

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

/// A call of the function `f` in Cortex's way, which its caller has given an id.
fn calling(scene: &Scene) -> Request {
    let request = scene.app.request("POST", "/apis/f").header("x-request-id", "mine");
    request.json(&json!({}))
}

#[test]
fn w2_a_call_with_an_id_that_nobody_was_answered_is_the_same_when_it_is_sent_again() {
    // Started with being accepted where a slot is free, and queued otherwise.
    for (occupied, failpoints) in [(0, "return(kill)"), (1, "1*off->return(kill)")] {
        let mut scene = Scene::with(&format!("accept-after-commit={failpoints}"), 1);
        let program = scene.program("echo hi", "fail");
        scene.app.request("PUT", "/v1/functions/f").json(&program).send().expect(201);
        for _ in 0..occupied {
            scene.occupy();
        }
        assert!(calling(&scene).try_send().is_err(), "it is killed instead of answering");
        scene.killed_and_started_again();
        let call = scene.all().remove(occupied);
        for _ in 0..2 {
            let answer = calling(&scene).send().expect(200).json();
            assert_eq!(answer, json!({"id": "mine"}));
            assert_eq!(scene.all().len(), occupied + 1, "it has begun nothing more");
        }
        scene.evidence.submitted(&program, &call);
        unbegun_ends(&scene, &call, "fail");
        let told = scene.app.get("/apis/f/mine").expect(200).json();
        assert_eq!((&told["id"], &told["status"]), (&json!("mine"), &json!("completed")));
        assert_eq!(scene.told(&call), 1);
        scene.audit();
    }
}

/// A program under a name, by which it is known when it is sent again.
fn named(scene: &Scene, program: &Value) -> Request {
    scene.app.request("POST", "/v1/executions").header("idempotency-key", "a").json(program)
}

#[test]
fn w2_a_request_with_a_key_that_nobody_was_answered_is_answered_when_it_is_sent_again() {
    // Started with being accepted where a slot is free, and queued otherwise.
    for (occupied, failpoints) in [(0, "return(kill)"), (1, "1*off->return(kill)")] {
        let mut scene = Scene::with(&format!("accept-after-commit={failpoints}"), 1);
        for _ in 0..occupied {
            scene.occupy();
        }
        let program = scene.program("echo hi", "fail");
        assert!(named(&scene, &program).try_send().is_err(), "it is killed instead of answering");
        scene.killed_and_started_again();
        let id = scene.all().remove(occupied);
        let answers = [(); 2].map(|()| named(&scene, &program).send().expect(202));
        for answer in &answers {
            assert_eq!(answer.header("idempotency-replayed"), Some("true"));
            let told = answer.json();
            // As it was when it was accepted, which nobody had heard.
            let status = if occupied == 0 { "running" } else { "queued" };
            assert_eq!((&told["id"], &told["status"]), (&json!(id), &json!(status)));
        }
        assert_eq!(answers[0].body, answers[1].body);
        assert_eq!(scene.all().len(), occupied + 1, "it has begun nothing more");
        scene.evidence.submitted(&program, &id);
        unbegun_ends(&scene, &id, "fail");
        assert_eq!(scene.told(&id), 1);
        scene.audit();
    }
}

#[test]
fn w1_a_key_that_was_not_committed_is_free() {
    let mut scene = Scene::with("accept-before-commit=return(kill)", 1);
    let program = scene.program("echo hi", "fail");
    assert!(named(&scene, &program).try_send().is_err(), "it is killed instead of answering");
    scene.killed_and_started_again();
    assert_eq!(scene.all(), [""; 0]);
    let answer = named(&scene, &program).send().expect(202);
    assert_eq!(answer.header("idempotency-replayed"), None);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    scene.evidence.submitted(&program, &id);
    scene.ends(&id, COMPLETED, 1);
    scene.audit();
}
