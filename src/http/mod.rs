//! The HTTP API: what comes in is checked and becomes a message or a question to the store; what
//! goes out is a record or a problem. Runs nothing and sends no webhook.

mod answers;
mod auth;
mod body;
mod callback;
mod callbacks;
mod compat;
mod connection;
mod deliveries;
mod envelope;
mod error;
mod executions;
mod fields;
mod functions;
mod health;
mod limits;
mod list;
mod metrics;
mod network;
mod openapi;
mod output;
mod purge;
mod routes;
mod runtimes;
mod signing;
mod signing_keys;
mod spec;
mod state;
mod sync;
mod times;
mod tokens;
mod working_dir;

pub use auth::{Keyring, NewKey, new_key};
pub use callbacks::Pings;
pub use connection::on_connect;
pub use limits::{Bounds, ProgramLimits};
pub use network::{NetworkPolicy, NetworkRefusal, NetworkRules};
pub use openapi::{openapi_json, openapi_markdown};
pub use routes::{nothing_else, routes};
pub use signing::SigningRules;
pub use state::{Api, RepeatRules, RequestLimits};
pub use tokens::{TOKEN_KEY_BYTES, Tokens};
