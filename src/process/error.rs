//! Why a program could not be started, in a sentence for the record of its execution.

use std::io;
use std::path::PathBuf;

use super::level::Level;

/// Why a program could not be started. Each says in a sentence what a user can do something about.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The operator's table has no such language.
    #[error("There is no runtime for the language `{language}` on this server.")]
    UnknownLanguage {
        /// The language.
        language: String,
    },
    /// There is no launcher of the level that its programs are to have.
    #[error("This server starts no programs at isolation level {}.", level.as_str())]
    NoLevel {
        /// The level.
        level: Level,
    },
    /// The runtime's command is not on this machine.
    #[error("The command `{command}` of the language `{language}` was not found on this server.")]
    RuntimeMissing {
        /// The language.
        language: String,
        /// The command that was looked for.
        command: String,
    },
    /// Its entrypoint is a handler, which its language has none of.
    #[error(
        "A program in the language `{language}` cannot have a handler: only `python` has them."
    )]
    NoHandlers {
        /// The language.
        language: String,
    },
    /// The execution's directory could not be made.
    #[error("The execution's directory could not be made: {source}.")]
    Directory {
        /// What the system said.
        source: io::Error,
    },
    /// That it begins could not be noted for the next server.
    #[error("It could not be noted that the program begins: {source}.")]
    Unmarked {
        /// What the system said.
        source: io::Error,
    },
    /// Its input or output could not be made.
    #[error("The program's input and output could not be made: {source}.")]
    Streams {
        /// What the system said.
        source: io::Error,
    },
    /// The system refused to start the process.
    #[error("The command `{command}` could not be started, while {doing}: {source}.")]
    Spawn {
        /// The command.
        command: String,
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// There is no launcher at this moment. Nothing of the program has begun.
    #[error("There was no launcher to start the program.")]
    NoLauncher,
    /// The launcher has gone after it had been asked: the program may have begun, and is gone.
    #[error("The launcher was lost while it started the program.")]
    Lost,
}

/// Why no programs can be launched at all.
#[derive(Debug, thiserror::Error)]
pub enum LauncherError {
    /// The directories cannot be made.
    #[error("cannot make the directories of programs in {}: {source}", path.display())]
    Directories {
        /// The data directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The isolation level is not to be had here.
    #[error("isolation level `{level}` is not available on this machine: {reason}")]
    Level {
        /// Its name.
        level: &'static str,
        /// What is missing.
        reason: String,
    },
}
