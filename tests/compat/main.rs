//! Other systems' published clients, unmodified, against a real server and a real receiver.
//! Says nothing of what they send; only of what they and the receiver get.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod hopx;
