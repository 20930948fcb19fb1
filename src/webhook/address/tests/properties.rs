//! What holds for every URL, every address and every policy.
//! Draws addresses near the edges of ranges, where mistakes are.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

/// Any address, with those that matter drawn often.
fn v4() -> impl Strategy<Value = Ipv4Addr> {
    let special = prop::sample::select(vec![
        0x0000_0000_u32,
        0x0a00_0000,
        0x6440_0000,
        0x6464_64c8,
        0x7f00_0001,
        0xa83f_8110,
        0xa9fe_a9fe,
        0xa9fe_aa02,
        0xac10_0000,
        0xc000_00c0,
        0xc000_0200,
        0xc058_6300,
        0xc0a8_0000,
        0xc612_0000,
        0xcb00_7100,
        0xe000_0000,
        0xffff_ffff,
    ]);
    let near = (special, -1_i32..=1).prop_map(|(base, by)| base.wrapping_add_signed(by));
    prop_oneof![near, any::<u32>()].prop_map(Ipv4Addr::from)
}

fn policy() -> impl Strategy<Value = AddressPolicy> {
    let entry = prop::sample::select(vec![
        "0.0.0.0/0",
        "10.0.0.0/8",
        "127.0.0.1",
        "169.254.0.0/16",
        "::/0",
        "::/96",
        "2002::/16",
        "64:ff9b::/96",
        "::ffff:0:0/96",
        "::ffff:a00:0/104",
        "hooks.example",
        "localhost",
    ]);
    (prop::collection::vec(entry, 0..4), any::<bool>())
        .prop_map(|(entries, allow_http)| AddressPolicy { allow_http, ..allowing(&entries) })
}

fn url() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "https://hooks.example/",
        "http://hooks.example/",
        "https://a.example/",
        "http://a.example/",
    ])
}

/// How bad a verdict is: passing, refused, refused for ever.
fn severity(verdict: Result<(), &'static str>) -> u8 {
    match verdict {
        Ok(()) => 0,
        Err("metadata") => 2,
        Err(_) => 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_disguise_gets_a_better_verdict_than_the_address_inside(
        v4 in v4(),
        policy in policy(),
        url in url(),
        tail in any::<u64>(),
    ) {
        let bits = u128::from(u32::from(v4));
        let plain = severity(at(&policy, url, &v4.to_string()));
        for (name, disguise) in [
            ("mapped", 0xffff_0000_0000 | bits),
            ("nat64", 0x64_ff9b << 96 | bits),
            ("6to4", 0x2002 << 112 | bits << 80 | u128::from(tail)),
            ("compatible", bits),
            ("translated", 0xffff_0000_0000_0000 | bits),
        ] {
            // `::` and `::1` are addresses of their own.
            if disguise > 1 {
                let disguised = severity(at(&policy, url, &Ipv6Addr::from(disguise).to_string()));
                prop_assert!(disguised >= plain, "{} of {}: {} < {}", name, v4, disguised, plain);
            }
        }
    }

    #[test]
    fn mapped_and_nat64_get_exactly_the_verdict_of_the_address_inside(
        v4 in v4(),
        policy in policy(),
        url in url(),
    ) {
        let bits = u128::from(u32::from(v4));
        let plain = at(&policy, url, &v4.to_string());
        for disguise in [0xffff_0000_0000 | bits, 0x64_ff9b << 96 | bits] {
            prop_assert_eq!(at(&policy, url, &Ipv6Addr::from(disguise).to_string()), plain);
        }
    }

    #[test]
    fn a_literal_gets_the_same_verdict_in_a_url_as_from_a_resolver(v4 in v4(), policy in policy()) {
        let url = format!("https://{}/", u32::from(v4));
        let resolved = at(&policy, "https://a.example/", &v4.to_string());
        prop_assert_eq!(url_verdict(&policy, &url).map(|_| ()), resolved);
    }

    #[test]
    fn any_text_has_a_verdict_and_what_passes_passes_again_unchanged(
        text in "(https?:)?(//?)?[a-z0-9.:@#?/%\\[\\]\\\\é①。 -]{0,24}|https?://[a-z0-9.\\[\\]:-]{1,12}(/\\PC{0,8})?|\\PC{0,20}",
        policy in policy(),
    ) {
        if let Ok(endpoint) = policy.check_url(&text) {
            prop_assert_eq!(policy.check_url(endpoint.as_str()), Ok(endpoint));
        }
    }

    /// The HTTP client has a parser of its own. It is given only what both read alike.
    #[test]
    fn the_client_s_parser_finds_the_same_host_and_port(
        text in "https?://[a-z0-9.é①_!*'-]{1,12}(:[0-9]{1,5})?(/\\PC{0,8})?([?]\\PC{0,8})?",
    ) {
        let policy = AddressPolicy::new(vec!["0.0.0.0/0".parse().unwrap()], true);
        if let Ok(endpoint) = policy.check_url(&text) {
            // TLS is beneath it, so that it is always plain http that it is given.
            let uri: awc::http::Uri = format!("http://{}", endpoint.after_scheme()).parse().unwrap();
            prop_assert_eq!(uri.host(), Some(endpoint.host()));
            let default = if endpoint.is_https() { 443 } else { 80 };
            prop_assert_eq!(uri.port_u16().unwrap_or(default), endpoint.port());
            prop_assert_eq!(uri.authority().unwrap().as_str(), endpoint.host_header());
        }
    }
}
