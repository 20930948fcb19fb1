//! The HTTP API as clients see it, spoken to over real sockets.
//! Knows the contracts and nothing of the server's insides.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod accept;
mod auth;
mod back_pressure;
mod bad_callback;
mod bad_input;
mod callbacks;
mod command;
mod connections;
mod deliveries;
mod deliveries_list;
mod events;
mod exposition;
mod fetch_hive;
mod functions;
mod gone_clients;
mod health;
mod held_connections;
mod held_drain;
mod hopx_async;
mod hopx_control;
mod hopx_errors;
mod hopx_execute;
mod hopx_kill;
mod hopx_processes;
mod hopx_repeat;
mod hopx_stream;
mod idempotency;
mod limits;
mod list;
mod logs;
mod memory;
mod metrics;
mod metrics_of_requests;
mod output;
mod owed;
mod packaging;
mod problem;
mod protocol;
mod purge;
mod read;
mod recover;
mod redeliver;
mod retry_fields;
mod runtimes;
mod scoped;
mod scopes;
mod signing;
mod tenant_limits;
mod traces;
mod turns;
mod wait;
