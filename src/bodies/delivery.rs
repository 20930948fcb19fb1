//! Deliveries and their attempts, as the log tells of them.
//! Hides nothing by itself; who makes one leaves out what its reader may not see.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Word;
use super::schemas::WaitingFor;
use crate::domain::{
    DeliveryEnd, DeliveryId, DeliveryStatus, ErrorClass, EventId, EventType, ExecutionId,
    PayloadFormat, Timestamp, Trigger,
};

/// A delivery with all its attempts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// What is told of it anywhere.
    #[serde(flatten)]
    pub facts: DeliveryFacts,
    /// All attempts, the first one first.
    pub attempts: Vec<Attempt>,
}

/// A delivery as lists have it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ListedDelivery {
    /// What is told of it anywhere.
    #[serde(flatten)]
    pub facts: DeliveryFacts,
    /// The newest attempt.
    pub last_attempt: Option<Attempt>,
}

/// One event that is owed to one URL.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeliveryFacts {
    /// Its name.
    pub id: DeliveryId,
    /// The event; the same for every attempt.
    pub event_id: EventId,
    /// What has happened, such as `execution.completed`.
    #[schema(value_type = EventType)]
    pub event_type: Word,
    /// To which execution.
    pub execution_id: ExecutionId,
    /// Where it goes, without query and userinfo.
    pub url: String,
    /// In which form.
    #[schema(value_type = PayloadFormat)]
    pub payload_format: Word,
    /// `pending`, `delivered`, `exhausted`, `refused`.
    #[schema(value_type = DeliveryStatus)]
    pub status: Word,
    /// Why it stands as it does, and what comes next, in words.
    pub explanation: String,
    /// What ended it: `attempts`, `gone`, `too_large`, `refused`, and others.
    #[schema(value_type = Option<DeliveryEnd>)]
    pub ended_by: Option<Word>,
    /// What it waits for: `due`, `permit`, `breaker`.
    #[schema(value_type = Option<WaitingFor>)]
    pub waiting_for: Option<Word>,
    /// Until when its host is left alone.
    pub breaker_until: Option<Timestamp>,
    /// How many attempts were made.
    pub attempts_made: u32,
    /// How many there are to be at most.
    pub attempts_max: u32,
    /// When the next is due.
    pub next_attempt_at: Option<Timestamp>,
    /// Who wants the next: `schedule`, `manual`, `recover`.
    #[schema(value_type = Option<Trigger>)]
    pub next_trigger: Option<Word>,
    /// When it is given up, whatever its schedule says.
    pub expires_at: Option<Timestamp>,
    /// When the event happened.
    pub created_at: Timestamp,
    /// When it was taken.
    pub delivered_at: Option<Timestamp>,
}

/// One HTTP request of a delivery.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Which it is, from 1.
    pub number: u32,
    /// Who wanted it: `schedule`, `manual`, `recover`.
    #[schema(value_type = Trigger)]
    pub trigger: Word,
    /// What came of it.
    #[serde(flatten)]
    pub tried: Tried,
}

/// A request to an endpoint, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Tried {
    /// When it began.
    pub started_at: Timestamp,
    /// Where it was connected to.
    pub address: Option<String>,
    /// The status of the answer.
    pub status_code: Option<u16>,
    /// Why it failed: `dns`, `connect`, `tls`, `timeout`, `reset`, `protocol`, `refused`, `status`.
    #[schema(value_type = Option<ErrorClass>)]
    pub error_class: Option<Word>,
    /// The same as a sentence.
    pub error: Option<String>,
    /// How long its parts took.
    pub timings_ms: Timings,
    /// The headers that were sent; of those of the client only the names.
    #[schema(value_type = BTreeMap<String, String>)]
    pub request_headers: Map<String, Value>,
    /// The headers of the answer; null for who may not see them.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub response_headers: Option<Map<String, Value>>,
    /// The beginning of its body; null for who may not see it.
    pub response_body: Option<String>,
    /// Whether there was more.
    pub response_truncated: bool,
    /// Whether the answer is not shown.
    pub response_hidden: bool,
    /// For how long the endpoint asked to be left alone, in seconds.
    pub retry_after: Option<f64>,
    /// When the next attempt was due after this one.
    pub next_attempt_at: Option<Timestamp>,
}

/// How long the parts of an attempt took, in milliseconds; null for those it did not come to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Timings {
    /// The name lookup.
    pub dns: Option<f64>,
    /// The connection.
    pub connect: Option<f64>,
    /// The TLS handshake.
    pub tls: Option<f64>,
    /// The wait for the first byte of the answer.
    pub first_byte: Option<f64>,
    /// All of it.
    pub total: f64,
}
