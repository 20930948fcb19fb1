//! The row of an execution as the record of the domain.
//! Reads one row; which ones is for others to say.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value};

use super::failure::Failure;
use super::functions::name;
use super::outcomes::outcome;
use super::values::{
    duration, duration_opt, execution_id, from_json, get, named, named_opt, schedule_opt, time,
    time_opt, unsigned, unsigned_opt, uuid,
};
use crate::domain::{
    Captured, DeliveryStatus, DeliverySummary, Ended, Endpoint, Epoch, Execution, FunctionKey,
    Invocation, OwnerId, Priority, ProgramResult, Progress, RetryPolicy, Run, StartMode, State,
    Status, Tenant, Traceparent, Usage,
};

/// `SELECT` of all that [`execution`] reads, from `executions e` with its `queue q` and its
/// `deliveries d`, followed by conditions.
macro_rules! select_executions {
    ($conditions:literal) => {
        concat!(
            "SELECT e.id, e.tenant, e.language, e.created_at, e.timeout_ms, e.priority, e.callback_url,
                e.payload_format, e.callback_progress, e.retry_delays_ms, e.retry_max_age_ms, e.labels, e.metadata, coalesce(q.attempt, e.attempt) AS attempt,
                e.status, e.started_at, e.completed_at, e.cause, e.exit_code, e.signal, e.limit_ms,
                e.limit_bytes, e.reason, e.cancelled_by, e.cpu_seconds, e.memory_peak_bytes,
                e.descendants_killed, e.start,
                e.function, e.function_variant, e.function_version, e.request_id,
                e.traceparent,
                q.state AS queue_state, q.epoch, q.owner, q.started_at AS run_started_at,
                q.cancel_wished_at IS NOT NULL AS cancelling, q.cancel_reason, q.cancel_by,
                q.interruptions,
                d.status AS delivery_status, d.attempts_made
             FROM executions e
             LEFT JOIN queue q ON q.id = e.id
             LEFT JOIN deliveries d ON d.execution_id = e.id AND d.event_id = e.id ",
            $conditions
        )
    };
}
pub(super) use select_executions;

/// Reads a row of [`select_executions`]; one that has ended comes without its output.
pub(super) fn execution(row: &Row<'_>) -> Result<Execution, Failure> {
    Ok(Execution {
        id: execution_id(row, "id")?,
        tenant: Tenant::new(get::<String>(row, "tenant")?),
        language: get(row, "language")?,
        timeout: duration(row, "timeout_ms")?,
        priority: priority(row)?,
        created_at: time(row, "created_at")?,
        labels: from_json(row, "labels")?,
        metadata: from_json::<Map<String, Value>>(row, "metadata")?,
        endpoint: endpoint(row)?,
        invocation: invocation(row)?,
        traceparent: traceparent(row)?,
        attempt: get(row, "attempt")?,
        cancelling: get(row, "cancelling")?,
        state: state(row)?,
        delivery: delivery(row)?,
    })
}

fn priority(row: &Row<'_>) -> Result<Priority, Failure> {
    Priority::new(get(row, "priority")?).ok_or_else(|| Failure::corrupt("a priority is unknown"))
}

fn endpoint(row: &Row<'_>) -> Result<Option<Endpoint>, Failure> {
    let Some(url) = get(row, "callback_url")? else { return Ok(None) };
    let payload_format = named(row, "payload_format", |name| name.parse().ok())?;
    let progress = named_opt(row, "callback_progress", Progress::from_names)?.unwrap_or_default();
    let retry = RetryPolicy {
        schedule: schedule_opt(row, "retry_delays_ms")?,
        max_age: duration_opt(row, "retry_max_age_ms")?,
    };
    Ok(Some(Endpoint { url, payload_format, progress, retry }))
}

fn invocation(row: &Row<'_>) -> Result<Option<Invocation>, Failure> {
    if get::<Option<String>>(row, "function")?.is_none() {
        return Ok(None);
    }
    let (name, variant) = (name(row, "function")?, name(row, "function_variant")?);
    Ok(Some(Invocation {
        function: FunctionKey { name, variant },
        version: get(row, "function_version")?,
        request_id: get(row, "request_id")?,
    }))
}

/// The trace in a row that has the column.
pub(super) fn traceparent(row: &Row<'_>) -> Result<Option<Traceparent>, Failure> {
    named_opt(row, "traceparent", Traceparent::parse)
}

