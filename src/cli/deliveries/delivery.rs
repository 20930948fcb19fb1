//! A delivery and its attempts, as far as the API tells and people are told of it.
//! What an older or newer server does not say is simply not known.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::moments;
use crate::domain::Timestamp;
use crate::webhook::authority;

/// A delivery as the API has it, in a list or by itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) event_id: String,
    pub(super) event_type: String,
    pub(super) execution_id: String,
    pub(super) url: String,
    pub(super) status: String,
    pub(super) explanation: String,
    waiting_for: Option<String>,
    pub(super) attempts_max: u32,
    attempts_made: Option<u32>,
    next_attempt_at: Option<String>,
    created_at: String,
    pub(super) attempts: Vec<Attempt>,
    last_attempt: Option<Attempt>,
}

/// One request, of a delivery or to try a URL out.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Attempt {
    /// Counted from 1; one that only tries a URL out has no other.
    #[serde(default = "first")]
    pub(super) number: u32,
    pub(super) trigger: String,
    started_at: String,
    pub(super) address: Option<String>,
    pub(super) status_code: Option<u16>,
    pub(super) error_class: Option<String>,
    pub(super) error: Option<String>,
    pub(super) timings_ms: Timings,
    pub(super) response_body: Option<String>,
}

/// How long its phases took, in milliseconds.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Timings {
    pub(super) dns: Option<f64>,
    pub(super) connect: Option<f64>,
    pub(super) tls: Option<f64>,
    pub(super) first_byte: Option<f64>,
    pub(super) total: Option<f64>,
}

impl Delivery {
    /// Whether it is due, and only its host stands in the way.
    pub(super) fn waits_for_its_host(&self) -> bool {
        matches!(self.waiting_for.as_deref(), Some("permit" | "breaker"))
    }

    /// Reads what the server answered; none if it is something else.
    pub(super) fn of(value: &Value) -> Option<Self> {
        Self::deserialize(value).ok()
    }

    /// How many attempts were made so far.
    pub(super) fn made(&self) -> u32 {
        let listed = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX);
        self.attempts_made.unwrap_or(listed)
    }

    /// The newest attempt.
    pub(super) fn last(&self) -> Option<&Attempt> {
        self.attempts.last().or(self.last_attempt.as_ref())
    }

    pub(super) fn next_attempt_at(&self) -> Option<Timestamp> {
        self.next_attempt_at.as_deref().and_then(moments::time)
    }

    pub(super) fn created_at(&self) -> Option<Timestamp> {
        moments::time(&self.created_at)
    }

    /// Whether it tells of the end of an execution, and not of something before.
    pub(super) fn is_of_the_end(&self) -> bool {
        !["execution.started", "execution.output"].contains(&self.event_type.as_str())
    }

    /// The host of its URL, with the port where there is one.
    pub(super) fn host(&self) -> String {
        authority(&self.url)
    }
}

impl Attempt {
    pub(super) fn started_at(&self) -> Option<Timestamp> {
        moments::time(&self.started_at)
    }

    /// What came of it in a word or two: a status, or what kind of failure it was.
    pub(super) fn outcome(&self) -> String {
        match (self.status_code, self.error_class.as_deref()) {
            (Some(status), None | Some("status")) => status.to_string(),
            (Some(status), Some(class)) => format!("{status}, {class}"),
            (None, Some(class)) => class.to_owned(),
            (None, None) => "under way".to_owned(),
        }
    }
}

const fn first() -> u32 {
    1
}
