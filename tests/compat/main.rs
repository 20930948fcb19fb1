//! The systems that Ringback stands in for, as their users know them: what they send and what they
//! read, against a real server and a real receiver. Knows nothing of the server's insides.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

// Keys that may do less than everything, which no request makes yet.
#[allow(dead_code)]
#[path = "../api/scoped.rs"]
mod scoped;

mod cortex;
mod guides;
mod hopx;
