//! Launches the program of an execution: its directory, its environment, its command.
//! Everything above speaks to processes through this; how they come about can change below it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::begun::Begun;
use super::capture::Capture;
use super::child::{Bounds, NotStarted, Running, Start};
use super::directory::{Directories, ExecutionDirectory, Residence, Roots, Wanted};
use super::error::{LaunchError, LauncherError};
use super::handler::{self, Results};
use super::launched::Launched;
use super::launcher::{self, Launch, Limits, Setup};
use super::level::{Level, Surroundings};
use super::line::{self, Line};
use super::lines::Lines;
use super::outlook::Outlook;
use super::recordings::{Recordings, Stream};
use super::runtime::{Runtime, RuntimeSettings};
use super::runtimes::Runtimes;
use super::settings::LauncherSettings;
use crate::domain::{
    Epoch, ExecutionId, ExecutionSpec, OnOutputLimit, OwnerId, Tenant, WorkingDir,
};
use crate::failpoint;

/// The variable that tells a program where its result goes.
const RESULT_VARIABLE: &str = "RINGBACK_RESULT";

/// The variable that tells a program whose it is. People find it by this.
const EXECUTION_VARIABLE: &str = "RINGBACK_EXECUTION_ID";

/// The variable that tells a program which trace it is part of: what OpenTelemetry reads, and others.
const TRACE_VARIABLE: &str = "TRACEPARENT";

/// Text is UTF-8. Not LANG: it has a program load a dozen locale files at its start.
pub(super) const LOCALE: &str = "LC_CTYPE=C.UTF-8";

/// What is to be launched.
#[derive(Debug)]
pub struct Order<'a> {
    /// For which execution.
    pub id: ExecutionId,
    /// In which of its epochs.
    pub epoch: Epoch,
    /// Whose workspace it may use.
    pub tenant: &'a Tenant,
    /// How far it is kept apart from the machine; none is as programs usually are.
    pub level: Option<Level>,
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
    path: String,
    result_bytes_max: u64,
    directories: Directories,
    recordings: Recordings,
    begun: Begun,
    runtimes: Runtimes,
    lines: Lines,
}

