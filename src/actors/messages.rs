//! Every message that actors send and answer; all that can be said in the engine is here.
//! Commands are imperatives, events are in the past. None of them does anything by itself.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix::{Message, Recipient};

use super::slots::RunKey;
use crate::domain::{
    CancelWish, DeliveryId, Event, Execution, ExecutionId, ExecutionSpec, IdempotencyKey,
    StopReason, Tenant, Timestamp,
};
use crate::store::{Accepted, NewAnswer, NewRecovery, Recovery, Redelivered, Started, StoreError};

// ---- To the supervisor, from anybody -----------------------------------------------------------

/// Accept an execution. Answered when it is on disk, and before its program is started.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Accepted, SubmitError>")]
pub struct Submit {
    /// Whose it is.
    pub tenant: Tenant,
    /// What is asked for.
    pub spec: ExecutionSpec,
    /// By what the request is known again when it is sent once more; none when it is not.
    pub key: Option<IdempotencyKey>,
    /// What it is answered whenever it is sent again; none when that is not kept.
    pub answer: Option<NewAnswer<Execution>>,
}

impl Submit {
    /// A request that begins an execution however often it is sent.
    pub fn new(tenant: Tenant, spec: ExecutionSpec) -> Self {
        Self { tenant, spec, key: None, answer: None }
    }
}

/// Why an execution is not accepted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    /// The tenant has its share of the queue.
    #[error("the tenant has {queued} executions waiting, which is all that it may have")]
    TenantQueueFull {
        /// How many wait.
        queued: usize,
    },
    /// The tenant submits faster than it may.
    #[error(
        "the tenant has submitted more than {per_second} executions in a second, which is all that it may"
    )]
    TooManySubmissions {
        /// How many it may submit in a second.
        per_second: NonZeroU32,
        /// How long it takes until it may submit another.
        wait: Duration,
    },
    /// The whole queue is full.
    #[error("the server has {queued} executions waiting, which is all that it takes")]
    QueueFull {
        /// How many wait.
        queued: usize,
    },
    /// There is no room for what it would write.
    #[error(
        "the disk of the server is nearly full, and nothing is accepted until it has room again"
    )]
    DiskLow,
    /// The server is about to stop.
    #[error("the server is stopping and accepts nothing more")]
    Draining,
    /// The supervisor fell before it could be kept. Whoever asks again is heard by the next.
    #[error("the server could not take this at the moment")]
    Fallen,
    /// It could not be kept, be it because a request with the same key was first.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// End an execution because a client wishes it.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<CancelOutcome, CancelError>")]
pub struct Cancel {
    /// Whose execution.
    pub tenant: Tenant,
    /// Which.
    pub id: ExecutionId,
    /// The wish.
    pub wish: CancelWish,
}

/// What a wish to cancel has met with.
#[derive(Debug, Clone)]
pub enum CancelOutcome {
    /// It was queued and is now cancelled, or it had ended before, as it stands here.
    Ended(Box<Execution>),
    /// It runs; the wish is kept and its program is being ended.
    Ending(Box<Execution>),
}

/// Why a wish to cancel has met with nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CancelError {
    /// This tenant has no such execution.
    #[error("there is no such execution")]
    NotFound,
    /// The wish could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Say how things stand.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "EngineStatus")]
pub struct Status;

/// How things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineStatus {
    /// How many executions may run at a time.
    pub slots: usize,
    /// How many more could be started at this moment.
    pub free: usize,
    /// How many run.
    pub running: usize,
    /// How many wait.
    pub queued: usize,
    /// How many may wait.
    pub queue_max: usize,
    /// Nothing more is accepted.
    pub draining: bool,
}

/// Say under which process ids the programs of these executions run. Those that have none at the
/// moment, or none here, are left out.
#[derive(Debug, Clone, Message)]
#[rtype(result = "HashMap<ExecutionId, i32>")]
pub struct ProcessIds {
    /// Which executions.
    pub of: Vec<ExecutionId>,
}

/// Tell an actor of the host application each terminal event from now on. A hint: what must not
/// be missed is read from the store or sent by webhook.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Subscribe {
    /// Who wants to know.
    pub recipient: Recipient<ExecutionEnded>,
}

