//! Puts an engine together from its parts and a configuration, and a server around it.
//! The only place that knows every module; it decides nothing that a module could decide.

mod auth;
mod builder;
mod engine;
mod error;
mod keys;
mod launching;
mod parts;
mod server;
mod tenants;

pub use builder::{Builder, Ringback};
pub use engine::Engine;
pub use error::StartError;
pub(crate) use keys::key_source;
pub(crate) use launching::{LauncherOptions, launcher};
pub(crate) use parts::{address_policy, client_settings, wall_clock};
pub use server::Server;
pub(crate) use tenants::level_of;
