//! The one way in which tests wait: for a condition, with a deadline.
//! Never lets time pass in the hope that something has happened by then.

use std::time::{Duration, Instant};

/// How long a test waits for what must happen before it fails.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until `poll` gives something, and gives that; fails the test after the deadline with
/// the words of `what`.
#[track_caller]
pub fn eventually<T>(
    deadline: Duration,
    what: impl AsRef<str>,
    mut poll: impl FnMut() -> Option<T>,
) -> T {
    match within(deadline, &mut poll) {
        Some(found) => found,
        None => panic!("not within {deadline:?}: {}", what.as_ref()),
    }
}

/// Looks until `poll` gives something or the deadline has passed.
pub fn within<T>(deadline: Duration, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        // The clock is read first, so that a slow last look still counts.
        let over = Instant::now() >= end;
        if let Some(found) = poll() {
            return Some(found);
        }
        if over {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}
