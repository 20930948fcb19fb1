//! The bodies of good answers about executions in HopX's words.
//! Reads nothing.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Execution, Status};
use crate::webhook::payload::HopxRecord;

/// What a webhook says of an execution, and what only answers do.
#[derive(Serialize, ToSchema)]
#[schema(as = HopxExecution)]
pub(in crate::http) struct Answer<'a> {
    #[serde(flatten)]
    record: HopxRecord,
    language: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cancelling: bool,
}

impl<'a> Answer<'a> {
    pub(super) fn about(execution: &'a Execution) -> Self {
        Self {
            record: HopxRecord::of(execution),
            language: &execution.language,
            cancelling: execution.cancelling && execution.ended().is_none(),
        }
    }
}

/// The status of an execution as that of a process. One that was ended by a client's wish was
/// killed; one whose time was up has failed.
pub(super) fn process_status(status: Status) -> &'static str {
    match status {
        Status::Cancelled => "killed",
        other => other.as_str(),
    }
}
