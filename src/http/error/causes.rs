//! What a client is told when something below has failed: the problem that each error stands for.
//! Chooses no status; the kinds of problem do.

use super::{Kind, Problem, sentence};
use crate::actors::{CancelError, SubmitError};
use crate::http::context;
use crate::store::StoreError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Answered) {
            let detail =
                "A request with the same `Idempotency-Key` was first; send this one again.";
            return Self::new(Kind::Unavailable, detail);
        }
        if error.is_passing() {
            // The store has told the log when it began.
            return Self::new(Kind::StoreUnavailable, sentence(&error.to_string()));
        }
        let request_id = context::request_id();
        log::error!(request_id = request_id.as_deref(); "the store failed under a request: {error}");
        Self::new(Kind::StoreUnavailable, "The server cannot read or write its store right now.")
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        let kind = match error {
            SubmitError::TenantQueueFull { .. } => Kind::TenantQueueFull,
            SubmitError::TooManySubmissions { wait, .. } => {
                // In whole seconds, and not a moment too soon.
                Kind::TooManySubmissions(wait.as_nanos().div_ceil(1_000_000_000) as u64)
            }
            SubmitError::QueueFull { .. } => Kind::QueueFull,
            SubmitError::DiskLow => Kind::DiskLow,
            SubmitError::Draining => Kind::Draining,
            SubmitError::Fallen => Kind::Unavailable,
            SubmitError::Store(error) => return error.into(),
        };
        Self::new(kind, sentence(&error.to_string()))
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::not_found(),
            CancelError::Store(error) => error.into(),
        }
    }
}

impl From<actix::MailboxError> for Problem {
    /// The supervisor has fallen over this or beside it; it is being started again, or the whole
    /// server is.
    fn from(_: actix::MailboxError) -> Self {
        Self::new(Kind::Unavailable, "The server could not take this at the moment; try again.")
    }
}
