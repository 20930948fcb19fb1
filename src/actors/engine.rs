//! What all actors of an engine share: the store, the launcher, the clock and the limits.
//! Starts nothing; two engines in one process share nothing.

use std::sync::Arc;
use std::time::Duration;

use super::disk::DiskRoom;
use super::hosts::HostLimits;
use super::metrics::Metrics;
use super::retention::Retention;
use super::tenants::Tenants;
use crate::domain::RetrySchedule;
use crate::process::Launcher;
use crate::store::{Clock, Store};
use crate::webhook::payload::Room;
use crate::webhook::signature::Ed25519Key;

/// The parts that an engine is put together from.
#[derive(Clone)]
pub struct EngineParts {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// What starts programs.
    pub launcher: Launcher,
    /// What time it is.
    pub clock: Clock,
    /// How much of everything.
    pub settings: Arc<EngineSettings>,
    /// What is counted.
    pub metrics: Metrics,
    /// Whether there is room for more.
    pub disk: DiskRoom,
}

/// How much of everything an engine does at a time, and how long it waits.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// How many executions run at a time.
    pub slots: usize,
    /// On how many threads their actors live.
    pub arbiters: usize,
    /// How long a program has between being asked to end and being killed.
    pub grace: Duration,
    /// How many executions may wait in all.
    pub queue_max_total: usize,
    /// How much sooner than it came an execution counts as having come for each step of its priority.
    pub priority_step: Duration,
    /// What each tenant may have.
    pub tenants: Arc<Tenants>,
    /// How often the store is looked at although nobody hinted.
    pub poll: Duration,
    /// When failed deliveries are tried again.
    pub retry_schedule: RetrySchedule,
    /// How much of the server the hosts of endpoints may have.
    pub hosts: HostLimits,
    /// How large the body of a webhook may be.
    pub payload_room: Room,
    /// How often output is told while a program runs, at most.
    pub progress_interval: Duration,
    /// How long executions are kept when they have ended.
    pub retention: Retention,
    /// What every webhook is signed with beside its secrets, if it is.
    pub ed25519: Option<Arc<Ed25519Key>>,
    /// What the sender of webhooks calls itself.
    pub user_agent: String,
}
