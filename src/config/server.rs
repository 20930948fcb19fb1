//! `[server]`: where the HTTP API listens and what its clients may use up.
//! Opens no socket.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::domain::Secret;

use super::execution::cores;
use super::key::KeyPath;
use super::reader::{ANY, Reader, Rule};

/// `[server]`: the HTTP API.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Where it listens, as `host:port`; port 0 picks a free one.
    pub listen: String,
    /// What links to this server begin with; empty when they are paths.
    pub public_url: String,
    /// The directory with the database, the keys and the files of running programs.
    pub data_dir: PathBuf,
    /// A key with all rights, of 16 or more characters, if there is one.
    pub api_key: Option<Secret>,
    /// Proxies that are believed when they say whose request they pass on.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest request body, in bytes.
    pub body_bytes_max: usize,
    /// Threads that serve HTTP, at least 1: what was 0 has become the number of cores.
    pub http_threads: usize,
    /// Client connections at a time, over all threads.
    pub connections_max: usize,
    /// How long a client may take to send the head of its request.
    pub header_timeout: Duration,
    /// How long the body of a request may take to come.
    pub body_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// Below so many free bytes on the disk nothing is accepted; 0 is never.
    pub disk_free_bytes_min: u64,
    /// Streams of events at a time, in all.
    pub streams_max: usize,
    /// The same for one tenant.
    pub streams_max_per_tenant: usize,
    /// How long a stream of events is silent before it says that it lives.
    pub stream_keep_alive: Duration,
    /// How long a token that was given for an API key is good.
    pub token_lifetime: Duration,
}

impl ServerConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let http_threads = match reader.number("server.http_threads", 0..=1024) {
            0 => cores(),
            threads => threads,
        };
        Self {
            listen: reader.text("server.listen", &LISTEN),
            public_url: reader.text("server.public_url", &PUBLIC_URL),
            data_dir: reader.get("server.data_dir"),
            api_key: reader.secret("server.api_key", &API_KEY),
            trusted_proxies: trusted_proxies(reader),
            body_bytes_max: reader.number("server.body_bytes_max", 1..=ANY),
            http_threads,
            connections_max: reader.number("server.connections_max", 1..=ANY),
            header_timeout: reader.wait("server.header_timeout"),
            body_timeout: reader.wait("server.body_timeout"),
            keep_alive: reader.wait("server.keep_alive"),
            disk_free_bytes_min: reader.number("server.disk_free_bytes_min", 0..=ANY),
            streams_max: reader.number("server.streams_max", 1..=ANY),
            streams_max_per_tenant: reader.number("server.streams_max_per_tenant", 1..=ANY),
            stream_keep_alive: reader.wait("server.stream_keep_alive"),
            token_lifetime: reader.wait("server.token_lifetime"),
        }
    }
}

fn trusted_proxies(reader: &mut Reader<'_>) -> Vec<IpNet> {
    let entries = reader.list(&KeyPath::from("server.trusted_proxies"), &PROXY);
    entries.iter().filter_map(|entry| network(entry)).collect()
}

const PROXY: Rule = Rule {
    expected: "expected addresses or CIDR ranges, such as [\"10.1.0.0/16\", \"::1\"]",
    fits: |entry| network(entry).is_some(),
};

/// A range of addresses, or one.
fn network(text: &str) -> Option<IpNet> {
    let one = || text.parse().ok().map(|address: IpAddr| IpNet::from(address));
    text.parse().ok().or_else(one)
}

const LISTEN: Rule = Rule {
    expected: "expected host:port, such as \"127.0.0.1:8080\", \"localhost:0\" or \"[::1]:8080\"",
    fits: is_address,
};

/// Whether a text is a host and a port. Names are looked up when the server binds.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_port = !port.starts_with('+') && port.parse::<u16>().is_ok();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match bare {
        Some(bare) => bare.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '/', '[', ']', '@', ' ']),
    };
    is_host && is_port
}

const PUBLIC_URL: Rule = Rule {
    expected: "expected an http or https URL without a query, such as \"https://ringback.example.com\"",
    fits: |text| text.is_empty() || is_base_url(text),
};

/// Whether paths can be appended to a text.
fn is_base_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        let is_plain = url.username().is_empty() && url.password().is_none();
        let ends_with_path = url.query().is_none() && url.fragment().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain && ends_with_path
    })
}

const API_KEY: Rule = Rule {
    expected: "expected 16 or more characters, none of them a control character",
    fits: is_api_key,
};

/// A key travels in a request header, where a line break cannot.
fn is_api_key(text: &str) -> bool {
    const CHARS_MIN: usize = 16;
    text.chars().count() >= CHARS_MIN && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let check = |text: &str, expected| assert_eq!(is_address(text), expected, "{text:?}");
        for good in ["127.0.0.1:8080", "localhost:0", "[::1]:65535", "ringback.internal:80"] {
            check(good, true);
        }
        for bad in
            ["", "8080", ":8080", "localhost", "localhost:", "::1:80", "[::1]", "h:65536", "h:-1"]
        {
            check(bad, false);
        }
        for bad in ["[localhost]:1", "http://localhost:80", "h:+1", "a b:1", "me@h:1", "h:80 "] {
            check(bad, false);
        }
    }

    #[test]
    fn an_api_key_is_long_and_fits_into_a_header() {
        let check = |text: &str, expected| assert_eq!(is_api_key(text), expected, "{text:?}");
        check("0123456789abcdef", true);
        check("any text of sixteen characters, ü too", true);
        check("0123456789abcde", false);
        check("", false);
        check("0123456789\n0123456789", false);
    }

    #[test]
    fn links_begin_with_a_url_that_paths_can_be_appended_to() {
        let check = |text: &str, expected| assert_eq!((PUBLIC_URL.fits)(text), expected, "{text}");
        for good in ["", "https://a.example", "http://a.example:8080/", "https://a.example/b"] {
            check(good, true);
        }
        for bad in ["a.example", "ftp://a.example", "https://a.example/?b", "https://me@a.example"]
        {
            check(bad, false);
        }
    }
}
