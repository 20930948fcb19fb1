//! Answers whoever asks for the metrics: reads what is not counted but stands so at the moment,
//! and gives all of it as text. Knows no HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge};
use tokio::sync::Mutex;

use super::super::disk::DiskRoom;
use super::super::engine::EngineParts;
use super::super::hosts::Hosts;
use super::super::messages::{EngineStatus, Status};
use super::super::standing::Standing;
use super::super::supervisor::SupervisorActor;
use super::registry::Named;
use super::{DELIVERIES, Metrics, process};
use crate::domain::{DeliveryEnd, Timestamp};
use crate::process::Launcher;
use crate::store::{Clock, Store};

const IN_FLIGHT: Named =
    Named { name: "ringback_deliveries_in_flight", help: "Attempts that are under way." };
const PENDING: Named = Named {
    name: "ringback_deliveries_pending",
    help: "Deliveries that have not ended, those included whose next attempt is not due yet. Up to 5 s old.",
};
const OLDEST_DUE: Named = Named {
    name: "ringback_delivery_oldest_seconds",
    help: "For how long the delivery has been due that has been due for longest and is not being attempted.",
};
const SATURATED: Named = Named {
    name: "ringback_hosts_saturated",
    help: "Hosts that have all the attempts under way that one host may have.",
};
const BREAKERS_OPEN: Named = Named {
    name: "ringback_breakers_open",
    help: "Hosts that are left alone because they failed nearly always.",
};
const OPENINGS: Named = Named {
    name: "ringback_breaker_openings_total",
    help: "How often a host was begun to be left alone. A probe that fails does not count again.",
};
const QUEUED: Named =
    Named { name: "ringback_executions_queued", help: "Executions that wait for a slot." };
const RUNNING: Named = Named {
    name: "ringback_executions_running",
    help: "Executions that have been started and whose end is not written yet.",
};
const OLDEST_QUEUED: Named = Named {
    name: "ringback_queue_oldest_seconds",
    help: "How long ago the execution was accepted that has waited for a slot for longest.",
};
const SLOTS: Named =
    Named { name: "ringback_slots", help: "How many executions may run at a time, by state." };
const READY: Named = Named {
    name: "ringback_ready",
    help: "1 where nothing is in the way of taking executions on, by what was looked at; else 0.",
};
const BUILD: Named = Named {
    name: "ringback_build_info",
    help: "1, with the version of this server and the commit that it was built from.",
};

