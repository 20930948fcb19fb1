//! From the configuration to what each layer wants to know of it: one function for each layer.
//! A layer never sees the configuration itself.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

use crate::actors::{EngineSettings, HostLimits, Retention};
use crate::config::{Config, LimitConfig};
use crate::domain::{OwnerId, Timestamp};
use crate::http::{Bounds, ProgramLimits, RequestLimits, StreamLimits};
use crate::process::Level;
use crate::store::Clock;
use crate::webhook::payload::Room;
use crate::webhook::signature::Ed25519Key;
use crate::webhook::{
    AddressPolicy, AllowEntry, AllowEntryError, ClientSettings, SystemLookup, tls,
};

use super::error::StartError;
use super::tenants;

/// The one clock; it is handed to everybody who needs the time. Its steady reading is the wall
/// clock of this moment and what has passed since then, sleep of the machine included.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub(crate) fn wall_clock() -> Clock {
    let wall = || Timestamp::from(SystemTime::now());
    let (start, booted) = (wall(), since_boot());
    Clock::with_steady(wall, move || start.after(since_boot().saturating_sub(booted)))
}

fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::try_from(time).expect("no machine was booted in the future")
}

pub(super) fn engine_settings(
    config: &Config,
    signing_key: Option<Arc<Ed25519Key>>,
) -> EngineSettings {
    EngineSettings {
        slots: config.execution.slots,
        arbiters: config.execution.arbiters,
        grace: config.execution.grace,
        queue_max_total: config.queue.max_total,
        priority_step: config.queue.priority_step,
        tenants: Arc::new(tenants::limits(config)),
        poll: config.queue.poll,
        retry_schedule: config.webhook.retry_schedule.clone(),
        hosts: HostLimits {
            in_flight_max: config.webhook.in_flight_max,
            in_flight_per_host_max: config.webhook.in_flight_per_host_max,
            breaker: config.webhook.breaker.clone(),
        },
        payload_room: Room {
            bytes_max: config.webhook.payload_bytes_max,
            public_url: config.server.public_url.clone(),
        },
        progress_interval: config.webhook.progress_interval,
        retention: retention(config),
        ed25519: signing_key,
        user_agent: config.webhook.user_agent.clone(),
    }
}

fn retention(config: &Config) -> Retention {
    Retention {
        age: config.retention.age,
        failed_age: config.retention.failed_age,
        count_max: config.retention.count_max,
        interval: config.retention.interval,
        batch: config.retention.batch,
    }
}

pub(super) fn request_limits(config: &Config, level: Level) -> RequestLimits {
    let (others, tenants) = tenants::rules(config, level);
    RequestLimits {
        body_bytes_max: config.server.body_bytes_max,
        body_timeout: config.server.body_timeout,
        code_bytes_max: config.execution.code_bytes_max,
        stdin_bytes_max: config.execution.stdin_bytes_max,
        env_bytes_max: config.execution.env_bytes_max,
        program: program_limits(config),
        network: others.network,
        timeout_default: others.timeout_default,
        timeout_max: others.timeout_max,
        queue_timeout_max: config.execution.timeout_max,
        tenants,
        labels_max: config.request.labels_max,
        metadata_max: config.request.metadata_max,
        name_chars_max: config.request.name_chars_max,
        value_chars_max: config.request.value_chars_max,
        callback_url_chars_max: config.request.callback_url_chars_max,
        callback_headers_max: config.request.callback_headers_max,
        callback_header_bytes_max: config.request.callback_header_bytes_max,
        idempotency_kept: config.request.idempotency_kept,
        retry_delays_max: config.webhook.retry_delays_max,
        retry_max_age_max: config.webhook.retry_max_age_max,
        recover_max: config.webhook.recover_max,
        command: config.execution.command,
        working_dirs: config.execution.working_dirs.clone(),
    }
}

pub(super) fn stream_limits(config: &Config) -> StreamLimits {
    StreamLimits {
        max: config.server.streams_max,
        max_per_tenant: config.server.streams_max_per_tenant,
        keep_alive: config.server.stream_keep_alive,
    }
}

fn program_limits(config: &Config) -> ProgramLimits {
    let limits = &config.execution.limits;
    ProgramLimits {
        memory_bytes: bounds(limits.memory_bytes),
        processes: bounds(limits.processes),
        cpu_time: bounds(limits.cpu_time),
        open_files: bounds(limits.open_files),
        disk_bytes: bounds(limits.disk_bytes),
        output_bytes_default: config.execution.output_bytes_default,
        output_bytes_max: config.execution.output_bytes_max,
    }
}

fn bounds<T>(LimitConfig { default, max }: LimitConfig<T>) -> Bounds<T> {
    Bounds { default, max }
}

/// Where callbacks may go.
///
/// # Errors
/// When an entry of the allow-list is none.
pub(crate) fn address_policy(config: &Config) -> Result<Arc<AddressPolicy>, StartError> {
    let entries: Result<Vec<AllowEntry>, AllowEntryError> =
        config.webhook.allow.iter().map(|entry| entry.parse()).collect();
    let policy = AddressPolicy::new(entries?, config.webhook.allow_http);
    Ok(Arc::new(policy.listening_at(listening_at(config))))
}

/// Where a server with this configuration listens. A name that leads nowhere stops it elsewhere,
/// with its own words.
fn listening_at(config: &Config) -> Vec<SocketAddr> {
    config.server.listen.to_socket_addrs().map(Iterator::collect).unwrap_or_default()
}

/// How callbacks are sent.
///
/// # Errors
/// When the certificates cannot be used.
pub(crate) fn client_settings(
    config: &Config,
    policy: &Arc<AddressPolicy>,
) -> Result<ClientSettings, StartError> {
    Ok(ClientSettings {
        timeout: config.webhook.timeout,
        dns_timeout: config.webhook.dns_timeout,
        connect_timeout: config.webhook.connect_timeout,
        keep_alive: config.webhook.keep_alive,
        response_bytes_max: config.webhook.response_bytes_max,
        lookup: Arc::new(SystemLookup::default()),
        policy: Arc::clone(policy),
        tls: tls::client_config(config.webhook.ca_file.as_deref())?,
    })
}

/// How long the last pass over due deliveries may take when the engine stops: one attempt.
pub(super) fn last_pass(config: &Config) -> Duration {
    config.webhook.timeout
}

/// How long a drain waits for programs that it ends: their grace, and as long again as the disk and
/// the kernel have ever needed.
pub(super) fn settles_within(config: &Config) -> Duration {
    const MARGIN: Duration = Duration::from_secs(10);
    config.execution.grace.saturating_add(MARGIN)
}

/// The name of this start of the server among others: the machine's, and the end of the owner's id,
/// whose beginning is only a time.
pub(super) fn node(owner: OwnerId) -> String {
    let machine = rustix::system::uname().nodename().to_string_lossy().replace(' ', "-");
    let owner = owner.to_string();
    format!("{machine}-{}", &owner[owner.len() - 8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_readings_of_the_clock_count_from_the_same_moment() {
        let clock = wall_clock();
        let (before, steady, after) = (clock.now(), clock.steady(), clock.now());
        // One of them may be a millisecond behind, because each drops what is less.
        let millisecond = Duration::from_millis(1);
        assert!(steady.after(millisecond) >= before && steady <= after.after(millisecond));
        assert!(clock.steady() >= steady);
    }
}
