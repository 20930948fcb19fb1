//! The signals that end a command in order: SIGTERM, and SIGINT from Ctrl-C.
//! Ends nothing itself.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Failure;

/// Listens to both signals from its making on.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(Failure::failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::failed)?,
        })
    }

    /// Waits for the next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