/// An execution has ended, and that is on disk.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct ExecutionEnded(pub Arc<Event>);

/// Answer when an execution ends from now on, with its event; with nothing should that not come
/// to pass here. Whoever asks looks into the store afterwards: it may have ended before.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Option<Arc<Event>>")]
pub struct Watch {
    /// Which.
    pub id: ExecutionId,
}

/// Accept and start nothing more; let what runs end by itself for so long, then end it. Answered
/// when nothing runs. A second one with a shorter time hurries the first.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Drain {
    /// How long to wait before programs are ended.
    pub within: Duration,
}

// ---- To the supervisor, from inside the engine -------------------------------------------------

/// An accepting transaction is over.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct AcceptSettled {
    pub(super) tenant: Tenant,
    /// Whether a slot had been kept for it.
    pub(super) is_start: bool,
    /// Whether there is one execution more.
    pub(super) is_new: bool,
    /// An execution that started with being accepted is there to be run.
    pub(super) started: Option<Started>,
}

/// A client's wish that a running execution end has been kept.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct CancelWished {
    pub(super) id: ExecutionId,
    pub(super) wish: CancelWish,
}

/// A queued execution has ended without ever running.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct QueuedEnded {
    pub(super) event: Arc<Event>,
}

/// A program has ended and its slot is free. Its end is not written yet: that and the start of the
/// next one can be the same commit.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub(super) struct SlotFree {
    pub(super) run: RunKey,
}

/// An execution actor is done: its execution is settled in the store, or cannot be.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct ExecutionFinished {
    pub(super) run: RunKey,
    /// How it went.
    pub(super) end: RunEnd,
}

/// What became of a run.
#[derive(Debug)]
pub(super) enum RunEnd {
    /// It is over, and so says the store.
    Settled(Arc<Event>),
    /// It was put back into the queue.
    Requeued(Tenant),
    /// Somebody else had settled it, or the store has stopped.
    Given,
    /// Its actor was lost before it could settle anything.
    Lost { execution: Box<Execution>, cancel: Option<CancelWish> },
}

// ---- To an execution actor ---------------------------------------------------------------------

/// End your program: ask it to, and kill it after the grace. The first reason counts.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Terminate(pub StopReason);

/// Say what you are doing.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Doing")]
pub struct Query;

/// What an execution actor is doing.
#[derive(Debug, Clone, PartialEq, Eq, actix::MessageResponse)]
pub enum Doing {
    /// It prepares the program.
    Launching,
    /// The program runs under this process id.
    Running {
        /// The process id.
        pid: Option<i32>,
    },
    /// The program has been asked to end.
    Ending,
    /// The program has ended; its end is being written down.
    Settling,
}

// ---- To the webhook actor ----------------------------------------------------------------------

/// Something may be due: have a look into the store.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub(super) struct DeliveryDue;

/// Make a delivery again now, whatever has become of it: the same event in the same bytes. Answered
/// when that is on disk.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Redelivered, StoreError>")]
pub struct Redeliver {
    /// Whose delivery.
    pub tenant: Tenant,
    /// Which.
    pub id: DeliveryId,
}

/// Make all deliveries again that failed in a window. Answered when the wish is on disk; it is
/// carried out bit by bit, also after a restart.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Recovery, StoreError>")]
pub struct Recover {
    /// What is wished.
    pub wish: NewRecovery,
    /// What the request is answered whenever it is sent again; none when that is not kept.
    pub answer: Option<NewAnswer<Recovery>>,
}

/// A host has answered, and may be given another delivery.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub(super) struct HostFree;

/// An attempt is over and written down, if it could be.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct AttemptOver {
    /// Of which delivery.
    pub(super) delivery: DeliveryId,
    /// Of which execution.
    pub(super) execution: ExecutionId,
    /// Whether it is on disk, and when another one is due.
    pub(super) recorded: Recorded,
}

/// What became of an attempt's record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Recorded {
    /// It is on disk; the next attempt is due then, if there is one.
    Yes(Option<Timestamp>),
    /// It is not; the delivery is owed as before.
    No,
}

/// Make a last pass over what is due. Answered at the first moment at which no attempt is under
/// way; whoever asks sets a limit to how long that may take.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct DrainDeliveries;
