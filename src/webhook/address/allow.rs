//! One entry of the operator's allow-list: a network or a host name.
//! Resolves no name: a host's entry is compared with names, a network's with addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use url::Host;

use super::endpoint::plain_name;
use super::ranges::LOOPBACK_NETWORKS;

/// A network or a host name that callbacks may reach although it is not public, or over http.
///
/// ```
/// use ringback::webhook::AllowEntry;
///
/// let entry: AllowEntry = "Hooks.Internal.".parse().unwrap();
/// assert_eq!(entry.to_string(), "hooks.internal");
/// assert_eq!("10.1.2.3/8".parse::<AllowEntry>().unwrap().to_string(), "10.0.0.0/8");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowEntry(Target);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Network(IpNet),
    Host(String),
}

impl AllowEntry {
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        matches!(&self.0, Target::Network(network) if network.contains(&address))
    }

    pub(super) fn names(&self, host: &str) -> bool {
        matches!(&self.0, Target::Host(name) if name == host)
    }

    pub(super) fn reaches_beyond_loopback(&self) -> bool {
        let Target::Network(network) = &self.0 else { return false };
        !LOOPBACK_NETWORKS.iter().any(|own| own.contains(network))
    }

    pub(super) fn overlaps_loopback(&self) -> bool {
        let Target::Network(network) = &self.0 else { return false };
        LOOPBACK_NETWORKS.iter().any(|own| own.contains(network) || network.contains(own))
    }
}

impl FromStr for AllowEntry {
    type Err = AllowEntryError;

    fn from_str(text: &str) -> Result<Self, AllowEntryError> {
        let text = text.trim();
        let target = if text.is_empty() {
            return Err(AllowEntryError::Empty);
        } else if text.contains("://") {
            return Err(AllowEntryError::Url { text: text.to_owned() });
        } else if text.contains('/') {
            let network = text.parse().map_err(|_| AllowEntryError::Cidr { text: text.into() })?;
            Target::Network(network_of(network))
        } else if let Ok(address) = without_brackets(text).parse::<IpAddr>() {
            Target::Network(network_of(address.into()))
        } else {
            Target::Host(host_of(text)?)
        };
        Ok(Self(target))
    }
}

impl fmt::Display for AllowEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::Network(network) => network.fmt(f),
            Target::Host(name) => f.write_str(name),
        }
    }
}

/// A text that is no entry of an allow-list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowEntryError {
    /// There is nothing.
    #[error("an entry of the allow-list is empty: give a CIDR, an address or a host name")]
    Empty,
    /// There is more than a host.
    #[error("`{text}` is a URL: the allow-list takes only its host name or address")]
    Url {
        /// What was given.
        text: String,
    },
    /// There is a slash, and it makes no network.
    #[error(
        "`{text}` is not a CIDR: write the address in full and a prefix of at most 32 for IPv4 or 128 for IPv6, as in 10.0.0.0/8"
    )]
    Cidr {
        /// What was given.
        text: String,
    },
    /// There is a port.
    #[error("`{text}` names a port: the allow-list is about hosts, leave the port out")]
    Port {
        /// What was given.
        text: String,
    },
    /// There is an asterisk.
    #[error("`{text}` has a wildcard, which the allow-list does not know: name each host")]
    Wildcard {
        /// What was given.
        text: String,
    },
    /// An address in a spelling that people read differently.
    #[error("`{text}` is an unusual spelling of {address}: write the address in full")]
    Spelling {
        /// What was given.
        text: String,
        /// What a URL would make of it.
        address: IpAddr,
    },
    /// None of the above, and not a name either.
    #[error("`{text}` is neither a CIDR nor an address nor a host name")]
    Name {
        /// What was given.
        text: String,
    },
}

/// The network without host bits; what is IPv4 in an IPv6 spelling becomes IPv4, because the
/// addresses that it is compared with are.
fn network_of(network: IpNet) -> IpNet {
    let network = network.trunc();
    let mapped = match network {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => v6.addr().to_ipv4_mapped().map(|v4| {
            Ipv4Net::new(v4, v6.prefix_len() - 96).expect("128 - 96 is the longest IPv4 prefix")
        }),
        _ => None,
    };
    mapped.map_or(network, IpNet::V4)
}

fn host_of(text: &str) -> Result<String, AllowEntryError> {
    let text = text.to_owned();
    if text.contains('*') {
        return Err(AllowEntryError::Wildcard { text });
    }
    if has_port(&text) {
        return Err(AllowEntryError::Port { text });
    }
    match Host::parse(&text) {
        Ok(Host::Ipv4(address)) => Err(AllowEntryError::Spelling { text, address: address.into() }),
        Ok(Host::Domain(name)) => match plain_name(&name) {
            Some(name) => Ok(name.to_owned()),
            None => Err(AllowEntryError::Name { text }),
        },
        Ok(Host::Ipv6(_)) | Err(_) => Err(AllowEntryError::Name { text }),
    }
}

/// Whether something with one colon, or behind brackets, ends in a number.
fn has_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (!host.contains(':') || host.ends_with(']'))
}

fn without_brackets(text: &str) -> &str {
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text)
}
