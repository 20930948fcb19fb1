//! Programs whose interpreter is warm: that nothing but their speed tells them from cold ones, and
//! that every way out of warmth leads to a cold start. The programs that are compared are in
//! `programs/`; `driver.py` runs them without a server, too.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod apart;
mod comparison;
mod driver;
mod ending;
mod fallback;
mod limits;
mod lost;
mod site;
