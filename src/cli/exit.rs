//! How a command ends when it does not do what it was asked: one sentence and an exit code.
//! 0 ok, 1 the program failed, 2 usage, 3 auth, 4 not found, 5 timed out waiting, 6 unreachable,
//! 70 the server failed inside and must be started again, 130 interrupted by Ctrl-C.

use std::fmt;
use std::process::ExitCode;

use crate::app::StartError;
use crate::bodies::Record;
use crate::domain::{Status, signal_name};

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
    /// It waited for as long as it was told to, and what it waited for has not come.
    TimedOut(String),
    /// Ctrl-C ended it before it was done.
    Interrupted(String),
    /// Whoever read its output has gone, as `head` does when it has enough. Nobody's failure.
    Unread,
    /// It did it, until what it stands on failed.
    Engine(String),
}

/// EX_SOFTWARE of sysexits(3): whoever starts services may take it for a reason to start again.
const ENGINE_FAILED: u8 = 70;

/// What a shell says of a command that SIGINT has ended: 128 + 2.
const INTERRUPTED: u8 = 130;

/// The exit code of a program that has ended, as a shell would have it: its own, 128 and the number of
/// the signal that ended it, and 1 when it failed in any other way.
pub(super) fn of_program(record: &Record) -> u8 {
    if record.status == Status::Completed {
        return 0;
    }
    let signal = record.signal.as_deref().and_then(signal_number).map(|number| 128 + number);
    let code = record.exit_code.or(signal).and_then(|code| u8::try_from(code).ok());
    // A program that exited with 0 may have failed all the same: by too much output, for one.
    code.filter(|code| *code != 0).unwrap_or(1)
}

fn signal_number(name: &str) -> Option<i32> {
    (1..=64).find(|number| signal_name(*number) == name)
}

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
            | Self::TimedOut(sentence)
            | Self::Interrupted(sentence)
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
            Self::TimedOut(_) => ExitCode::from(5),
            Self::Unreachable(_) => ExitCode::from(6),
            Self::Interrupted(_) => ExitCode::from(INTERRUPTED),
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
            | Self::TimedOut(sentence)
            | Self::Interrupted(sentence)
            | Self::Engine(sentence) => f.write_str(sentence),
            Self::Unread => f.write_str("nobody reads on"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code_of(fields: &serde_json::Value) -> u8 {
        let mut record = json!({
            "id": "exec_0192a000000070008000000000000001", "status": "failed", "language": "sh",
            "timeout": 1, "created_at": "2026-01-31T12:00:00.001Z", "descendants_killed": 0,
            "labels": {}, "metadata": {}, "attempt": 1, "delivery": "none",
        });
        for (name, value) in fields.as_object().unwrap() {
            record[name] = value.clone();
        }
        of_program(&serde_json::from_value(record).unwrap())
    }

    #[test]
    fn a_programs_end_is_a_code_as_a_shell_has_it() {
        let code = |fields| code_of(&fields);
        assert_eq!(code(json!({ "status": "completed", "exit_code": 0 })), 0);
        assert_eq!(code(json!({ "exit_code": 7 })), 7);
        assert_eq!(code(json!({ "exit_code": 255 })), 255);
        assert_eq!(code(json!({ "signal": "SIGKILL" })), 137);
        assert_eq!(code(json!({ "signal": "SIGTERM", "cause": "timeout" })), 143);
        assert_eq!(code(json!({ "exit_code": 0, "cause": "output_limit" })), 1);
        assert_eq!(code(json!({ "cause": "spawn_failed" })), 1);
        assert_eq!(code(json!({ "status": "cancelled" })), 1);
    }
}
