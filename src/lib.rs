//! Runs code for other programs and calls them back.
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod domain;

pub mod process;
pub mod store;
pub mod webhook;

pub mod actors;

pub mod http;

pub mod app;
pub mod cli;
pub mod config;

pub use actors::{
    Cancel, CancelOutcome, EngineStatus, ExecutionEnded, Status, Submit, SubmitError,
    SupervisorActor,
};
pub use app::{Builder, Engine, Ringback, Server, StartError};
