//! Runs one program as a supervised child and says how it ended: the only place that starts
//! processes. Knows neither who asked nor what an execution is worth.
//!
//! The surface is [`Launcher`], [`Order`], [`Launched`] and [`Ending`]; how a child comes about is
//! nobody else's business.

mod capture;
mod child;
mod directory;
mod error;
mod launcher;
mod leftovers;
mod recorder;
mod recording;
mod recordings;
mod residence;
mod runtime;
mod spare;
mod spawn;

pub use child::{Ending, Signaller};
pub use error::LaunchError;
pub use launcher::{Launched, Launcher, LauncherSettings, Order};
pub use recordings::Stream;
pub use residence::Residence;
pub use runtime::{Located, Runtime, RuntimeSettings, Runtimes, RuntimesError};

#[cfg(test)]
mod tests;
