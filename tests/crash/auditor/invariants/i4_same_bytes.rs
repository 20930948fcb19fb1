//! I4: an execution has one event, and every request of an event has the same bytes: those that
//! the database keeps. Says nothing of what the bytes mean.

use super::super::evidence::{Evidence, event_of};

pub fn check(evidence: &Evidence) -> Vec<String> {
    let requests = evidence.requests();
    let mut found = Vec::new();
    for (execution, rows) in evidence.deliveries() {
        if rows.len() != 1 {
            found.push(format!("{execution} owes {} deliveries", rows.len()));
        }
        for delivery in rows {
            if delivery.event != event_of(execution) {
                found.push(format!("{execution} is told of by {}", delivery.event));
            }
            let kept = delivery.print();
            let sent = requests.get(delivery.event.as_str()).map_or(&[][..], Vec::as_slice);
            let sent = sent.iter().filter_map(|request| request.body.as_ref());
            for other in sent.filter(|sent| **sent != kept) {
                found.push(format!(
                    "{}: {} bytes ({}) were sent, {} bytes ({}) are kept",
                    delivery.event, other.bytes, other.sha256, kept.bytes, kept.sha256
                ));
            }
        }
    }
    found
}
