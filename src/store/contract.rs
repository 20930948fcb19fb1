//! What every store must do, in the words of the domain: the trait, what goes in, what comes out.
//! Holds no SQL and decides nothing; the same suite of tests is run against each implementation.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::{
    Attempt, CancelWish, Delivery, DeliveryId, Ended, Epoch, EventId, EventType, Execution,
    ExecutionId, ExecutionSpec, Next, PayloadFormat, Secret, Status, Tenant, Timestamp,
};

/// The truth about executions and deliveries. What a method has answered `Ok` to is on disk.
///
/// A store belongs to one process start (its owner) and takes the time from its own clock, which
/// for a database with several clients is the database's.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Keeps a new execution, and starts it in the same transaction when asked to.
    async fn accept(&self, new: NewExecution) -> Result<Execution, StoreError>;

    /// Takes up to `slots` of the executions that have waited longest and gives them to this
    /// owner: the epoch grows, and it is committed before this returns. No program may be
    /// started without it.
    async fn start(&self, slots: usize) -> Result<Vec<Started>, StoreError>;

    /// Ends an execution: its terminal state and the delivery that it owes, in one transaction.
    /// Changes nothing, and says so, unless the execution is still as `finish.guard` has it.
    async fn finish(&self, finish: Finish) -> Result<Settled, StoreError>;

    /// Puts a running execution back into the queue with a new epoch, as the next attempt.
    /// Changes nothing, and answers false, when it no longer runs in that epoch.
    async fn requeue(&self, id: ExecutionId, epoch: Epoch) -> Result<bool, StoreError>;

    /// Keeps a client's wish that a running execution end. The first wish stays.
    async fn wish_cancelled(&self, id: ExecutionId, wish: CancelWish) -> Result<(), StoreError>;

    /// Up to `limit` running executions of owners that are no more, in order of their ids,
    /// from the one behind `after`.
    async fn orphans(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<Orphan>, StoreError>;

    /// Up to `limit` queued executions that have waited longer than their `queue_timeout`.
    async fn overdue(&self, limit: usize) -> Result<Vec<Waiting>, StoreError>;

    /// One execution with its output; none when this tenant has none of that id.
    async fn execution(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Execution>, StoreError>;

    /// A page of a tenant's executions, newest first, without their output and their results.
    async fn executions(&self, tenant: &Tenant, page: Page) -> Result<Vec<Execution>, StoreError>;

    /// How many executions are unfinished, counted when a server starts and by nobody after.
    async fn census(&self) -> Result<Census, StoreError>;

    /// Claims up to `limit` deliveries that are due, first attempts first, leaving out the
    /// hosts named in `saturated`. A claim ends with [`Store::record_attempt`], with
    /// [`Store::release_deliveries`], or with its owner.
    async fn claim_deliveries(
        &self,
        limit: usize,
        saturated: &[String],
    ) -> Result<Claim, StoreError>;

    /// Gives claimed deliveries back, untried.
    async fn release_deliveries(&self, ids: &[DeliveryId]) -> Result<(), StoreError>;

    /// Keeps an attempt and what follows from it, in one transaction, and ends the claim. When
    /// that fails the delivery stays claimed.
    async fn record_attempt(&self, made: AttemptMade) -> Result<(), StoreError>;

    /// The deliveries of an execution with all their attempts; none when this tenant has no
    /// such execution.
    async fn deliveries(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Vec<Delivery>>, StoreError>;

    /// Keeps an API key.
    async fn add_api_key(&self, key: ApiKey) -> Result<(), StoreError>;

    /// All API keys that were ever kept and not revoked.
    async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// Proves that the store can be written to, by writing.
    async fn check(&self) -> Result<(), StoreError>;
}

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

/// The only places from which an execution can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// It waits, in whatever epoch.
    Queued,
    /// It runs, in exactly this epoch.
    Running(Epoch),
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

/// A delivery to be owed, due at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its name.
    pub id: DeliveryId,
    /// The event.
    pub event_id: EventId,
    /// What the event says.
    pub event_type: EventType,
    /// Where it goes.
    pub url: String,
    /// Host and port of the URL: who shares a fate with it.
    pub host: String,
    /// The shape of the body.
    pub payload_format: PayloadFormat,
    /// The body, to be sent in exactly these bytes on every attempt.
    pub body: Vec<u8>,
    /// How many attempts the schedule gives it.
    pub attempts_max: u32,
}

/// A running execution whose owner is no more.
#[derive(Debug, Clone)]
pub struct Orphan {
    /// The execution as the owner left it.
    pub execution: Execution,
    /// Its policy.
    pub on_interrupt: crate::domain::OnInterrupt,
    /// The wish of a client that its owner did not live to fulfil.
    pub cancel: Option<CancelWish>,
}

/// A queued execution and how long it is willing to wait.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The execution.
    pub execution: Execution,
    /// How long it is willing to wait.
    pub queue_timeout: std::time::Duration,
}

