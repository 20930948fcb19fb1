//! What an engine counts while it works, for Prometheus: attempts, deliveries, executions.
//! Two engines in one process count apart, and nothing is installed for the whole of it.

mod process;
mod registry;
mod requests;
mod scrape;

use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};

use self::registry::{HistogramOf, Named, Registry};
pub use self::scrape::Scrape;
use crate::domain::{
    Cause, DeliveryStatus, ErrorClass, Execution, Run, Status, Timestamp, Trigger,
};
use crate::store::Measures;

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
        name: "ringback_delivery_duration_seconds",
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
const SUBMITTED: Named = Named {
    name: "ringback_executions_submitted_total",
    help: "Executions that were accepted, by the runtime that is to run them.",
};
const CANCELLATIONS: Named = Named {
    name: "ringback_cancellations_total",
    help: "Wishes of clients that an execution end, by where it was in its life.",
};
const REPLAYS: Named = Named {
    name: "ringback_idempotency_replays_total",
    help: "Requests that were known again by their key and given the earlier answer.",
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

const EVENT_STREAMS: Named = Named {
    name: "ringback_event_streams",
    help: "Streams of the events of executions that are open.",
};
const DB_SECONDS: HistogramOf = HistogramOf {
    named: Named {
        name: "ringback_db_duration_seconds",
        help: "How long the store was at a read, or at a transaction with its sync to disk.",
    },
    buckets: &[
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
        5.0,
    ],
};
const DB_COMMANDS: HistogramOf = HistogramOf {
    named: Named {
        name: "ringback_db_commands_per_commit",
        help: "How many writes shared a transaction, and so a sync to disk.",
    },
    buckets: &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0],
};
const DB_BUSY: Named = Named {
    name: "ringback_db_busy_total",
    help: "Transactions that could not be written for the moment: no room, or the file was locked.",
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
    /// By the name of the runtime; the last is for whatever has none of these.
    submitted: Vec<(String, Counter)>,
    cancellations: ByLabels<CancelledIn>,
    replays: Counter,
    finished: ByLabels<(Status, Cause)>,
    execution_seconds: Histogram,
    queue_seconds: Histogram,
    event_streams: Gauge,
    store: Measures,
}

/// Where an execution was when a client wanted it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CancelledIn {
    /// It waited, and has ended by that.
    Queued,
    /// It ran, and its program is being ended.
    Running,
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
    /// Nothing has been counted, and no runtime is known by its name.
    pub fn new() -> Self {
        Self::of_runtimes([])
    }

    /// Nothing has been counted; these are the runtimes that executions may ask for.
    pub fn of_runtimes(names: impl IntoIterator<Item = String>) -> Self {
        let histograms = [ATTEMPT_SECONDS, DELAY_SECONDS, EXECUTION_SECONDS, QUEUE_SECONDS];
        let beside = [DB_SECONDS, DB_COMMANDS, requests::SECONDS];
        let registry = Registry::new(&[&histograms[..], &beside].concat());
        let [attempt_seconds, delay_seconds, execution_seconds, queue_seconds] =
            histograms.map(|histogram| registry.histogram(histogram.named, &[]));
        requests::describe(&registry);
        let submitted = |name: String| {
            let counter = registry.counter(SUBMITTED, &[("runtime", &name)]);
            (name, counter)
        };
        let db_seconds = |op| registry.histogram(DB_SECONDS.named, &[("op", op)]);
        Self(Arc::new(Counts {
            submitted: names.into_iter().chain([OTHER.to_owned()]).map(submitted).collect(),
            cancellations: ByLabels::new([CancelledIn::Queued, CancelledIn::Running], |phase| {
                registry.counter(CANCELLATIONS, &[("phase", phase.as_str())])
            }),
            replays: registry.counter(REPLAYS, &[]),
            store: Measures {
                commit: db_seconds("commit"),
                read: db_seconds("read"),
                commands: registry.histogram(DB_COMMANDS.named, &[]),
                busy: registry.counter(DB_BUSY, &[]),
            },
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
            event_streams: registry.gauge(EVENT_STREAMS, &[]),
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

    /// An execution was accepted that this runtime is to run.
    pub fn execution_submitted(&self, runtime: &str) {
        let submitted = &self.0.submitted;
        let own = submitted.iter().find(|(name, _)| name == runtime).or(submitted.last());
        if let Some((_, counter)) = own {
            counter.increment(1);
        }
    }

    /// A client wanted an execution ended, and that will be.
    pub(super) fn cancelled(&self, phase: CancelledIn) {
        self.0.cancellations.count(phase);
    }

    /// A request was known again by its key and was given the earlier answer.
    pub fn replayed(&self) {
        self.0.replays.increment(1);
    }

    /// By what a store measures itself.
    pub fn of_store(&self) -> Measures {
        self.0.store.clone()
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

    /// Somebody has begun to be told the events of an execution.
    pub fn event_stream_began(&self) {
        self.0.event_streams.increment(1);
    }

    /// Somebody is told no more of them.
    pub fn event_stream_ended(&self) {
        self.0.event_streams.decrement(1);
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

impl CancelledIn {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
        }
    }
}

/// What stands for whatever has no name of its own in a label.
const OTHER: &str = "other";

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
