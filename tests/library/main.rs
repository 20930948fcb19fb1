//! The engine inside other people's applications.
//! Uses the library only as other crates can.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

mod client;
mod clock;
mod embed;
mod engine;
mod handlers;
mod launcher;
mod meddling;
mod metrics;
mod rotation;
mod support;

// What the black-box tests wait with and are called back at.
#[allow(dead_code)]
#[path = "../support/receiver.rs"]
mod receiver;
#[allow(dead_code)]
#[path = "../support/scripted.rs"]
mod scripted;
#[allow(dead_code)]
#[path = "../support/wait.rs"]
mod wait;
