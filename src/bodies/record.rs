//! The record: an execution as clients see it, in webhooks and in answers alike.
//! Shows no signing secret, no callback header and no value of an environment.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::schemas::Scalar;
use super::{FullOutput, Links, Word};
use crate::domain::{
    Captured, Cause, DeliverySummary, Encoding, Ended, Execution, ExecutionId, Exit, Invocation,
    Outcome, Priority, ProgramResult, StartMode, State, Status, Timestamp, Usage, signal_name,
};

/// An execution in the words of the API. Every field is always there, but for those that say
/// otherwise; what is not known is null.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// Its name.
    pub id: ExecutionId,
    /// Where it stands.
    pub status: Status,
    /// What ended it.
    #[schema(value_type = Option<Cause>)]
    pub cause: Option<Word>,
    /// Whether it completed.
    pub success: Option<bool>,
    /// The exit code of a program that ended by itself.
    pub exit_code: Option<i32>,
    /// The name of the signal that ended it, such as `SIGKILL`.
    pub signal: Option<String>,
    /// One sentence on what went wrong.
    pub error: Option<String>,
    /// The JSON that the program wrote to `$RINGBACK_RESULT`, in its own bytes.
    #[schema(value_type = Value)]
    pub result: Option<Box<RawValue>>,
    /// Why what it wrote there was not taken.
    pub result_error: Option<String>,
    /// What was kept of standard output. This and the rest of the output is not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stdout: Option<String>,
    /// `utf8` or `base64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Encoding)]
    pub stdout_encoding: Option<Word>,
    /// How many bytes were written, kept or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stdout_bytes: Option<u64>,
    /// Whether only the first and the last are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stdout_truncated: Option<bool>,
    /// What was kept of standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stderr: Option<String>,
    /// `utf8` or `base64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Encoding)]
    pub stderr_encoding: Option<Word>,
    /// How many bytes were written, kept or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stderr_bytes: Option<u64>,
    /// Whether only the first and the last are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stderr_truncated: Option<bool>,
    /// Where the output is to be had whole, when a webhook has only part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub full_output: Option<FullOutput>,
    /// The name of its runtime.
    pub language: String,
    /// How long it may run, in seconds.
    pub timeout: f64,
    /// How soon it starts among those of its tenant that wait: 0 to 3, higher is sooner.
    #[serde(default = "usual_priority")]
    pub priority: u8,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its program was last started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// How long the program ran, in seconds.
    pub execution_time: Option<f64>,
    /// How long it waited for a slot, in seconds.
    pub queue_time: Option<f64>,
    /// What it used of the machine.
    pub usage: Option<RecordUsage>,
    /// How many processes the program left behind, which were killed.
    pub descendants_killed: u32,
    /// `cold` or `warm`.
    #[schema(value_type = Option<StartMode>)]
    pub start: Option<Word>,
    /// True while its program is being ended because a client wishes it; else not there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelling: bool,
    /// Why it was cancelled, in the client's words.
    pub cancel_reason: Option<String>,
    /// Who cancelled it.
    pub cancelled_by: Option<String>,
    /// Words to find it by.
    pub labels: BTreeMap<String, String>,
    /// What the client wanted back.
    #[schema(value_type = BTreeMap<String, Scalar>)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Which run of it this is, from 1.
    pub attempt: u32,
    /// What became of its webhook: `none`, `pending`, `retrying`, `delivered`, `exhausted`, `refused`.
    #[schema(value_type = DeliverySummary)]
    pub delivery: Word,
    /// What it is a call of; null for one that is none.
    pub function: Option<RecordFunction>,
    /// Where to go from here. Not in webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub links: Option<Links>,
}

/// Which version of which function an execution is a call of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordFunction {
    /// The function.
    pub name: String,
    /// Its variant.
    pub variant: String,
    /// Its version.
    pub version: u32,
    /// What the caller calls the call.
    pub request_id: Option<String>,
}

/// What an execution has used of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecordUsage {
    /// The time on processors of all its processes, in seconds.
    pub cpu_seconds: f64,
    /// The most memory that it had at a time, in bytes.
    pub memory_peak_bytes: u64,
}

/// That of an execution of a server that knows none.
fn usual_priority() -> u8 {
    Priority::default().get()
}

impl Record {
    /// The whole record.
    pub fn of(execution: &Execution) -> Self {
        let nothing = Captured::default();
        let ended = execution.ended();
        let stdout = ended.map_or(&nothing, |ended| &ended.stdout);
        let stderr = ended.map_or(&nothing, |ended| &ended.stderr);
        let (stdout_text, stdout_encoding) = text_of(stdout);
        let (stderr_text, stderr_encoding) = text_of(stderr);
        Self {
            stdout: Some(stdout_text),
            stdout_encoding: Some(stdout_encoding.as_str().into()),
            stdout_bytes: Some(stdout.total),
            stdout_truncated: Some(stdout.is_truncated()),
            stderr: Some(stderr_text),
            stderr_encoding: Some(stderr_encoding.as_str().into()),
            stderr_bytes: Some(stderr.total),
            stderr_truncated: Some(stderr.is_truncated()),
            ..Self::without_output(execution)
        }
    }

