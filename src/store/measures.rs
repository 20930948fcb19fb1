//! By what a store tells how it fares: handles of whoever counts. Those of nobody cost nothing.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use metrics::{Counter, Histogram};

/// What a store measures of itself.
#[derive(Debug, Clone)]
pub struct Measures {
    /// How long transactions took, their sync to disk included, in seconds.
    pub commit: Histogram,
    /// How long reads took, in seconds, without the wait for their turn.
    pub read: Histogram,
    /// How many writes shared a transaction.
    pub commands: Histogram,
    /// Transactions that could not be written for the moment.
    pub busy: Counter,
}

/// Whoever counts, once somebody does: shared by the store and its threads.
#[derive(Debug, Clone, Default)]
pub(super) struct Measuring(Arc<OnceLock<Measures>>);

impl Measuring {
    /// Measures by these from now on; the first stay.
    pub(super) fn begin(&self, by: Measures) {
        // An error means that somebody counts already.
        let _ = self.0.set(by);
    }

    /// A transaction with so many writes was committed that began then.
    pub(super) fn committed(&self, began: Instant, commands: usize) {
        if let Some(measures) = self.0.get() {
            measures.commit.record(began.elapsed());
            measures.commands.record(commands as f64);
        }
    }

    /// A transaction was not written, and may be tried again.
    pub(super) fn busy(&self) {
        if let Some(measures) = self.0.get() {
            measures.busy.increment(1);
        }
    }

    /// A read that began then is over.
    pub(super) fn read(&self, began: Instant) {
        if let Some(measures) = self.0.get() {
            measures.read.record(began.elapsed());
        }
    }
}
