//! Ending an execution: its terminal state, its output and the delivery that it owes.
//! The only place that writes any of these.

use rusqlite::{Connection, named_params};

use super::super::{Finish, Settled};
use super::failure::Failure;
use super::outcomes::columns;
use super::owed;
use super::values::{count, millis};
use crate::domain::{Captured, Ended, ExecutionId, Guard, ProgramResult, StartMode, Timestamp};
use crate::failpoint;

/// Ends an execution if it still is as the guard has it. The database holds this together: the
/// record takes a status only while it has none and the queue has the row, the row goes in the
/// same transaction, and a second delivery would not be unique. Answers also how many deliveries
/// are superseded by it.
pub(super) fn finish(
    database: &Connection,
    finish: &Finish,
    now: Timestamp,
) -> Result<(Settled, usize), Failure> {
    if !end_record(database, finish)? {
        return Ok((Settled::Stale, 0));
    }
    leave_queue(database, finish)?;
    insert_output(database, finish.id, &finish.ended)?;
    let mut superseded = 0;
    if let Some(delivery) = &finish.delivery {
        superseded = owed::supersede(database, finish.id)?;
        owed::insert(database, finish.id, delivery, (finish.ended.completed_at, now))?;
    }
    failpoint::hit("finish-before-commit");
    Ok((Settled::Written, superseded))
}

/// What the guard demands of the row in the queue; no epoch means any.
const fn columns_of(guard: Guard) -> (&'static str, Option<u32>) {
    match guard {
        Guard::Queued => ("queued", None),
        Guard::Running(epoch) => ("running", Some(epoch.0)),
    }
}

/// Answers false, with nothing changed, when the execution is not as the guard has it.
fn end_record(database: &Connection, finish: &Finish) -> Result<bool, Failure> {
    let (state, epoch) = columns_of(finish.guard);
    let ended = &finish.ended;
    let outcome = columns(&ended.outcome);
    let changed = database
        .prepare_cached(
            "UPDATE executions SET status = :status, started_at = :started_at,
                completed_at = :completed_at, cause = :cause, exit_code = :exit_code,
                signal = :signal, limit_ms = :limit_ms, limit_bytes = :limit_bytes,
                reason = :reason, cancelled_by = :cancelled_by, cpu_seconds = :cpu_seconds,
                memory_peak_bytes = :memory_peak_bytes, descendants_killed = :descendants_killed,
                start = :start, attempt = queue.attempt
             FROM queue
             WHERE executions.id = :id AND executions.status IS NULL AND queue.id = :id
               AND queue.state = :state AND queue.epoch = coalesce(:epoch, queue.epoch)",
        )?
        .execute(named_params! {
            ":id": finish.id.uuid().into_bytes(),
            ":state": state,
            ":epoch": epoch,
            ":status": ended.outcome.status().as_str(),
            ":started_at": ended.started_at.map(Timestamp::as_millis),
            ":completed_at": ended.completed_at.as_millis(),
            ":cause": ended.outcome.cause().as_str(),
            ":exit_code": outcome.exit_code,
            ":signal": outcome.signal,
            ":limit_ms": outcome.limit.map(millis),
            ":limit_bytes": outcome.limit_bytes.map(count),
            ":reason": outcome.reason,
            ":cancelled_by": outcome.cancelled_by,
            ":cpu_seconds": ended.usage.map(|usage| usage.cpu_seconds),
            ":memory_peak_bytes": ended.usage.map(|usage| count(usage.memory_peak_bytes)),
            ":descendants_killed": ended.descendants_killed,
            ":start": ended.start.map(StartMode::as_str),
        })?;
    Ok(changed == 1)
}

fn leave_queue(database: &Connection, finish: &Finish) -> Result<(), Failure> {
    let (state, epoch) = columns_of(finish.guard);
    let id = finish.id;
    let gone = database
        .prepare_cached(
            "DELETE FROM queue WHERE id = ?1 AND state = ?2 AND epoch = coalesce(?3, epoch)",
        )?
        .execute((id.uuid().into_bytes(), state, epoch))?;
    match gone {
        1 => Ok(()),
        _ => Err(Failure::corrupt(format!("{id} ended and was not in the queue"))),
    }
}

fn insert_output(database: &Connection, id: ExecutionId, ended: &Ended) -> Result<(), Failure> {
    let nothing = Captured::default();
    let (result, result_error) = match &ended.result {
        ProgramResult::None => (None, None),
        ProgramResult::Json(json) => (Some(json), None),
        ProgramResult::Rejected(sentence) => (None, Some(sentence)),
    };
    if ended.stdout == nothing && ended.stderr == nothing && ended.result == ProgramResult::None {
        return Ok(());
    }
    database
        .prepare_cached(
            "INSERT INTO outputs (id, stdout_total, stderr_total, result, result_error,
                stdout_head, stdout_tail, stderr_head, stderr_tail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            id.uuid().into_bytes(),
            count(ended.stdout.total),
            count(ended.stderr.total),
            result,
            result_error,
            &ended.stdout.head,
            &ended.stdout.tail,
            &ended.stderr.head,
            &ended.stderr.tail,
        ))?;
    Ok(())
}
