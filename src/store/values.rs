//! What goes into a store and what comes out of it, beside what the domain has already.
//! Plain values: none of them reads or writes anything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{NewAnswer, NewDelivery};
use crate::domain::{
    CancelWish, Cause, Ended, Execution, ExecutionId, ExecutionSpec, FunctionName, Guard,
    IdempotencyKey, OnInterrupt, Status, Tenant, Timestamp,
};

/// A request that was found valid, to be kept.
#[derive(Debug, Clone)]
pub struct NewExecution {
    /// Its name, already given.
    pub id: ExecutionId,
    /// Whose it is.
    pub tenant: Tenant,
    /// What is asked for.
    pub spec: Arc<ExecutionSpec>,
    /// Whether it starts with being accepted, because a slot is free and nobody waits.
    pub start: bool,
    /// How much sooner than it comes it counts as having come, among what waits of its tenant.
    pub ahead: Duration,
    /// By what the request is known again, if it is.
    pub key: Option<IdempotencyKey>,
    /// What it is answered whenever it is sent again, if that is kept.
    pub answer: Option<NewAnswer<Execution>>,
}

/// What came of a request that was to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The execution, as it stands.
    pub execution: Execution,
    /// Whether this request began it; false when an earlier one with the same key had.
    pub is_new: bool,
}

/// How many of a tenant's executions are to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Whose.
    pub tenant: Tenant,
    /// How many at most; fewer wait, or none at all, when whoever asks is behind the times.
    pub at_most: usize,
}

/// Since when the longest waiting have waited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oldest {
    /// When the execution was accepted that has been in the queue for longest.
    pub queued: Option<Timestamp>,
    /// Since when the delivery is due, by the steady clock, that has been due for longest and that
    /// nobody has claimed.
    pub due: Option<Timestamp>,
}

/// An execution that this owner has just been given.
#[derive(Debug, Clone)]
pub struct Started {
    /// The execution, running.
    pub execution: Execution,
    /// What to run.
    pub spec: Arc<ExecutionSpec>,
}

/// The end of an execution, to be written if nobody was first.
#[derive(Debug, Clone)]
pub struct Finish {
    /// Which execution.
    pub id: ExecutionId,
    /// What the execution must still be for this to have an effect.
    pub guard: Guard,
    /// How it ended.
    pub ended: Ended,
    /// What it owes for that; none when nobody asked to be called back.
    pub delivery: Option<NewDelivery>,
}

/// Whether a write that was guarded had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    /// It had; it is on disk.
    Written,
    /// Somebody was first. Nothing was changed.
    Stale,
}

/// Whether an execution went back into the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Requeued {
    /// It did.
    Written,
    /// It does not run in that epoch any more. Nothing was changed.
    Stale,
    /// It runs, and is to end, because a client wishes it. Nothing was changed.
    Unwanted(CancelWish),
}

/// A running execution whose owner is no more.
#[derive(Debug, Clone)]
pub struct Orphan {
    /// The execution as the owner left it.
    pub execution: Execution,
    /// Its policy.
    pub on_interrupt: OnInterrupt,
    /// The wish of a client that its owner did not live to fulfil.
    pub cancel: Option<CancelWish>,
}

/// A queued execution and how long it is willing to wait.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The execution.
    pub execution: Execution,
    /// How long it is willing to wait.
    pub queue_timeout: Duration,
}

/// Which executions to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// How many at most.
    pub limit: usize,
    /// Only those accepted before this one.
    pub before: Option<ExecutionId>,
    /// Only those with this status.
    pub status: Option<Status>,
    /// Only those of this language.
    pub language: Option<String>,
    /// Only calls of functions of this name, whatever their variant.
    pub function: Option<FunctionName>,
    /// Only those that were ended by this.
    pub cause: Option<Cause>,
    /// Only those with all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Only those accepted after this time, and not at it.
    pub created_after: Option<Timestamp>,
    /// Only those accepted before this time, and not at it.
    pub created_before: Option<Timestamp>,
}

/// A page of executions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExecutionPage {
    /// What was found, without output and results. There may be more although this is not full.
    pub executions: Vec<Execution>,
    /// Before which the next page begins; none when there is nothing more.
    pub next: Option<ExecutionId>,
}

/// How many executions are unfinished.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Queued ones, by tenant.
    pub queued: Vec<(Tenant, usize)>,
    /// Running ones, of whatever owner.
    pub running: usize,
}

/// What an owner has on its hands.
#[derive(Debug, Clone, Default)]
pub struct Situation {
    /// The executions that it runs.
    pub running: Vec<Orphan>,
    /// What waits, and how many run.
    pub census: Census,
}

/// Which of the executions that have ended are kept no longer, and how many go at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prune {
    /// How long one is kept after its end; none is for ever.
    pub age: Option<Duration>,
    /// The same for one whose delivery was exhausted or refused.
    pub failed_age: Option<Duration>,
    /// How many are kept at most, of whatever age, the newest ends; none is no bound.
    pub count_max: Option<usize>,
    /// How many go at most.
    pub batch: usize,
    /// What the batch before this one answered; none for the first of a sweep.
    pub after: Option<PruneCursor>,
}

/// How far a sweep has come. What it has passed by is not looked at again until the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneCursor {
    /// The end of the last execution that was looked at, and its id.
    pub at: (Timestamp, ExecutionId),
    /// The newest end that was beyond `count_max` when the sweep began, and its id.
    pub beyond: Option<(Timestamp, ExecutionId)>,
}

/// What a batch has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Pruned {
    /// How many executions are gone.
    pub removed: usize,
    /// Where the next batch begins; none when the sweep is through.
    pub next: Option<PruneCursor>,
}

/// What became of the wish that one execution be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Purged {
    /// It is gone.
    Removed,
    /// This tenant has none of that id.
    NotFound,
    /// It has not ended.
    NotTerminal,
    /// What it owes is not delivered yet, and not given up.
    DeliveryPending,
}
