//! The server killed between any two things that it does, and started again: each window by its
//! name, what must come of it, and an audit of all that is left. See `src/failpoint.rs`.

mod accepting;
mod ending;
mod first_version;
mod migrating;
mod recovering;
mod redelivering;
mod running;
mod starting;

use crate::scene::Scene;

/// What becomes of an execution whose start is on disk and of whose program nothing was begun:
/// whether it is started later, in the same attempt, or is settled like one that may have begun.
const UNBEGUN_STARTS_LATER: bool = true;

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
