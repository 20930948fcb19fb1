//! Workers for node: that a program finds nothing different in one, that each serves once, and that
//! none outlives anybody. About the launcher and a whole server, on a real node.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod figures;
mod once;
mod outlive;
mod same;
mod site;
