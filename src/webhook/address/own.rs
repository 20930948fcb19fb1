//! Where this server itself listens: a callback that goes there would make it call itself.
//! Knows no policy, and sends nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Whether a connection to this address would end at one of these sockets.
pub(super) fn is_one_of(own: &[SocketAddr], address: SocketAddr) -> bool {
    own.iter().filter(|own| own.port() == address.port()).any(|own| {
        own.ip() == address.ip() || (own.ip().is_unspecified() && is_of_this_machine(address.ip()))
    })
}

/// Whether this machine has an address. Only what is on it is reached from itself, so that asking
/// the way there gives the same address as the way back; nothing is sent for that.
fn is_of_this_machine(address: IpAddr) -> bool {
    let from: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let way = UdpSocket::bind((from, 0)).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    way.is_ok_and(|own| own.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_socket_is_at_its_address_and_port() {
        let own = [at("198.51.100.7:443"), at("[2001:db8::7]:443")];
        for (address, expected) in [
            ("198.51.100.7:443", true),
            ("198.51.100.7:8443", false),
            ("198.51.100.8:443", false),
            ("[2001:db8::7]:443", true),
        ] {
            assert_eq!(is_one_of(&own, at(address)), expected, "{address}");
        }
    }

    #[test]
    fn a_socket_at_no_address_is_at_every_one_of_this_machine() {
        let own = [at("0.0.0.0:8080")];
        for (address, expected) in
            [("127.0.0.1:8080", true), ("127.0.0.1:8081", false), ("198.51.100.7:8080", false)]
        {
            assert_eq!(is_one_of(&own, at(address)), expected, "{address}");
        }
    }
}
