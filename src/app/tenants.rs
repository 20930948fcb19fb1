//! What the configuration says of tenants, in the words of whoever keeps them to it: the actors what
//! they may have of the slots and the queue, the API what their requests may ask for.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::actors::{TenantLimits, Tenants};
use crate::config::{Config, Isolation, Network, TenantConfig, TenantsConfig};
use crate::domain::Tenant;
use crate::http::{NetworkPolicy, NetworkRules, TenantRules};
use crate::process::Level;

/// What each tenant may have of the slots and the queue.
pub(super) fn limits(config: &Config) -> Tenants {
    let limits = |tenant: &TenantConfig| TenantLimits {
        weight: NonZeroU32::new(tenant.weight).unwrap_or(NonZeroU32::MIN),
        slots: (tenant.slots > 0).then_some(tenant.slots),
        queue_max: match tenant.queue_max {
            0 => config.queue.max_per_tenant,
            max => max,
        },
        submissions_per_second: NonZeroU32::new(tenant.submissions_per_second),
        level: level_of(tenant.isolation),
    };
    let others = Tenants::all(limits(&config.tenants.others));
    let named = config.tenants.named.iter();
    named.fold(others, |all, (name, tenant)| all.with(Tenant::new(name), limits(tenant)))
}

/// The levels that tenants are to have beside the server's own, each once.
pub(super) fn levels(config: &Config) -> Vec<Level> {
    let levels: BTreeSet<Level> =
        all(config).filter_map(|(_, tenant)| level_of(tenant.isolation)).collect();
    levels.into_iter().collect()
}

/// A tenant whose programs are to have no network, and a level that cannot take it away from them; none
/// when each can be kept to what is said of it. `level` is that of the server.
pub(super) fn with_network_that_stays_on(config: &Config, level: Level) -> Option<&str> {
    let is_off = |tenant: &TenantConfig| {
        network(config.execution.network).min(network(tenant.network)) == NetworkPolicy::Off
    };
    let is_none =
        |tenant: &TenantConfig| level_of(tenant.isolation).unwrap_or(level) == Level::None;
    all(config).find(|(_, tenant)| is_off(tenant) && is_none(tenant)).map(|(name, _)| name)
}

/// All that are named, and behind them what stands for everybody else.
fn all(config: &Config) -> impl Iterator<Item = (&str, &TenantConfig)> {
    let TenantsConfig { named, others, .. } = &config.tenants;
    named.iter().map(|(name, tenant)| (name.as_str(), tenant)).chain([("*", others)])
}

/// The level that the configuration names.
pub(crate) const fn level_of(isolation: Isolation) -> Option<Level> {
    match isolation {
        Isolation::Auto => None,
        Isolation::None => Some(Level::None),
        Isolation::Confined => Some(Level::Confined),
        Isolation::Sandbox => Some(Level::Sandbox),
    }
}

/// What the requests of tenants may ask for: of those that nothing is said of, and of the others. `level`
/// is that of the server.
pub(super) fn rules(config: &Config, level: Level) -> (TenantRules, HashMap<Tenant, TenantRules>) {
    let rules = |tenant: &TenantConfig| {
        let execution = &config.execution;
        let timeout_max = match tenant.timeout_max {
            Duration::ZERO => execution.timeout_max,
            max => max.min(execution.timeout_max),
        };
        TenantRules {
            timeout_default: execution.timeout_default.min(timeout_max),
            timeout_max,
            network: NetworkRules {
                policy: network(execution.network).min(network(tenant.network)),
                enforced: level_of(tenant.isolation).unwrap_or(level) != Level::None,
            },
        }
    };
    let named = config.tenants.named.iter();
    let named = named.map(|(name, tenant)| (Tenant::new(name), rules(tenant))).collect();
    (rules(&config.tenants.others), named)
}

const fn network(network: Network) -> NetworkPolicy {
    match network {
        Network::Off => NetworkPolicy::Off,
        Network::OnRequest => NetworkPolicy::OnRequest,
        Network::On => NetworkPolicy::On,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let mut config = Config::default();
        config.execution.timeout_default = Duration::from_secs(60);
        config.execution.timeout_max = Duration::from_secs(600);
        config
    }

    fn rules_of(config: &Config) -> TenantRules {
        rules(config, Level::Sandbox).0
    }

    #[test]
    fn nobody_may_have_a_longer_timeout_than_the_server_has() {
        let mut config = config();
        let timeouts = |config: &Config| {
            let TenantRules { timeout_default, timeout_max, .. } = rules_of(config);
            (timeout_default.as_secs(), timeout_max.as_secs())
        };
        assert_eq!(timeouts(&config), (60, 600));
        for (given, expected) in [(5, (5, 5)), (100, (60, 100)), (3600, (60, 600))] {
            config.tenants.others.timeout_max = Duration::from_secs(given);
            assert_eq!(timeouts(&config), expected);
        }
    }

    #[test]
    fn nobody_may_have_more_network_than_the_server_lets() {
        let mut config = config();
        let all = [Network::Off, Network::OnRequest, Network::On];
        for (strict, server) in all.into_iter().enumerate() {
            for (stricter, tenant) in all.into_iter().enumerate() {
                config.execution.network = server;
                config.tenants.others.network = tenant;
                let expected = network(all[strict.min(stricter)]);
                assert_eq!(rules_of(&config).network.policy, expected, "{server:?}, {tenant:?}");
            }
        }
    }

    #[test]
    fn each_level_that_a_tenant_is_to_have_is_wanted_once() {
        let mut config = config();
        assert_eq!(levels(&config), []);
        for (name, isolation) in [("a", Isolation::Sandbox), ("b", Isolation::None)] {
            let tenant = TenantConfig { isolation, ..TenantConfig::default() };
            config.tenants.named.insert(name.to_owned(), tenant.clone());
            config.tenants.named.insert(format!("{name}{name}"), tenant);
        }
        assert_eq!(levels(&config), [Level::None, Level::Sandbox]);
        let limits = limits(&config);
        assert_eq!(limits.of(&Tenant::new("a")).level, Some(Level::Sandbox));
        assert_eq!(limits.of(&Tenant::new("c")).level, None);
        let (others, named) = rules(&config, Level::Confined);
        assert!(others.network.enforced && !named[&Tenant::new("b")].network.enforced);
    }

    #[test]
    fn a_network_that_stays_on_is_found_at_the_tenant_that_is_to_have_none() {
        let mut config = config();
        let isolated =
            |isolation, network| TenantConfig { isolation, network, ..TenantConfig::default() };
        let check = |config: &Config, level, expected| {
            assert_eq!(with_network_that_stays_on(config, level), expected, "{level:?}");
        };
        check(&config, Level::None, None);
        config.tenants.others.network = Network::Off;
        check(&config, Level::None, Some("*"));
        check(&config, Level::Confined, None);
        let weak = isolated(Isolation::None, Network::Off);
        config.tenants.named.insert("weak".to_owned(), weak);
        check(&config, Level::Sandbox, Some("weak"));
        config.tenants.others = isolated(Isolation::Confined, Network::Off);
        config.tenants.named.clear();
        check(&config, Level::None, None);
    }

    #[test]
    fn what_is_zero_is_as_the_server_has_it() {
        let mut config = config();
        config.queue.max_per_tenant = 9;
        let named = TenantConfig::default();
        config.tenants.named.insert("acme".to_owned(), TenantConfig { queue_max: 3, ..named });
        let limits = limits(&config);
        assert_eq!(*limits.of(&Tenant::default()), TenantLimits::waiting(9));
        assert_eq!(limits.of(&Tenant::new("acme")).queue_max, 3);
    }
}
