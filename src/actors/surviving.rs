//! What the supervisor knows and nobody could give back, kept apart so that it outlives a fall.
//! Everything else is in the store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::arbiters::Arbiters;
use super::draining::Draining;
use super::live::Live;
use super::watch::Audience;

/// Shared by cloning.
#[derive(Clone)]
pub(super) struct Surviving {
    /// The actors of executions.
    pub(super) live: Live,
    /// Their threads.
    pub(super) arbiters: Arbiters,
    /// Whether the server stops.
    pub(super) draining: Draining,
    audience: Arc<Mutex<Audience>>,
}

impl Surviving {
    /// Starts the threads of execution actors.
    pub(super) fn new(arbiters: usize) -> Self {
        Self {
            live: Live::default(),
            arbiters: Arbiters::start(arbiters),
            draining: Draining::default(),
            audience: Arc::default(),
        }
    }

    /// Those who want to be told of ends.
    pub(super) fn audience(&self) -> MutexGuard<'_, Audience> {
        // Whoever panicked while telling has told some; the others ask the store.
        self.audience.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
