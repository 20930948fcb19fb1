//! The text of the metrics, without an engine around them.

use super::*;

/// The value of the line with this name and these labels.
fn value(metrics: &Metrics, line: &str) -> f64 {
    let text = metrics.0.registry.text();
    let found = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {line} in\n{text}")).parse().unwrap()
}

#[test]
fn whatever_can_happen_has_a_counter_from_the_start() {
    let metrics = Metrics::new();
    for (trigger, class) in attempt_keys() {
        let result = class.map_or("delivered", ErrorClass::as_str);
        let line = format!(
            "ringback_delivery_attempts_total{{trigger=\"{}\",result=\"{result}\"}}",
            trigger.as_str()
        );
        assert_eq!(value(&metrics, &line), 0.0);
        metrics.attempt_made(trigger, class, Duration::from_millis(20));
        assert_eq!(value(&metrics, &line), 1.0);
    }
    for (status, cause) in execution_keys() {
        let (outcome, cause) = (status.as_str(), cause.as_str());
        let line = format!(
            "ringback_executions_finished_total{{outcome=\"{outcome}\",cause=\"{cause}\"}}"
        );
        assert_eq!(value(&metrics, &line), 0.0);
    }
}

#[test]
fn answers_that_are_given_again_are_counted() {
    let metrics = Metrics::new();
    assert_eq!(value(&metrics, "ringback_idempotency_replays_total"), 0.0);
    metrics.replayed();
    assert_eq!(value(&metrics, "ringback_idempotency_replays_total"), 1.0);
}

#[test]
fn measurements_are_in_fixed_buckets_and_none_is_kept() {
    let metrics = Metrics::new();
    for millis in [1, 20, 20, 40_000] {
        metrics.attempt_made(Trigger::Schedule, None, Duration::from_millis(millis));
    }
    metrics.sort();
    let bucket = |le| {
        let line = format!("ringback_delivery_duration_seconds_bucket{{le=\"{le}\"}}");
        value(&metrics, &line)
    };
    assert_eq!([bucket("0.005"), bucket("0.025"), bucket("30")], [1.0, 3.0, 3.0]);
    assert_eq!(bucket("+Inf"), 4.0);
    let before = metrics.0.registry.text().len();
    for _ in 0..10_000 {
        metrics.attempt_made(Trigger::Schedule, None, Duration::from_millis(20));
    }
    // A few digits more, and no line.
    assert!(metrics.0.registry.text().len() < before + 200);
    assert!(!metrics.0.registry.text().contains("summary"));
}

#[test]
fn two_engines_count_apart() {
    let (one, two) = (Metrics::new(), Metrics::new());
    one.delivery_ended(DeliveryStatus::Exhausted, Trigger::Manual, Duration::ZERO);
    let line = "ringback_deliveries_total{outcome=\"exhausted\"}";
    assert_eq!((value(&one, line), value(&two, line)), (1.0, 0.0));
}

#[test]
fn only_what_the_schedule_brought_home_says_how_late_deliveries_are() {
    let metrics = Metrics::new();
    let ended = |status, trigger| {
        metrics.delivery_ended(status, trigger, Duration::from_secs(3));
    };
    ended(DeliveryStatus::Delivered, Trigger::Schedule);
    ended(DeliveryStatus::Delivered, Trigger::Manual);
    ended(DeliveryStatus::Delivered, Trigger::Recover);
    ended(DeliveryStatus::Exhausted, Trigger::Schedule);
    assert_eq!(value(&metrics, "ringback_delivery_delay_seconds_count"), 1.0);
    assert_eq!(value(&metrics, "ringback_delivery_delay_seconds_sum"), 3.0);
    assert_eq!(value(&metrics, "ringback_deliveries_total{outcome=\"delivered\"}"), 3.0);
}
