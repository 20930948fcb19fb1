//! W3 and W4: killed when a start is on disk and nothing of the program has been begun.
//! What comes of that is said once, in `unbegun_ends`.

use super::{CANCELLED, POLICIES, unbegun_ends};
use crate::scene::Scene;

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
