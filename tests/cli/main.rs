//! The command line as users and scripts see it: what is printed where, and the exit codes.
//! Runs the real binary and knows nothing of what is inside.

// Only the library must leave starting processes to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod shared;
#[path = "../delivery/tls_receiver.rs"]
mod tls_receiver;

mod asking;
mod cancel;
mod completions;
mod config;
mod deliveries;
mod demo;
mod doctor;
mod doctor_standing;
mod get;
mod keys;
mod list;
mod listen;
mod logs;
mod reference;
mod run;
mod secrets;
mod serve;
mod service;
mod signature;
mod submit;
mod support;
mod unread;
mod wait;
mod watch;
