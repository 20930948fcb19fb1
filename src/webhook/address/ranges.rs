//! The tables: which addresses are not public, which belong to metadata services, which ports
//! speak something else than HTTP. Knows no policy: what may be allowed is decided elsewhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A kind of address that is not on the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class {
    /// The stable word for it.
    pub rule: &'static str,
    /// What such an address is, with its article.
    pub description: &'static str,
}

const LOOPBACK: Class = Class { rule: "loopback", description: "a loopback address" };
const PRIVATE: Class = Class { rule: "private", description: "a private address" };
const SHARED: Class = Class { rule: "shared", description: "a carrier's shared address" };
const LINK_LOCAL: Class = Class { rule: "link_local", description: "a link-local address" };
const MULTICAST: Class = Class { rule: "multicast", description: "a multicast address" };
const BROADCAST: Class = Class { rule: "broadcast", description: "the broadcast address" };
const RESERVED: Class = Class { rule: "reserved", description: "a reserved address" };
const TUNNEL: Class = Class { rule: "tunnel", description: "an address of an IPv6 tunnel" };
const DOCUMENTATION: Class =
    Class { rule: "documentation", description: "an address reserved for documentation" };
const BENCHMARKING: Class =
    Class { rule: "benchmarking", description: "an address reserved for benchmarks" };
const UNSPECIFIED: Class =
    Class { rule: "unspecified", description: "an address that means this host or network" };

/// The first network that has the address gives the class; IANA's special-purpose registry.
const V4: &[(Ipv4Net, Class)] = &[
    (v4(0, 0, 0, 0, 8), UNSPECIFIED),
    (v4(10, 0, 0, 0, 8), PRIVATE),
    (v4(100, 64, 0, 0, 10), SHARED),
    (v4(127, 0, 0, 0, 8), LOOPBACK),
    (v4(169, 254, 0, 0, 16), LINK_LOCAL),
    (v4(172, 16, 0, 0, 12), PRIVATE),
    (v4(192, 0, 0, 0, 24), RESERVED),
    (v4(192, 0, 2, 0, 24), DOCUMENTATION),
    (v4(192, 88, 99, 0, 24), TUNNEL),
    (v4(192, 168, 0, 0, 16), PRIVATE),
    (v4(198, 18, 0, 0, 15), BENCHMARKING),
    (v4(198, 51, 100, 0, 24), DOCUMENTATION),
    (v4(203, 0, 113, 0, 24), DOCUMENTATION),
    (v4(224, 0, 0, 0, 4), MULTICAST),
    (v4(255, 255, 255, 255, 32), BROADCAST),
    (v4(240, 0, 0, 0, 4), RESERVED),
];

/// As above; what is in none of these is public only inside `2000::/3`.
const V6: &[(Ipv6Net, Class)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), UNSPECIFIED),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), LOOPBACK),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), TUNNEL),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), RESERVED),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), DOCUMENTATION),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), TUNNEL),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), DOCUMENTATION),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), PRIVATE),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), LINK_LOCAL),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), PRIVATE),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), MULTICAST),
];

/// All that IANA has given out as global unicast so far.
const V6_GLOBAL: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Services that hand credentials to whoever can reach them. Some are in no special range:
/// 168.63.129.16 is public.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254), // AWS, GCP, Azure and most others
    Ipv4Addr::new(169, 254, 170, 2),   // AWS ECS
    Ipv4Addr::new(169, 254, 170, 23),  // AWS EKS
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle
    Ipv4Addr::new(168, 63, 129, 16),   // Azure's wire server
];

const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), // AWS
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),  // AWS EKS
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),  // GCP
];

const METADATA_NAMES: [&str; 3] = ["metadata.google.internal", "metadata.goog", "metadata"];

/// Ports whose servers do harm when they are spoken to in HTTP, or are never meant to be.
const PORTS_DENIED: [u16; 15] =
    [22, 25, 465, 587, 2375, 2376, 3306, 5432, 6379, 6443, 8500, 9200, 10250, 11211, 27017];

/// The networks of the machine itself.
pub(super) const LOOPBACK_NETWORKS: [IpNet; 2] =
    [IpNet::V4(v4(127, 0, 0, 0, 8)), IpNet::V6(v6([0, 0, 0, 0, 0, 0, 0, 1], 128))];

/// The class of an address that is not public; none for a public one. An IPv4 address inside an
/// IPv6 one is not looked at.
pub(super) fn class_of(address: IpAddr) -> Option<Class> {
    match address {
        IpAddr::V4(address) => first(V4.iter().map(|(net, class)| (net.contains(&address), class))),
        IpAddr::V6(address) => {
            let known = first(V6.iter().map(|(net, class)| (net.contains(&address), class)));
            known.or_else(|| (!V6_GLOBAL.contains(&address)).then_some(RESERVED))
        }
    }
}

/// Whether a metadata service is known to answer at this address.
pub(super) fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => METADATA_V4.contains(&address),
        IpAddr::V6(address) => METADATA_V6.contains(&address),
    }
}

/// Whether a metadata service is known by this name, given in lower case.
pub(super) fn is_metadata_name(name: &str) -> bool {
    METADATA_NAMES.contains(&name)
}

/// Whether no callback may go to this port.
pub(super) fn is_denied_port(port: u16) -> bool {
    port == 0 || PORTS_DENIED.contains(&port)
}

fn first<'a>(mut table: impl Iterator<Item = (bool, &'a Class)>) -> Option<Class> {
    table.find_map(|(inside, class)| inside.then_some(*class))
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(s: [u16; 8], prefix: u8) -> Ipv6Net {
    let address = Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]);
    Ipv6Net::new_assert(address, prefix)
}
