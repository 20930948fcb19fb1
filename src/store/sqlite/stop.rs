//! Whether the store has stopped, and why: one fact that all its threads and callers share.
//! Stops nothing itself.

use std::sync::Arc;

use tokio::sync::SetOnce;

use super::super::StoreError;

/// Shared by cloning; set once.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<SetOnce<String>>);

impl Stop {
    /// From now on every call is refused with this reason; the first reason stays.
    pub(super) fn because(&self, reason: &str) {
        // An error means that there is a first reason.
        let _ = self.0.set(reason.to_owned());
    }

    /// Refuses when the store has stopped.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.0.get() {
            Some(_) => Err(self.error()),
            None => Ok(()),
        }
    }

    /// What a caller is told whom a thread of the store left without an answer.
    pub(super) fn error(&self) -> StoreError {
        let reason = self.0.get().map_or("its thread has ended", String::as_str);
        StoreError::Stopped { reason: reason.to_owned() }
    }

    /// Waits until the store has stopped and gives the reason.
    pub(super) async fn reason(&self) -> String {
        self.0.wait().await.clone()
    }
}
