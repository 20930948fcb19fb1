//! I3: every end that somebody wants to hear of was taken by the receiver, or is visibly still owed
//! or given up. A delivery that is called delivered was taken.

use super::super::evidence::{Evidence, event_of};

/// What a delivery that nobody took may be called.
const OPEN: [&str; 3] = ["pending", "exhausted", "refused"];

pub fn check(evidence: &Evidence) -> Vec<String> {
    let (deliveries, requests) = (evidence.deliveries(), evidence.requests());
    let was_taken = |event: &str| {
        requests.get(event).is_some_and(|all| all.iter().any(|request| request.was_taken()))
    };
    let mut found = Vec::new();
    for execution in evidence.database.executions.iter().filter(|row| row.has_ended()) {
        let (id, event) = (&execution.id, event_of(&execution.id));
        let rows = deliveries.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        let is_open = rows.iter().any(|row| OPEN.contains(&row.status.as_str()));
        if execution.callback && !is_open && !was_taken(&event) {
            found.push(format!("{id} has ended, nobody was told, and nothing is owed"));
        }
        if !execution.callback && !rows.is_empty() {
            found.push(format!("{id} owes a delivery that nobody asked for"));
        }
    }
    for delivery in &evidence.database.deliveries {
        if delivery.status == "delivered" && !was_taken(&delivery.event) {
            let event = &delivery.event;
            found.push(format!("{event} is called delivered and the receiver never took it"));
        }
    }
    found
}
