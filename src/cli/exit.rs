//! How a command ends when it does not do what it was asked: one sentence and an exit code.
//! 0 ok, 1 the program failed, 2 usage, 3 auth, 4 not found, 5 timed out waiting, 6 unreachable,
//! 70 the server failed inside and must be started again.

use std::fmt;
use std::process::ExitCode;

use crate::app::StartError;

/// A command that failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was asked for something that makes no sense.
    Usage(String),
    /// It could not do it.
    Failed(String),
    /// The server does not know who asks, or does not let them.
    Auth(String),
    /// What it was asked about is not there.
    NotFound(String),
    /// There is no server, or it does not answer.
    Unreachable(String),
    /// Whoever read its output has gone, as `head` does when it has enough. Nobody's failure.
    Unread,
    /// It did it, until what it stands on failed.
    Engine(String),
}

/// EX_SOFTWARE of sysexits(3): whoever starts services may take it for a reason to start again.
const ENGINE_FAILED: u8 = 70;

impl Failure {
    pub(super) fn usage(sentence: impl fmt::Display) -> Self {
        Self::Usage(sentence.to_string())
    }

    pub(super) fn failed(sentence: impl fmt::Display) -> Self {
        Self::Failed(sentence.to_string())
    }

    /// The same failure, with a word in front of it that says what of several it is about.
    pub(super) fn about(mut self, what: &str) -> Self {
        match &mut self {
            Self::Usage(sentence)
            | Self::Failed(sentence)
            | Self::Auth(sentence)
            | Self::NotFound(sentence)
            | Self::Unreachable(sentence)
            | Self::Engine(sentence) => *sentence = format!("{what}: {sentence}"),
            Self::Unread => {}
        }
        self
    }

    pub(super) fn code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
            Self::Auth(_) => ExitCode::from(3),
            Self::NotFound(_) => ExitCode::from(4),
            Self::Unreachable(_) => ExitCode::from(6),
            Self::Unread => ExitCode::SUCCESS,
            Self::Engine(_) => ExitCode::from(ENGINE_FAILED),
        }
    }
}

impl From<StartError> for Failure {
    /// What the configuration alone makes impossible is a mistake of usage; what this machine
    /// makes impossible is a failure.
    fn from(error: StartError) -> Self {
        match error {
            StartError::Runtimes(_)
            | StartError::Allow(_)
            | StartError::Tls(_)
            | StartError::SecretsKey
            | StartError::JwtKey { .. }
            | StartError::SigningKey(_) => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(sentence)
            | Self::Failed(sentence)
            | Self::Auth(sentence)
            | Self::NotFound(sentence)
            | Self::Unreachable(sentence)
            | Self::Engine(sentence) => f.write_str(sentence),
            Self::Unread => f.write_str("nobody reads on"),
        }
    }
}
