//! What is known of the hosts that deliveries go to: how many attempts are under way at each, and
//! whether its breaker lets more through. Known also when the webhook actor has fallen.
//! Makes no attempt.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{
    Breaker, BreakerRule, BreakerState, Delivery, DeliveryId, DeliveryStatus, ExecutionId,
    Timestamp, Verdict,
};
use crate::store::{ClaimedDelivery, Clock, Rooms};

/// All hosts. Shared by cloning.
#[derive(Debug, Clone)]
pub struct Hosts {
    limits: Arc<HostLimits>,
    clock: Clock,
    known: Arc<Mutex<Known>>,
}

/// How much of the server the hosts may have.
#[derive(Debug, Clone)]
pub struct HostLimits {
    /// How many attempts are under way at a time.
    pub in_flight_max: usize,
    /// How many of these go to one host.
    pub in_flight_per_host_max: usize,
    /// When a host is left alone.
    pub breaker: BreakerRule,
}

#[derive(Debug, Default)]
struct Known {
    under_way: HashMap<DeliveryId, ExecutionId>,
    hosts: HashMap<String, Host>,
    /// How often a host was begun to be left alone.
    openings: u64,
    /// With so many hosts, those of which nothing needs to be known any more are forgotten.
    forget_at: usize,
}

#[derive(Debug, Default)]
struct Host {
    in_flight: usize,
    breaker: Breaker,
}

/// A place among the attempts under way. That at its host is free again when the host has answered,
/// that among all when the attempt is written down; both when it is dropped, be it by a panic.
#[derive(Debug)]
pub(super) struct Permit {
    delivery: DeliveryId,
    host: String,
    is_probe: bool,
    /// The host is still being waited for.
    is_at_host: bool,
    hosts: Hosts,
}

/// Whether an attempt may be made.
#[derive(Debug)]
pub(super) enum Admission {
    /// Now.
    Now(Permit),
    /// When another one of the same execution is over: what is told first arrives first.
    Behind,
    /// When its host has room again.
    NoRoom,
}

/// What a delivery that is pending waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingFor {
    /// Its time.
    Due,
    /// A place among the attempts under way, in all or at its host.
    Permit,
    /// Its host to be asked again, which has failed nearly always lately.
    Breaker,
}

impl WaitingFor {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Permit => "permit",
            Self::Breaker => "breaker",
        }
    }
}

/// How things stand with the hosts, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostsStatus {
    /// How many attempts are under way.
    pub in_flight: usize,
    /// How many hosts have all the attempts that they may have.
    pub saturated: usize,
    /// How many hosts are left alone.
    pub open: usize,
    /// How often one was begun to be left alone.
    pub openings: u64,
}

const FORGET_FROM: usize = 1024;

impl Hosts {
    /// No attempt is under way, and nothing is known of any host.
    pub(super) fn new(limits: HostLimits, clock: Clock) -> Self {
        Self { limits: Arc::new(limits), clock, known: Arc::default() }
    }

    /// Whether this delivery may be attempted now.
    pub(super) fn admit(&self, delivery: &ClaimedDelivery) -> Admission {
        let now = self.clock.steady();
        let mut known = self.known();
        if known.under_way.values().any(|execution| *execution == delivery.execution_id) {
            return Admission::Behind;
        }
        if known.under_way.len() >= self.limits.in_flight_max {
            return Admission::NoRoom;
        }
        known.forget(&self.limits.breaker, now);
        let host = known.hosts.entry(delivery.host.clone()).or_default();
        if host.room(&self.limits, now) == 0 {
            return Admission::NoRoom;
        }
        let is_probe = host.breaker.is_probe_due(now);
        if is_probe {
            host.breaker.begin_probe();
        }
        host.in_flight += 1;
        known.under_way.insert(delivery.id, delivery.execution_id);
        drop(known);
        Admission::Now(Permit {
            delivery: delivery.id,
            host: delivery.host.clone(),
            is_probe,
            is_at_host: true,
            hosts: self.clone(),
        })
    }

    /// How many deliveries may be claimed now, in all and of each host.
    pub(super) fn rooms(&self) -> Rooms {
        let now = self.clock.steady();
        let known = self.known();
        let is_other =
            |host: &&Host| host.in_flight > 0 || host.breaker.state() != BreakerState::Closed;
        let other = known.hosts.iter().filter(|(_, host)| is_other(host));
        Rooms {
            total: self.limits.in_flight_max.saturating_sub(known.under_way.len()),
            per_host: self.limits.in_flight_per_host_max,
            other: other.map(|(name, host)| (name.clone(), host.room(&self.limits, now))).collect(),
        }
    }

    /// Whether a host could have more deliveries due than may be attempted at a time, and so needs
    /// to be asked about when one of its attempts is over.
    pub(super) fn is_any_full(&self) -> bool {
        let now = self.clock.steady();
        let known = self.known();
        known.hosts.values().any(|host| host.in_flight > 0 && host.room(&self.limits, now) == 0)
    }

