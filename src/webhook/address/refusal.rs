//! Why a callback may not go somewhere, as a stable word and as a sentence.
//! Never repeats a whole URL: its query and its userinfo are secrets of the client.

use std::net::IpAddr;

use super::endpoint::Endpoint;
use super::ranges::Class;

/// Why a callback may not go somewhere.
///
/// The sentence may be shown to whoever sent the URL. It names no address that a name resolved
/// to, because that would let a client map the operator's network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// The rule that was broken, in stable snake_case.
    pub rule: &'static str,
    /// One plain sentence, with what the operator could do about it where there is something.
    pub detail: String,
}

impl Refusal {
    pub(super) fn new(rule: &'static str, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into() }
    }

    /// `address` is the one that was judged, which for a literal may be inside the one written.
    pub(super) fn class(endpoint: &Endpoint, address: IpAddr, class: Class) -> Self {
        let host = endpoint.host();
        let what = class.description;
        let (verb, allowed) = match endpoint.literal() {
            Some(_) => ("is", address.to_string()),
            None => ("resolves to", host.to_owned()),
        };
        Self::new(
            class.rule,
            format!(
                "the callback URL's host {host} {verb} {what}; the operator can allow it with \
                 --allow-callback-to {allowed}"
            ),
        )
    }

    pub(super) fn own(endpoint: &Endpoint) -> Self {
        let authority = endpoint.authority();
        let host = endpoint.host();
        // The allow-list takes an address without the brackets of a URL.
        let allowed = host.trim_start_matches('[').trim_end_matches(']');
        Self::new(
            "own",
            format!(
                "the callback URL leads to {authority}, where this server itself listens; the \
                 operator can allow it with --allow-callback-to {allowed}"
            ),
        )
    }

    pub(super) fn localhost(endpoint: &Endpoint) -> Self {
        let host = endpoint.host();
        Self::new(
            "loopback",
            format!(
                "the callback URL's host {host} is the server itself; the operator can allow it \
                 with --allow-callback-to {host}"
            ),
        )
    }

    pub(super) fn metadata(endpoint: &Endpoint) -> Self {
        let host = endpoint.host();
        let verb = if endpoint.literal().is_some() { "is" } else { "leads to" };
        Self::new(
            "metadata",
            format!(
                "the callback URL's host {host} {verb} a cloud's metadata service, which no \
                 callback may reach"
            ),
        )
    }

    pub(super) fn plain_http(endpoint: &Endpoint) -> Self {
        let host = endpoint.host();
        // The allow-list takes an address without the brackets of a URL.
        let allowed = host.trim_start_matches('[').trim_end_matches(']');
        Self::new(
            "plain_http",
            format!(
                "the callback URL must use https; the operator can allow plain http to {host} \
                 with --allow-callback-to {allowed}, or to every host with webhook.allow_http"
            ),
        )
    }
}