    /// The same, and where the output is to be had whole.
    pub fn with_full_output(self, full_output: Option<&FullOutput>) -> Self {
        Self { full_output: full_output.cloned(), ..self }
    }

    /// The same, and where to go from it.
    pub fn with_links(self, links: Links) -> Self {
        Self { links: Some(links), ..self }
    }

    /// The record without the fields of the output, as lists have it.
    pub fn without_output(execution: &Execution) -> Self {
        let ended = execution.ended();
        let outcome = ended.map(|ended| &ended.outcome);
        let (cancel_reason, cancelled_by) = cancel_of(outcome);
        let (result, result_error) = result_of(ended);
        Self {
            id: execution.id,
            status: execution.status(),
            cause: outcome.map(|outcome| outcome.cause().as_str().into()),
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
            stdout: None,
            stdout_encoding: None,
            stdout_bytes: None,
            stdout_truncated: None,
            stderr: None,
            stderr_encoding: None,
            stderr_bytes: None,
            stderr_truncated: None,
            full_output: None,
            links: None,
            language: execution.language.clone(),
            timeout: execution.timeout.as_secs_f64(),
            priority: execution.priority.get(),
            created_at: execution.created_at,
            started_at: execution.started_at(),
            completed_at: ended.map(|ended| ended.completed_at),
            execution_time: execution_time(execution),
            queue_time: queue_time(execution),
            usage: ended.and_then(|ended| ended.usage).map(RecordUsage::of),
            descendants_killed: ended.map_or(0, |ended| ended.descendants_killed),
            start: ended.and_then(|ended| ended.start).map(StartMode::as_str).map(Word::from),
            cancelling: execution.cancelling && !matches!(execution.state, State::Ended(_)),
            cancel_reason,
            cancelled_by,
            labels: execution.labels.clone(),
            metadata: execution.metadata.clone(),
            attempt: execution.attempt,
            delivery: delivery_of(execution).as_str().into(),
            function: execution.invocation.as_ref().map(RecordFunction::of),
        }
    }
}

impl RecordFunction {
    fn of(call: &Invocation) -> Self {
        Self {
            name: call.function.name.to_string(),
            variant: call.function.variant.to_string(),
            version: call.version,
            request_id: call.request_id.clone(),
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

fn cancel_of(outcome: Option<&Outcome>) -> (Option<String>, Option<String>) {
    match outcome {
        Some(Outcome::Cancelled { reason, by, .. }) => (reason.clone(), by.clone()),
        _ => (None, None),
    }
}

fn result_of(ended: Option<&Ended>) -> (Option<Box<RawValue>>, Option<String>) {
    match ended.map(|ended| &ended.result) {
        Some(ProgramResult::Json(text)) => match RawValue::from_string(text.clone()) {
            Ok(raw) => (Some(raw), None),
            Err(_) => (None, Some("The stored result is not JSON.".to_owned())),
        },
        Some(ProgramResult::Rejected(why)) => (None, Some(why.clone())),
        Some(ProgramResult::None) | None => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server of this version sends, read by a client and written again.
    #[test]
    fn a_client_reads_a_record_as_it_was_written() {
        let text = r#"{"id":"exec_0192a000000070008000000000000001","status":"failed","cause":"signaled","success":false,"exit_code":null,"signal":"SIGKILL","error":"It was killed.","result":{"a": 1.0e2},"result_error":null,"stdout":"hi","stdout_encoding":"utf8","stdout_bytes":2,"stdout_truncated":false,"stderr":"","stderr_encoding":"utf8","stderr_bytes":0,"stderr_truncated":false,"language":"python","timeout":1.5,"priority":1,"created_at":"2026-01-31T12:00:00.001Z","started_at":"2026-01-31T12:00:00.002Z","completed_at":null,"execution_time":null,"queue_time":0.001,"usage":{"cpu_seconds":0.5,"memory_peak_bytes":7},"descendants_killed":1,"start":"warm","cancelling":true,"cancel_reason":null,"cancelled_by":null,"labels":{"a":"b"},"metadata":{"n":1},"attempt":2,"delivery":"pending","function":{"name":"f","variant":"default","version":3,"request_id":null},"links":{"self":"/v1/executions/x","events":"v","deliveries":"d","stdout":"o","stderr":"e"}}"#;
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), text);
        assert_eq!(record.result.unwrap().get(), r#"{"a": 1.0e2}"#);
    }

    #[test]
    fn a_client_reads_what_a_later_server_says_beside() {
        let listed = r#"{"id":"exec_0192a000000070008000000000000001","status":"queued","language":"python","timeout":1,"priority":1,"created_at":"2026-01-31T12:00:00.001Z","descendants_killed":0,"labels":{},"metadata":{},"attempt":1,"delivery":"postponed","is_new":[1]}"#;
        let record: Record = serde_json::from_str(listed).unwrap();
        assert_eq!((record.status, &*record.delivery), (Status::Queued, "postponed"));
        assert!(!record.cancelling && record.stdout.is_none());
    }
}
