//! Metrics of engines in somebody else's process: each engine's are its own, and the host's are the
//! host's. What they tell is tested with the API.

use metrics_exporter_prometheus::PrometheusBuilder;

use super::support::{builder, run};

const COMPLETED: &str =
    "ringback_executions_finished_total{outcome=\"completed\",cause=\"exited\"}";

fn value<'a>(metrics: &'a str, name: &str) -> &'a str {
    let found = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in\n{metrics}"))
}

#[actix_rt::test]
async fn two_engines_in_one_process_count_apart() {
    let (one, _one_dir) = builder();
    let (two, _two_dir) = builder();
    let (one, two) = (one.slots(3).start().await.unwrap(), two.slots(5).start().await.unwrap());
    run(&one, "exit 0").await;
    run(&two, "exit 0").await;
    run(&two, "exit 0").await;
    let (of_one, of_two) = (one.metrics().await, two.metrics().await);
    assert_eq!((value(&of_one, COMPLETED), value(&of_two, COMPLETED)), ("1", "2"));
    let slots = "ringback_slots{state=\"free\"}";
    assert_eq!((value(&of_one, slots), value(&of_two, slots)), ("3", "5"));
}

#[actix_rt::test]
async fn the_recorder_of_the_host_is_left_to_the_host() {
    let (before, _before_dir) = builder();
    let before = before.start().await.unwrap();
    // Nobody has installed one, and none is in the way of the host's.
    let own = PrometheusBuilder::new().build_recorder();
    let handle = own.handle();
    metrics::set_global_recorder(own).expect("the place of the global recorder is free");
    let (after, _after_dir) = builder();
    let after = after.start().await.unwrap();
    metrics::counter!("of_the_host").increment(7);
    for engine in [&before, &after] {
        run(engine, "exit 0").await;
        let text = engine.metrics().await;
        assert_eq!(value(&text, COMPLETED), "1");
        assert!(!text.contains("of_the_host"), "{text}");
    }
    let of_the_host = handle.render();
    assert_eq!(value(&of_the_host, "of_the_host"), "7");
    assert!(!of_the_host.contains("ringback"), "{of_the_host}");
}