    /// When the next host may be tried again that was left alone at the time when the store was
    /// asked. In the past when that was over before the answer came.
    pub(super) fn next_probe(&self, asked_at: Timestamp) -> Option<Timestamp> {
        let known = self.known();
        let until = known.hosts.values().filter_map(|host| match host.breaker.state() {
            BreakerState::Open { until } if until > asked_at => Some(until),
            _ => None,
        });
        until.min()
    }

    /// No attempt is under way.
    pub(super) fn are_idle(&self) -> bool {
        self.known().under_way.is_empty()
    }

    /// The deliveries whose attempts are under way.
    pub(super) fn deliveries(&self) -> Vec<DeliveryId> {
        self.known().under_way.keys().copied().collect()
    }

    /// What a delivery waits for, if it does.
    pub fn waiting_for(&self, delivery: &Delivery) -> Option<WaitingFor> {
        let now = self.clock.steady();
        let known = self.known();
        if delivery.status != DeliveryStatus::Pending || known.under_way.contains_key(&delivery.id)
        {
            return None;
        }
        if delivery.next_attempt_at.is_some_and(|due| due > now) {
            return Some(WaitingFor::Due);
        }
        let host = known.hosts.get(&delivery.host);
        let is_full = known.under_way.len() >= self.limits.in_flight_max;
        Some(match host {
            Some(host) if host.is_left_alone(now) => WaitingFor::Breaker,
            Some(host) if host.room(&self.limits, now) == 0 => WaitingFor::Permit,
            _ if is_full => WaitingFor::Permit,
            _ => WaitingFor::Due,
        })
    }

    /// Until when the host of a delivery is left alone, if it is.
    pub fn left_alone_until(&self, host: &str) -> Option<Timestamp> {
        match self.known().hosts.get(host)?.breaker.state() {
            BreakerState::Open { until } => Some(until),
            BreakerState::Closed | BreakerState::Probing => None,
        }
    }

    /// How things stand.
    pub fn status(&self) -> HostsStatus {
        let now = self.clock.steady();
        let known = self.known();
        let max = self.limits.in_flight_per_host_max;
        HostsStatus {
            in_flight: known.under_way.len(),
            saturated: known.hosts.values().filter(|host| host.in_flight >= max).count(),
            open: known.hosts.values().filter(|host| host.is_left_alone(now)).count(),
            openings: known.openings,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing that is done under the lock panics half-way.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host {
    fn room(&self, limits: &HostLimits, now: Timestamp) -> usize {
        match self.breaker.state() {
            BreakerState::Closed => limits.in_flight_per_host_max.saturating_sub(self.in_flight),
            BreakerState::Open { until } if until <= now => 1,
            BreakerState::Open { .. } | BreakerState::Probing => 0,
        }
    }

    fn is_left_alone(&self, now: Timestamp) -> bool {
        match self.breaker.state() {
            BreakerState::Closed => false,
            BreakerState::Open { until } => until > now,
            BreakerState::Probing => true,
        }
    }
}

impl Known {
    /// Forgets what no longer matters, now and then.
    fn forget(&mut self, rule: &BreakerRule, now: Timestamp) {
        if self.hosts.len() < self.forget_at.max(FORGET_FROM) {
            return;
        }
        self.hosts.retain(|_, host| host.in_flight > 0 || !host.breaker.is_forgotten(rule, now));
        self.forget_at = self.hosts.len() * 2;
    }
}

impl Permit {
    /// The attempt is over for its host, and has told this of it.
    pub(super) fn answered(&mut self, verdict: Verdict) {
        if !self.is_at_host {
            return;
        }
        self.is_at_host = false;
        let now = self.hosts.clock.steady();
        let limits = &self.hosts.limits;
        let mut known = self.hosts.known();
        let Some(host) = known.hosts.get_mut(&self.host) else { return };
        let before = host.breaker.state();
        host.in_flight = host.in_flight.saturating_sub(1);
        host.breaker.ended(&limits.breaker, self.is_probe, verdict, now);
        let after = host.breaker.state();
        if (before, is_open(after)) == (BreakerState::Closed, true) {
            known.openings += 1;
        }
        drop(known);
        tell_of_change(&self.host, before, after);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.answered(Verdict::Untried);
        self.hosts.known().under_way.remove(&self.delivery);
    }
}

const fn is_open(state: BreakerState) -> bool {
    matches!(state, BreakerState::Open { .. })
}

fn tell_of_change(host: &str, before: BreakerState, after: BreakerState) {
    match (before, after) {
        (BreakerState::Closed, BreakerState::Open { until }) => {
            log::warn!("{host} has failed nearly always lately: no attempt before {until}");
        }
        (BreakerState::Probing, BreakerState::Closed) => {
            log::info!("{host} takes deliveries again");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
