//! What programs can do at each level, proved by attack: a program tries everything, and the table
//! says what it must find. SECURITY.md tells users the same in words.
//! Submits over HTTP and looks at the machine; knows nothing of the server's insides.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod attack;
mod delegation;
mod network;
mod outside;
mod setting;
mod table;
