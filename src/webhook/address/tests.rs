//! What the tests of the address check share: policies by their flags, verdicts as one word.
//! Resolves nothing.

mod allow_entries;
mod policies;
mod properties;
mod ranges;
mod urls;

use std::net::IpAddr;

use super::*;

/// A policy with these entries, without plain http.
fn allowing(entries: &[&str]) -> AddressPolicy {
    AddressPolicy::new(entries.iter().map(|entry| entry.parse().unwrap()).collect(), false)
}

/// The rule that a URL breaks, or what it is written down as.
fn url_verdict(policy: &AddressPolicy, text: &str) -> Result<String, &'static str> {
    match policy.check_url(text) {
        Ok(endpoint) => Ok(endpoint.as_str().to_owned()),
        Err(refusal) => Err(refusal.rule),
    }
}

/// The rule that an address breaks when an https endpoint's name resolves to it.
fn address_verdict(policy: &AddressPolicy, address: &str) -> Result<(), &'static str> {
    at(policy, "https://hooks.example/", address)
}

/// The rule that an address breaks when this URL's name resolves to it.
fn at(policy: &AddressPolicy, url: &str, address: &str) -> Result<(), &'static str> {
    let endpoint = Endpoint::parse(url).unwrap();
    let address: IpAddr = address.parse().unwrap();
    policy.check_address(&endpoint, address).map_err(|refusal| refusal.rule)
}
