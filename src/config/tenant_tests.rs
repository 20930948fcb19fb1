//! Tests of `[tenants.NAME]`: what a tenant's own section does not say is as all others have it.
//! Not about what comes of it.

use std::time::Duration;

use super::schema::{DEFAULTS, TENANT_FIELDS};
use super::testing::{Given, line_of, load_environment, load_file, load_given, mistakes};
use super::{Config, Isolation, Network, TenantConfig};

#[test]
fn by_default_nobody_is_named_and_all_are_alike() {
    let tenants = Config::default().tenants;
    assert_eq!(tenants.others, TenantConfig::default());
    assert!(tenants.named.is_empty(), "{tenants:?}");
    let section = DEFAULTS.split("[tenants.\"*\"]").nth(1).unwrap().split("\n[").next().unwrap();
    for (field, _) in TENANT_FIELDS {
        assert!(section.contains(&format!("\n{field} = ")), "{field} is explained");
    }
}

#[test]
fn what_a_tenant_does_not_say_is_as_all_others_have_it() {
    let file = "[tenants.'*']\nslots = 2\ntimeout_max = '1m'\n\n[tenants.acme]\nweight = 3\n\
                queue_max = 7\nnetwork = 'off'\nisolation = 'sandbox'\n\n[tenants.'b.c']\n\
                slots = 0\nsubmissions_per_second = 5\n[tenants.plain]\n";
    let tenants = load_file(file).unwrap().config.tenants;
    let others =
        TenantConfig { slots: 2, timeout_max: Duration::from_secs(60), ..TenantConfig::default() };
    let acme = TenantConfig {
        weight: 3,
        queue_max: 7,
        network: Network::Off,
        isolation: Isolation::Sandbox,
        ..others.clone()
    };
    let dotted = TenantConfig { slots: 0, submissions_per_second: 5, ..others.clone() };
    assert_eq!(tenants.others, others);
    assert_eq!((&tenants.named["acme"], &tenants.named["b.c"]), (&acme, &dotted));
    assert_eq!(tenants.named.len(), 2, "a section without a word is as all others");
}

#[test]
fn the_environment_can_name_a_tenant() {
    let loaded = load_given(&Given {
        file: "tenants.acme.slots = 3\ntenants.acme.weight = 2",
        environment: &[("RINGBACK_TENANTS__ACME__SLOTS", "4")],
        ..Given::default()
    });
    let loaded = loaded.unwrap();
    let acme = &loaded.config.tenants.named["acme"];
    assert_eq!((acme.slots, acme.weight), (4, 2));
    let shown = line_of(&loaded, "tenants.acme", "slots");
    assert_eq!(shown, "slots = 4  # environment RINGBACK_TENANTS__ACME__SLOTS");
    let shown = line_of(&loaded, "tenants.\"*\"", "weight");
    assert_eq!(shown, "weight = 1  # default");
}

#[test]
fn mistakes_name_the_tenant_and_what_was_meant() {
    let check = |line: &str, expected: &str| {
        assert_eq!(mistakes(load_file(line)), [format!("ringback.toml:1: {expected}")], "{line}");
    };
    check(
        "tenants.acme.slot = 1",
        "unknown key `tenants.acme.slot`; did you mean `tenants.acme.slots`?",
    );
    check("[tenant.acme]", "unknown section `tenant`; did you mean `tenants`?");
    check(
        "tenants.acme = 3",
        "`tenants.acme` is no table; expected a section `[tenants.acme]` with keys",
    );
    check(
        "tenants.acme.weight = 0",
        "`tenants.acme.weight` is 0; expected a whole number from 1 to 1000, such as 8",
    );
    check(
        "tenants.'*'.network = 'never'",
        "`tenants.\"*\".network` is \"never\"; expected \"off\", \"on-request\" or \"on\"",
    );
    let found = mistakes(load_environment(&[("RINGBACK_TENANTS__ACME__SLOT", "1")]));
    let expected = "environment RINGBACK_TENANTS__ACME__SLOT: unknown key `tenants.acme.slot`; \
                    did you mean `RINGBACK_TENANTS__ACME__SLOTS`?";
    assert_eq!(found, [expected]);
}
