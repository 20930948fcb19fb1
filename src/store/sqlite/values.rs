//! Between the values of the domain and the values that SQLite keeps.
//! Knows no table; a value that nothing here writes is a failure, never a guess.

use std::time::Duration;

use rusqlite::Row;
use rusqlite::types::FromSql;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::failure::Failure;
use crate::domain::{ExecutionId, RetrySchedule, Timestamp};

/// Whole milliseconds, rounded up: the shortest timeout must not become none at all.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

/// Whole microseconds.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// A count that SQLite can keep; it keeps no more than 63 bits.
pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// JSON of something that has no way of not being JSON: texts, lists and maps of texts.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, scalars, lists and maps of texts are always JSON")
}

/// The delays of a schedule, as a list of milliseconds.
pub(super) fn delays(schedule: &RetrySchedule) -> String {
    json(&schedule.delays().iter().copied().map(millis).collect::<Vec<_>>())
}

/// A schedule that is kept as a list of milliseconds, if there is one.
pub(super) fn schedule_opt(row: &Row<'_>, column: &str) -> Result<Option<RetrySchedule>, Failure> {
    if get::<Option<String>>(row, column)?.is_none() {
        return Ok(None);
    }
    let delays: Vec<u64> = from_json(row, column)?;
    Ok(Some(RetrySchedule::new(delays.into_iter().map(Duration::from_millis).collect())))
}

/// A column as it stands.
pub(super) fn get<T: FromSql>(row: &Row<'_>, column: &str) -> Result<T, Failure> {
    Ok(row.get(column)?)
}

/// A UUID.
pub(super) fn uuid(row: &Row<'_>, column: &str) -> Result<Uuid, Failure> {
    Ok(Uuid::from_bytes(get(row, column)?))
}

/// The id of an execution.
pub(super) fn execution_id(row: &Row<'_>, column: &str) -> Result<ExecutionId, Failure> {
    uuid(row, column).map(ExecutionId::from_uuid)
}

/// A point in time.
pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Timestamp, Failure> {
    get(row, column).map(Timestamp::from_millis)
}

/// A point in time, if there is one.
pub(super) fn time_opt(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, Failure> {
    let millis: Option<i64> = get(row, column)?;
    Ok(millis.map(Timestamp::from_millis))
}

/// A number that is never negative.
pub(super) fn unsigned(row: &Row<'_>, column: &str) -> Result<u64, Failure> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| Failure::corrupt(format!("{column} is {number}")))
}

/// A number that is never negative, if there is one.
pub(super) fn unsigned_opt(row: &Row<'_>, column: &str) -> Result<Option<u64>, Failure> {
    let number: Option<i64> = get(row, column)?;
    number.map(|_| unsigned(row, column)).transpose()
}

/// A duration that is kept in milliseconds.
pub(super) fn duration(row: &Row<'_>, column: &str) -> Result<Duration, Failure> {
    unsigned(row, column).map(Duration::from_millis)
}

/// A duration that is kept in milliseconds, if there is one.
pub(super) fn duration_opt(row: &Row<'_>, column: &str) -> Result<Option<Duration>, Failure> {
    Ok(unsigned_opt(row, column)?.map(Duration::from_millis))
}

/// A duration that is kept in microseconds, if there is one.
pub(super) fn micros_opt(row: &Row<'_>, column: &str) -> Result<Option<Duration>, Failure> {
    Ok(unsigned_opt(row, column)?.map(Duration::from_micros))
}

/// A word that stands for one of few things.
pub(super) fn named<T>(
    row: &Row<'_>,
    column: &str,
    from_name: impl Fn(&str) -> Option<T>,
) -> Result<T, Failure> {
    let name = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    from_name(name).ok_or_else(|| Failure::corrupt(format!("{column} is `{name}`")))
}

/// A word that stands for one of few things, if there is one.
pub(super) fn named_opt<T>(
    row: &Row<'_>,
    column: &str,
    from_name: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Failure> {
    let name = row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    name.map(|_| named(row, column, from_name)).transpose()
}

/// A column that holds JSON.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, Failure> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    serde_json::from_str(text).map_err(|error| Failure::corrupt(format!("{column}: {error}")))
}
