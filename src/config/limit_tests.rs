//! Tests of the limits of programs, of their isolation and of their network.
//! Not about limits of time and output, which are tested as values like any other.

use std::path::PathBuf;
use std::time::Duration;

use super::testing::{load_environment, load_file, mistakes};
use super::{Config, Containment, Isolation, LimitConfig, Network};

/// One line of a file, and the mistake that it makes.
fn check(line: &str, expected: &str) {
    assert_eq!(mistakes(load_file(line)), [format!("ringback.toml:1: {expected}")], "{line}");
}

#[test]
fn the_defaults_are_what_the_file_says() {
    let execution = Config::default().execution;
    let limits = execution.limits;
    assert_eq!(limits.memory_bytes, LimitConfig { default: None, max: None });
    assert_eq!(limits.processes, LimitConfig { default: Some(256), max: Some(4096) });
    assert_eq!(limits.cpu_time, LimitConfig { default: None, max: None });
    assert_eq!(limits.open_files, LimitConfig { default: Some(1024), max: Some(65_536) });
    let (default, max) = (Some(256 * 1024 * 1024), Some(4 * 1024 * 1024 * 1024));
    assert_eq!(limits.disk_bytes, LimitConfig { default, max });
    assert_eq!(execution.containment, Containment::Auto);
    assert_eq!(execution.user_id, 60_700);
    assert!(execution.readable.is_empty(), "{:?}", execution.readable);
}

#[test]
fn every_limit_can_be_set_and_zero_is_none() {
    let execution = load_file(
        "[execution]\nmemory_bytes_default = 1048576\nmemory_bytes_max = 2097152\n\
         processes_default = 0\nprocesses_max = 0\ncpu_time_default = '1m'\ncpu_time_max = '2m'\n\
         open_files_default = 16\nopen_files_max = 0\ndisk_bytes_default = 65536\n",
    );
    let limits = execution.unwrap().config.execution.limits;
    let memory = LimitConfig { default: Some(1_048_576), max: Some(2_097_152) };
    assert_eq!(limits.memory_bytes, memory);
    assert_eq!(limits.processes, LimitConfig { default: None, max: None });
    let minutes = |count: u64| Some(Duration::from_secs(60 * count));
    assert_eq!(limits.cpu_time, LimitConfig { default: minutes(1), max: minutes(2) });
    assert_eq!(limits.open_files, LimitConfig { default: Some(16), max: None });
    assert_eq!(limits.disk_bytes.default, Some(65_536));
}

#[test]
fn a_default_is_never_beyond_its_maximum() {
    check(
        "execution.processes_default = 5000",
        "`execution.processes_default` is 5000; expected at most `execution.processes_max`, which \
         is 4096",
    );
    check(
        "execution.open_files_max = 512",
        "`execution.open_files_default` is 1024; expected at most `execution.open_files_max`, \
         which is 512",
    );
    for key in ["processes", "open_files", "disk_bytes"] {
        let found = mistakes(load_file(&format!("execution.{key}_default = 0")));
        let expected = format!(
            "ringback.toml:1: `execution.{key}_default` is no limit; expected at most \
             `execution.{key}_max`, which is "
        );
        assert!(found.len() == 1 && found[0].starts_with(&expected), "{found:?}");
    }
    check(
        "execution.cpu_time_max = '1s'",
        "`execution.cpu_time_default` is no limit; expected at most `execution.cpu_time_max`, \
         which is \"1s\"",
    );
}

#[test]
fn a_limit_under_which_nothing_starts_is_a_mistake() {
    for (key, min) in [
        ("memory_bytes_max", 1_048_576),
        ("memory_bytes_default", 1_048_576),
        ("open_files_default", 16),
        ("disk_bytes_default", 65_536),
    ] {
        check(
            &format!("execution.{key} = {}", min - 1),
            &format!(
                "`execution.{key}` is {}; expected 0, which is no limit, or a whole number from \
                 {min}",
                min - 1
            ),
        );
    }
    check(
        "execution.processes_max = -1",
        "`execution.processes_max` is -1; expected a whole number from 0, such as 4096",
    );
    check(
        "execution.cpu_time_default = 5",
        "`execution.cpu_time_default` is 5; expected a duration of at most 8760h, such as \"5s\", \
         \"100ms\" or \"24h\"",
    );
}

#[test]
fn isolation_containment_and_network_are_words() {
    let loaded = load_file(
        "[execution]\nisolation = 'sandbox'\ncontainment = 'pidns'\nnetwork = 'off'\n\
         readable = ['/srv/models']\nuser_id = 4294967293\n",
    );
    let execution = loaded.unwrap().config.execution;
    assert_eq!(execution.isolation, Isolation::Sandbox);
    assert_eq!(execution.containment, Containment::PidNamespace);
    assert_eq!(execution.network, Network::Off);
    assert_eq!(execution.readable, [PathBuf::from("/srv/models")]);
    assert_eq!(execution.user_id, 4_294_967_293);
    let loaded = load_environment(&[("RINGBACK_EXECUTION__ISOLATION", "confined")]).unwrap();
    assert_eq!(loaded.config.execution.isolation, Isolation::Confined);

    check(
        "execution.isolation = 'strong'",
        "`execution.isolation` is \"strong\"; expected \"auto\", \"none\", \"confined\" or \
         \"sandbox\"",
    );
    check(
        "execution.containment = 'cgroup1'",
        "`execution.containment` is \"cgroup1\"; expected \"auto\", \"cgroup2\", \"pidns\" or \
         \"session\"",
    );
    check(
        "execution.network = false",
        "`execution.network` is false; expected \"off\", \"on-request\" or \"on\"",
    );
    check(
        "execution.readable = ['models']",
        "`execution.readable` is a list with \"models\"; expected absolute directories, such as \
         [\"/srv/models\"]",
    );
    for user_id in ["0", "-1", "4294967294"] {
        let expected = format!(
            "`execution.user_id` is {user_id}; expected a whole number from 1 to 4294967293, such \
             as 60700"
        );
        check(&format!("execution.user_id = {user_id}"), &expected);
    }
}

#[test]
fn a_network_that_cannot_be_taken_away_is_not_off() {
    let found = mistakes(load_file("[execution]\nisolation = 'none'\nnetwork = 'off'\n"));
    let expected = "ringback.toml:3: `execution.network` is \"off\"; isolation level none cannot \
                    take the network away; expected \"on-request\" or \"on\"";
    assert_eq!(found, [expected]);
    for network in ["on-request", "on"] {
        let text = format!("[execution]\nisolation = 'none'\nnetwork = '{network}'\n");
        assert!(load_file(&text).is_ok(), "{network}");
    }
}
