//! I1: every id that a client was given exists, and is what the client asked for.
//! Does not ask what became of it.

use super::super::evidence::Evidence;

pub fn check(evidence: &Evidence) -> Vec<String> {
    let executions = evidence.executions();
    let mut found = Vec::new();
    for submit in &evidence.client.submits {
        let id = &submit.id;
        let Some(execution) = executions.get(id.as_str()).map(|rows| rows[0]) else {
            found.push(format!("{id} was answered with 202 and does not exist"));
            continue;
        };
        for (what, asked, kept) in [
            ("a callback", submit.callback, execution.callback),
            ("a second run", submit.rerun, execution.rerun),
        ] {
            if asked != kept {
                found.push(format!("{id}: {what} was asked for: {asked}; is kept: {kept}"));
            }
        }
    }
    found
}
