//! What may go wrong between a client and its server, in sentences.
//! Holds no token, and nothing of what was sent.

use std::time::Duration;

use url::Url;

use crate::bodies::Problem;

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server says why it does not do what it was asked.
    #[error("{}", sentences(problem).join("\n"))]
    Problem {
        /// Its own words, with the status.
        problem: Box<Problem>,
        /// For how long it asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// There is no connection to it.
    #[error("cannot reach {server} ({reason})")]
    Unreachable {
        /// The server.
        server: Url,
        /// What stood in the way.
        reason: String,
    },
    /// It did not answer in time.
    #[error("{server} did not answer within {within:?}")]
    TimedOut {
        /// The server.
        server: Url,
        /// For how long was waited.
        within: Duration,
    },
    /// The connection to it ended before its answer did.
    #[error("the answer of {server} broke off: {reason}")]
    BrokenOff {
        /// The server.
        server: Url,
        /// How it ended.
        reason: String,
    },
    /// What answered is no Ringback, or one of a version that is too far away.
    #[error("{server} answered {status} and not as a Ringback does: {said}")]
    Foreign {
        /// The server.
        server: Url,
        /// The status of the answer.
        status: u16,
        /// The beginning of what it said.
        said: String,
    },
}

impl Error {
    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Problem { problem, .. } => Some(problem.status),
            Self::Foreign { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same request may well be answered better in a moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Problem { .. } | Self::Foreign { .. } => {
                matches!(self.status(), Some(429 | 502..=504))
            }
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::BrokenOff { .. } => true,
        }
    }

    /// For how long the server asked to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// The words of a problem: its detail, or a line for each field that is wrong.
pub(crate) fn sentences(problem: &Problem) -> Vec<String> {
    let of_fields = problem.errors.iter().map(|error| match error.detail.contains(&error.field) {
        true => error.detail.clone(),
        false => format!("{}: {}", error.field, error.detail),
    });
    let of_fields: Vec<_> = of_fields.collect();
    if of_fields.is_empty() { vec![problem.detail.clone()] } else { of_fields }
}
