//! What can go wrong inside a transaction, before it is told to anybody.
//! Knows how far each failure reaches; recovers from none.

use rusqlite::{ErrorCode, ffi};

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
    /// How far it reaches.
    pub(super) fn gravity(&self) -> Gravity {
        match self {
            Self::Sql(error) => Gravity::of(error),
            Self::Store(_) => Gravity::Command,
        }
    }

    /// A row that holds something that nothing here writes.
    pub(super) fn corrupt(what: impl Into<String>) -> Self {
        Self::Store(StoreError::Corrupt { what: what.into() })
    }
}

/// How far a failure reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gravity {
    /// One command failed, and its neighbours in the same transaction are none the worse for it.
    Command,
    /// A write was refused, before any sync: SQLite undoes the whole transaction, nothing of it
    /// counts on disk, and the next one may succeed. The words say what is in the way.
    Passing(&'static str),
    /// Nothing more may be written through the same handle: what the kernel could not bring to
    /// disk it may have forgotten, and a second try would seem to succeed.
    Fatal,
}

impl Gravity {
    /// How far an error of SQLite reaches.
    pub(super) fn of(error: &rusqlite::Error) -> Self {
        use ErrorCode::{
            DatabaseBusy, DatabaseCorrupt, DiskFull, NotADatabase, ReadOnly, SystemIoFailure,
        };
        let Some(error) = error.sqlite_error() else { return Self::Command };
        match (error.code, error.extended_code) {
            (DiskFull, _) => Self::Passing("the disk is full"),
            (ReadOnly, ffi::SQLITE_READONLY) => Self::Passing("the database is read-only"),
            (SystemIoFailure, ffi::SQLITE_IOERR_WRITE) => Self::Passing("the disk takes no writes"),
            (DatabaseBusy, _) => Self::Passing("another program has the database locked"),
            // A sync that failed, a file that was moved, and whatever else is unheard of.
            (DatabaseCorrupt | NotADatabase | ReadOnly | SystemIoFailure, _) => Self::Fatal,
            _ => Self::Command,
        }
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
            Failure::Sql(error) => Self::Database { reason: in_words(&error) },
            Failure::Store(error) => error,
        }
    }
}

/// An error of SQLite with what tells one failure of a disk from another.
fn in_words(error: &rusqlite::Error) -> String {
    match error.sqlite_error().map(|known| (known.code, known.extended_code)) {
        Some((_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)) => {
            format!("a sync to disk failed ({error})")
        }
        Some((ErrorCode::SystemIoFailure, code)) => format!("{error} (SQLite's code {code})"),
        _ => error.to_string(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn gravity(code: i32) -> Gravity {
        Failure::Sql(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)).gravity()
    }

    #[test]
    fn a_write_that_was_refused_may_be_tried_again() {
        let codes = [
            ffi::SQLITE_FULL,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_BUSY,
            ffi::SQLITE_BUSY_RECOVERY,
        ];
        for code in codes {
            assert!(matches!(gravity(code), Gravity::Passing(_)), "{code}");
        }
    }

    #[test]
    fn a_sync_that_failed_and_what_is_unheard_of_ends_the_store() {
        let codes = [
            ffi::SQLITE_IOERR_FSYNC,
            ffi::SQLITE_IOERR_DIR_FSYNC,
            ffi::SQLITE_IOERR_TRUNCATE,
            ffi::SQLITE_IOERR_SHMSIZE,
            ffi::SQLITE_IOERR_READ,
            ffi::SQLITE_IOERR,
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_NOTADB,
            ffi::SQLITE_READONLY_DBMOVED,
        ];
        for code in codes {
            assert_eq!(gravity(code), Gravity::Fatal, "{code}");
        }
    }

    #[test]
    fn a_mistake_of_one_command_is_its_own() {
        for code in [ffi::SQLITE_ERROR, ffi::SQLITE_CONSTRAINT, ffi::SQLITE_MISUSE] {
            assert_eq!(gravity(code), Gravity::Command, "{code}");
        }
        assert_eq!(Failure::corrupt("a row").gravity(), Gravity::Command);
    }
}