/// The commit, for who builds with `RINGBACK_COMMIT` set.
const COMMIT: &str = match option_env!("RINGBACK_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// How long a count of what is pending is good for. It goes through all of them, and scrapers come
/// more often than a backlog changes its size.
const COUNT_GOOD_FOR: Duration = Duration::from_secs(5);

/// How long anybody has to say how things stand. Who hangs must not hide what is counted.
const READ_WITHIN: Duration = Duration::from_secs(2);

/// Everything that is read when somebody asks.
pub struct Scrape {
    metrics: Metrics,
    supervisor: Standing<SupervisorActor>,
    hosts: Hosts,
    store: Arc<dyn Store>,
    launcher: Launcher,
    disk: DiskRoom,
    clock: Clock,
    gauges: Gauges,
    openings: Counter,
    superseded: Counter,
    /// The last count of what is pending, and when it was made; who asks meanwhile waits for it.
    pending: Mutex<Option<(Instant, usize)>>,
}

struct Gauges {
    in_flight: Gauge,
    pending: Gauge,
    oldest_due: Gauge,
    saturated: Gauge,
    breakers_open: Gauge,
    queued: Gauge,
    running: Gauge,
    oldest_queued: Gauge,
    slots_busy: Gauge,
    slots_free: Gauge,
    ready: Ready,
}

/// What `/readyz` asks, one gauge for each check.
struct Ready {
    store: Gauge,
    disk: Gauge,
    launcher: Gauge,
    accepting: Gauge,
}

impl Scrape {
    /// What is counted while it happens, for those who see it happen outside the actors.
    pub fn counts(&self) -> &Metrics {
        &self.metrics
    }

    pub(in crate::actors) fn new(
        parts: &EngineParts,
        supervisor: Standing<SupervisorActor>,
        hosts: Hosts,
    ) -> Self {
        let metrics = parts.metrics.clone();
        let registry = &metrics.0.registry;
        let build = [("version", env!("CARGO_PKG_VERSION")), ("commit", COMMIT)];
        registry.gauge(BUILD, &build).set(1);
        let gauge = |named| registry.gauge(named, &[]);
        Self {
            gauges: Gauges {
                in_flight: gauge(IN_FLIGHT),
                pending: gauge(PENDING),
                oldest_due: gauge(OLDEST_DUE),
                saturated: gauge(SATURATED),
                breakers_open: gauge(BREAKERS_OPEN),
                queued: gauge(QUEUED),
                running: gauge(RUNNING),
                oldest_queued: gauge(OLDEST_QUEUED),
                slots_busy: registry.gauge(SLOTS, &[("state", "busy")]),
                slots_free: registry.gauge(SLOTS, &[("state", "free")]),
                ready: Ready {
                    store: registry.gauge(READY, &[("check", "store")]),
                    disk: registry.gauge(READY, &[("check", "disk")]),
                    launcher: registry.gauge(READY, &[("check", "launcher")]),
                    accepting: registry.gauge(READY, &[("check", "accepting")]),
                },
            },
            openings: registry.counter(OPENINGS, &[]),
            superseded: registry
                .counter(DELIVERIES, &[("outcome", DeliveryEnd::Superseded.as_str())]),
            supervisor,
            hosts,
            store: Arc::clone(&parts.store),
            launcher: parts.launcher.clone(),
            disk: parts.disk.clone(),
            clock: parts.clock.clone(),
            metrics,
            pending: Mutex::new(None),
        }
    }

    /// All metrics in the text format of Prometheus, version 0.0.4. What cannot be read at the
    /// moment, because the store fails or the supervisor is being started again, is `NaN`: the
    /// rest is needed most when something is wrong.
    pub async fn text(&self) -> String {
        self.read_hosts();
        self.read_supervisor().await;
        self.read_store().await;
        self.metrics.0.registry.text() + &process::text()
    }

    fn read_hosts(&self) {
        let status = self.hosts.status();
        self.gauges.in_flight.set(figure(status.in_flight));
        self.gauges.saturated.set(figure(status.saturated));
        self.gauges.breakers_open.set(figure(status.open));
        self.openings.absolute(status.openings);
    }

    async fn read_supervisor(&self) {
        let status: Option<EngineStatus> = in_time(self.supervisor.send(Status)).await;
        let read =
            |of: fn(&EngineStatus) -> usize| status.as_ref().map_or(UNKNOWN, |s| figure(of(s)));
        self.gauges.queued.set(read(|status| status.queued));
        self.gauges.running.set(read(|status| status.running));
        self.gauges.slots_busy.set(read(|status| status.slots.saturating_sub(status.free)));
        self.gauges.slots_free.set(read(|status| status.free));
        self.gauges.ready.accepting.set(read(|status| usize::from(!status.draining)));
        self.gauges.ready.launcher.set(f64::from(self.launcher.is_up()));
    }

    async fn read_store(&self) {
        self.superseded.absolute(self.store.superseded());
        // By a write, as for `/readyz`: that reading works says nothing of a full disk.
        let is_writable = in_time(self.store.check()).await.is_some();
        self.gauges.ready.store.set(f64::from(is_writable));
        self.gauges.ready.disk.set(f64::from(!self.disk.is_low()));
        self.gauges.pending.set(self.count_pending().await.map_or(UNKNOWN, figure));
        let oldest = in_time(self.store.oldest()).await;
        // Due times are of the steady clock, records of the wall's.
        let overdue = |since: Timestamp| self.clock.steady().since(since).as_secs_f64();
        let waited = |since: Timestamp| self.clock.now().since(since).as_secs_f64();
        let age = |age: Option<f64>| age.unwrap_or(0.0);
        let due = oldest.as_ref().map_or(UNKNOWN, |oldest| age(oldest.due.map(overdue)));
        let queued = oldest.as_ref().map_or(UNKNOWN, |oldest| age(oldest.queued.map(waited)));
        self.gauges.oldest_due.set(due);
        self.gauges.oldest_queued.set(queued);
    }

    async fn count_pending(&self) -> Option<usize> {
        let mut last = self.pending.lock().await;
        if let Some((at, count)) = *last
            && at.elapsed() < COUNT_GOOD_FOR
        {
            return Some(count);
        }
        let count = in_time(self.store.count_pending()).await?;
        *last = Some((Instant::now(), count));
        Some(count)
    }
}

async fn in_time<T, E>(read: impl Future<Output = Result<T, E>>) -> Option<T> {
    actix_rt::time::timeout(READ_WITHIN, read).await.ok()?.ok()
}

/// What a figure is that cannot be read.
const UNKNOWN: f64 = f64::NAN;

fn figure(count: usize) -> f64 {
    count as f64
}
