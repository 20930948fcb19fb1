//! The threads on which execution actors live, one after the other in turn.
//! Knows nothing of executions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::{Arbiter, ArbiterHandle};

/// Some threads. Shared by cloning; when the last clone goes, they end, and their actors with them.
#[derive(Clone)]
pub(super) struct Arbiters(Arc<Pool>);

struct Pool {
    arbiters: Vec<Arbiter>,
    next: AtomicUsize,
}

impl Arbiters {
    /// Starts so many threads, and one at least.
    pub(super) fn start(count: usize) -> Self {
        let arbiters = (0..count.max(1)).map(|_| Arbiter::new()).collect();
        Self(Arc::new(Pool { arbiters, next: AtomicUsize::new(0) }))
    }

    /// The one whose turn it is.
    pub(super) fn next(&self) -> ArbiterHandle {
        let turn = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.0.arbiters[turn % self.0.arbiters.len()].handle()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for arbiter in self.arbiters.drain(..) {
            arbiter.stop();
            // An arbiter whose thread panicked has stopped as well.
            let _ = arbiter.join();
        }
    }
}
