//! What is said of servers that are made up here. Real ones are in tests/cli/doctor_standing.rs.

use serde_json::json;

use super::super::figures::Figures;
use super::*;

fn told(change: Value, metrics: &str) -> Told {
    let mut readiness = json!({
        "ready": true, "checks": {"store": {"ok": true, "error": null}},
        "slots": 2, "slots_free": 2, "queued": 0, "queue_max": 10, "running": 0, "node": "n",
        "oldest_queued_seconds": null, "oldest_due_seconds": null,
        "breakers_open": 0, "hosts_saturated": 0,
    });
    for (name, value) in change.as_object().unwrap() {
        readiness[name] = value.clone();
    }
    Told { readiness, figures: Figures::read(metrics), pending: Some(Vec::new()) }
}

#[track_caller]
fn found(told: &Told, topic: &str) -> (Mark, String) {
    let all = findings(told);
    let found = all.into_iter().find(|finding| finding.topic == topic).unwrap();
    (found.mark, format!("{} {}", found.text, found.details.join(" ")))
}

#[test]
fn nothing_is_in_the_way_of_a_server_that_is_well() {
    let told = told(json!({}), "process_open_fds 5\nprocess_max_fds 100\n");
    let all = findings(&told);
    assert!(all.iter().all(|finding| finding.mark == Mark::Ok && finding.details.is_empty()));
    assert_eq!(all.len(), 6);
}

#[test]
fn a_queue_that_is_old_is_worse_than_one_that_is_there() {
    let waiting = |seconds: f64| {
        let change = json!({"slots_free": 0, "queued": 3, "oldest_queued_seconds": seconds});
        found(&told(change, ""), "slots")
    };
    assert_eq!((waiting(5.0).0, waiting(500.0).0), (Mark::Weak, Mark::Bad));
    assert!(waiting(500.0).1.contains("the first for 500 s"), "{}", waiting(500.0).1);
    // All are busy, and nobody minds.
    assert_eq!(found(&told(json!({"slots_free": 0}), ""), "slots").0, Mark::Ok);
}

#[test]
fn a_check_that_is_not_known_is_told_all_the_same() {
    let change = json!({"ready": false, "checks": {"moon": {"ok": false, "error": "It is full."}}});
    let told = told(change, "");
    assert_eq!(found(&told, "server").0, Mark::Bad);
    let (mark, words) = found(&told, "check");
    assert!(mark == Mark::Bad && words.starts_with("It is full. "), "{words}");
}

#[test]
fn receivers_are_told_apart_and_no_more_of_them_than_fit() {
    let mut told = told(json!({"breakers_open": 1}), "ringback_deliveries_pending 9\n");
    let delivery = |host: usize, attempts: u64| {
        let url = format!("https://h{host}.example/hook?token=secret");
        json!({"url": url, "attempts_made": attempts, "explanation": format!("Why {host}.")})
    };
    let many = (0..9).flat_map(|host| [delivery(host, 1), delivery(host, 2), delivery(host, 0)]);
    told.pending = Some(many.collect());
    let (mark, words) = found(&told, "deliveries");
    assert_eq!(mark, Mark::Weak);
    assert!(words.contains("9 are pending") && words.contains("h0.example (2): Why 0."), "{words}");
    assert!(words.contains("h4.example") && !words.contains("h5.example"), "{words}");
    assert!(!words.contains("secret"), "{words}");
    told.pending = None;
    assert!(found(&told, "deliveries").1.contains("`deliveries:read`"));
}

#[test]
fn few_descriptors_are_weak() {
    let told =
        |open: u32| told(json!({}), &format!("process_open_fds {open}\nprocess_max_fds 100\n"));
    let mark = |open| found(&told(open), "descriptors").0;
    assert_eq!((mark(80), mark(81)), (Mark::Ok, Mark::Weak));
}
