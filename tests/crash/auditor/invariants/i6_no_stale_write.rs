//! I6: nobody who had lost an execution changed its end: it is what it was at an earlier look, what
//! the receiver is told, and what clients were answered. Epochs themselves are not looked at.

use serde_json::{Value, json};

use super::super::database::Execution;
use super::super::evidence::Evidence;
use super::super::snapshot::end_of;

pub fn check(evidence: &Evidence) -> Vec<String> {
    [changed(evidence), told_otherwise(evidence), told_of_nothing(evidence), answered(evidence)]
        .concat()
}

/// What had ended at the earlier look has ended as it had then.
fn changed(evidence: &Evidence) -> Vec<String> {
    let executions = evidence.executions();
    let earlier = evidence.since.iter().flatten();
    earlier
        .filter_map(|(id, before)| {
            let now = executions.get(id.as_str()).map_or(Value::Null, |rows| end_of(rows[0]));
            (now != *before).then(|| format!("{id} had ended as {before} and now it is {now}"))
        })
        .collect()
}

/// The payload tells of the end that the row has.
fn told_otherwise(evidence: &Evidence) -> Vec<String> {
    let executions = evidence.executions();
    let standard = |format: &str| format == "standard";
    let deliveries = evidence.database.deliveries.iter();
    deliveries
        .filter(|delivery| standard(&delivery.payload_format))
        .filter_map(|delivery| {
            let (id, event) = (&delivery.execution, &delivery.event);
            let Some(execution) = executions.get(id.as_str()).map(|rows| rows[0]) else {
                return Some(format!("{event} is owed for {id}, which does not exist"));
            };
            let told = told(&delivery.body);
            let is = row(execution);
            (told != is).then(|| format!("{event} tells {told} and the row says {is}"))
        })
        .collect()
}

/// Whatever the receiver was told is in the database.
fn told_of_nothing(evidence: &Evidence) -> Vec<String> {
    let deliveries = evidence.database.deliveries.iter();
    let known: std::collections::BTreeSet<_> = deliveries.map(|row| row.event.as_str()).collect();
    let before = evidence.requests.iter().take(evidence.requests_before);
    before
        .filter(|request| !known.contains(request.event.as_str()))
        .map(|request| format!("{} was told of and is not in the database", request.event))
        .collect()
}

/// An end that a client was answered with is the end.
fn answered(evidence: &Evidence) -> Vec<String> {
    let executions = evidence.executions();
    let cancels = evidence.client.cancels.iter();
    cancels
        .filter(|cancel| ["completed", "failed", "cancelled"].contains(&cancel.status.as_str()))
        .filter_map(|cancel| {
            let row = executions.get(cancel.id.as_str()).map(|rows| rows[0]);
            let status = row.and_then(|row| row.status.as_deref()).unwrap_or("not ended");
            (status != cancel.status).then(|| {
                format!("{}: a client was told `{}` and it is {status}", cancel.id, cancel.status)
            })
        })
        .collect()
}

fn told(body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let data = &body["data"];
    let members = ["id", "status", "cause", "exit_code", "attempt"];
    Value::Array(members.iter().map(|member| data[member].clone()).collect())
}

fn row(execution: &Execution) -> Value {
    let Execution { id, status, cause, exit_code, attempt, .. } = execution;
    json!([id, status, cause, exit_code, attempt])
}
