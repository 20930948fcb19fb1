//! The record: an execution as clients see it, in webhooks and in answers alike.
//! Shows no signing secret, no callback header and no value of an environment.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use super::full_output::FullOutput;
use crate::domain::{
    Captured, DeliverySummary, Encoding, Ended, Execution, ExecutionId, Exit, Invocation, Outcome,
    ProgramResult, StartMode, State, Status, Timestamp, Usage, signal_name,
};

/// An execution in the words of the API. Every field is always there; what is not known is null.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    id: ExecutionId,
    status: &'static str,
    cause: Option<&'static str>,
    success: Option<bool>,
    exit_code: Option<i32>,
    signal: Option<String>,
    error: Option<String>,
    result: Option<&'a RawValue>,
    result_error: Option<&'a str>,
    #[serde(flatten)]
    output: Option<Output>,
    /// Where the output is to be had whole, when it is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_output: Option<&'a FullOutput>,
    language: &'a str,
    timeout: f64,
    priority: u8,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    execution_time: Option<f64>,
    queue_time: Option<f64>,
    usage: Option<RecordUsage>,
    descendants_killed: u32,
    start: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cancelling: bool,
    cancel_reason: Option<&'a str>,
    cancelled_by: Option<&'a str>,
    labels: &'a BTreeMap<String, String>,
    metadata: &'a serde_json::Map<String, serde_json::Value>,
    attempt: u32,
    delivery: &'static str,
    /// What it is a call of; null for one that is none.
    function: Option<RecordFunction<'a>>,
}

#[derive(Debug, Serialize)]
struct Output {
    stdout: String,
    stdout_encoding: &'static str,
    stdout_bytes: u64,
    stdout_truncated: bool,
    stderr: String,
    stderr_encoding: &'static str,
    stderr_bytes: u64,
    stderr_truncated: bool,
}

#[derive(Debug, Serialize)]
struct RecordFunction<'a> {
    name: &'a str,
    variant: &'a str,
    version: u32,
    request_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct RecordUsage {
    cpu_seconds: f64,
    memory_peak_bytes: u64,
}

impl<'a> Record<'a> {
    /// The whole record.
    pub fn of(execution: &'a Execution) -> Self {
        let nothing = Captured::default();
        let ended = execution.ended();
        let stdout = ended.map_or(&nothing, |ended| &ended.stdout);
        let stderr = ended.map_or(&nothing, |ended| &ended.stderr);
        Self { output: Some(Output::of(stdout, stderr)), ..Self::without_output(execution) }
    }

    /// The same, and where the output is to be had whole.
    pub(super) fn with_full_output(self, full_output: Option<&'a FullOutput>) -> Self {
        Self { full_output, ..self }
    }

    /// The record without the fields of the output, as lists have it.
    pub fn without_output(execution: &'a Execution) -> Self {
        let ended = execution.ended();
        let outcome = ended.map(|ended| &ended.outcome);
        let (cancel_reason, cancelled_by) = cancel_of(outcome);
        let (result, result_error) = result_of(ended);
        Self {
            id: execution.id,
            status: execution.status().as_str(),
            cause: outcome.map(|outcome| outcome.cause().as_str()),
            success: outcome.map(|outcome| outcome.status() == Status::Completed),
            exit_code: outcome.and_then(|outcome| match outcome.exit()? {
                Exit::Code(code) => Some(code),
                Exit::Signal(_) => None,
            }),
            signal: outcome.and_then(|outcome| match outcome.exit()? {
                Exit::Code(_) => None,
                Exit::Signal(signal) => Some(signal_name(signal)),
            }),
            error: outcome.and_then(Outcome::error),
            result,
            result_error,
            output: None,
            full_output: None,
            language: &execution.language,
            timeout: execution.timeout.as_secs_f64(),
            priority: execution.priority.get(),
            created_at: execution.created_at,
            started_at: execution.started_at(),
            completed_at: ended.map(|ended| ended.completed_at),
            execution_time: execution_time(execution),
            queue_time: queue_time(execution),
            usage: ended.and_then(|ended| ended.usage).map(RecordUsage::of),
            descendants_killed: ended.map_or(0, |ended| ended.descendants_killed),
            start: ended.and_then(|ended| ended.start).map(StartMode::as_str),
            cancelling: execution.cancelling && !matches!(execution.state, State::Ended(_)),
            cancel_reason,
            cancelled_by,
            labels: &execution.labels,
            metadata: &execution.metadata,
            attempt: execution.attempt,
            delivery: delivery_of(execution).as_str(),
            function: execution.invocation.as_ref().map(RecordFunction::of),
        }
    }
}

impl Output {
    fn of(stdout: &Captured, stderr: &Captured) -> Self {
        let (stdout_text, stdout_encoding) = text_of(stdout);
        let (stderr_text, stderr_encoding) = text_of(stderr);
        Self {
            stdout: stdout_text,
            stdout_encoding: stdout_encoding.as_str(),
            stdout_bytes: stdout.total,
            stdout_truncated: stdout.is_truncated(),
            stderr: stderr_text,
            stderr_encoding: stderr_encoding.as_str(),
            stderr_bytes: stderr.total,
            stderr_truncated: stderr.is_truncated(),
        }
    }
}

impl<'a> RecordFunction<'a> {
    fn of(call: &'a Invocation) -> Self {
        Self {
            name: call.function.name.as_str(),
            variant: call.function.variant.as_str(),
            version: call.version,
            request_id: call.request_id.as_deref(),
        }
    }
}

impl RecordUsage {
    fn of(usage: Usage) -> Self {
        Self { cpu_seconds: usage.cpu_seconds, memory_peak_bytes: usage.memory_peak_bytes }
    }
}

/// How long the program ran, in seconds, once it has ended.
pub fn execution_time(execution: &Execution) -> Option<f64> {
    let ended = execution.ended()?;
    Some(ended.completed_at.since(ended.started_at?).as_secs_f64())
}

/// How long it waited for a slot, in seconds, once it waits no more.
fn queue_time(execution: &Execution) -> Option<f64> {
    let until = execution.started_at().or(execution.ended().map(|ended| ended.completed_at))?;
    Some(until.since(execution.created_at).as_secs_f64())
}

fn text_of(stream: &Captured) -> (String, Encoding) {
    match stream.bytes() {
        (bytes, Encoding::Utf8) => {
            (String::from_utf8(bytes).expect("it was found to be UTF-8"), Encoding::Utf8)
        }
        (bytes, Encoding::Base64) => (STANDARD.encode(bytes), Encoding::Base64),
    }
}

/// Before the end nothing is owed yet, but whoever asked to be called back will be.
fn delivery_of(execution: &Execution) -> DeliverySummary {
    match execution.delivery {
        DeliverySummary::None if execution.endpoint.is_some() => DeliverySummary::Pending,
        known => known,
    }
}

fn cancel_of(outcome: Option<&Outcome>) -> (Option<&str>, Option<&str>) {
    match outcome {
        Some(Outcome::Cancelled { reason, by, .. }) => (reason.as_deref(), by.as_deref()),
        _ => (None, None),
    }
}

fn result_of(ended: Option<&Ended>) -> (Option<&RawValue>, Option<&str>) {
    match ended.map(|ended| &ended.result) {
        Some(ProgramResult::Json(text)) => match serde_json::from_str(text) {
            Ok(raw) => (Some(raw), None),
            Err(_) => (None, Some("The stored result is not JSON.")),
        },
        Some(ProgramResult::Rejected(why)) => (None, Some(why)),
        Some(ProgramResult::None) | None => (None, None),
    }
}
