//! Who is told when an execution ends: actors of the host application, and whoever waits for one.
//! A hint each time; the store is asked for the truth.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::Recipient;
use tokio::sync::oneshot;

use super::messages::{ExecutionEnded, Watch};
use super::standing::Standing;
use super::supervisor::SupervisorActor;
use crate::domain::{Event, Execution, ExecutionId, Tenant};
use crate::store::{Store, StoreError};

/// How many waiters may pile up on one execution before those that have gone are cleared out.
const CLEAR_OUT_FROM: usize = 16;

/// How often the store is looked into all the same: who is told may have been forgotten in a fall.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How long to wait for the next supervisor before it is asked.
const ASK_AGAIN: Duration = Duration::from_millis(50);

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

/// Waits for the end of an execution, for ever if need be; nothing when this tenant has no such
/// execution.
///
/// # Errors
/// When the store cannot be read.
pub async fn ended(
    supervisor: &Standing<SupervisorActor>,
    store: &dyn Store,
    (tenant, id): (&Tenant, ExecutionId),
) -> Result<Option<Execution>, StoreError> {
    loop {
        // The watch is set before the look, so that an end in between is not missed.
        let watch = supervisor.send(Watch { id });
        match store.execution(tenant, id).await? {
            Some(execution) if execution.ended().is_none() => {}
            found => return Ok(found),
        }
        match actix_rt::time::timeout(LOOK_AGAIN, watch).await {
            Ok(Ok(Some(_))) | Err(_) => {}
            // The supervisor fell with our question.
            Ok(Ok(None) | Err(_)) => actix_rt::time::sleep(ASK_AGAIN).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ExecutionSpec, OwnerId};
    use crate::store::{Clock, NewExecution, SealingKey, SqliteOptions, SqliteStore};

    fn store(dir: &std::path::Path) -> SqliteStore {
        let key = SealingKey::load_or_create(&dir.join("secrets.key")).unwrap();
        let clock =
            Clock::new(|| crate::domain::Timestamp::from(std::time::SystemTime::UNIX_EPOCH));
        let dir = dir.to_owned();
        SqliteStore::open(SqliteOptions { dir, owner: OwnerId::generate(), key, clock }).unwrap()
    }

    #[test]
    fn what_has_not_ended_is_waited_for_although_there_is_nobody_to_ask() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let (tenant, nobody) = (Tenant::default(), Standing::vacant());
        let id = ExecutionId::generate();
        let spec = ExecutionSpec::new("sh", "true").into();
        let new = NewExecution {
            id,
            tenant: tenant.clone(),
            spec,
            start: false,
            ahead: Duration::ZERO,
            key: None,
            answer: None,
        };
        actix_rt::System::new().block_on(async {
            store.accept(new).await.unwrap();
            let waiting = ended(&nobody, &store, (&tenant, id));
            let early = actix_rt::time::timeout(ASK_AGAIN * 3, waiting).await;
            assert!(early.is_err(), "it waits: {early:?}");
            let unknown = ended(&nobody, &store, (&tenant, ExecutionId::generate())).await;
            assert_eq!(unknown.unwrap(), None);
        });
    }
}
