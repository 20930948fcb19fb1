//! Each range's first and last address and its neighbours; each metadata address in each disguise.
//! Says the expected verdict in full, rather than computing it from the tables under test.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

/// Both ends of each range of the handbook, what they are, and the neighbours' verdicts.
type Row = (&'static str, &'static str, &'static str, Neighbour, Neighbour);

/// The rule of the address next door; none when that one is public, or is no address at all.
type Neighbour = Option<&'static str>;

const V4: [Row; 16] = [
    ("0.0.0.0", "0.255.255.255", "unspecified", None, None),
    ("10.0.0.0", "10.255.255.255", "private", None, None),
    ("100.64.0.0", "100.127.255.255", "shared", None, None),
    ("127.0.0.0", "127.255.255.255", "loopback", None, None),
    ("169.254.0.0", "169.254.255.255", "link_local", None, None),
    ("172.16.0.0", "172.31.255.255", "private", None, None),
    ("192.0.0.0", "192.0.0.255", "reserved", None, None),
    ("192.0.2.0", "192.0.2.255", "documentation", None, None),
    ("192.88.99.0", "192.88.99.255", "tunnel", None, None),
    ("192.168.0.0", "192.168.255.255", "private", None, None),
    ("198.18.0.0", "198.19.255.255", "benchmarking", None, None),
    ("198.51.100.0", "198.51.100.255", "documentation", None, None),
    ("203.0.113.0", "203.0.113.255", "documentation", None, None),
    ("224.0.0.0", "239.255.255.255", "multicast", None, Some("reserved")),
    ("240.0.0.0", "255.255.255.254", "reserved", Some("multicast"), Some("broadcast")),
    ("255.255.255.255", "255.255.255.255", "broadcast", Some("reserved"), None),
];

const V6: [Row; 17] = [
    ("::", "::", "unspecified", None, Some("loopback")),
    ("::1", "::1", "loopback", Some("unspecified"), Some("unspecified")),
    // All of `::/8` but what stands for IPv4, and all that is outside 2000::/3.
    ("::1:0:0:0", "::fffe:ffff:ffff:ffff", "reserved", Some("broadcast"), Some("unspecified")),
    (
        "64:ff9b::1:0:0",
        "64:ff9b:ffff:ffff:ffff:ffff:ffff:ffff",
        "reserved",
        Some("broadcast"),
        Some("reserved"),
    ),
    ("100::", "100::ffff:ffff:ffff:ffff", "reserved", Some("reserved"), Some("reserved")),
    ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "tunnel", None, Some("reserved")),
    ("2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", Some("tunnel"), None),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation", None, None),
    // A piece out of 6to4; the ends of the whole are below.
    (
        "2002:101:101::",
        "2002:808:808:ffff:ffff:ffff:ffff:ffff",
        "tunnel",
        Some("tunnel"),
        Some("tunnel"),
    ),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation", None, None),
    ("4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", None, Some("reserved")),
    (
        "5f00::",
        "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "reserved",
        Some("reserved"),
        Some("reserved"),
    ),
    (
        "e000::",
        "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "reserved",
        Some("reserved"),
        Some("private"),
    ),
    (
        "fc00::",
        "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "private",
        Some("reserved"),
        Some("reserved"),
    ),
    (
        "fe80::",
        "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "link_local",
        Some("reserved"),
        Some("private"),
    ),
    (
        "fec0::",
        "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "private",
        Some("link_local"),
        Some("multicast"),
    ),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast", Some("private"), None),
];

#[track_caller]
fn check(address: IpAddr, expected: Option<&'static str>) {
    let verdict = address_verdict(&AddressPolicy::default(), &address.to_string());
    assert_eq!(verdict, expected.map_or(Ok(()), Err), "{address}");
}

