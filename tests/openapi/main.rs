//! The document of the HTTP API, held against the server that it describes: that it is whole, that what
//! it says of requests and answers is so, and that nothing changes unnoticed.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

// Keys that may do less than everything.
#[allow(dead_code)]
#[path = "../api/scoped.rs"]
mod scoped;

mod answers;
mod bounds;
mod committed;
mod coverage;
mod document;
mod page;
mod requests;
mod schemathesis;
mod scopes;
mod tour;
