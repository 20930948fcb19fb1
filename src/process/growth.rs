//! Tells whoever follows an execution when more of its output has been recorded, and when it may have
//! come to another point of its life. Reads no recording, and costs those nothing whom nobody follows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::launch::Launcher;
use crate::domain::ExecutionId;

/// What has happened to an execution since somebody began to follow it, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Growth {
    /// How often something was recorded.
    pub writes: u64,
    /// How often a run of it began, or what was recorded of one was given up.
    pub turns: u64,
}

/// Who listens to which execution. Shared by cloning.
#[derive(Debug, Clone, Default)]
pub(super) struct Growing(Arc<Mutex<HashMap<ExecutionId, watch::Sender<Growth>>>>);

/// Hears of one execution, until it is dropped.
#[derive(Debug)]
pub struct Listener {
    growing: Growing,
    id: ExecutionId,
    heard: watch::Receiver<Growth>,
}

impl Growing {
    fn listen(&self, id: ExecutionId) -> Listener {
        let heard = self.all().entry(id).or_default().subscribe();
        Listener { growing: self.clone(), id, heard }
    }

    /// More has been recorded.
    pub(super) fn wrote(&self, id: ExecutionId) {
        self.tell(id, |growth| growth.writes += 1);
    }

    /// A run begins, or one is over.
    pub(super) fn turned(&self, id: ExecutionId) {
        self.tell(id, |growth| growth.turns += 1);
    }

    fn tell(&self, id: ExecutionId, change: impl FnOnce(&mut Growth)) {
        if let Some(told) = self.all().get(&id) {
            told.send_modify(change);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ExecutionId, watch::Sender<Growth>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// What has happened so far.
    pub fn growth(&self) -> Growth {
        *self.heard.borrow()
    }

    /// Waits for something to happen that was not told before, and gives all that has.
    pub async fn grown(&mut self) -> Growth {
        // The sender stays for as long as somebody listens.
        let _ = self.heard.changed().await;
        *self.heard.borrow_and_update()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut all = self.growing.all();
        // Under the lock under which the next one would begin to listen. Ours still counts.
        if all.get(&self.id).is_some_and(|told| told.receiver_count() <= 1) {
            all.remove(&self.id);
        }
    }
}

impl Launcher {
    /// Listens to what becomes of the output of an execution, which need not have begun.
    pub fn listen(&self, id: ExecutionId) -> Listener {
        self.recordings().growing().listen(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_is_counted_for_those_who_listen_and_forgotten_with_the_last_of_them() {
        let (growing, id) = (Growing::default(), ExecutionId::generate());
        growing.wrote(id);
        let first = growing.listen(id);
        growing.wrote(id);
        let second = growing.listen(id);
        growing.turned(id);
        growing.wrote(ExecutionId::generate());
        for listener in [&first, &second] {
            assert_eq!(listener.growth(), Growth { writes: 1, turns: 1 });
        }
        drop(first);
        growing.wrote(id);
        assert_eq!(second.growth().writes, 2);
        drop(second);
        assert!(growing.all().is_empty());
    }

    #[test]
    fn what_happened_before_somebody_waits_is_not_missed() {
        let (growing, id) = (Growing::default(), ExecutionId::generate());
        let mut listener = growing.listen(id);
        growing.wrote(id);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let growth = runtime.block_on(listener.grown());
        assert_eq!(growth, Growth { writes: 1, turns: 0 });
    }
}
