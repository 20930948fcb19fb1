//! Programs as they really run: how they end, what they see, what is kept of what they say.
//! Submits over HTTP and looks at the machine; knows nothing of the server's insides.

// Only the library must leave starting processes and reading the clock to one module.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod cancel;
mod environment;
mod life;
mod output;
mod program;
mod recordings;
mod result;
mod workspace;
