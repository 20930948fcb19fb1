//! What can go wrong inside a transaction, before it is told to anybody.
//! Knows which failures leave the database handle fit for use; recovers from none.

use rusqlite::ErrorCode;

use super::super::StoreError;

/// A command or a read that failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// SQLite said no.
    Sql(rusqlite::Error),
    /// A row or a key is not what it should be.
    Store(StoreError),
}

impl Failure {
    /// After one of these nothing more may be written through the same handle: what the kernel
    /// could not bring to disk it may have forgotten, and a second try would seem to succeed.
    pub(super) fn is_fatal(&self) -> bool {
        use ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase, ReadOnly, SystemIoFailure};
        let Self::Sql(error) = self else { return false };
        matches!(
            error.sqlite_error_code(),
            Some(DatabaseCorrupt | DiskFull | NotADatabase | ReadOnly | SystemIoFailure)
        )
    }

    /// A row that holds something that nothing here writes.
    pub(super) fn corrupt(what: impl Into<String>) -> Self {
        Self::Store(StoreError::Corrupt { what: what.into() })
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
        };
        match error {
            FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..) => Self::corrupt(error.to_string()),
            other => Self::Sql(other),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sql(error) => Self::Database { reason: error.to_string() },
            Failure::Store(error) => error,
        }
    }
}

/// What a panic said, for those who wait for what it interrupted.
pub(super) fn panicked(payload: &(dyn std::any::Any + Send)) -> StoreError {
    let said = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("without a text");
    StoreError::Database { reason: format!("the store panicked: {said}") }
}
