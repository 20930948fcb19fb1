//! A client of a running server, for other programs and for the command: submit, wait, follow,
//! cancel, and look after what became of callbacks. Runs nothing itself, and prints nothing.
//!
//! ```no_run
//! use ringback::bodies::NewExecution;
//! use ringback::client::Client;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder("http://127.0.0.1:8080").token("rbk_…").build()?;
//! let wanted = NewExecution { code: "print(6 * 7)".into(), ..Default::default() };
//! let accepted = client.submit(&wanted).await?;
//! let ended = client.wait(accepted.id, None).await?;
//! assert_eq!(ended.stdout.as_deref(), Some("42\n"));
//! # Ok(())
//! # }
//! ```
//!
//! It stands on awc, so it is used where an actix system runs: in a handler or an actor, or within
//! `actix_rt::System::new().block_on(…)`.

mod builder;
mod deliveries;
mod error;
mod events;
mod exchange;
mod executions;
mod filter;
mod poll;
mod problem;
mod retry;
mod server;
mod sse;

use std::fmt;

use url::Url;

pub use builder::{Builder, SettingsError};
pub use deliveries::Window;
pub use error::Error;
pub use events::{Event, Events, Piece, Position};
pub use executions::Output;
pub use filter::{DeliveryFilter, Filter};

pub(crate) use error::sentences;
pub(crate) use exchange::{Answer, Ask};

pub use crate::process::Stream;

use crate::domain::Secret;

/// Speaks to one server. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: awc::Client,
    server: Url,
    token: Option<Secret>,
}

impl Client {
    /// A client of the server at this URL, to be told what else it needs.
    pub fn builder(server: impl Into<String>) -> Builder {
        Builder::new(server.into())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("server", &self.server.as_str()).finish_non_exhaustive()
    }
}
