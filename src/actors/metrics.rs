//! What an engine counts while it works, for Prometheus: attempts, deliveries, executions.
//! Two engines in one process count apart, and nothing is installed for the whole of it.

mod registry;
mod scrape;

use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Histogram};

use self::registry::{HistogramOf, Named, Registry};
pub use self::scrape::Scrape;
use crate::domain::{
    Cause, DeliveryStatus, ErrorClass, Execution, Run, Status, Timestamp, Trigger,
};

const ATTEMPTS: Named = Named {
    name: "ringback_delivery_attempts_total",
    help: "Attempts of deliveries, by who wanted them and what came of them: delivered, or the class of the error.",
};
const DELIVERIES: Named = Named {
    name: "ringback_deliveries_total",
    help: "Deliveries that have ended, by how. One that is sent again counts again when it ends.",
};
const ATTEMPT_SECONDS: HistogramOf = HistogramOf {
    named: Named {
        name: "ringback_delivery_attempt_seconds",
        help: "How long attempts took, from the name lookup to the end of the answer.",
    },
    buckets: &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0],
};
const DELAY_SECONDS: HistogramOf = HistogramOf {
    named: Named {
        name: "ringback_delivery_delay_seconds",
        help: "How long after its event a delivery was taken, for those that the schedule brought home.",
    },
    // Up to a minute the first attempts, then what each delay of the usual schedule adds up to.
    buckets: &[
        0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0, 60.0, 600.0, 3_600.0, 10_800.0,
        36_000.0, 72_000.0, 172_800.0,
    ],
};
const FINISHED: Named = Named {
    name: "ringback_executions_finished_total",
    help: "Executions that have ended, by their terminal status and what ended them.",
};
const EXECUTION_SECONDS: HistogramOf = HistogramOf {
    named: Named {
        name: "ringback_execution_duration_seconds",
        help: "How long programs ran, for executions that have ended and had been started.",
    },
    buckets: &[
        0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1_800.0, 3_600.0,
        21_600.0,
    ],
};
const QUEUE_SECONDS: HistogramOf = HistogramOf {
    named: Named {
        name: "ringback_execution_queue_seconds",
        help: "How long executions waited for a slot before their first run.",
    },
    buckets: &[
        0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 3_600.0,
    ],
};

const REPLAYS: Named = Named {
    name: "ringback_idempotency_replays_total",
    help: "Requests with an Idempotency-Key that were answered as the first one with it was.",
};

/// The counts of one engine. Shared by cloning; every count is an atomic addition, and whoever
/// counts never waits.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    registry: Registry,
    attempts: ByLabels<(Trigger, Option<ErrorClass>)>,
    attempt_seconds: Histogram,
    deliveries: ByLabels<DeliveryStatus>,
    delay_seconds: Histogram,
    finished: ByLabels<(Status, Cause)>,
    execution_seconds: Histogram,
    queue_seconds: Histogram,
    replays: Counter,
}

/// One counter for each value that the labels can have. All are there from the start, so that a
/// first failure is seen as a rise from nought.
#[derive(Debug)]
struct ByLabels<K>(Vec<(K, Counter)>);

impl<K: Copy + PartialEq> ByLabels<K> {
    fn new(keys: impl IntoIterator<Item = K>, counter: impl Fn(K) -> Counter) -> Self {
        Self(keys.into_iter().map(|key| (key, counter(key))).collect())
    }

