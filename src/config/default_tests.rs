//! Tests of `config.default.toml`: it loads, says what each key means, and has no key without effect.
//! Not about other layers.

use std::time::Duration;

use crate::domain::{BreakerRule, ExecutionSpec, RetrySchedule};

use super::schema::{DEFAULTS, RUNTIME_FIELDS, SECRETS, Schema};
use super::testing::{load_file, mistakes};
use super::{Config, Isolation, LogFormat, Network};

#[test]
fn the_defaults_load_and_agree_with_the_domain() {
    let config = Config::default();
    assert_eq!(config.server.listen, "127.0.0.1:8080");
    assert_eq!(config.server.api_key, None);
    assert_eq!(config.execution.isolation, Isolation::Auto);
    assert_eq!(config.execution.network, Network::OnRequest);
    assert_eq!(config.execution.grace, Duration::from_secs(5));
    assert_eq!(config.execution.timeout_default, ExecutionSpec::DEFAULT_TIMEOUT);
    assert_eq!(config.execution.output_bytes_default, ExecutionSpec::DEFAULT_OUTPUT_BYTES);
    assert_eq!(config.execution.output_bytes_max, 64 * 1024 * 1024);
    assert_eq!(config.server.token_lifetime, Duration::from_hours(24));
    assert_eq!(config.auth.failures_per_minute, 100);
    assert!(config.auth.jwt.is_none() && config.server.trusted_proxies.is_empty());
    assert_eq!(config.server.stream_keep_alive, Duration::from_secs(15));
    assert_eq!((config.server.streams_max, config.server.streams_max_per_tenant), (2048, 1500));
    assert_eq!(config.server.body_timeout, Duration::from_secs(30));
    assert_eq!(config.server.disk_free_bytes_min, 128 * 1024 * 1024);
    assert_eq!(config.queue.max_total, 100_000);
    assert_eq!(config.webhook.retry_schedule, RetrySchedule::default());
    assert_eq!(config.webhook.breaker, BreakerRule::default());
    assert_eq!(config.webhook.user_agent, format!("Ringback/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(config.webhook.ca_file, None);
    assert!(config.compat.fetch_hive_echo_secret);
    assert_eq!(config.retention.age, Some(Duration::from_hours(7 * 24)));
    assert_eq!(config.retention.failed_age, Some(Duration::from_hours(30 * 24)));
    assert_eq!(config.retention.count_max, Some(1_000_000));
    assert_eq!(config.secrets.key, None);
    assert_eq!(config.log.format, LogFormat::Text);
    let languages: Vec<_> = config.runtimes.keys().collect();
    assert_eq!(languages, ["bash", "javascript", "python", "sh"]);
    assert_eq!(config.runtimes["python"].env["PYTHONUNBUFFERED"], "1");
}

#[test]
fn what_is_zero_by_default_becomes_a_number_for_this_machine() {
    let config = Config::default();
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(config.server.http_threads, cores);
    assert_eq!(config.execution.arbiters, cores);
    assert_eq!(config.execution.slots, 4 * cores);
}

#[test]
fn what_is_zero_in_the_retention_is_no_bound() {
    let zero = "[retention]\nage = \"0s\"\nfailed_age = \"0s\"\ncount_max = 0\n";
    let retention = load_file(zero).unwrap().config.retention;
    assert_eq!((retention.age, retention.failed_age, retention.count_max), (None, None, None));
}

/// A date fits no key, so a key that takes one is a key that nobody reads.
#[test]
fn no_key_of_the_default_file_is_without_effect() {
    for (key, _) in Schema::new().defaults() {
        let found = mistakes(load_file(&format!("{key} = 1979-05-27")));
        let expected = format!("ringback.toml:1: `{key}` is 1979-05-27; expected ");
        let expected = match key.to_string().as_str() {
            secret if SECRETS.contains(&secret) => expected.replace("1979-05-27", "[secret]"),
            _ => expected,
        };
        assert!(found.iter().any(|found| found.starts_with(&expected)), "{key}: {found:?}");
    }
}

#[test]
fn every_key_of_the_default_file_has_its_comment() {
    let mut section = "";
    let mut above = "";
    let mut keys = 0;
    for line in DEFAULTS.lines() {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
        } else if !line.is_empty() && !line.starts_with('#') {
            keys += 1;
            // The languages share their fields, which are explained once.
            let is_explained = section.starts_with("runtimes.") && section != "runtimes.python";
            assert!(is_explained || above.starts_with("# "), "[{section}] {line}");
        }
        above = line;
    }
    assert_eq!(keys, Schema::new().defaults().len(), "one line for each key");
}

#[test]
fn the_fields_of_a_language_are_all_explained() {
    let python = DEFAULTS.split("[runtimes.python]").nth(1).unwrap();
    let python = python.split("[runtimes.").next().unwrap();
    for (field, _) in RUNTIME_FIELDS {
        assert!(python.contains(&format!("\n{field} = ")), "{field}");
    }
}

/// A secret that was renamed in the file and not in the list would be shown.
#[test]
fn the_secrets_are_keys_and_no_other_key_looks_like_one() {
    let schema = Schema::new();
    let keys: Vec<_> = schema.defaults().iter().map(|(key, _)| key.to_string()).collect();
    let is_suspect = |key: &&String| {
        ["key", "keys", ".secret"].iter().any(|end| key.ends_with(end)) || key.contains("password")
    };
    assert_eq!(
        keys.iter().filter(is_suspect).collect::<Vec<_>>(),
        SECRETS.iter().collect::<Vec<_>>()
    );
}