/// Which executions to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many at most.
    pub limit: usize,
    /// Only those accepted before this one.
    pub before: Option<ExecutionId>,
    /// Only those with this status.
    pub status: Option<Status>,
    /// Only those of this language.
    pub language: Option<String>,
}

/// How many executions are unfinished.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Queued ones, by tenant.
    pub queued: Vec<(Tenant, usize)>,
    /// Running ones, of whatever owner.
    pub running: usize,
}

/// What there is to deliver.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// Deliveries that are due and now this owner's.
    pub due: Vec<ClaimedDelivery>,
    /// When the next one that is not claimed will be due; in the past when more was due than
    /// was asked for.
    pub next_due: Option<Timestamp>,
}

/// A delivery with all that an attempt needs.
#[derive(Debug, Clone)]
pub struct ClaimedDelivery {
    /// Its name.
    pub id: DeliveryId,
    /// The event.
    pub event_id: EventId,
    /// The execution that ended.
    pub execution_id: ExecutionId,
    /// Where it goes.
    pub url: String,
    /// Host and port of the URL.
    pub host: String,
    /// The shape of the body.
    pub payload_format: PayloadFormat,
    /// The bytes to send.
    pub body: Vec<u8>,
    /// The client's own headers.
    pub headers: Vec<(String, Secret)>,
    /// What the request is signed with, if it is.
    pub signing_secret: Option<Secret>,
    /// How many attempts have been made.
    pub attempts_made: u32,
}

/// An attempt that has been made, and what follows from it.
#[derive(Debug, Clone)]
pub struct AttemptMade {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// What was tried and what came of it.
    pub attempt: Attempt,
    /// What follows.
    pub next: Next,
}

/// An API key as it is kept: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public half, which names the key.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose requests it makes.
    pub tenant: Tenant,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The SHA-256 of the whole key.
    pub sha256: [u8; 32],
}

/// Why a store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory or the file cannot be made or written.
    #[error("cannot use {}: {reason}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another server has the data directory.
    #[error("the data directory {} is in use by another server ({holder})", path.display())]
    Locked {
        /// Which directory.
        path: PathBuf,
        /// Who has it, as far as the lock file says.
        holder: String,
    },
    /// The database was written by a later version of Ringback.
    #[error(
        "the database {} has schema version {found}, and this version of ringback knows only up to {known}: use a newer ringback",
        path.display()
    )]
    Newer {
        /// Which database.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The latest that is known here.
        known: u32,
    },
    /// The database said no.
    #[error("the database failed: {reason}")]
    Database {
        /// What it said.
        reason: String,
    },
    /// A row holds something that no version of Ringback writes.
    #[error("the database holds something unreadable: {what}")]
    Corrupt {
        /// What it is.
        what: String,
    },
    /// A value that was sealed with another key.
    #[error("a stored secret cannot be opened with this secrets.key")]
    WrongKey,
    /// The store has stopped, because it was told to or because the disk failed under it.
    #[error("the store has stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}
