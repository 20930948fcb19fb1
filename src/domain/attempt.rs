//! An attempt: one HTTP request of a delivery, what came of it and how long it took.
//! Decides nothing about what follows.

use std::net::SocketAddr;
use std::time::Duration;

use super::Timestamp;

/// One HTTP request of a delivery, made or refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// Who wanted it.
    pub trigger: Trigger,
    /// When it began.
    pub started_at: Timestamp,
    /// The address that was dialled, once one was found and allowed.
    pub address: Option<SocketAddr>,
    /// The head of the request in the order in which it was sent, without what is secret of it.
    pub request_headers: Vec<(String, String)>,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// How long its phases took.
    pub timings: Timings,
    /// When the next one was to be made, if one was.
    pub next_attempt_at: Option<Timestamp>,
}

/// Who wanted an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The retry schedule.
    Schedule,
    /// Somebody, by hand.
    Manual,
    /// A recovery of all that failed in a window.
    Recover,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 3] = [Self::Schedule, Self::Manual, Self::Recover];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Recover => "recover",
        }
    }

    /// The trigger with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.as_str() == name)
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttemptOutcome {
    /// The HTTP status, once there was one.
    pub status_code: Option<u16>,
    /// What kind of failure it was; none for a 2xx.
    pub error_class: Option<ErrorClass>,
    /// The failure in a sentence.
    pub error: Option<String>,
    /// The head of the answer, in the order in which it came.
    pub response_headers: Vec<(String, String)>,
    /// The beginning of the answer's body, as text.
    pub response_body: String,
    /// There was more of the body than was kept.
    pub response_truncated: bool,
    /// How long the endpoint asked us to wait.
    pub retry_after: Option<Duration>,
}

/// The kind of failure of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The host's name gave no address, or none in time.
    Dns,
    /// No connection came about.
    Connect,
    /// The TLS handshake failed or took too long, or the certificate does not name this host.
    Tls,
    /// There was no connection or no answer in time.
    Timeout,
    /// The connection broke before a whole answer had come.
    Reset,
    /// What came was not HTTP.
    Protocol,
    /// The operator does not allow that address.
    Refused,
    /// The endpoint answered with something else than 2xx.
    Status,
}

impl ErrorClass {
    /// Every class, in the order of an attempt.
    pub const ALL: [Self; 8] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Reset,
        Self::Protocol,
        Self::Refused,
        Self::Status,
    ];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Protocol => "protocol",
            Self::Refused => "refused",
            Self::Status => "status",
        }
    }

    /// The class with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}

/// How long each phase of an attempt took; a phase that did not happen has no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timings {
    /// Finding the address.
    pub dns: Option<Duration>,
    /// The TCP handshake; none on a connection that was used again.
    pub connect: Option<Duration>,
    /// The TLS handshake, with https.
    pub tls: Option<Duration>,
    /// From sending the request to the first byte that came back.
    pub first_byte: Option<Duration>,
    /// From beginning to end.
    pub total: Duration,
}
