//! Hosts as they are kept, a name and a port, and how some of them are looked for.
//! Knows no table.

/// From which host on, and before which, lie those that a client means: `example.com` is it at
/// every port, `example.com:443` at this one alone.
pub(super) fn range(wanted: &str) -> (String, String) {
    let has_port = wanted.rsplit_once(':').is_some_and(|(name, port)| {
        // The colons of an IPv6 address are inside brackets.
        !port.contains(']') && (!name.contains(':') || name.ends_with(']'))
    });
    if has_port {
        // Nothing lies between a text and the same text with the smallest character behind it.
        return (wanted.to_owned(), format!("{wanted}\u{0}"));
    }
    // `;` is the character behind `:`.
    (format!("{wanted}:"), format!("{wanted};"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(wanted: &str, host: &str) -> bool {
        let (from, to) = range(wanted);
        (from.as_str()..to.as_str()).contains(&host)
    }

    #[test]
    fn a_name_is_found_at_every_port_and_with_a_port_at_that_one() {
        for host in ["example.com:443", "example.com:80", "example.com:8443"] {
            assert!(finds("example.com", host));
            assert_eq!(finds("example.com:443", host), host == "example.com:443");
        }
        assert!(finds("[::1]", "[::1]:80") && finds("[::1]:80", "[::1]:80"));
        assert!(!finds("[::1]:80", "[::1]:8080"));
        for host in ["a.example.com:443", "example.co:443", "example.com.evil:443", "example"] {
            assert!(!finds("example.com", host), "{host}");
            assert!(!finds("example.com:443", host), "{host}");
        }
    }
}
