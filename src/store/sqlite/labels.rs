//! Labels as rows, by which executions are found. What an execution has of them is in its record.
//! Lists nothing.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::failure::Failure;
use super::values::{from_json, get};
use crate::domain::Tenant;

/// Lets a new execution be found by each of its labels.
pub(super) fn insert(
    database: &Connection,
    id: [u8; 16],
    tenant: &Tenant,
    labels: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    for (name, value) in labels {
        database
            .prepare_cached(
                "INSERT INTO execution_labels (tenant, name, value, id) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((tenant.as_str(), name, value, id))?;
    }
    Ok(())
}

/// Removes those of an execution, whose record is still there to tell which.
pub(super) fn remove(database: &Connection, id: [u8; 16]) -> Result<(), Failure> {
    let mut select =
        database.prepare_cached("SELECT tenant, labels FROM executions WHERE id = ?1")?;
    let found = select
        .query_and_then([id], |row| -> Result<_, Failure> {
            let labels: BTreeMap<String, String> = from_json(row, "labels")?;
            Ok((get::<String>(row, "tenant")?, labels))
        })?
        .next();
    let Some((tenant, labels)) = found.transpose()? else { return Ok(()) };
    for (name, value) in labels {
        database
            .prepare_cached(
                "DELETE FROM execution_labels
                 WHERE tenant = ?1 AND name = ?2 AND value = ?3 AND id = ?4",
            )?
            .execute((&tenant, name, value, id))?;
    }
    Ok(())
}
