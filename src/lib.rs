//! Runs code for other programs and calls them back.
//!
//! A client posts code and has an id at once; the code runs as a supervised child process; exactly
//! one terminal event (completed, failed or cancelled) is delivered to the client's URL, signed,
//! retried and logged. This crate is the engine for actix applications; the command `ringback` is
//! the same engine with a server around it.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use ringback::Ringback;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Programs are started by a second process of this same binary.
//!     ringback::launcher::run_if_requested();
//!     actix_web::rt::System::new().block_on(serve())
//! }
//!
//! async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//!     let engine = Ringback::builder()
//!         .data_dir("./ringback-data")
//!         .api_key("a-key-of-16-characters")
//!         .start()
//!         .await?;
//!     let routes = engine.routes();
//!     HttpServer::new(move || {
//!         App::new().service(web::scope("/rb").configure(routes.clone()))
//!     })
//!     .bind("127.0.0.1:8080")?
//!     .run()
//!     .await?;
//!     Ok(())
//! }
//! ```
//!
//! Read `domain` first, then `actors::messages`: all that can be, and all that can be said.
#![deny(unsafe_code, clippy::unwrap_used)]
#![warn(missing_docs)]
// Without the command there is something left over that only the command needs.
#![cfg_attr(not(feature = "client"), allow(dead_code, unused_imports))]

// Bottom up: each row knows only the rows above it on this page.
pub mod domain;
mod failpoint;

pub mod bodies;

pub mod process;
pub mod store;
pub mod webhook;

#[cfg(feature = "client")]
pub mod client;

pub mod actors;

pub mod http;

pub mod app;
#[cfg(feature = "client")]
pub mod cli;
pub mod config;

/// How programs come about: by a small second process of the same binary.
pub mod launcher {
    pub use crate::process::{LauncherBinary, run_if_requested};
}

pub use actors::{
    Cancel, CancelOutcome, EngineStatus, ExecutionEnded, Standing, Status, Submit, SubmitError,
    SupervisorActor,
};
pub use app::{Builder, Engine, Ringback, Server, StartError};
#[cfg(feature = "client")]
pub use client::Client;
