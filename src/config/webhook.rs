//! `[webhook]`: how deliveries are tried and where they may go.
//! Reads no certificate and judges no address; `webhook` does when it starts.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::{BreakerRule, RetrySchedule, Secret};
use crate::webhook::signature::{Ed25519Key, PublicKey};

use super::key::KeyPath;
use super::reader::{ANY, Reader, Rule};

/// `[webhook]`: the deliveries.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebhookConfig {
    /// When a failed delivery is tried again.
    pub retry_schedule: RetrySchedule,
    /// One attempt in all.
    pub timeout: Duration,
    /// The name lookup of an attempt.
    pub dns_timeout: Duration,
    /// The connection of an attempt, for each address that is tried.
    pub connect_timeout: Duration,
    /// How long an idle connection is kept for the next attempt; zero for never.
    pub keep_alive: Duration,
    /// Bytes of an answer's body that are read and kept.
    pub response_bytes_max: usize,
    /// Attempts under way at a time, in all.
    pub in_flight_max: usize,
    /// Attempts under way at a time to one host.
    pub in_flight_per_host_max: usize,
    /// When a host is left alone.
    pub breaker: BreakerRule,
    /// Delays that a request may name in a schedule of its own.
    pub retry_delays_max: usize,
    /// The longest delay and the longest age of a delivery that a request may name.
    pub retry_max_age_max: Duration,
    /// Deliveries that one recovery makes due again, at most.
    pub recover_max: u32,
    /// Bytes of the largest body.
    pub payload_bytes_max: usize,
    /// How often output is sent while a program runs, at most.
    pub progress_interval: Duration,
    /// Private destinations that callbacks may reach: CIDR ranges or host names, not empty, not yet
    /// parsed.
    pub allow: Vec<String>,
    /// Whether plain http may go to what `allow` does not name.
    pub allow_http: bool,
    /// A PEM file with certificates to trust beside the usual ones.
    pub ca_file: Option<PathBuf>,
    /// The User-Agent of callbacks.
    pub user_agent: String,
    /// How long a signing secret signs on beside the one that has taken its place.
    pub rotation_overlap: Duration,
    /// Whether callbacks are signed with Ed25519 as well.
    pub ed25519: bool,
    /// The key for that, as `whsk_` and base64; without it the data directory has one.
    pub ed25519_key: Option<Secret>,
    /// Public keys of earlier ones, as `whpk_` and base64.
    pub ed25519_previous: Vec<String>,
}

/// The most delays in a retry schedule: the attempts of a delivery are listed in one answer.
const DELAYS_MAX: usize = 50;

impl WebhookConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let delays = reader.waits("webhook.retry_schedule", DELAYS_MAX);
        let ca_file: String = reader.get("webhook.ca_file");
        let user_agent = reader.text("webhook.user_agent", &USER_AGENT);
        Self {
            retry_schedule: RetrySchedule::new(delays),
            timeout: reader.wait("webhook.timeout"),
            dns_timeout: reader.wait("webhook.dns_timeout"),
            connect_timeout: reader.wait("webhook.connect_timeout"),
            keep_alive: reader.get("webhook.keep_alive"),
            response_bytes_max: reader.number("webhook.response_bytes_max", 0..=ANY),
            in_flight_max: reader.number("webhook.in_flight_max", 1..=ANY),
            in_flight_per_host_max: reader.number("webhook.in_flight_per_host_max", 1..=ANY),
            breaker: breaker(reader),
            retry_delays_max: reader.number("webhook.retry_delays_max", 0..=50),
            retry_max_age_max: reader.wait("webhook.retry_max_age_max"),
            recover_max: reader.number("webhook.recover_max", 1..=1_000_000),
            payload_bytes_max: reader.number("webhook.payload_bytes_max", 4096..=ANY),
            progress_interval: reader.wait("webhook.progress_interval"),
            allow: reader.list(&KeyPath::from("webhook.allow"), &ALLOW),
            allow_http: reader.get("webhook.allow_http"),
            ca_file: Some(ca_file).filter(|file| !file.is_empty()).map(PathBuf::from),
            user_agent: Some(user_agent)
                .filter(|agent| !agent.is_empty())
                .unwrap_or_else(own_agent),
            rotation_overlap: reader.get("webhook.rotation_overlap"),
            ed25519: reader.get("webhook.ed25519"),
            ed25519_key: reader.secret("webhook.ed25519_key", &ED25519_KEY),
            ed25519_previous: reader.list(&KeyPath::from("webhook.ed25519_previous"), &PUBLIC_KEY),
        }
    }
}

fn breaker(reader: &mut Reader<'_>) -> BreakerRule {
    let failed_percent: u32 = reader.number("webhook.breaker_failed_percent", 0..=99);
    BreakerRule {
        window: reader.wait("webhook.breaker_window"),
        attempts_min: reader.number("webhook.breaker_attempts_min", 0..=1_000_000),
        failed_share: f64::from(failed_percent) / 100.0,
        pause: reader.wait("webhook.breaker_pause"),
    }
}

const ALLOW: Rule = Rule {
    expected: "expected CIDR ranges or host names, such as [\"10.1.0.0/16\", \"hooks.internal\"]",
    fits: |entry| !entry.is_empty(),
};

const ED25519_KEY: Rule = Rule {
    expected: "expected whsk_ and the base64 of 64 bytes, a seed and its public key",
    fits: |text| text.is_empty() || Ed25519Key::from_text(&Secret::from(text)).is_ok(),
};

const PUBLIC_KEY: Rule = Rule {
    expected: "expected public keys, each whpk_ and the base64 of 32 bytes",
    fits: |text| PublicKey::from_text(text).is_ok(),
};

const USER_AGENT: Rule = Rule {
    expected: "expected visible ASCII characters and spaces, such as \"Acme/1.0\"",
    fits: is_user_agent,
};

/// Whether a text can be the value of a header.
fn is_user_agent(text: &str) -> bool {
    text.trim() == text && text.chars().all(|character| matches!(character, ' '..='~'))
}

fn own_agent() -> String {
    format!("Ringback/{}", env!("CARGO_PKG_VERSION"))
}