impl Launcher {
    /// Makes the directories that programs will need, and starts the process that will start them.
    /// When this returns, nothing of an earlier server on the same data runs any more.
    ///
    /// # Errors
    /// When the directories cannot be made, or the level is not to be had on this machine.
    pub fn new(mut settings: LauncherSettings, runtimes: Runtimes) -> Result<Self, LauncherError> {
        let cannot = |path: &PathBuf| {
            let path = path.clone();
            move |source| LauncherError::Directories { path, source }
        };
        let data_dir = &settings.data_dir;
        std::fs::create_dir_all(data_dir).map_err(cannot(data_dir))?;
        // Programs run elsewhere, and rules about files follow no links.
        settings.data_dir = data_dir.canonicalize().map_err(cannot(data_dir))?;
        let data_dir = settings.data_dir.clone();
        let is_root = rustix::process::geteuid().is_root();
        let owner = is_root.then_some(settings.user_id);
        let directories = Directories::create(&data_dir, owner).map_err(cannot(&data_dir))?;
        let recordings = Recordings::create(&data_dir).map_err(cannot(&data_dir))?;
        let begun = Begun::open(&data_dir, settings.owner).map_err(cannot(&data_dir))?;
        let lines = Lines::open(wanted(&settings), &settings.levels_besides);
        let lines = lines.map_err(|not_opened| LauncherError::Level {
            level: not_opened.level.map_or("auto", Level::as_str),
            reason: not_opened.error.to_string(),
        })?;
        let LauncherSettings { path, result_bytes_max, .. } = settings;
        let shared =
            Shared { path, result_bytes_max, directories, recordings, begun, runtimes, lines };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The runtimes that it launches with.
    pub fn runtimes(&self) -> &Runtimes {
        &self.shared.runtimes
    }

    /// How programs are usually kept apart from the machine and held together.
    pub fn surroundings(&self) -> &Surroundings {
        self.shared.lines.usual().surroundings()
    }

    /// The same of those that are to have another level.
    pub fn surroundings_besides(&self) -> impl Iterator<Item = &Surroundings> {
        self.shared.lines.besides()
    }

    /// Whether programs can be started at this moment. A launcher that was lost is replaced within
    /// a moment, unless it cannot be; programs wait for that.
    pub fn is_up(&self) -> bool {
        self.shared.lines.is_up()
    }

    /// Waits until programs can be started, if that will ever be.
    pub async fn up(&self) {
        self.shared.lines.up().await;
    }

    /// Waits until it is certain that no program can be started any more, and says why.
    pub async fn given_up(&self) -> String {
        self.shared.lines.given_up().await
    }

    /// Starts the program of an execution that has been started in the store.
    ///
    /// # Errors
    /// When the runtime is missing or the system refuses. Nothing is left behind then.
    pub async fn launch(&self, order: &Order<'_>) -> Result<Launched, LaunchError> {
        let (shared, spec) = (&self.shared, order.spec);
        let unknown = || LaunchError::UnknownLanguage { language: spec.language.clone() };
        let runtime = shared.runtimes.find(&spec.language).ok_or_else(unknown)?;
        let line = self.line_for(order)?;
        let executable = runtime.executable(shared.lines.strictest(), &shared.path).await?;
        self.warm_up(runtime, executable);
        let code = handler::text_of(order, runtime.name(), shared.result_bytes_max)?;
        let results = Results::of(&spec.entrypoint, shared.result_bytes_max);
        let place = self.place(order, runtime, (line.surroundings().level, &code))?;
        let argv = command(runtime.settings(), executable, &place.outlook.code);
        let launch = Launch {
            number: 0,
            env: self.environment(order, &runtime.settings().env, &place.outlook),
            argv,
            code: place
                .directory
                .is_none()
                .then(|| (runtime.settings().file.clone(), code.into_owned())),
            result_bytes_max: results.file_bytes_max(),
            directory: place.outlook.runs_in.clone(),
            execution: place.directory.is_some().then(|| order.id.to_string()),
            workspace: place.workspace,
            listed: match &spec.working_dir {
                WorkingDir::Listed(path) => Some(path.clone()),
                WorkingDir::Own | WorkingDir::Workspace(_) => None,
            },
            network: spec.network,
            limits: limits(spec),
            warm: runtime.settings().way().map(|_| runtime.name().to_owned()),
        };
        failpoint::hit("launch-before-order");
        let running = self.run(line, order, launch).await?;
        let residence = Residence { directory: place.directory };
        Ok(Launched { running, residence, results })
    }

    /// Has an interpreter of this runtime kept warm, if the operator wants that and programs have
    /// a place of their own in which it can fork or wait.
    pub(super) fn warm_up(&self, runtime: &Runtime, executable: &Path) {
        let settings = runtime.settings();
        let (Some(warm), Some(way)) = (&settings.warm, settings.way()) else { return };
        let Some(line) = self.shared.lines.at(Level::Sandbox) else { return };
        let code = Outlook::in_sandbox(&settings.file, &WorkingDir::Own).code;
        let env = settings.env.iter().map(|(name, value)| format!("{name}={value}"));
        line.warm(&launcher::Warm {
            way,
            runtime: settings.name.clone(),
            argv: command(settings, executable, &code),
            env: env.chain([LOCALE.to_owned()]).collect(),
            preload: warm.preload.clone(),
        });
    }

    /// Removes what executions of earlier servers have left on disk. Not while anything runs.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_leftovers(&self) -> std::io::Result<()> {
        self.shared.directories.remove_leftovers()?;
        self.shared.recordings.remove_all()?;
        self.shared.begun.forget_earlier()
    }

    /// Whether any of a program's own code may have run in a run of an earlier owner. False only
    /// when it is certain that its launcher was never asked.
    pub fn may_have_begun(&self, owner: OwnerId, run: (ExecutionId, Epoch)) -> bool {
        self.shared.begun.may_have(owner, run)
    }

    /// Forgets that the program of a run has begun. Not before what became of the run is on disk.
    pub fn forget_run(&self, run: (ExecutionId, Epoch)) {
        self.shared.begun.unmark(run);
        self.shared.recordings.growing().turned(run.0);
    }

    /// Ends every program, and the process that started them. Returns when nothing is left.
    pub fn close(&self) {
        self.shared.lines.close();
    }

    /// What is recorded of the output of programs.
    pub(super) fn recordings(&self) -> &Recordings {
        &self.shared.recordings
    }

    /// What asks runtimes who they are.
    pub(super) fn line(&self) -> (&Line, &str) {
        (self.shared.lines.strictest(), &self.shared.path)
    }

    /// The line to the launcher of the level that an execution is to have.
    fn line_for(&self, order: &Order<'_>) -> Result<&Line, LaunchError> {
        let lines = &self.shared.lines;
        let Some(level) = order.level else { return Ok(lines.usual()) };
        lines.at(level).ok_or(LaunchError::NoLevel { level })
    }

