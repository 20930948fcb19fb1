//! I7: a program runs once; if its client allowed it, a second time after a loss and once more after
//! each server that stopped in order; and never when it was cancelled while it waited. What is called completed did run.

use super::super::client::Submit;
use super::super::database::Execution;
use super::super::evidence::Evidence;
use super::super::runs::Runs;

pub fn check(evidence: &Evidence) -> Vec<String> {
    let Some(runs) = &evidence.runs else { return Vec::new() };
    let executions = evidence.executions();
    let counted = evidence.client.submits.iter().filter(|submit| submit.counted);
    let mut found: Vec<_> = counted
        .filter_map(|submit| {
            let execution = executions.get(submit.id.as_str()).map(|rows| rows[0]);
            let allowed = if submit.rerun { 2 + evidence.drains } else { 1 };
            wrong(submit, execution, (runs_of(runs, &submit.id), allowed))
        })
        .collect();
    found.extend(ran_although_cancelled(evidence, runs));
    found
}

fn wrong(
    submit: &Submit,
    execution: Option<&Execution>,
    (runs, allowed): (u64, u64),
) -> Option<String> {
    let id = &submit.id;
    if runs > allowed {
        return Some(format!("{id} ran {runs} times and may run {allowed} times"));
    }
    let execution = execution.filter(|execution| execution.has_ended())?;
    // The last of its runs never came about when it has no start.
    let attempts =
        u64::from(execution.attempt).saturating_sub(u64::from(execution.started_at.is_none()));
    if runs > attempts {
        return Some(format!("{id} ran {runs} times, and its record knows of {attempts}"));
    }
    let completed = execution.status.as_deref() == Some("completed");
    (completed && runs == 0).then(|| format!("{id} has completed and never ran"))
}

/// Who was told that it is cancelled and had not been started can be sure that it never will be.
fn ran_although_cancelled(evidence: &Evidence, runs: &Runs) -> Vec<String> {
    let waiting = evidence.client.cancels.iter();
    waiting
        .filter(|cancel| cancel.status == "cancelled" && !cancel.started)
        .filter(|cancel| runs_of(runs, &cancel.id) >= cancel.attempt)
        .map(|cancel| format!("{} ran although it was cancelled while it waited", cancel.id))
        .collect()
}

fn runs_of(runs: &Runs, id: &str) -> u64 {
    runs.get(id).copied().unwrap_or(0)
}
