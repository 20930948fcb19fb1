//! Which executions are meant: ids on the command line, or one a line from standard input.
//! Asks no server whether they exist.

use std::io;

use crate::cli::exit::Failure;

/// The ids of executions, by whichever of their names they were called.
pub(super) fn all(given: &[String]) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    for text in given {
        if text != "-" {
            ids.push(one(text)?);
            continue;
        }
        for line in io::stdin().lines() {
            let line = line.map_err(|error| Failure::failed(format!("standard input: {error}")))?;
            if !line.trim().is_empty() {
                ids.push(one(line.trim())?);
            }
        }
    }
    Ok(ids)
}

/// The id of an execution.
pub(super) fn one(text: &str) -> Result<String, Failure> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match text.split_once('_') {
        // The end of an execution is called as the execution is, and a run of Fetch Hive's is one.
        Some(("exec" | "evt" | "req", uuid)) if is_plain => Ok(format!("exec_{uuid}")),
        _ => Err(Failure::usage(format!(
            "{}: expected the id of an execution (exec_…), an event (evt_…) or a run (req_…)",
            text.escape_debug()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_has_three_names() {
        for name in ["exec_1", "evt_1", "req_1"] {
            assert_eq!(one(name).ok().as_deref(), Some("exec_1"), "{name}");
        }
        for bad in ["", "1", "..", "exec_/../x", "dlv_1", "exec_a b", "exec"] {
            assert!(one(bad).is_err(), "{bad}");
        }
    }
}
