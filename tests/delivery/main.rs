//! What endpoints get: the event, its signature, its retries, and what is recorded of each attempt.
//! Receives over raw sockets and verifies with other people's code.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod backlog;
mod breaker;
mod cap;
mod ed25519;
mod failures;
mod faults;
mod outbox;
mod payload;
mod progress;
mod refused;
mod rotation;
mod secrets;
mod tls;
mod tls_receiver;
mod verifiers;
mod webhook;
