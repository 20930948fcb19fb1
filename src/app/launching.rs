//! From the configuration to the launcher: which runtimes there are, and how far programs are kept
//! apart from the machine. Starts it.

use std::path::{Path, PathBuf};

use super::error::StartError;
use super::tenants;
use crate::config::{self, Config, ExecutionConfig};
use crate::domain::OwnerId;
use crate::process::{
    Containment, Feature, Launcher, LauncherBinary, LauncherSettings, Level, RuntimeSettings,
    Runtimes, Warm,
};

/// How engines are started that are not quite what the configuration says.
#[derive(Debug, Clone, Default)]
pub(crate) struct LauncherOptions {
    pub(super) binary: LauncherBinary,
    pub(super) lacking: Vec<Feature>,
}

/// Starts the launcher that the configuration asks for, on its data directory.
///
/// # Errors
/// When the runtimes make no sense, or what is asked for is not to be had on this machine.
pub(crate) fn launcher(
    config: &Config,
    owner: OwnerId,
    options: LauncherOptions,
) -> Result<Launcher, StartError> {
    let runtimes = config.runtimes.iter().map(|(name, runtime)| RuntimeSettings {
        name: name.clone(),
        aliases: runtime.aliases.clone(),
        command: runtime.command.clone(),
        file: runtime.file.clone(),
        version: runtime.version.clone(),
        locate: runtime.locate.clone(),
        env: runtime.env.clone().into_iter().collect(),
        warm: runtime.warm.enabled.then(|| Warm { preload: runtime.warm.preload.clone() }),
    });
    let runtimes = Runtimes::new(runtimes.collect())?;
    let execution = &config.execution;
    let settings = LauncherSettings {
        owner,
        data_dir: config.server.data_dir.clone(),
        path: execution.path.clone(),
        result_bytes_max: execution.result_bytes_max,
        binary: options.binary,
        level: tenants::level_of(execution.isolation),
        levels_besides: tenants::levels(config),
        containment: match execution.containment {
            config::Containment::Auto => None,
            config::Containment::Cgroup2 => Some(Containment::Cgroup2),
            config::Containment::PidNamespace => Some(Containment::PidNamespace),
            config::Containment::Session => Some(Containment::Session),
        },
        user_id: execution.user_id,
        working_dirs: execution.working_dirs.clone(),
        readable: readable(execution),
        lacking: options.lacking,
    };
    Ok(Launcher::new(settings, runtimes)?)
}

/// The level that is in force. Whether the strongest one that works here can do what the
/// configuration wants of it is known only now.
///
/// # Errors
/// When the network is to be off and cannot be taken away.
pub(super) fn level(config: &Config, launcher: &Launcher) -> Result<Level, StartError> {
    let surroundings = launcher.surroundings();
    if surroundings.level == Level::None && config.execution.network == config::Network::Off {
        let reason = surroundings.reason.clone();
        return Err(StartError::NetworkStaysOn { reason });
    }
    if let Some(tenant) = tenants::with_network_that_stays_on(config, surroundings.level) {
        return Err(StartError::NetworkStaysOnFor { tenant: tenant.to_owned() });
    }
    Ok(surroundings.level)
}

/// What programs may read: what the operator lists, and what belongs to the directories that
/// runtimes are looked for in, such as the libraries beside `/srv/python/bin`.
fn readable(execution: &ExecutionConfig) -> Vec<PathBuf> {
    let mut readable = execution.readable.clone();
    for directory in execution.path.split(':').map(Path::new) {
        let holds_binaries = directory.ends_with("bin") || directory.ends_with("sbin");
        let whole = if holds_binaries { directory.parent() } else { Some(directory) };
        readable.extend(whole.filter(|whole| *whole != Path::new("/")).map(Path::to_owned));
    }
    // A directory inside another one is there already.
    readable.retain(|directory| !directory.starts_with("/usr"));
    readable.sort();
    readable.dedup_by(|inner, outer| inner.starts_with(&*outer));
    readable
}
