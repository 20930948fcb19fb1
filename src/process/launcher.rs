//! Launches the program of an execution: its directory, its environment, its command.
//! Everything above speaks to processes through this; how they come about can change below it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::child::{Ending, Running, Signaller, Start};
use super::directory::{Directories, ExecutionDirectory, Wanted};
use super::error::LaunchError;
use super::leftovers;
use super::recordings::Recordings;
use super::residence::{Living, Residence};
use super::runtime::Runtimes;
use crate::domain::{ExecutionId, ExecutionSpec, ProgramResult, Tenant};

/// What every launch needs to know.
#[derive(Debug, Clone)]
pub struct LauncherSettings {
    /// Where the directories of executions and workspaces are.
    pub data_dir: PathBuf,
    /// The `PATH` that programs get.
    pub path: String,
    /// The longest result that is taken from a program, in bytes.
    pub result_bytes_max: u64,
}

/// What is to be launched.
#[derive(Debug)]
pub struct Order<'a> {
    /// For which execution.
    pub id: ExecutionId,
    /// Whose workspace it may use.
    pub tenant: &'a Tenant,
    /// What to run.
    pub spec: &'a ExecutionSpec,
}

/// Launches programs and cleans up after them. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Launcher {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: LauncherSettings,
    directories: Directories,
    recordings: Recordings,
    runtimes: Runtimes,
    living: Living,
}

impl Launcher {
    /// Makes the directories that programs will need.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn new(mut settings: LauncherSettings, runtimes: Runtimes) -> io::Result<Self> {
        std::fs::create_dir_all(&settings.data_dir)?;
        // Programs run elsewhere, and processes are recognised by this path.
        settings.data_dir = settings.data_dir.canonicalize()?;
        let directories = Directories::create(&settings.data_dir)?;
        let recordings = Recordings::create(&settings.data_dir)?;
        let living = Living::default();
        let shared = Shared { settings, directories, recordings, runtimes, living };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The runtimes that it launches with.
    pub fn runtimes(&self) -> &Runtimes {
        &self.shared.runtimes
    }

    /// Starts the program of an execution that has been started in the store.
    ///
    /// # Errors
    /// When the runtime is missing or the system refuses. Nothing is left behind then.
    pub async fn launch(&self, order: &Order<'_>) -> Result<Launched, LaunchError> {
        let spec = order.spec;
        let unknown = || LaunchError::UnknownLanguage { language: spec.language.clone() };
        let runtime = self.shared.runtimes.find(&spec.language).ok_or_else(unknown)?;
        let executable = runtime.executable().await?;
        let alive = self.shared.living.enter(order.id);
        let wanted = Wanted {
            id: order.id,
            tenant: order.tenant,
            code: &spec.code,
            code_file: &runtime.settings().file,
            working_dir: &spec.working_dir,
        };
        let directories = &self.shared.directories;
        let directory =
            directories.prepare(&wanted).map_err(|source| LaunchError::Directory { source })?;
        let mut argv = vec![executable.display().to_string()];
        argv.extend_from_slice(&runtime.settings().command[1..]);
        argv.push(directory.code.display().to_string());
        let env = self.environment(order, &runtime.settings().env, &directory);
        let start = Start {
            argv: &argv,
            env: &env,
            directory: &directory.runs_in,
            stdin: spec.stdin.as_deref().map(str::as_bytes),
            output_bytes_max: spec.output_bytes,
            recorded: Some((&self.shared.recordings, order.id)),
        };
        match Running::start(&start) {
            Ok(running) => {
                alive.led_by(running.signaller().pid());
                let executions = directories.executions().to_owned();
                let residence = Residence { directory, executions, alive };
                let result_bytes_max = self.shared.settings.result_bytes_max;
                Ok(Launched { running, residence, result_bytes_max })
            }
            Err(source) => Err(LaunchError::Spawn { command: argv.swap_remove(0), source }),
        }
    }

    /// Kills processes of executions that are not running here and now, and says how many.
    pub fn kill_leftovers(&self) -> usize {
        leftovers::kill(self.shared.directories.executions(), |name| {
            self.shared.living.contains(name)
        })
    }

    /// Removes the directories of executions that are not running here and now.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_leftovers(&self) -> io::Result<()> {
        self.shared.directories.remove_all_but(|name| self.shared.living.contains(name))
    }

    /// What is recorded of the output of programs.
    pub(super) fn recordings(&self) -> &Recordings {
        &self.shared.recordings
    }

    /// Whether an execution is running here and now.
    pub(super) fn is_living(&self, execution: &str) -> bool {
        self.shared.living.contains(execution)
    }

    /// The whole environment of a program; nothing of the server's own is in it.
    fn environment(
        &self,
        order: &Order<'_>,
        runtime: &[(String, String)],
        directory: &ExecutionDirectory,
    ) -> Vec<String> {
        let home = directory.runs_in.display();
        let ours = [
            format!("PATH={}", self.shared.settings.path),
            format!("HOME={home}"),
            format!("PWD={home}"),
            // Text is UTF-8. Not LANG: it has a program load a dozen locale files at its start.
            "LC_CTYPE=C.UTF-8".to_owned(),
            format!("RINGBACK_EXECUTION_ID={}", order.id),
        ];
        let asked = &order.spec.env;
        let is_asked = |variable: &String| {
            variable.split_once('=').is_some_and(|(name, _)| asked.contains_key(name))
        };
        let runtime = runtime.iter().map(|(name, value)| format!("{name}={value}"));
        let mut all: Vec<String> = ours.into_iter().chain(runtime).collect();
        all.retain(|variable| !is_asked(variable));
        all.extend(asked.iter().map(|(name, value)| format!("{name}={}", value.expose())));
        // Not for the client to choose: it is how leftovers are recognised.
        all.retain(|variable| !variable.starts_with(&format!("{}=", leftovers::MARK)));
        all.push(format!("{}={}", leftovers::MARK, directory.result.display()));
        all
    }
}

/// A program that runs, and the place where it does.
#[derive(Debug)]
pub struct Launched {
    /// The process.
    running: Running,
    /// Its directory, and its name among the living.
    residence: Residence,
    result_bytes_max: u64,
}

impl Launched {
    /// What sends signals to it from elsewhere.
    pub fn signaller(&self) -> Signaller {
        self.running.signaller()
    }

    /// Waits for its end and takes what it left: its output and its result. When this returns,
    /// nothing of it runs any more.
    ///
    /// # Errors
    /// When the kernel does not say how the process ended.
    pub async fn ended(self) -> io::Result<(Ending, ProgramResult, Residence)> {
        let leader = self.running.signaller().pid();
        let ending = self.running.ended().await?;
        self.residence.kill_escaped(leader);
        let result = self.residence.result(self.result_bytes_max);
        Ok((ending, result, self.residence))
    }
}
