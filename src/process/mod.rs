//! Runs one program as a supervised child and says how it ended: the only place that starts
//! processes. Knows neither who asked nor what an execution is worth.
//!
//! The surface is [`Launcher`], [`Order`], [`Launched`] and [`Ending`]; how a child comes about is
//! nobody else's business.

mod capture;
mod child;
mod directory;
mod error;
mod launch;
mod launcher;
mod level;
mod result;
mod leftovers;
mod residence;
mod runtime;
mod spare;
mod spawn;

pub use child::{Ending, Signaller};
pub use error::LaunchError;
pub use launch::{Launched, Launcher, LauncherSettings, Order};
pub use residence::Residence;
pub use runtime::{Located, Runtime, RuntimeSettings, Runtimes, RuntimesError};

#[cfg(test)]
mod tests;
