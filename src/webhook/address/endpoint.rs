//! A callback URL that is well formed: parsed once, by one parser, and written down its way.
//! Knows no policy: whether callbacks may go there is decided elsewhere.

use std::fmt;
use std::net::IpAddr;

use url::{Host, ParseError, Position, Url};

use super::ranges;
use super::refusal::Refusal;

/// The longest callback URL, in bytes, as it came and as it is written down.
const URL_BYTES_MAX: usize = 2048;

/// An absolute http or https URL with a host, and without userinfo and fragment.
///
/// Only [`AddressPolicy::check_url`](super::AddressPolicy::check_url) makes one, so that none
/// exists which was not judged. `Debug` leaves the query out: it is often a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    authority: String,
    literal: Option<IpAddr>,
}

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        check_text(text)?;
        let mut url = Url::parse(text).map_err(unparsable)?;
        check_parts(text, &url)?;
        let literal = settle_host(&mut url)?;
        if url.as_str().len() > URL_BYTES_MAX {
            return Err(too_long());
        }
        let endpoint = Self { authority: String::new(), url, literal };
        let (host, port) = (endpoint.host(), endpoint.port());
        if ranges::is_denied_port(port) {
            return Err(denied_port(port));
        }
        Ok(Self { authority: format!("{host}:{port}"), ..endpoint })
    }

    /// The URL as it is kept and sent. Its query may be a secret.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The URL without its query, for logs and answers.
    pub fn shown(&self) -> &str {
        &self.url[..Position::AfterPath]
    }

    /// Host and port, the port always spelled out: who shares a fate with this endpoint.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Host, port, path and query, as they are kept and sent.
    pub(in super::super) fn after_scheme(&self) -> &str {
        &self.url[Position::BeforeHost..]
    }

    /// What the `Host` header says: the port is there unless it is the default one of the scheme.
    pub(in super::super) fn host_header(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// The host in lower case and without a final dot; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.url.host_str().expect("an endpoint without a host was refused")
    }

    /// The port, given or by default of the scheme.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().expect("http and https have default ports")
    }

    /// Whether the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The address, when the host is one and no name.
    pub const fn literal(&self) -> Option<IpAddr> {
        self.literal
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.shown()).finish()
    }
}

/// The name without a final dot, if it is one that a resolver and every HTTP library read alike.
pub(super) fn plain_name(domain: &str) -> Option<&str> {
    let name = domain.strip_suffix('.').unwrap_or(domain);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_plain);
    (name.len() <= 253 && name.split('.').all(is_label)).then_some(name)
}

/// What the parser would forgive, by dropping or replacing it, other parsers read differently.
fn check_text(text: &str) -> Result<(), Refusal> {
    if text.len() > URL_BYTES_MAX {
        return Err(too_long());
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(Refusal::new(
            "characters",
            "the callback URL has whitespace, a control character or a backslash in it, which \
             must be percent-encoded",
        ));
    }
    Ok(())
}

fn check_parts(text: &str, url: &Url) -> Result<(), Refusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::new("scheme", "the callback URL must begin with http:// or https://"));
    }
    let authority = written_authority(text)?;
    if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::new(
            "userinfo",
            "the callback URL must not have a user name or a password before its host; use \
             callback_headers for credentials",
        ));
    }
    if url.fragment().is_some() {
        return Err(Refusal::new("fragment", "the callback URL must not have a fragment (`#`)"));
    }
    Ok(())
}

/// What stands between `://` and the path. The parser also takes `http:host` and `http:///host`,
/// in which other parsers find other hosts or none.
fn written_authority(text: &str) -> Result<&str, Refusal> {
    let rest = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
    let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if authority.is_empty() {
        return Err(Refusal::new(
            "host",
            "the callback URL must have a host right behind http:// or https://",
        ));
    }
    Ok(authority)
}

/// Takes the final dot off a name, so that one host has one spelling: for the allow-list, for
/// certificates, and as a key. Gives the address when the host is no name.
fn settle_host(url: &mut Url) -> Result<Option<IpAddr>, Refusal> {
    let name = match url.host() {
        Some(Host::Ipv4(address)) => return Ok(Some(address.into())),
        Some(Host::Ipv6(address)) => return Ok(Some(address.into())),
        Some(Host::Domain(domain)) => plain_name(domain).map(str::to_owned),
        None => None,
    };
    let settled = name.and_then(|name| url.set_host(Some(&name)).ok());
    settled.map(|()| None).ok_or_else(|| bad_host("it is not a host name"))
}

fn unparsable(error: ParseError) -> Refusal {
    match error {
        ParseError::RelativeUrlWithoutBase | ParseError::RelativeUrlWithCannotBeABaseBase => {
            Refusal::new(
                "absolute",
                "the callback URL must be absolute and begin with http:// or https://",
            )
        }
        ParseError::InvalidPort => no_port(),
        error => bad_host(&error.to_string()),
    }
}

fn bad_host(reason: &str) -> Refusal {
    Refusal::new("host", format!("the callback URL's host is not valid: {reason}"))
}

fn no_port() -> Refusal {
    Refusal::new("port", "the callback URL's port must be a number from 1 to 65535")
}

fn denied_port(port: u16) -> Refusal {
    let detail =
        format!("the callback URL's port {port} belongs to another protocol, never to callbacks");
    if port == 0 { no_port() } else { Refusal::new("port", detail) }
}

fn too_long() -> Refusal {
    Refusal::new(
        "too_long",
        format!("the callback URL is longer than {URL_BYTES_MAX} bytes once it is percent-encoded"),
    )
}
