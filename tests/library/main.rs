//! The engine inside other people's applications.
//! Uses the library only as other crates can.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

mod embed;
mod engine;
mod launcher;
mod meddling;
mod support;
