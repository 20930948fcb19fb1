//! Runtimes: which command runs a language, where it really is, and which version.
//! Runs nothing of a client's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::capture::Capture;
use super::child::{Bounds, NotStarted, Running, Start};
use super::error::LaunchError;
use super::launch::{LOCALE, Launcher};
use super::launcher::{Launch, Way};
use super::line::Line;
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
    /// Whether an interpreter is kept warm for it; none when not.
    pub warm: Option<Warm>,
}

/// How an interpreter is kept warm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warm {
    /// Modules that are imported beforehand.
    pub preload: Vec<String>,
}

/// One runtime and what has been found out about it.
#[derive(Debug)]
pub struct Runtime {
    settings: RuntimeSettings,
    executable: OnceCell<PathBuf>,
    version: OnceCell<Option<String>>,
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

impl RuntimeSettings {
    /// How an interpreter is kept warm for it; none when none is, or its command is not known to be
    /// one that can be.
    pub(super) fn way(&self) -> Option<Way> {
        self.warm.as_ref()?;
        let name = Path::new(self.command.first()?).file_name()?.to_str()?;
        if name.starts_with("python") {
            Some(Way::Zygote)
        } else if name.starts_with("node") {
            Some(Way::Pool)
        } else {
            None
        }
    }
}

impl Runtime {
    pub(super) fn new(settings: RuntimeSettings) -> Self {
        if settings.warm.is_some() && settings.way().is_none() {
            let (name, command) = (&settings.name, &settings.command[0]);
            log::warn!(
                "the language `{name}` cannot be kept warm: `{command}` is neither python nor node"
            );
        }
        Self { settings, executable: OnceCell::new(), version: OnceCell::new() }
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
    /// When there is no such command that programs may execute.
    pub(super) async fn executable(&self, line: &Line, path: &str) -> Result<&Path, LaunchError> {
        self.executable.get_or_try_init(|| self.locate(line, path)).await.map(PathBuf::as_path)
    }

    /// Where it is and which version it has: both are asked for once.
    ///
    /// # Errors
    /// When there is no such command that programs may execute, or nobody who could ask it.
    pub async fn located(&self, launcher: &Launcher) -> Result<Located, LaunchError> {
        let (line, path) = launcher.line();
        let executable = self.executable(line, path).await?;
        launcher.warm_up(self, executable);
        let version = self.version.get_or_try_init(|| self.ask_version(line, path, executable));
        Ok(Located { executable: executable.to_owned(), version: version.await?.clone() })
    }

    /// What it says of its version; nothing when it is not to be asked, or is silent.
    async fn ask_version(
        &self,
        line: &Line,
        path: &str,
        executable: &Path,
    ) -> Result<Option<String>, LaunchError> {
        if self.settings.version.is_empty() {
            return Ok(None);
        }
        match ask(line, path, executable, &self.settings.version).await {
            Ok(answer) => Ok(answer),
            // Not an answer of the interpreter's own: the next one who asks may have one.
            Err(NotStarted::NoLauncher | NotStarted::Lost) => Err(LaunchError::NoLauncher),
            Err(_) => Ok(None),
        }
    }

    /// The first on the path that answers when programs' own user asks it. One that lies where
    /// they cannot go, such as below root's home, is passed over.
    async fn locate(&self, line: &Line, path: &str) -> Result<PathBuf, LaunchError> {
        let command = &self.settings.command[0];
        let found = which::which_in_all(command, Some(path), "/").into_iter().flatten();
        for candidate in found {
            let question = if self.settings.locate.is_empty() {
                &self.settings.version
            } else {
                &self.settings.locate
            };
            if question.is_empty() {
                return Ok(candidate);
            }
            match ask(line, path, &candidate, question).await {
                Ok(Some(answer)) if !self.settings.locate.is_empty() => {
                    let answer = PathBuf::from(answer);
                    return Ok(if answer.is_absolute() { answer } else { candidate });
                }
                // It runs, whatever it says.
                Ok(_) => return Ok(candidate),
                Err(NotStarted::NoLauncher | NotStarted::Lost) => {
                    return Err(LaunchError::NoLauncher);
                }
                Err(_) => {}
            }
        }
        let (language, command) = (self.settings.name.clone(), command.clone());
        Err(LaunchError::RuntimeMissing { language, command })
    }
}

/// The first line that a command prints when it is asked; none when it fails or is silent.
async fn ask(
    line: &Line,
    path: &str,
    executable: &Path,
    arguments: &[String],
) -> Result<Option<String>, NotStarted> {
    let capture = || Capture::new(4096, None, None).map_err(NotStarted::Input);
    let mut argv = vec![executable.display().to_string()];
    argv.extend_from_slice(arguments);
    let launch = Launch {
        argv,
        env: vec![format!("PATH={path}"), LOCALE.to_owned(), "HOME=/".to_owned()],
        directory: PathBuf::from("/"),
        ..Launch::default()
    };
    let bounds = Bounds::default();
    let start = Start { launch, stdin: None, stdout: capture()?, stderr: capture()?, bounds };
    let running = Running::start(line, start).await?;
    let Ok(Ok(ending)) = tokio::time::timeout(ANSWER_WITHIN, running.ended()).await else {
        return Ok(None);
    };
    if ending.exit != Exit::Code(0) {
        return Ok(None);
    }
    let said = [ending.stdout, ending.stderr].map(|stream| stream.head).concat();
    let line = String::from_utf8_lossy(&said).lines().next().unwrap_or_default().trim().to_owned();
    Ok((!line.is_empty()).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_keeping_it_warm_follows_from_the_name_of_the_executable() {
        let way = |command: &str, warm| {
            let settings = RuntimeSettings {
                name: "language".to_owned(),
                aliases: vec![],
                command: vec![command.to_owned(), "-x".to_owned()],
                file: "main".to_owned(),
                version: vec![],
                locate: vec![],
                env: vec![],
                warm,
            };
            settings.way()
        };
        let warm = || Some(Warm::default());
        assert_eq!(way("python3", warm()), Some(Way::Zygote));
        assert_eq!(way("/opt/python/bin/python3.13", warm()), Some(Way::Zygote));
        assert_eq!(way("/usr/bin/nodejs", warm()), Some(Way::Pool));
        assert_eq!(way("node", None), None);
        assert_eq!(way("/opt/node/bin/ruby", warm()), None);
    }
}
