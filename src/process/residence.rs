//! Which executions have a program here and now, and the place of each of them.
//! Starts and signals nothing but what outlived its execution.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::directory::ExecutionDirectory;
use super::leftovers;
use crate::domain::{ExecutionId, ProgramResult};

/// The executions whose programs are nobody's leftovers. All clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Living(Arc<Mutex<HashMap<String, Option<i32>>>>);

impl Living {
    /// Counts an execution among the living until the answer is dropped. It comes before
    /// anything that could be taken for a leftover.
    pub(super) fn enter(&self, id: ExecutionId) -> Alive {
        let execution = id.to_string();
        self.map().insert(execution.clone(), None);
        Alive { living: self.clone(), execution }
    }

    /// Whether an execution is among the living now. Ask anew for each process and directory:
    /// an execution may begin while leftovers are looked for.
    pub(super) fn contains(&self, execution: &str) -> bool {
        self.map().contains_key(execution)
    }

    /// The first processes of the living, as far as they are known.
    fn leaders(&self) -> HashSet<i32> {
        self.map().values().flatten().copied().collect()
    }

    fn map(&self) -> MutexGuard<'_, HashMap<String, Option<i32>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the living.
#[derive(Debug)]
pub(super) struct Alive {
    living: Living,
    execution: String,
}

impl Alive {
    /// Remembers the execution's first process, so that nobody need look at it twice.
    pub(super) fn led_by(&self, leader: i32) {
        self.living.map().insert(self.execution.clone(), Some(leader));
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.living.map().remove(&self.execution);
    }
}

/// The place of a program. Dropping it removes the program's directory and makes whatever still
/// runs of it a leftover.
#[derive(Debug)]
pub struct Residence {
    // Declared first, dropped first: the directory goes while nobody else may remove it.
    pub(super) directory: ExecutionDirectory,
    pub(super) executions: PathBuf,
    pub(super) alive: Alive,
}

impl Residence {
    /// What the program left as its result, if it is JSON of at most `bytes_max`.
    pub(super) fn result(&self, bytes_max: u64) -> ProgramResult {
        self.directory.result(bytes_max)
    }

    /// Kills what the program left outside its process group, of which `leader` was the first
    /// process, and says how many there were.
    pub(super) fn kill_escaped(&self, leader: i32) -> usize {
        let is_other = |execution: &str| execution != self.alive.execution;
        let newer = leftovers::Newer { leader, others: self.alive.living.leaders() };
        leftovers::kill_newer(&self.executions, &newer, is_other)
    }
}
