//! Whether the engine stops, for whoever must not hold that up. Stops nothing.

use std::sync::Arc;

use tokio::sync::watch;

/// Says when a drain begins; one that has begun never ends. Shared by cloning.
#[derive(Debug, Clone, Default)]
pub struct Draining(Arc<watch::Sender<bool>>);

impl Draining {
    /// It begins.
    pub(super) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether it has begun.
    pub(super) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it begins, for ever if need be.
    pub async fn begun(&self) {
        // The sender is ours and stays.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
