//! Why a program could not be started, in a sentence for the record of its execution.

use std::io;

/// Why a program could not be started. Each says in a sentence what a user can do something about.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The operator's table has no such language.
    #[error("There is no runtime for the language `{language}` on this server.")]
    UnknownLanguage {
        /// The language.
        language: String,
    },
    /// The runtime's command is not on this machine.
    #[error("The command `{command}` of the language `{language}` was not found on this server.")]
    RuntimeMissing {
        /// The language.
        language: String,
        /// The command that was looked for.
        command: String,
    },
    /// The execution's directory could not be made.
    #[error("The execution's directory could not be made: {source}.")]
    Directory {
        /// What the system said.
        source: io::Error,
    },
    /// The system refused to start the process.
    #[error("The command `{command}` could not be started: {source}.")]
    Spawn {
        /// The command.
        command: String,
        /// What the system said.
        source: io::Error,
    },
}
