//! I2: an execution ends once: one row, one of three statuses, and nothing of it in the queue.
//! Before its end it is in the queue; and once all is settled, everything has ended.

use std::collections::BTreeSet;

use super::super::database::Execution;
use super::super::evidence::Evidence;

/// How an execution can end.
const STATUSES: [&str; 3] = ["completed", "failed", "cancelled"];

pub fn check(evidence: &Evidence) -> Vec<String> {
    let queued: BTreeSet<_> = evidence.database.queue.iter().map(|(id, _)| id.as_str()).collect();
    let executions = evidence.executions();
    let mut found = Vec::new();
    for (id, rows) in &executions {
        if rows.len() != 1 {
            found.push(format!("{id} has {} rows", rows.len()));
        }
        let is_queued = queued.contains(id);
        found.extend(rows.iter().filter_map(|row| wrong(row, is_queued, evidence.settled)));
    }
    let strays = queued.iter().filter(|id| !executions.contains_key(*id));
    found.extend(strays.map(|id| format!("{id} is in the queue and has no row")));
    found
}

fn wrong(execution: &Execution, is_queued: bool, settled: bool) -> Option<String> {
    let id = &execution.id;
    match &execution.status {
        Some(status) if !STATUSES.contains(&status.as_str()) => {
            Some(format!("{id} has ended as `{status}`"))
        }
        Some(_) if is_queued => Some(format!("{id} has ended and is in the queue")),
        Some(_) => None,
        None if !is_queued => Some(format!("{id} has neither ended nor is it in the queue")),
        None if settled => Some(format!("{id} has not ended")),
        None => None,
    }
}
