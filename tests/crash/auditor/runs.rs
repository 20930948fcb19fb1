//! What the programs know: each writes its execution's id down before it does anything else, so
//! that a second run is seen from outside.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// How often the program of each execution began.
pub type Runs = BTreeMap<String, u64>;

/// Counts the lines of each execution: its id, and after a space the number of the process.
///
/// # Errors
/// When the file cannot be read, or a line has no id.
pub fn read(file: &Path) -> Result<Runs, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut runs = Runs::new();
    for line in text.lines() {
        let id = line.split(' ').next().filter(|id| id.starts_with("exec_"));
        let id = id.ok_or_else(|| format!("{}: `{line}` has no id", file.display()))?;
        *runs.entry(id.to_owned()).or_default() += 1;
    }
    Ok(runs)
}
