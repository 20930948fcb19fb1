//! `[tenants.NAME]`: what each tenant may have of a server that several share.
//! Knows no tenant by itself; whoever has a key is one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::isolation::{Isolation, Network};
use super::key::KeyPath;
use super::reader::{ANY, Reader};

/// What each tenant may have: some by name, and everybody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TenantsConfig {
    /// `[tenants."*"]`: all that are not named.
    pub others: TenantConfig,
    /// `[tenants.NAME]`, with what its section does not say as all others have it.
    pub named: BTreeMap<String, TenantConfig>,
}

/// What a tenant may have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TenantConfig {
    /// How many starts it has for one of a tenant with weight 1, while both have something waiting; at
    /// least 1.
    pub weight: u32,
    /// How many of its executions run at a time; 0 is as many as there are slots.
    pub slots: usize,
    /// How many of its executions may wait; 0 is `queue.max_per_tenant`.
    pub queue_max: usize,
    /// How many it may submit in a second; 0 is no limit.
    pub submissions_per_second: u32,
    /// The longest timeout that its requests may name; zero is `execution.timeout_max`, and it is never
    /// more than that.
    pub timeout_max: Duration,
    /// Which of its programs have the network; never more than `execution.network` lets.
    pub network: Network,
    /// How its programs are kept apart from the machine; `Auto` is as those of the server are.
    pub isolation: Isolation,
}

impl Default for TenantConfig {
    fn default() -> Self {
        Self {
            weight: 1,
            slots: 0,
            queue_max: 0,
            submissions_per_second: 0,
            timeout_max: Duration::ZERO,
            network: Network::On,
            isolation: Isolation::Auto,
        }
    }
}

/// Stands for all tenants that are not named.
pub(super) const OTHERS: &str = "*";

/// The largest weight: beyond it the others would as well be without any turn.
const WEIGHT_MAX: i64 = 1000;

/// More is no limit that anybody could notice.
const PER_SECOND_MAX: i64 = 1_000_000;

pub(super) fn read(reader: &mut Reader<'_>) -> TenantsConfig {
    let others = read_one(reader, OTHERS, &TenantConfig::default());
    let names = reader.layers().tenants();
    let named = names.into_iter().filter(|name| name != OTHERS).map(|name| {
        let tenant = read_one(reader, &name, &others);
        (name, tenant)
    });
    TenantsConfig { named: named.collect(), others }
}

/// One tenant; what it does not say is as `others` have it.
fn read_one(reader: &mut Reader<'_>, name: &str, others: &TenantConfig) -> TenantConfig {
    let key = |field: &str| KeyPath::of_tenant(name, field);
    TenantConfig {
        weight: reader.find_number(&key("weight"), 1..=WEIGHT_MAX).unwrap_or(others.weight),
        slots: reader.find_number(&key("slots"), 0..=65_536).unwrap_or(others.slots),
        queue_max: reader.find_number(&key("queue_max"), 0..=ANY).unwrap_or(others.queue_max),
        submissions_per_second: reader
            .find_number(&key("submissions_per_second"), 0..=PER_SECOND_MAX)
            .unwrap_or(others.submissions_per_second),
        timeout_max: reader.find(&key("timeout_max")).unwrap_or(others.timeout_max),
        network: reader.find(&key("network")).unwrap_or(others.network),
        isolation: reader.find(&key("isolation")).unwrap_or(others.isolation),
    }
}
