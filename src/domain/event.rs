//! The events of an execution: the one that it owes the world, that it ended and how, and those on
//! the way there for whoever asked.
//! Writes no payload; formats do that.

use super::{EventId, Execution, Status};

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    /// The program is being started.
    Started,
    /// The program has written something.
    Output,
    /// The program ran and exited 0.
    Completed,
    /// Anything else ended it, but a cancel.
    Failed,
    /// A client's wish ended it.
    Cancelled,
}

impl EventType {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Started, Self::Output, Self::Completed, Self::Failed, Self::Cancelled];

    /// Whether nothing comes after it.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The kind of event that a status gives; none before the end.
    pub const fn of(status: Status) -> Option<Self> {
        match status {
            Status::Queued | Status::Running => None,
            Status::Completed => Some(Self::Completed),
            Status::Failed => Some(Self::Failed),
            Status::Cancelled => Some(Self::Cancelled),
        }
    }

    /// The dotted name that receivers dispatch on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "execution.started",
            Self::Output => "execution.output",
            Self::Completed => "execution.completed",
            Self::Failed => "execution.failed",
            Self::Cancelled => "execution.cancelled",
        }
    }

    /// The kind of event with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A terminal event: told to the endpoint by webhook and to the host application by message.
#[derive(Debug, Clone)]
pub struct Event {
    /// The same for every attempt and redelivery.
    pub id: EventId,
    /// What happened.
    pub kind: EventType,
    /// The execution as it ended.
    pub execution: Execution,
}

impl Event {
    /// The event of an execution that has ended; none while it lives.
    pub fn of(execution: &Execution) -> Option<Self> {
        let kind = EventType::of(execution.status())?;
        Some(Self { id: EventId::from(execution.id), kind, execution: execution.clone() })
    }
}
