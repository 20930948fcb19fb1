//! Runs one program as a supervised child and says how it ended: the only place that starts
//! processes. Knows neither who asked nor what an execution is worth.
//!
//! The surface is [`Launcher`], [`Order`], [`Launched`] and [`Ending`]; how a child comes about is
//! nobody else's business.

mod begun;
mod capture;
mod child;
mod directory;
mod error;
mod growth;
mod handler;
mod launch;
mod launched;
pub(crate) mod launcher;
mod level;
mod line;
mod lines;
mod outlook;
mod recorder;
mod recording;
mod recordings;
mod result;
mod runtime;
mod runtimes;
mod settings;
mod spare;

pub use child::{Ending, Interrupted, Signaller};
pub use directory::Residence;
pub use error::{LaunchError, LauncherError};
pub use growth::{Growth, Listener};
pub use launch::{Launcher, Order};
pub use launched::Launched;
pub use launcher::{LauncherBinary, cgroup_controllers, run_if_requested};
pub use level::{Containment, Feature, Level, Surroundings};
pub use recordings::Stream;
pub use runtime::{Located, Runtime, RuntimeSettings, Warm};
pub use runtimes::{Runtimes, RuntimesError};
pub use settings::LauncherSettings;
