//! Who is told when an execution ends: actors of the host application, and whoever waits for one.
//! A hint each time; the store is asked for the truth.

use std::collections::HashMap;
use std::sync::Arc;

use actix::Recipient;
use tokio::sync::oneshot;

use super::messages::{ExecutionEnded, Watch};
use super::standing::Standing;
use super::supervisor::SupervisorActor;
use crate::domain::{Event, Execution, ExecutionId, Tenant};
use crate::store::{Store, StoreError};

/// How many waiters may pile up on one execution before those that have gone are cleared out.
const CLEAR_OUT_FROM: usize = 16;

/// Everybody who is told of ends.
#[derive(Default)]
pub(super) struct Audience {
    subscribers: Vec<Recipient<ExecutionEnded>>,
    watchers: HashMap<ExecutionId, Vec<oneshot::Sender<Arc<Event>>>>,
}

impl Audience {
    /// Tells an actor of every end from now on.
    pub(super) fn subscribe(&mut self, recipient: Recipient<ExecutionEnded>) {
        self.subscribers.push(recipient);
    }

    /// Tells of one end, should it come.
    pub(super) fn watch(&mut self, id: ExecutionId) -> oneshot::Receiver<Arc<Event>> {
        let (tell, told) = oneshot::channel();
        let watchers = self.watchers.entry(id).or_default();
        if watchers.len() >= CLEAR_OUT_FROM {
            watchers.retain(|watcher| !watcher.is_closed());
        }
        watchers.push(tell);
        told
    }

    /// Tells everybody whom it concerns.
    pub(super) fn tell(&mut self, event: &Arc<Event>) {
        self.subscribers.retain(|subscriber| subscriber.connected());
        for subscriber in &self.subscribers {
            subscriber.do_send(ExecutionEnded(Arc::clone(event)));
        }
        for watcher in self.watchers.remove(&event.execution.id).unwrap_or_default() {
            // Whoever has stopped waiting need not know.
            let _ = watcher.send(Arc::clone(event));
        }
    }

    /// Forgets those who watch an execution that ends here no more.
    pub(super) fn forget_the_gone(&mut self) {
        self.watchers.retain(|_, watchers| {
            watchers.retain(|watcher| !watcher.is_closed());
            !watchers.is_empty()
        });
    }
}

/// Waits for the end of an execution; nothing when this tenant has no such execution.
///
/// # Errors
/// When the store cannot be read.
pub async fn ended(
    supervisor: &Standing<SupervisorActor>,
    store: &dyn Store,
    (tenant, id): (&Tenant, ExecutionId),
) -> Result<Option<Execution>, StoreError> {
    // The watch is set before the look, so that an end in between is not missed.
    let watch = supervisor.send(Watch { id });
    match store.execution(tenant, id).await? {
        Some(execution) if execution.ended().is_none() => {}
        found => return Ok(found),
    }
    let _ = watch.await;
    store.execution(tenant, id).await
}
