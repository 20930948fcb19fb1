//! What the kernel knows: living processes that carry an execution's id in their environment.
//! Ends none of them.

use std::fs;

/// What a program of the server has in its environment.
const VARIABLE: &str = "RINGBACK_EXECUTION_ID=";

/// A process that was alive when it was looked for.
#[derive(Debug)]
pub struct Live {
    /// Its number, as the whole machine sees it.
    pub pid: u32,
    /// The execution that it belongs to.
    pub execution: String,
}

/// Every living process of an execution in whose environment `mark` occurs. What has ended but was
/// not waited for has no environment any more, so it is not among them.
///
/// # Errors
/// When there is no `/proc`.
pub fn of_executions(mark: &str) -> Result<Vec<Live>, String> {
    let entries = fs::read_dir("/proc").map_err(|error| format!("/proc: {error}"))?;
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(numbers.filter_map(|pid| live(pid, mark)).collect())
}

fn live(pid: u32, mark: &str) -> Option<Live> {
    // Fails for what has just ended and for what belongs to another user.
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let environment = String::from_utf8_lossy(&environment);
    let execution = environment.split('\0').find_map(|entry| entry.strip_prefix(VARIABLE))?;
    environment.contains(mark).then(|| Live { pid, execution: execution.to_owned() })
}