    async fn run(
        &self,
        line: &Line,
        order: &Order<'_>,
        launch: Launch,
    ) -> Result<Running, LaunchError> {
        let spec = order.spec;
        let command = launch.argv[0].clone();
        let stop_at = (spec.on_output_limit == OnOutputLimit::Fail).then_some(spec.output_bytes);
        let capture = |stream| {
            let recorder = self.shared.recordings.recorder(order.id, stream);
            Capture::new(spec.output_bytes, stop_at, Some(recorder))
                .map_err(|source| LaunchError::Streams { source })
        };
        let start = Start {
            launch,
            stdin: spec.stdin.as_deref().map(str::as_bytes),
            stdout: capture(Stream::Stdout)?,
            stderr: capture(Stream::Stderr)?,
            bounds: Bounds {
                memory_bytes: spec.limits.memory_bytes.unwrap_or(0),
                cpu_time: spec.limits.cpu_time.unwrap_or_default(),
                output_bytes: spec.output_bytes,
            },
        };
        let run = (order.id, order.epoch);
        // From here on it may begin, and the next server must know.
        self.shared.begun.mark(run).map_err(|source| LaunchError::Unmarked { source })?;
        Running::start(line, start).await.map_err(|error| match error {
            NotStarted::Failed(failed) => {
                LaunchError::Spawn { command, doing: failed.doing, source: failed.error }
            }
            NotStarted::Input(source) => LaunchError::Streams { source },
            NotStarted::NoLauncher => {
                self.shared.begun.unmark(run);
                LaunchError::NoLauncher
            }
            NotStarted::Lost => LaunchError::Lost,
        })
    }

    /// Makes what a program needs on our disk, and says what it will see of it.
    fn place(
        &self,
        order: &Order<'_>,
        runtime: &Runtime,
        (level, code): (Level, &str),
    ) -> Result<Place, LaunchError> {
        let working_dir = &order.spec.working_dir;
        let file = &runtime.settings().file;
        let directories = &self.shared.directories;
        let cannot = |source| LaunchError::Directory { source };
        let workspace = directories.prepare_workspace(order.tenant, working_dir).map_err(cannot)?;
        if level == Level::Sandbox {
            let outlook = Outlook::in_sandbox(file, working_dir);
            return Ok(Place { outlook, directory: None, workspace });
        }
        let wanted =
            Wanted { id: order.id, tenant: order.tenant, code, code_file: file, working_dir };
        let directory = directories.prepare(&wanted).map_err(cannot)?;
        Ok(Place { outlook: directory.outlook.clone(), directory: Some(directory), workspace })
    }

    /// The whole environment of a program; nothing of the server's own is in it.
    fn environment(
        &self,
        order: &Order<'_>,
        runtime: &[(String, String)],
        outlook: &Outlook,
    ) -> Vec<String> {
        let home = outlook.runs_in.display();
        let ours = [
            format!("PATH={}", self.shared.path),
            format!("HOME={home}"),
            format!("PWD={home}"),
            LOCALE.to_owned(),
        ];
        let trace = order.spec.traceparent.map(|trace| trace.within(order.id));
        let trace = trace.map(|trace| format!("{TRACE_VARIABLE}={trace}"));
        let asked = &order.spec.env;
        let is_asked = |variable: &String| {
            variable.split_once('=').is_some_and(|(name, _)| asked.contains_key(name))
        };
        let runtime = runtime.iter().map(|(name, value)| format!("{name}={value}"));
        let mut all: Vec<String> = ours.into_iter().chain(trace).chain(runtime).collect();
        all.retain(|variable| !is_asked(variable));
        let chosen = [EXECUTION_VARIABLE, RESULT_VARIABLE];
        // Not for the client to choose: others rely on them.
        let asked = asked.iter().filter(|(name, _)| !chosen.contains(&name.as_str()));
        all.extend(asked.map(|(name, value)| format!("{name}={}", value.expose())));
        all.push(format!("{EXECUTION_VARIABLE}={}", order.id));
        all.push(format!("{RESULT_VARIABLE}={}", outlook.result.display()));
        all
    }
}

/// What a program has on our disk, and what it sees of it.
struct Place {
    outlook: Outlook,
    directory: Option<ExecutionDirectory>,
    workspace: Option<String>,
}

/// The whole command that runs a program.
fn command(settings: &RuntimeSettings, executable: &Path, code: &Path) -> Vec<String> {
    let given = settings.command[1..].iter().cloned();
    let executable = executable.display().to_string();
    [executable].into_iter().chain(given).chain([code.display().to_string()]).collect()
}

fn limits(spec: &ExecutionSpec) -> Limits {
    let domain = &spec.limits;
    Limits {
        memory_bytes: domain.memory_bytes,
        processes: domain.processes,
        cpu_micros: domain.cpu_time.map(|time| time.as_micros().try_into().unwrap_or(u64::MAX)),
        open_files: domain.open_files,
        disk_bytes: domain.disk_bytes,
    }
}

fn wanted(settings: &LauncherSettings) -> line::Wanted {
    let roots = Roots::of(&settings.data_dir);
    let setup = Setup {
        // Both are found out by trying.
        level: Level::Sandbox,
        namespaces: true,
        containment: settings.containment,
        user_id: settings.user_id,
        executions: roots.executions,
        workspaces: roots.workspaces,
        working_dirs: settings.working_dirs.clone(),
        readable: settings.readable.clone(),
        lock: settings.data_dir.join("launcher.lock"),
        cgroup: line::cgroup_name(&settings.data_dir),
        lacking: settings.lacking.clone(),
    };
    line::Wanted { binary: settings.binary.clone(), level: settings.level, setup }
}