    fn count(&self, key: K) {
        if let Some((_, counter)) = self.0.iter().find(|(own, _)| *own == key) {
            counter.increment(1);
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Nothing has been counted.
    pub fn new() -> Self {
        let histograms = [ATTEMPT_SECONDS, DELAY_SECONDS, EXECUTION_SECONDS, QUEUE_SECONDS];
        let registry = Registry::new(&histograms);
        let [attempt_seconds, delay_seconds, execution_seconds, queue_seconds] =
            histograms.map(|histogram| registry.histogram(histogram.named));
        Self(Arc::new(Counts {
            attempts: ByLabels::new(attempt_keys(), |(trigger, class)| {
                let result = class.map_or("delivered", ErrorClass::as_str);
                let labels = [("trigger", trigger.as_str()), ("result", result)];
                registry.counter(ATTEMPTS, &labels)
            }),
            deliveries: ByLabels::new(DELIVERY_ENDS, |status| {
                registry.counter(DELIVERIES, &[("outcome", status.as_str())])
            }),
            finished: ByLabels::new(execution_keys(), |(status, cause)| {
                let labels = [("outcome", status.as_str()), ("cause", cause.as_str())];
                registry.counter(FINISHED, &labels)
            }),
            attempt_seconds,
            delay_seconds,
            execution_seconds,
            queue_seconds,
            replays: registry.counter(REPLAYS, &[]),
            registry,
        }))
    }

    /// An attempt was made and took so long; `class` is none when the endpoint took it.
    pub fn attempt_made(&self, trigger: Trigger, class: Option<ErrorClass>, took: Duration) {
        self.0.attempts.count((trigger, class));
        self.0.attempt_seconds.record(took);
    }

    /// A delivery has ended in this status, so long after its event. How late one was that somebody
    /// had sent again tells nothing of the server, and is not kept.
    pub fn delivery_ended(&self, status: DeliveryStatus, trigger: Trigger, delay: Duration) {
        self.0.deliveries.count(status);
        if status == DeliveryStatus::Delivered && trigger == Trigger::Schedule {
            self.0.delay_seconds.record(delay);
        }
    }

    /// An execution has been started. Only its first run has waited from its beginning on.
    pub fn execution_started(&self, execution: &Execution, run: &Run) {
        if execution.attempt == 1 {
            self.0.queue_seconds.record(run.started_at.since(execution.created_at));
        }
    }

    /// An execution has ended, and that is on disk.
    pub fn execution_ended(&self, execution: &Execution) {
        let Some(ended) = execution.ended() else { return };
        self.0.finished.count((ended.outcome.status(), ended.outcome.cause()));
        let ran = |started_at: Timestamp| ended.completed_at.since(started_at);
        if let Some(ran) = ended.started_at.map(ran) {
            self.0.execution_seconds.record(ran);
        }
    }

    /// A request was answered as an earlier one with the same key was.
    pub fn answer_replayed(&self) {
        self.0.replays.increment(1);
    }

    /// Sorts what was measured into buckets. Until then each measurement is kept by itself.
    pub fn sort(&self) {
        self.0.registry.sort();
    }

    /// Sorts what was measured now and then, for as long as it is polled.
    pub async fn upkeep(self) {
        loop {
            actix_rt::time::sleep(SORT_EVERY).await;
            self.sort();
        }
    }
}

/// At 10,000 attempts in a second this keeps less than 2 MB of measurements.
const SORT_EVERY: Duration = Duration::from_secs(5);

/// In what a delivery can end.
const DELIVERY_ENDS: [DeliveryStatus; 3] =
    [DeliveryStatus::Delivered, DeliveryStatus::Exhausted, DeliveryStatus::Refused];

fn attempt_keys() -> impl Iterator<Item = (Trigger, Option<ErrorClass>)> {
    let results = || ErrorClass::ALL.into_iter().map(Some).chain([None]);
    Trigger::ALL.into_iter().flat_map(move |trigger| results().map(move |class| (trigger, class)))
}

fn execution_keys() -> impl Iterator<Item = (Status, Cause)> {
    let of_cause = |cause| match cause {
        Cause::Cancelled => (Status::Cancelled, cause),
        _ => (Status::Failed, cause),
    };
    Cause::ALL.into_iter().map(of_cause).chain([(Status::Completed, Cause::Exited)])
}

#[cfg(test)]
mod tests;
