//! Runtimes: which command runs a language, where it really is, and which version.
//! Runs nothing of a client's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::child::{Ending, Running, Start};
use super::error::LaunchError;
use crate::domain::Exit;

/// How a language is run, as the operator has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeSettings {
    /// The language's name.
    pub name: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// The command; the code's file is added at its end.
    pub command: Vec<String>,
    /// What the code's file is called.
    pub file: String,
    /// Arguments that make the command print its version.
    pub version: Vec<String>,
    /// Arguments that make the command print its real path. A version manager's shim finds the
    /// interpreter anew at each start, which costs 80 ms.
    pub locate: Vec<String>,
    /// Variables that programs of this language get beside those that all get.
    pub env: Vec<(String, String)>,
}

/// All runtimes of a server.
#[derive(Debug)]
pub struct Runtimes {
    all: Vec<Runtime>,
}

/// Why a table of runtimes makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuntimesError {
    /// Two runtimes claim a name.
    #[error("two runtimes are called `{name}`")]
    Twice {
        /// The name.
        name: String,
    },
    /// A runtime has no command.
    #[error("the runtime `{name}` has no command")]
    NoCommand {
        /// Which.
        name: String,
    },
}

impl Runtimes {
    /// A table in which every name and alias stands once.
    ///
    /// # Errors
    /// When a name stands twice or a runtime has no command.
    pub fn new(settings: Vec<RuntimeSettings>) -> Result<Self, RuntimesError> {
        let mut names = std::collections::HashSet::new();
        for runtime in &settings {
            if runtime.command.is_empty() {
                return Err(RuntimesError::NoCommand { name: runtime.name.clone() });
            }
            for name in std::iter::once(&runtime.name).chain(&runtime.aliases) {
                if !names.insert(name.clone()) {
                    return Err(RuntimesError::Twice { name: name.clone() });
                }
            }
        }
        Ok(Self { all: settings.into_iter().map(Runtime::new).collect() })
    }

    /// The runtime with this name or alias.
    pub fn find(&self, name: &str) -> Option<&Runtime> {
        self.all.iter().find(|runtime| {
            runtime.settings.name == name || runtime.settings.aliases.iter().any(|a| a == name)
        })
    }

    /// All runtimes, in the operator's order.
    pub fn iter(&self) -> impl Iterator<Item = &Runtime> {
        self.all.iter()
    }
}

/// One runtime and what has been found out about it.
#[derive(Debug)]
pub struct Runtime {
    settings: RuntimeSettings,
    located: OnceCell<PathBuf>,
}

/// Where a runtime is and which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The executable that is started.
    pub executable: PathBuf,
    /// What it says of its version, in one line.
    pub version: Option<String>,
}

/// An interpreter that does not say who it is within this time is taken as it stands.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

impl Runtime {
    fn new(settings: RuntimeSettings) -> Self {
        Self { settings, located: OnceCell::new() }
    }

    /// The language's name.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// How it is run, as the operator has it.
    pub fn settings(&self) -> &RuntimeSettings {
        &self.settings
    }

    /// The real executable, looked for once; a runtime that is not there is looked for again,
    /// so that installing it is enough.
    ///
    /// # Errors
    /// When there is no such command.
    pub async fn executable(&self) -> Result<&Path, LaunchError> {
        self.located.get_or_try_init(|| self.locate()).await.map(PathBuf::as_path)
    }

    /// Where it is and which version it has.
    ///
    /// # Errors
    /// When there is no such command.
    pub async fn located(&self) -> Result<Located, LaunchError> {
        let executable = self.executable().await?.to_owned();
        let version = if self.settings.version.is_empty() {
            None
        } else {
            ask(&executable, &self.settings.version).await
        };
        Ok(Located { executable, version })
    }

    async fn locate(&self) -> Result<PathBuf, LaunchError> {
        let command = &self.settings.command[0];
        let found = which::which(command).map_err(|_| LaunchError::RuntimeMissing {
            language: self.settings.name.clone(),
            command: command.clone(),
        })?;
        if self.settings.locate.is_empty() {
            return Ok(found);
        }
        let answer = ask(&found, &self.settings.locate).await.map(PathBuf::from);
        Ok(answer.filter(|path| path.is_absolute() && path.is_file()).unwrap_or(found))
    }
}

/// The first line that a command prints when it is asked; none when it fails or is silent.
async fn ask(executable: &Path, arguments: &[String]) -> Option<String> {
    let mut argv = vec![executable.to_str()?.to_owned()];
    argv.extend_from_slice(arguments);
    // Shims find the real interpreter by the variables of whoever runs the server.
    let env: Vec<String> = std::env::vars_os()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_str()?, value.to_str()?)))
        .collect();
    let start = Start {
        argv: &argv,
        env: &env,
        directory: Path::new("/"),
        stdin: None,
        output_bytes_max: 4096,
        recorded: None,
    };
    let running = Running::start(&start).ok()?;
    let ending: Ending = tokio::time::timeout(ANSWER_WITHIN, running.ended()).await.ok()?.ok()?;
    if ending.exit != Exit::Code(0) {
        return None;
    }
    let said = [ending.stdout, ending.stderr].map(|stream| stream.head).concat();
    let line = String::from_utf8_lossy(&said).lines().next()?.trim().to_owned();
    (!line.is_empty()).then_some(line)
}
