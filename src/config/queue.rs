//! `[queue]` and `[request]`: how much is accepted, how large a request's parts may be, and for how long
//! one is known again.
//! Counts nothing itself.

use std::time::Duration;

use super::reader::{ANY, Reader};

/// `[queue]`: how much is accepted before it is finished.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueueConfig {
    /// Executions that wait for a slot, in all.
    pub max_total: usize,
    /// The same for one tenant.
    pub max_per_tenant: usize,
    /// How much longer one of a lower priority waits for each step, at most.
    pub priority_step: Duration,
    /// How often the store is asked although nobody hinted.
    pub poll: Duration,
}

impl QueueConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            max_total: reader.number("queue.max_total", 1..=ANY),
            max_per_tenant: reader.number("queue.max_per_tenant", 1..=ANY),
            priority_step: reader.get("queue.priority_step"),
            poll: reader.wait("queue.poll"),
        }
    }
}

/// `[request]`: limits on the parts of a request, and how long it is known again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestConfig {
    /// Labels of an execution.
    pub labels_max: usize,
    /// Entries of `metadata`.
    pub metadata_max: usize,
    /// Characters in the name of a label or of a metadata entry.
    pub name_chars_max: usize,
    /// Characters in the value of a label or of a metadata entry.
    pub value_chars_max: usize,
    /// Characters in a callback URL.
    pub callback_url_chars_max: usize,
    /// Headers that a client may have added to its callback.
    pub callback_headers_max: usize,
    /// Bytes of one such header, name and value together.
    pub callback_header_bytes_max: usize,
    /// How long the answer to a request with a key is kept at least.
    pub idempotency_kept: Duration,
}

impl RequestConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            labels_max: reader.number("request.labels_max", 0..=ANY),
            metadata_max: reader.number("request.metadata_max", 0..=ANY),
            name_chars_max: reader.number("request.name_chars_max", 1..=ANY),
            value_chars_max: reader.number("request.value_chars_max", 1..=ANY),
            callback_url_chars_max: reader.number("request.callback_url_chars_max", 1..=ANY),
            callback_headers_max: reader.number("request.callback_headers_max", 0..=ANY),
            callback_header_bytes_max: reader.number("request.callback_header_bytes_max", 1..=ANY),
            idempotency_kept: reader.wait("request.idempotency_kept"),
        }
    }
}
