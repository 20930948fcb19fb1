//! Places at which a test can end or disturb the server, by name. A release has none of them.
//! Knows nothing of what happens around them.
//!
//! Armed by `FAILPOINTS` in the environment, `name=action;name=action` in the language of the
//! [`fail`](https://docs.rs/fail) crate. Beside its own actions (`panic`, `sleep(ms)`, `3*off->…`)
//! there is `return(kill)`: the process is gone as by `kill -9`.
//!
//! | window | name | what is on disk |
//! | --- | --- | --- |
//! | W1 | `accept-before-commit` | nothing |
//! | W2 | `accept-after-commit` | queued, or running when a slot was free |
//! | W3 | `start-after-commit` | running, and nothing of it has been begun |
//! | W4 | `launch-before-order` | running, and the launcher has not been asked |
//! | W5 | `running` | running, and so is its program |
//! | W6 | `finish-before-commit` | running; its program has ended |
//! | W7 | `finish-after-commit` | the end, and the delivery it owes |
//! | W8 | `attempt-before-record` | a delivery that is due; the endpoint has it |
//! | W9 | `requeue-before-commit`, `prune-before-commit` | what was there before |
//! | W10 | `rotate-…`, in `tests/crash/rotation.rs` | values sealed with either key, and both keys |
//! | W11 | `recover-after-step` | some of a recovery due again, and how far it has come |

/// Does here what a test wants done, if it wants anything.
#[cfg(feature = "failpoints")]
pub(crate) fn hit(name: &str) {
    fail::fail_point!(name, |action| match action.as_deref() {
        Some("kill") => kill_ourselves(),
        other => log::warn!("failpoint {name}: {other:?} is no action of ours"),
    });
}

/// What a test wants a value to be in place of what it is.
#[cfg(feature = "failpoints")]
pub(crate) fn value(name: &str) -> Option<String> {
    fail::fail_point!(name, |value| value);
    None
}

/// Reads `FAILPOINTS`. For the rest of the process's life.
#[cfg(feature = "failpoints")]
pub(crate) fn arm() {
    std::mem::forget(fail::FailScenario::setup());
}

#[cfg(feature = "failpoints")]
fn kill_ourselves() {
    use rustix::process::{Signal, getpid, kill_process};
    // Nothing runs after this; should it fail, the test fails as well.
    let _ = kill_process(getpid(), Signal::KILL);
    std::thread::park();
}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) const fn hit(_: &str) {}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) const fn value(_: &str) -> Option<String> {
    None
}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) const fn arm() {}
