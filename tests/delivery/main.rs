//! Deliveries as their receivers see them.
//! Uses the library only as other crates can.

// Only the library must leave starting processes to one module.
#![allow(clippy::disallowed_methods)]

mod verifiers;
