//! Where and how a client wants to be told: the endpoint of an execution.
//! Judges no address and sends nothing.

use std::fmt;
use std::str::FromStr;

use super::{RetryPolicy, Secret};

/// The endpoint that is owed the terminal event of an execution, and what is secret of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Where and how.
    pub endpoint: Endpoint,
    /// Extra request headers; their values are secrets of the client.
    pub headers: Vec<(String, Secret)>,
    /// What the requests are signed with, if they are.
    pub signing_secret: Option<Secret>,
}

/// Where a client wants to be told, and how, but for what is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// An absolute http or https URL, as the one parser wrote it down.
    pub url: String,
    /// The shape of the body.
    pub payload_format: PayloadFormat,
    /// What it is told on the way to the end.
    pub progress: Progress,
    /// When it is tried again.
    pub retry: RetryPolicy,
}

/// What an endpoint is told before the end of an execution. Its end it is told in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// That the program is being started.
    pub started: bool,
    /// What it has written, now and then.
    pub output: bool,
}

impl Progress {
    /// Nothing is told before the end.
    pub const fn is_none(self) -> bool {
        !self.started && !self.output
    }

    /// Its parts as words with commas between them.
    pub fn names(self) -> String {
        let names = [(self.started, "started"), (self.output, "output")];
        let wanted: Vec<&str> = names.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        wanted.join(",")
    }

    /// What [`Progress::names`] has written.
    pub fn from_names(names: &str) -> Option<Self> {
        let mut progress = Self::default();
        for name in names.split(',').filter(|name| !name.is_empty()) {
            match name {
                "started" => progress.started = true,
                "output" => progress.output = true,
                _ => return None,
            }
        }
        Some(progress)
    }
}

impl Endpoint {
    /// An endpoint that is told of the end alone, as the server's own schedule has it.
    pub fn new(url: impl Into<String>, payload_format: PayloadFormat) -> Self {
        let (progress, retry) = Default::default();
        Self { url: url.into(), payload_format, progress, retry }
    }
}

impl Callback {
    /// A callback without secrets.
    pub fn unsigned(endpoint: Endpoint) -> Self {
        Self { endpoint, headers: Vec::new(), signing_secret: None }
    }
}

/// The shape of a webhook's body and the signature header that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PayloadFormat {
    /// Ringback's own: `{type, timestamp, data}`, after Standard Webhooks 1.0.0.
    #[default]
    Standard,
    /// As HopX calls back from `POST /execute/async`.
    Hopx,
    /// As Fetch Hive calls back from `POST /v1/workflow/invoke`.
    FetchHive,
    /// As users of Cortex call back from their workloads.
    Cortex,
}

impl PayloadFormat {
    /// Every format, in the order in which they are listed to users.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Hopx, Self::FetchHive, Self::Cortex];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Hopx => "hopx",
            Self::FetchHive => "fetchhive",
            Self::Cortex => "cortex",
        }
    }
}

impl fmt::Display for PayloadFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no payload format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown payload format `{name}`: known are standard, hopx, fetchhive and cortex")]
pub struct UnknownPayloadFormat {
    name: String,
}

impl FromStr for PayloadFormat {
    type Err = UnknownPayloadFormat;

    fn from_str(name: &str) -> Result<Self, UnknownPayloadFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| UnknownPayloadFormat { name: name.to_owned() })
    }
}
