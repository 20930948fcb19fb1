//! What a program reaches that has asked for the network: the machine's own, as it is, and still
//! nothing that takes more rights than that.

use std::collections::BTreeMap;

use crate::attack::attack;
use crate::outside::Outside;
use crate::setting::Setting;

/// What differs from a program without the network, at levels confined and sandbox.
const WITH_NETWORK: &[(&str, [&str; 2])] = &[
    ("reach_a_tcp_listener", ["yes", "yes"]),
    ("reach_the_servers_own_port", ["yes", "yes"]),
    ("reach_tcp_with_the_first_packet", ["yes", "yes"]),
    ("listen_on_tcp", ["yes", "yes"]),
    ("send_udp", ["yes", "yes"]),
    ("open_a_netlink_socket", ["yes", "yes"]),
    ("reach_an_abstract_socket", ["yes", "yes"]),
    // Landlock has no rule for them; in the sandbox there is no such path.
    ("reach_a_socket_with_a_path", ["yes", "not visible"]),
    ("send_a_datagram_to_a_path", ["yes", "not visible"]),
    ("send_from_half_of_a_pair_to_a_path", ["yes", "not visible"]),
];

/// The attacks with the network, held against those without it: only what the network gives may
/// be different.
#[track_caller]
fn compare(setting: Setting, column: usize) {
    let Some(app) = setting.start() else { return };
    let outside = Outside::around(&app, setting);
    let without = attack(&app, &outside, Some(false));
    let with = attack(&app, &outside, Some(true));
    let changed: BTreeMap<&str, &str> = with
        .iter()
        .filter(|(check, found)| without[*check] != **found)
        .map(|(check, found)| (check.as_str(), found.as_str()))
        .collect();
    let expected = WITH_NETWORK.iter().map(|(check, found)| (*check, found[column])).collect();
    assert_eq!(changed, expected, "{setting:?}");
}

#[test]
fn level_confined_under_root() {
    compare(Setting::root("confined"), 0);
}

#[test]
fn level_confined_under_a_plain_user() {
    compare(Setting::user("confined"), 0);
}

#[test]
fn level_confined_without_namespaces() {
    compare(Setting::user("confined").without_namespaces(), 0);
}

#[test]
fn level_sandbox_under_root() {
    compare(Setting::root("sandbox"), 1);
}

#[test]
fn level_sandbox_under_a_plain_user() {
    compare(Setting::user("sandbox"), 1);
}
