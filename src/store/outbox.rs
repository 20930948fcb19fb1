//! What goes into a store and what comes out of it about deliveries, beside what the domain has.
//! Plain values: none of them reads or writes anything.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::{
    Attempt, Delivery, DeliveryId, DeliveryStatus, Epoch, EventId, EventType, ExecutionId, Next,
    PayloadFormat, RecoveryId, RetrySchedule, Secret, Tenant, Timestamp, Traceparent, Trigger,
};

/// A delivery to be owed, due at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its name.
    pub id: DeliveryId,
    /// The event.
    pub event_id: EventId,
    /// What the event says.
    pub event_type: EventType,
    /// Whose execution it is about.
    pub tenant: Tenant,
    /// Where it goes.
    pub url: String,
    /// Host and port of the URL: who shares a fate with it.
    pub host: String,
    /// The shape of the body.
    pub payload_format: PayloadFormat,
    /// The body, to be sent in exactly these bytes on every attempt.
    pub body: Vec<u8>,
    /// The client's own schedule; none is the server's, whatever it is by then.
    pub schedule: Option<RetrySchedule>,
    /// How many attempts the schedule gives it.
    pub attempts_max: u32,
    /// How long an attempt is worth making.
    pub max_age: Option<Duration>,
}

/// Something to be told of an execution that runs.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Which execution.
    pub execution: ExecutionId,
    /// It must still run in this epoch.
    pub epoch: Epoch,
    /// What is owed.
    pub delivery: NewDelivery,
}

/// How many deliveries may be claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rooms {
    /// In all.
    pub total: usize,
    /// For each host but those below.
    pub per_host: usize,
    /// For hosts that have another number, such as none.
    pub other: HashMap<String, usize>,
}

impl Rooms {
    /// So many in all, of whatever hosts.
    pub fn total(total: usize) -> Self {
        Self { total, per_host: usize::MAX, other: HashMap::new() }
    }

    /// How many for this host.
    pub fn of(&self, host: &str) -> usize {
        self.other.get(host).copied().unwrap_or(self.per_host)
    }
}

/// What there is to deliver.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// Deliveries that are due and now this owner's.
    pub due: Vec<ClaimedDelivery>,
    /// When the next one that is not claimed will be due, of the hosts that had room; in the past
    /// when more was due than was asked for.
    pub next_due: Option<Timestamp>,
    /// Some that are due were left, because their hosts have no more room by what was claimed.
    pub is_more: bool,
}

/// A delivery with all that an attempt needs.
#[derive(Debug, Clone)]
pub struct ClaimedDelivery {
    /// Its name.
    pub id: DeliveryId,
    /// The event.
    pub event_id: EventId,
    /// The execution that it is about.
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
    /// The trace from which its execution was asked for, if its client has one.
    pub traceparent: Option<Traceparent>,
    /// What the request is signed with, the newest first; nothing when it is not signed.
    pub signing_secrets: Vec<Secret>,
    /// How many attempts have been made.
    pub attempts_made: u32,
    /// How many of these by its present round of the schedule.
    pub round_made: u32,
    /// The client's own schedule, if it has one.
    pub schedule: Option<RetrySchedule>,
    /// After that time no attempt is worth making.
    pub expires_at: Option<Timestamp>,
    /// Who wants this attempt.
    pub trigger: Trigger,
    /// How often somebody has wanted it made again.
    pub wishes: u32,
    /// When the event happened.
    pub created_at: Timestamp,
}

/// An attempt that has been made, and what follows from it.
#[derive(Debug, Clone)]
pub struct AttemptMade {
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// As it was claimed: how often somebody had wanted it made again.
    pub wishes: u32,
    /// What was tried and what came of it.
    pub attempt: Attempt,
    /// What follows, unless somebody has wanted it made again meanwhile.
    pub next: Next,
}

/// How a delivery stands now that an attempt is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptKept {
    /// When the next one is due, if there is one.
    pub next_due: Option<Timestamp>,
    /// As what the delivery has ended by this attempt. None for one that goes on, that had been
    /// superseded before, or that had been delivered before and now was not once more.
    pub ended: Option<DeliveryStatus>,
}

/// What became of the wish that a delivery be made again.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Redelivered {
    /// It is due, as it stands here.
    Due(Box<Delivery>),
    /// This tenant has none of that id.
    NotFound,
    /// It told of something on the way to the end, which is no longer news.
    NotTerminal,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryPage {
    /// How many at most.
    pub limit: usize,
    /// Only those behind this one, in the order of the list.
    pub before: Option<(Timestamp, DeliveryId)>,
    /// Only those with this status.
    pub status: Option<DeliveryStatus>,
    /// Only those to this host: a name, or a name and a port.
    pub host: Option<String>,
    /// Only those of events from this time on.
    pub since: Option<Timestamp>,
    /// Only those of events before this time.
    pub until: Option<Timestamp>,
    /// Only those that say this.
    pub event_type: Option<EventType>,
}

/// A wish that all that failed in a window be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecovery {
    /// Its name.
    pub id: RecoveryId,
    /// Whose deliveries.
    pub tenant: Tenant,
    /// Of events from this time on.
    pub since: Timestamp,
    /// Of events before this time.
    pub until: Timestamp,
    /// To this host only: a name, or a name and a port.
    pub host: Option<String>,
    /// How many at most.
    pub matched_max: u32,
}

/// What a step of a recovery has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Recovered {
    /// How many deliveries are due by it.
    pub redelivered: usize,
    /// There is nothing more to do.
    pub is_done: bool,
}

/// How far a recovery has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// What was wanted.
    pub wish: NewRecovery,
    /// When.
    pub created_at: Timestamp,
    /// How many there were, but not more than were to be.
    pub matched: u32,
    /// There were more.
    pub is_capped: bool,
    /// How many of them are due again, or have been.
    pub redelivered: u32,
    /// All of them are.
    pub is_done: bool,
    /// How many of these the endpoints have taken by now.
    pub delivered: u32,
    /// How many have failed for good once more.
    pub failed: u32,
    /// How many are still to be taken. One that a later recovery has made due counts there.
    pub pending: u32,
}