fn state(row: &Row<'_>) -> Result<State, Failure> {
    let ended = named_opt(row, "status", Status::from_name)?.is_some();
    match named_opt(row, "queue_state", Status::from_name)? {
        None if ended => Ok(State::Ended(Box::new(self::ended(row)?))),
        Some(Status::Queued) if !ended => Ok(State::Queued),
        Some(Status::Running) if !ended => Ok(State::Running(run(row)?)),
        _ => Err(Failure::corrupt("an execution that has both ended and not ended, or neither")),
    }
}

fn run(row: &Row<'_>) -> Result<Run, Failure> {
    Ok(Run {
        started_at: time(row, "run_started_at")?,
        epoch: Epoch(get(row, "epoch")?),
        owner: OwnerId::from_uuid(uuid(row, "owner")?),
        interruptions: get(row, "interruptions")?,
    })
}

fn ended(row: &Row<'_>) -> Result<Ended, Failure> {
    Ok(Ended {
        started_at: time_opt(row, "started_at")?,
        completed_at: time(row, "completed_at")?,
        outcome: outcome(row)?,
        stdout: Captured::default(),
        stderr: Captured::default(),
        result: ProgramResult::None,
        usage: usage(row)?,
        descendants_killed: get(row, "descendants_killed")?,
        start: named_opt(row, "start", StartMode::from_name)?,
    })
}

fn usage(row: &Row<'_>) -> Result<Option<Usage>, Failure> {
    let cpu_seconds: Option<f64> = get(row, "cpu_seconds")?;
    let memory_peak_bytes = unsigned_opt(row, "memory_peak_bytes")?;
    Ok(cpu_seconds
        .zip(memory_peak_bytes)
        .map(|(cpu_seconds, memory_peak_bytes)| Usage { cpu_seconds, memory_peak_bytes }))
}

fn delivery(row: &Row<'_>) -> Result<DeliverySummary, Failure> {
    match named_opt(row, "delivery_status", DeliveryStatus::from_name)? {
        Some(status) => Ok(DeliverySummary::of(status, get(row, "attempts_made")?)),
        None => Ok(DeliverySummary::None),
    }
}

/// Adds its output and its result to an execution that has ended.
pub(super) fn add_output(database: &Connection, execution: &mut Execution) -> Result<(), Failure> {
    let id = execution.id.uuid().into_bytes();
    let State::Ended(ended) = &mut execution.state else { return Ok(()) };
    let mut select = database.prepare_cached(
        "SELECT stdout_total, stderr_total, result, result_error,
            stdout_head, stdout_tail, stderr_head, stderr_tail
         FROM outputs WHERE id = ?1",
    )?;
    let mut rows = select.query([id])?;
    let Some(row) = rows.next()? else { return Ok(()) };
    ended.stdout = captured(row, ["stdout_head", "stdout_tail", "stdout_total"])?;
    ended.stderr = captured(row, ["stderr_head", "stderr_tail", "stderr_total"])?;
    ended.result = match (get(row, "result")?, get(row, "result_error")?) {
        (Some(json), _) => ProgramResult::Json(json),
        (None, Some(sentence)) => ProgramResult::Rejected(sentence),
        (None, None) => ProgramResult::None,
    };
    Ok(())
}

fn captured(row: &Row<'_>, [head, tail, total]: [&str; 3]) -> Result<Captured, Failure> {
    Ok(Captured { head: get(row, head)?, tail: get(row, tail)?, total: unsigned(row, total)? })
}

/// One execution of whatever tenant, without its output; none when there is none of that id.
pub(super) fn find(database: &Connection, id: [u8; 16]) -> Result<Option<Execution>, Failure> {
    let mut select = database.prepare_cached(select_executions!("WHERE e.id = ?1"))?;
    select.query_and_then([id], execution)?.next().transpose()
}

/// Whether this tenant has an execution of that id.
pub(super) fn is_of_tenant(
    database: &Connection,
    tenant: &Tenant,
    id: [u8; 16],
) -> Result<bool, Failure> {
    let mut select =
        database.prepare_cached("SELECT 1 FROM executions WHERE id = ?1 AND tenant = ?2")?;
    Ok(select.query_row((id, tenant.as_str()), |_| Ok(())).optional()?.is_some())
}
