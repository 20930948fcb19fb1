//! What becomes of programs that use more than they may: which limit ends them or stops them, in
//! which words, and that their neighbours do not notice. In every way of keeping programs.
//! Submits over HTTP and looks at the machine; knows nothing of the server's insides.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod counts;
mod cpu;
mod ends;
mod kinds;
mod memory;
mod output;
