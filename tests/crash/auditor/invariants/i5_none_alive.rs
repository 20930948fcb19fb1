//! I5: an execution that has ended, or that never was, has no living process; and without its
//! server none has.

use super::super::evidence::Evidence;
use super::super::processes::Live;

pub fn check(evidence: &Evidence) -> Vec<String> {
    let live = evidence.live.as_deref().unwrap_or_default();
    live.iter().filter_map(|process| wrong(process, evidence)).collect()
}

fn wrong(Live { pid, execution }: &Live, evidence: &Evidence) -> Option<String> {
    let executions = evidence.executions();
    let rows = executions.get(execution.as_str());
    match rows {
        _ if evidence.stopped => {
            Some(format!("process {pid} of {execution} has outlived the server"))
        }
        // Accepted and started after the look, unless nothing can be by now.
        None if !evidence.settled => None,
        None => Some(format!("process {pid} belongs to {execution}, which does not exist")),
        Some(rows) if rows.iter().any(|row| row.has_ended()) => {
            Some(format!("process {pid} has outlived {execution}"))
        }
        Some(_) => None,
    }
}
