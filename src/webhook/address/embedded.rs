//! Finds the IPv4 addresses that a translator or a tunnel would read in an IPv6 address.
//! Judges none of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address has inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Embedded {
    /// No other address.
    Nothing,
    /// Another spelling of this one: whoever dials it reaches exactly this address.
    Same(Ipv4Addr),
    /// The far end of a tunnel or of a translation.
    Tunnelled(Ipv4Addr),
    /// One of these, depending on how the operator of a translator has set it up.
    Perhaps([Ipv4Addr; 4]),
}

/// Takes an address apart.
pub(super) fn in_address(address: IpAddr) -> Embedded {
    match address {
        IpAddr::V4(_) => Embedded::Nothing,
        IpAddr::V6(address) => in_v6(address),
    }
}

fn in_v6(address: Ipv6Addr) -> Embedded {
    let s = address.segments();
    match s {
        // `::` and `::1` are themselves and not 0.0.0.0 and 0.0.0.1.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Embedded::Nothing,
        // IPv4-mapped (RFC 4291): the kernel dials IPv4.
        [0, 0, 0, 0, 0, 0xffff, ..] => Embedded::Same(v4(s[6], s[7])),
        // NAT64's well-known prefix (RFC 6052): on a network without IPv4 the only way to it.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Embedded::Same(v4(s[6], s[7])),
        // IPv4-compatible (RFC 4291, deprecated) and IPv4-translated (RFC 2765).
        [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => Embedded::Tunnelled(v4(s[6], s[7])),
        // NAT64's local prefix (RFC 8215).
        [0x64, 0xff9b, 1, ..] => Embedded::Perhaps(nat64_readings(address.octets())),
        // 6to4 (RFC 3056).
        [0x2002, ..] => Embedded::Tunnelled(v4(s[1], s[2])),
        _ => Embedded::Nothing,
    }
}

const fn v4(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

/// RFC 6052 §2.2 for prefixes of 48, 56, 64 and 96 bits; the octet of bits 64 to 71 is left out.
const fn nat64_readings(o: [u8; 16]) -> [Ipv4Addr; 4] {
    [
        Ipv4Addr::new(o[6], o[7], o[9], o[10]),
        Ipv4Addr::new(o[7], o[9], o[10], o[11]),
        Ipv4Addr::new(o[9], o[10], o[11], o[12]),
        Ipv4Addr::new(o[12], o[13], o[14], o[15]),
    ]
}
