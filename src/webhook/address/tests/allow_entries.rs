//! What an operator may write into the allow-list, and what is said about the rest.
//! Judges no URL.

use super::*;

#[test]
fn networks_addresses_and_names_are_read() {
    for (text, written) in [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("127.0.0.1", "127.0.0.1/32"),
        (" 127.0.0.1\n", "127.0.0.1/32"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::1", "::1/128"),
        ("[::1]", "::1/128"),
        ("fd00::/8", "fd00::/8"),
        ("::/0", "::/0"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("localhost", "localhost"),
        ("Hooks.Example.COM.", "hooks.example.com"),
        ("my_service", "my_service"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        let entry: AllowEntry = text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(entry.to_string(), written, "{text:?}");
        assert_eq!(entry.to_string().parse(), Ok(entry), "{text:?}");
    }
}

#[test]
fn anything_else_is_refused_with_its_reason() {
    let text = |text: &str| text.to_owned();
    for (entry, expected) in [
        ("", AllowEntryError::Empty),
        ("  ", AllowEntryError::Empty),
        ("http://localhost", AllowEntryError::Url { text: text("http://localhost") }),
        ("10.0.0.0/33", AllowEntryError::Cidr { text: text("10.0.0.0/33") }),
        ("10.0/8", AllowEntryError::Cidr { text: text("10.0/8") }),
        ("::/129", AllowEntryError::Cidr { text: text("::/129") }),
        ("example.com/x", AllowEntryError::Cidr { text: text("example.com/x") }),
        ("localhost:8080", AllowEntryError::Port { text: text("localhost:8080") }),
        ("127.0.0.1:80", AllowEntryError::Port { text: text("127.0.0.1:80") }),
        ("[::1]:80", AllowEntryError::Port { text: text("[::1]:80") }),
        ("*.example.com", AllowEntryError::Wildcard { text: text("*.example.com") }),
        ("fe80::1%eth0", AllowEntryError::Name { text: text("fe80::1%eth0") }),
        ("1::2::3", AllowEntryError::Name { text: text("1::2::3") }),
        ("a b", AllowEntryError::Name { text: text("a b") }),
        ("a..b", AllowEntryError::Name { text: text("a..b") }),
        (".", AllowEntryError::Name { text: text(".") }),
        ("user@host", AllowEntryError::Name { text: text("user@host") }),
        ("256.0.0.1", AllowEntryError::Name { text: text("256.0.0.1") }),
    ] {
        assert_eq!(entry.parse::<AllowEntry>(), Err(expected), "{entry:?}");
    }
}

#[test]
fn an_address_is_written_in_full() {
    for (text, address) in [
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("10", "0.0.0.10"),
    ] {
        let error = text.parse::<AllowEntry>().unwrap_err().to_string();
        let expected =
            format!("`{text}` is an unusual spelling of {address}: write the address in full");
        assert_eq!(error, expected);
    }
}
