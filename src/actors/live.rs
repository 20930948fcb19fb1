//! Which executions have an actor, known also when the supervisor has fallen.
//! Holds addresses; tells nobody anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Addr;

use super::execution::ExecutionActor;
use super::slots::RunKey;

/// The runs that were given to an actor and are not settled. Shared by cloning.
#[derive(Clone, Default)]
pub(super) struct Live(Arc<Mutex<Runs>>);

type Runs = HashMap<RunKey, Option<Addr<ExecutionActor>>>;

/// The same at one moment.
pub(super) struct LiveThen(Runs);

/// Who has an execution.
pub(super) enum Whereabouts {
    /// This actor.
    Acting(Addr<ExecutionActor>),
    /// An actor had it that is no more; its program may have begun.
    Lost,
    /// No actor ever had it, or it is settled.
    Unknown,
}

impl Live {
    /// An actor is about to be made.
    pub(super) fn begin(&self, run: RunKey) {
        self.guard().insert(run, None);
    }

    /// It is there, unless it has settled already.
    pub(super) fn acting(&self, run: RunKey, address: Addr<ExecutionActor>) {
        if let Some(entry) = self.guard().get_mut(&run) {
            *entry = Some(address);
        }
    }

    /// It is gone, with nothing settled.
    pub(super) fn lost(&self, run: RunKey) {
        if let Some(entry) = self.guard().get_mut(&run) {
            *entry = None;
        }
    }

    /// It has settled, or somebody has for it.
    pub(super) fn settled(&self, run: RunKey) {
        self.guard().remove(&run);
    }

    /// Who has which, at this moment.
    pub(super) fn now(&self) -> LiveThen {
        LiveThen(self.guard().clone())
    }

    fn guard(&self) -> MutexGuard<'_, Runs> {
        // Each change is a single call, so no panic can leave half of one behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveThen {
    /// Who had it.
    pub(super) fn whereabouts(&self, run: RunKey) -> Whereabouts {
        match self.0.get(&run) {
            Some(Some(address)) => Whereabouts::Acting(address.clone()),
            Some(None) => Whereabouts::Lost,
            None => Whereabouts::Unknown,
        }
    }
}
