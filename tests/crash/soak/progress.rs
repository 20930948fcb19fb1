//! How far a soak has come, for whoever watches it. Decides nothing, but that a soak in which
//! nothing happened was none.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that everybody adds to.
#[derive(Debug, Default)]
pub struct Progress {
    /// Submits that were answered with an id.
    pub accepted: Counter,
    /// Submits that were answered otherwise, as they should be.
    pub refused: Counter,
    /// Submits and cancels to which there was no answer, because the server was away.
    pub unanswered: Counter,
    /// Cancels that were answered.
    pub cancelled: Counter,
    /// Servers that were killed while they served.
    pub kills: Counter,
    /// Servers that were killed while they started.
    pub early_kills: Counter,
    /// Audits before the last.
    pub audits: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many by now.
    pub fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Progress {
    /// Fails the test when the soak did not do what it is for.
    #[track_caller]
    pub fn assert_something_happened(&self) {
        let Self { accepted, unanswered, cancelled, kills, audits, .. } = self;
        for counter in [accepted, unanswered, cancelled, kills, audits] {
            assert!(counter.so_far() > 0, "this was no soak: {self:?}");
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} accepted, {} refused, {} without an answer, {} cancelled, {} servers killed and {} \
             more at their start, {} audits on the way",
            self.accepted.so_far(),
            self.refused.so_far(),
            self.unanswered.so_far(),
            self.cancelled.so_far(),
            self.kills.so_far(),
            self.early_kills.so_far(),
            self.audits.so_far(),
        )
    }
}