#[test]
fn ipv4_ranges_end_where_they_should() {
    for (first, last, rule, before, after) in V4 {
        let [first, last] = [first, last].map(|text| u32::from(text.parse::<Ipv4Addr>().unwrap()));
        let at = |number: u32| IpAddr::from(Ipv4Addr::from(number));
        check(at(first), Some(rule));
        check(at(last), Some(rule));
        if let Some(number) = first.checked_sub(1) {
            check(at(number), before);
        }
        if let Some(number) = last.checked_add(1) {
            check(at(number), after);
        }
    }
}

#[test]
fn ipv6_ranges_end_where_they_should() {
    for (first, last, rule, before, after) in V6 {
        let [first, last] = [first, last].map(|text| u128::from(text.parse::<Ipv6Addr>().unwrap()));
        let at = |number: u128| IpAddr::from(Ipv6Addr::from(number));
        check(at(first), Some(rule));
        check(at(last), Some(rule));
        if let Some(number) = first.checked_sub(1) {
            check(at(number), before);
        }
        if let Some(number) = last.checked_add(1) {
            check(at(number), after);
        }
    }
}

/// At its ends 6to4 has something inside that is worse than a tunnel.
#[test]
fn both_ends_of_6to4_are_refused() {
    check("2002::".parse().unwrap(), Some("unspecified"));
    check("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap(), Some("broadcast"));
}

#[test]
fn public_addresses_pass() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "100.128.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "192.167.1.1",
        "168.63.129.17",
        "223.255.255.255",
        "2000::",
        "2001:200::1",
        "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2003::",
        "2606:4700::1111",
        "2a00:1450::1",
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff:1000::",
        "64:ff9b::808:808",
        "::ffff:8.8.8.8",
    ] {
        check(address.parse().unwrap(), None);
    }
}

#[test]
fn a_public_address_inside_a_disguise_other_than_mapped_and_nat64_is_refused() {
    for (address, rule) in [
        ("::808:808", "reserved"),
        ("::ffff:0:808:808", "reserved"),
        ("2002:808:808::1", "tunnel"),
        ("64:ff9b:1::808:808", "reserved"),
        ("2001:0:808:808::1", "tunnel"),
    ] {
        check(address.parse().unwrap(), Some(rule));
    }
}

#[test]
fn metadata_is_refused_in_every_disguise_whatever_is_allowed() {
    let everything = allowing(&["0.0.0.0/0", "::/0", "hooks.example", "169.254.169.254"]);
    let everything = AddressPolicy { allow_http: true, ..everything };
    for address in [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
    ] {
        let v4: Ipv4Addr = address.parse().unwrap();
        let bits = u128::from(u32::from(v4));
        let disguises = [
            bits,
            0xffff_0000_0000 | bits,
            0xffff_0000_0000_0000 | bits,
            0x64_ff9b << 96 | bits,
            0x64_ff9b_0001 << 80 | bits,
            0x2002 << 112 | bits << 80,
            // RFC 6052 with prefixes of 48, 56 and 64 bits, around the octet that must be zero.
            0x64_ff9b_0001 << 80 | (bits >> 16) << 64 | (bits & 0xffff) << 40,
            0x64_ff9b_0001 << 80 | (bits >> 24) << 64 | (bits & 0xff_ffff) << 32,
            0x64_ff9b_0001 << 80 | bits << 24,
        ];
        let disguises = disguises.map(|number| Ipv6Addr::from(number).to_string());
        for spelling in disguises.iter().map(String::as_str).chain([address]) {
            assert_eq!(address_verdict(&everything, spelling), Err("metadata"), "{spelling}");
        }
    }
    for address in ["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"] {
        assert_eq!(address_verdict(&everything, address), Err("metadata"), "{address}");
    }
}

/// IANA has given out nothing outside 2000::/3 but what has a row above.
#[test]
fn what_nobody_was_given_is_refused() {
    for address in ["1::", "ff:ffff::1", "200::1", "1fff:ffff::1", "6000::1", "9000::1", "f000::1"]
    {
        check(address.parse().unwrap(), Some("reserved"));
    }
}
