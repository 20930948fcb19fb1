//! The server ended hard, ended in good order, and not allowed to start: what holds through it; and
//! the auditor, who says whether it did.
//! Signals processes and breaks data directories; knows nothing of the server's insides.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod auditor_tests;
mod disk;
mod disk_low;
mod drain;
mod evidence;
mod frozen;
mod held;
mod kill9;
mod ledger;
mod leftovers;
mod output;
mod own_disk;
mod power;
mod retention;
mod rotation;
mod scene;
mod soak;
mod startup;
mod startup_config;
mod startup_damage;
mod startup_lock;
mod stop;
mod strace;
mod supervision;
mod windows;
