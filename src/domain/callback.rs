//! Where and how a client wants to be told: the endpoint of an execution.
//! Judges no address and sends nothing.

use std::fmt;
use std::str::FromStr;

use super::Secret;

/// The endpoint that is owed the terminal event of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// An absolute http or https URL, as the one parser wrote it down.
    pub url: String,
    /// Extra request headers; their values are secrets of the client.
    pub headers: Vec<(String, Secret)>,
    /// What the requests are signed with, if they are.
    pub signing_secret: Option<Secret>,
    /// The shape of the body.
    pub payload_format: PayloadFormat,
}

/// The shape of a webhook's body and the signature header that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayloadFormat {
    /// Ringback's own: `{type, timestamp, data}`, after Standard Webhooks 1.0.0.
    Standard,
    /// As HopX calls back from `POST /execute/async`.
    Hopx,
}

impl PayloadFormat {
    /// Every format, in the order in which they are listed to users.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Hopx];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Hopx => "hopx",
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
#[error("unknown payload format `{name}`: known are standard and hopx")]
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
