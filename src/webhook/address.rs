//! Where a callback may go: the operator's policy, judged on a URL and on each resolved address.
//! Resolves no name and dials nothing; whoever dials must ask about every address first.

mod allow;
mod embedded;
mod endpoint;
mod own;
mod ranges;
mod refusal;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

pub use allow::{AllowEntry, AllowEntryError};
pub use endpoint::Endpoint;
pub use refusal::Refusal;

use embedded::Embedded;

/// What the operator lets callbacks reach beyond public addresses over https.
///
/// The default allows nothing more.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allow: Vec<AllowEntry>,
    allow_http: bool,
    own: Vec<SocketAddr>,
}

impl AddressPolicy {
    /// A policy with this allow-list; `allow_http` lets plain http go to every public address.
    pub const fn new(allow: Vec<AllowEntry>, allow_http: bool) -> Self {
        Self { allow, allow_http, own: Vec::new() }
    }

    /// The same for a server that listens at these addresses: callbacks do not go there, though
    /// they be public, unless the allow-list has them. `0.0.0.0` and `::` stand for every address
    /// of this machine; one that only a router before it has is not known here.
    pub fn listening_at(self, own: Vec<SocketAddr>) -> Self {
        Self { own, ..self }
    }

    /// Judges all that a URL says by itself, at submit and again before each attempt.
    ///
    /// A host name that passes has not been cleared: what it resolves to is judged by
    /// [`AddressPolicy::check_address`], each time.
    ///
    /// ```
    /// use ringback::webhook::AddressPolicy;
    ///
    /// let policy = AddressPolicy::default();
    /// let endpoint = policy.check_url("https://Example.com/hook?key=1").unwrap();
    /// assert_eq!(endpoint.authority(), "example.com:443");
    ///
    /// assert_eq!(policy.check_url("https://2130706433/").unwrap_err().rule, "loopback");
    /// ```
    pub fn check_url(&self, text: &str) -> Result<Endpoint, Refusal> {
        let endpoint = Endpoint::parse(text)?;
        match endpoint.literal() {
            Some(address) => self.check_address(&endpoint, address)?,
            None => self.check_name(&endpoint)?,
        }
        Ok(endpoint)
    }

    /// Judges one address that an endpoint would be reached at. Every address that its name
    /// resolves to must pass, on every attempt, before any of them is dialled.
    pub fn check_address(&self, endpoint: &Endpoint, address: IpAddr) -> Result<(), Refusal> {
        match embedded::in_address(address) {
            Embedded::Nothing => self.check_plain(endpoint, address),
            Embedded::Same(inner) => self.check_plain(endpoint, inner.into()),
            Embedded::Tunnelled(inner) => {
                // Both ends of a tunnel must be allowed. The inner one comes first, because it
                // is what the caller is after, and its rule says more.
                self.check_plain(endpoint, inner.into())?;
                self.check_plain(endpoint, address)
            }
            Embedded::Perhaps(readings) => {
                if readings.into_iter().any(|inner| ranges::is_metadata(inner.into())) {
                    return Err(Refusal::metadata(endpoint));
                }
                self.check_plain(endpoint, address)
            }
        }
    }

    fn check_name(&self, endpoint: &Endpoint) -> Result<(), Refusal> {
        let name = endpoint.host();
        if ranges::is_metadata_name(name) {
            return Err(Refusal::metadata(endpoint));
        }
        let named = self.names(name);
        if !named && is_localhost(name) && !self.allows_some_loopback() {
            return Err(Refusal::localhost(endpoint));
        }
        // Whether the name belongs to an allowed network, its addresses will tell. Loopback is no
        // such network but for names of this machine.
        if named || is_localhost(name) || self.allows_more_than_loopback() {
            return Ok(());
        }
        self.check_scheme(endpoint)
    }

    fn check_plain(&self, endpoint: &Endpoint, address: IpAddr) -> Result<(), Refusal> {
        if ranges::is_metadata(address) {
            return Err(Refusal::metadata(endpoint));
        }
        if self.names(endpoint.host()) || self.allow.iter().any(|entry| entry.contains(address)) {
            return Ok(());
        }
        match ranges::class_of(address) {
            Some(class) => Err(Refusal::class(endpoint, address, class)),
            None if own::is_one_of(&self.own, SocketAddr::new(address, endpoint.port())) => {
                Err(Refusal::own(endpoint))
            }
            None => self.check_scheme(endpoint),
        }
    }

    fn check_scheme(&self, endpoint: &Endpoint) -> Result<(), Refusal> {
        if endpoint.is_https() || self.allow_http {
            Ok(())
        } else {
            Err(Refusal::plain_http(endpoint))
        }
    }

    fn names(&self, name: &str) -> bool {
        self.allow.iter().any(|entry| entry.names(name))
    }

    fn allows_more_than_loopback(&self) -> bool {
        self.allow.iter().any(AllowEntry::reaches_beyond_loopback)
    }

    fn allows_some_loopback(&self) -> bool {
        self.allow.iter().any(AllowEntry::overlaps_loopback)
    }
}

/// Names that RFC 6761 gives to the machine itself, whatever a resolver says.
fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}
