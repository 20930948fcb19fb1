//! Nothing outlives its execution: programs that do all they can to stay, ended in every way there
//! is, on every rung of containment. Looks for what is left in `/proc`, as an operator would.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod ends;
mod keepers;
mod limits;
mod programs;
mod site;
