//! Logs that are one JSON object a line, perhaps being written to at this moment.
//! Knows nothing of what the objects mean.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The objects of a log. A last line without its end is still being written: it is not there yet.
///
/// # Errors
/// When the file cannot be read, or a line is no JSON.
pub fn read(file: &Path) -> Result<Vec<Value>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_str(line)
                .map_err(|error| format!("{}, line {}: {error}", file.display(), number + 1))
        })
        .collect()
}

/// The text of a member, which must be there.
///
/// # Errors
/// When it is not there or no text.
pub fn text(object: &Value, member: &str) -> Result<String, String> {
    let found = object[member].as_str().map(str::to_owned);
    found.ok_or_else(|| format!("{object} has no text `{member}`"))
}
