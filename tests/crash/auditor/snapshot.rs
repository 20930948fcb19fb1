//! What had ended at one audit, kept for a later one. An end is for ever.
//! Keeps no bodies: these are compared with what the receiver had.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::database::Execution;

/// How each execution had ended, by its id.
pub type Snapshot = BTreeMap<String, Value>;

/// As much of an end as must never change; null before the end.
pub fn end_of(execution: &Execution) -> Value {
    let Some(status) = &execution.status else { return Value::Null };
    json!({
        "status": status,
        "cause": execution.cause,
        "exit_code": execution.exit_code,
        "attempt": execution.attempt,
        "started_at": execution.started_at,
        "completed_at": execution.completed_at,
    })
}

/// Reads a snapshot.
///
/// # Errors
/// When there is none, or it is something else.
pub fn read(file: &Path) -> Result<Snapshot, String> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", file.display()))
}

/// Keeps what has ended.
///
/// # Errors
/// When the file cannot be written.
pub fn write(file: &Path, executions: &[Execution]) -> Result<(), String> {
    let ended = executions.iter().filter(|execution| execution.has_ended());
    let ends: Snapshot = ended.map(|execution| (execution.id.clone(), end_of(execution))).collect();
    let text = serde_json::to_vec(&ends).map_err(|error| error.to_string())?;
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}
