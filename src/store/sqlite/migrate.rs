//! Brings the schema of a database up to what this version knows.
//! Refuses one that is newer, and changes nothing of it.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::super::StoreError;
use super::super::private_dir::unusable;

mod embedded {
    refinery::embed_migrations!("migrations/sqlite");
}

/// Refuses a database of a later version. Only reads.
pub(super) fn refuse_newer(database: &Connection, file: &Path) -> Result<(), StoreError> {
    let found = schema_version(database).map_err(|error| unusable(file, &error))?;
    let known = known_version();
    if found > known {
        return Err(StoreError::Newer { path: file.to_owned(), found, known });
    }
    Ok(())
}

/// Whether a database is of an earlier version. Only reads.
pub(super) fn is_older(database: &Connection, file: &Path) -> Result<bool, StoreError> {
    let found = schema_version(database).map_err(|error| unusable(file, &error))?;
    Ok(found < known_version())
}

/// Refuses a database of an earlier version, for those who must not change it. Only reads.
pub(super) fn refuse_older(database: &Connection, file: &Path) -> Result<(), StoreError> {
    if is_older(database, file)? {
        let reason = "it is of an earlier version; start this version's server on it first";
        return Err(unusable(file, &reason));
    }
    Ok(())
}

/// Applies the migrations that are missing, each with its record in one transaction.
pub(super) fn migrate(database: &mut Connection, file: &Path) -> Result<(), StoreError> {
    // All of them in one transaction: a schema is whole or as it was.
    let run = embedded::migrations::runner().set_grouped(true).run(database);
    run.map(|_| ()).map_err(|error| unusable(file, &error))
}

/// The latest version that this program knows.
fn known_version() -> u32 {
    let runner = embedded::migrations::runner();
    runner.get_migrations().iter().map(|migration| version(migration.version())).max().unwrap_or(0)
}

/// The version that a database has; 0 when it is new.
fn schema_version(database: &Connection) -> rusqlite::Result<u32> {
    const HISTORY: &str =
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'refinery_schema_history'";
    if database.query_row(HISTORY, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    const LATEST: &str = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
    database.query_row(LATEST, [], |row| row.get(0))
}

fn version(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(0)
}
