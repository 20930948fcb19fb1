//! A delivery: one event owed to one endpoint, and the attempts made to hand it over.
//! Makes no attempt, and decides nothing about what follows one.

use super::{
    Attempt, DeliveryId, EventId, EventType, ExecutionId, PayloadFormat, Timestamp, Trigger,
};

/// One event owed to one URL.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its name.
    pub id: DeliveryId,
    /// The event; the same for every attempt.
    pub event_id: EventId,
    /// What the event says.
    pub event_type: EventType,
    /// The execution that it is about.
    pub execution_id: ExecutionId,
    /// Where it goes.
    pub url: String,
    /// Host and port of that: who shares a fate with it.
    pub host: String,
    /// The shape of its body.
    pub payload_format: PayloadFormat,
    /// Where it is in its life.
    pub status: DeliveryStatus,
    /// Why no further attempt comes by itself.
    pub ended_by: Option<DeliveryEnd>,
    /// How many attempts have been made.
    pub attempts_made: u32,
    /// How many it gets in all, by its schedule and by those who asked for more.
    pub attempts_max: u32,
    /// When the next attempt is due, if one is.
    pub next_attempt_at: Option<Timestamp>,
    /// Who wants that one.
    pub next_trigger: Trigger,
    /// After that time no attempt is made any more, because nobody would want it.
    pub expires_at: Option<Timestamp>,
    /// When the event happened.
    pub created_at: Timestamp,
    /// When the endpoint took it, the first time.
    pub delivered_at: Option<Timestamp>,
    /// What has been tried, oldest first; in a list of deliveries the last attempt alone.
    pub attempts: Vec<Attempt>,
}

/// Where a delivery is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// An attempt is due or under way.
    Pending,
    /// The endpoint answered 2xx.
    Delivered,
    /// It failed for good.
    Exhausted,
    /// The operator does not allow that address.
    Refused,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Exhausted, Self::Refused];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
            Self::Refused => "refused",
        }
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// Why a delivery that failed gets no further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// The schedule is used up.
    Attempts,
    /// The endpoint answered 410: it is gone for good.
    Gone,
    /// The endpoint answered 413: the same bytes will not fit later either.
    TooLarge,
    /// The operator does not allow that address.
    Refused,
    /// The client wanted it no later than it could be tried again.
    TooOld,
    /// The execution ended first: what was to be told on the way there is no longer news.
    Superseded,
}

impl DeliveryEnd {
    /// Every end.
    pub const ALL: [Self; 6] =
        [Self::Attempts, Self::Gone, Self::TooLarge, Self::Refused, Self::TooOld, Self::Superseded];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Gone => "gone",
            Self::TooLarge => "too_large",
            Self::Refused => "refused",
            Self::TooOld => "too_old",
            Self::Superseded => "superseded",
        }
    }

    /// The end with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == name)
    }
}
