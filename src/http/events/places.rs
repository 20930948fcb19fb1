//! How many streams of events there may be at a time, in all and for one tenant, and how many there are.
//! Knows nothing of what they tell.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::error::{Kind, Problem};
use crate::actors::Metrics;
use crate::domain::Tenant;

/// How many streams there may be, and how often each says something.
#[derive(Debug, Clone)]
pub struct StreamLimits {
    /// In all.
    pub max: usize,
    /// For one tenant.
    pub max_per_tenant: usize,
    /// How long a stream is silent before it says that it lives.
    pub keep_alive: Duration,
}

/// The streams that there are. Shared by cloning.
#[derive(Debug, Clone)]
pub struct EventStreams(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: StreamLimits,
    metrics: Metrics,
    open: Mutex<HashMap<Tenant, usize>>,
}

/// A place for one stream, until it is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    streams: EventStreams,
    tenant: Tenant,
}

impl EventStreams {
    /// There are none yet; they are counted by a gauge of these metrics.
    pub fn new(limits: StreamLimits, metrics: Metrics) -> Self {
        Self(Arc::new(Inner { limits, metrics, open: Mutex::default() }))
    }

    pub(super) fn keep_alive(&self) -> Duration {
        self.0.limits.keep_alive
    }

    /// Takes a place for one more stream.
    pub(super) fn take(&self, tenant: &Tenant) -> Result<Taken, Problem> {
        let StreamLimits { max, max_per_tenant, .. } = self.0.limits;
        let mut open = self.open();
        if open.values().sum::<usize>() >= max {
            let detail = format!("The server has {max} streams of events open and takes no more.");
            return Err(Problem::new(Kind::TooManyStreams, detail));
        }
        if open.get(tenant).is_some_and(|own| *own >= max_per_tenant) {
            let detail =
                format!("The tenant has {max_per_tenant} streams of events open, which is all.");
            return Err(Problem::new(Kind::TooManyStreams, detail));
        }
        *open.entry(tenant.clone()).or_default() += 1;
        self.0.metrics.event_stream_began();
        Ok(Taken { streams: self.clone(), tenant: tenant.clone() })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Tenant, usize>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        if let Some(own) = open.get_mut(&self.tenant) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.tenant);
            }
        }
        self.streams.0.metrics.event_stream_ended();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_stream_has_ended() {
        let limits = StreamLimits { max: 3, max_per_tenant: 2, keep_alive: Duration::from_secs(1) };
        let streams = EventStreams::new(limits, Metrics::new());
        let [one, other, third] = ["one", "other", "third"].map(Tenant::new);
        let first = streams.take(&one).unwrap();
        let _second = streams.take(&one).unwrap();
        let refused = |tenant| streams.take(tenant).unwrap_err().detail;
        assert!(refused(&one).starts_with("The tenant has 2 streams"));
        let last = streams.take(&other).unwrap();
        assert!(refused(&third).starts_with("The server has 3 streams"));
        drop(first);
        streams.take(&third).unwrap();
        drop(last);
        assert_eq!(streams.open().len(), 1, "who has none is forgotten");
    }
}
