//! The launcher as a library: programs started, held together and ended without a server around.
#![allow(clippy::disallowed_methods)] // tests may look at the clock and start processes

mod closed;
mod fallbacks;
mod life;
mod strangers;
mod support;
