//! Other people's servers: where a callback may go, what it is sent, what its answer means.
//! Knows neither the store nor who runs what.

mod address;
mod client;
mod connection;
mod dial;
mod failure;
mod head;
mod headers;
mod idle;
mod lookup;
pub mod payload;
mod ping;
mod progress;
mod reach;
mod reading;
mod request;
mod resolve;
mod response;
pub mod retry_after;
pub mod signature;
mod stored_url;
pub mod tls;
mod wire;

pub use address::{AddressPolicy, AllowEntry, AllowEntryError, Endpoint, Refusal};
pub use client::{Attempted, Client, ClientSettings, Request};
pub use headers::{HeaderRefusal, check_callback_header};
pub use lookup::{Lookup, SystemLookup};
pub use ping::{Ping, Pinged, ping};
pub use reach::{Unreachable, reach};
pub use request::{Signing, headers, redacted};
pub use signature::check_secret;
pub use stored_url::{authority, shown};
pub use tls::TlsError;
