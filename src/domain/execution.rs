//! An execution as it stands: queued, running or ended, and the named steps between these.
//! The database enforces the same steps; here is what they are.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{
    DeliveryStatus, Ended, Endpoint, Epoch, ExecutionId, Invocation, OwnerId, Priority, Tenant,
    Timestamp, Traceparent,
};

/// One accepted request to run a program, and what has become of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// Its name.
    pub id: ExecutionId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The runtime that runs it.
    pub language: String,
    /// How long its program may run.
    pub timeout: Duration,
    /// How soon it is wanted, among those of its tenant.
    pub priority: Priority,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Words to find it by.
    pub labels: BTreeMap<String, String>,
    /// Scalars that are echoed in the webhook.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Where its event goes, and how.
    pub endpoint: Option<Endpoint>,
    /// The function that it is a call of, if it is one.
    pub invocation: Option<Invocation>,
    /// The trace from which it was asked for, if its client has one.
    pub traceparent: Option<Traceparent>,
    /// Which run this is: 1, or 2 after an interruption of one that asked to be run again.
    pub attempt: u32,
    /// A client wants it ended.
    pub cancelling: bool,
    /// Where it is in its life.
    pub state: State,
    /// What has become of the event that it owes.
    pub delivery: DeliverySummary,
}

/// Where an execution is in its life, with exactly the facts of that place.
///
/// ```text
/// queued ──start──> running ──finish──> ended
///    └────────────finish──────────────> ended
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It waits for a slot, in the store.
    Queued,
    /// A server has it.
    Running(Run),
    /// It is over, for ever.
    Ended(Box<Ended>),
}

/// One start of an execution: who has it, since when, and the token that its end must carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// When it was taken from the queue.
    pub started_at: Timestamp,
    /// The fencing token of this start.
    pub epoch: Epoch,
    /// The process start that has it.
    pub owner: OwnerId,
    /// How many runs before this one were cut short by a loss.
    pub interruptions: u32,
}

/// The one word for where an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Accepted, not started.
    Queued,
    /// Its program runs, or is about to.
    Running,
    /// The program ran and exited 0.
    Completed,
    /// Anything else ended it, but a cancel.
    Failed,
    /// A client's wish ended it.
    Cancelled,
}

impl Status {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 5] =
        [Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Nothing comes after it.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl serde::Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Status {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let unknown = || serde::de::Error::custom(format!("there is no status `{name}`"));
        Self::from_name(&name).ok_or_else(unknown)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Execution {
    /// The one word for where it is.
    pub fn status(&self) -> Status {
        match &self.state {
            State::Queued => Status::Queued,
            State::Running(_) => Status::Running,
            State::Ended(ended) => ended.outcome.status(),
        }
    }

    /// What is known of its end, once it has one.
    pub fn ended(&self) -> Option<&Ended> {
        match &self.state {
            State::Ended(ended) => Some(ended),
            _ => None,
        }
    }

    /// When its program started.
    pub fn started_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Queued => None,
            State::Running(run) => Some(run.started_at),
            State::Ended(ended) => ended.started_at,
        }
    }

    /// The trace that it is part of, as logs have it.
    pub fn trace_id(&self) -> Option<String> {
        self.traceparent.map(|traceparent| traceparent.trace_id())
    }

    /// The same execution at its end.
    pub fn into_ended(self, ended: Ended) -> Self {
        let delivery =
            if self.endpoint.is_some() { DeliverySummary::Pending } else { DeliverySummary::None };
        Self { cancelling: false, state: State::Ended(Box::new(ended)), delivery, ..self }
    }
}

/// A client's wish that an execution end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CancelWish {
    /// Its own words, if it gave any.
    pub reason: Option<String>,
    /// The name of the API key that asked.
    pub by: Option<String>,
}

/// What has become of the event that an execution owes, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliverySummary {
    /// Nobody asked to be called back, or it has not ended yet.
    None,
    /// No request has been made yet.
    Pending,
    /// Requests failed; more will come.
    Retrying,
    /// The endpoint took it.
    Delivered,
    /// Every request failed; none will come by itself.
    Exhausted,
    /// The operator does not allow that address.
    Refused,
}

impl DeliverySummary {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Pending,
        Self::Retrying,
        Self::Delivered,
        Self::Exhausted,
        Self::Refused,
    ];

    /// Sums up a delivery by its status and the number of attempts made.
    pub const fn of(status: DeliveryStatus, attempts: u32) -> Self {
        match status {
            DeliveryStatus::Pending if attempts == 0 => Self::Pending,
            DeliveryStatus::Pending => Self::Retrying,
            DeliveryStatus::Delivered => Self::Delivered,
            DeliveryStatus::Exhausted => Self::Exhausted,
            DeliveryStatus::Refused => Self::Refused,
        }
    }

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
            Self::Refused => "refused",
        }
    }
}
