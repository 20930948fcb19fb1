//! What a launcher is made from.
//! Starts nothing.

use std::path::PathBuf;

use super::launcher::LauncherBinary;
use super::level::{Containment, Feature, Level};
use crate::domain::OwnerId;

/// What every launch needs to know.
#[derive(Debug, Clone)]
pub struct LauncherSettings {
    /// The process start that launches.
    pub owner: OwnerId,
    /// Where the directories of executions and workspaces are.
    pub data_dir: PathBuf,
    /// The `PATH` that programs get, and where runtimes are looked for.
    pub path: String,
    /// The longest result that is taken from a program, in bytes.
    pub result_bytes_max: u64,
    /// Which binary is started as the launcher.
    pub binary: LauncherBinary,
    /// How far programs are kept apart from the machine; none for the strongest level that works.
    pub level: Option<Level>,
    /// The levels that some programs are to have beside that.
    pub levels_besides: Vec<Level>,
    /// How their processes are held together; none for the strongest that works.
    pub containment: Option<Containment>,
    /// The user and group of programs when the server runs as root.
    pub user_id: u32,
    /// Directories in which programs may run beside their own and their tenant's.
    pub working_dirs: Vec<PathBuf>,
    /// What programs may read beside the system's own directories.
    pub readable: Vec<PathBuf>,
    /// Features of the kernel that are left out on purpose, to see how that is lived with.
    pub lacking: Vec<Feature>,
}
