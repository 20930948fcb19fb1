//! Everything that is known of an execution once it is over, and what becomes of one whose end
//! nobody saw. Knows nothing of processes.

use super::{Captured, Outcome, Timestamp};

/// What becomes of an execution whose server was lost while its program was running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInterrupt {
    /// It failed; arbitrary code must not run twice unasked.
    #[default]
    Fail,
    /// It is queued again, once.
    Rerun,
}

impl OnInterrupt {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::Fail, Self::Rerun];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Rerun => "rerun",
        }
    }

    /// The policy with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name)
    }
}

/// How a program came to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartMode {
    /// In a process that was started for it, interpreter and all.
    Cold,
    /// As a copy of an interpreter that had been started before and had run nobody's code.
    Warm,
}

impl StartMode {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::Cold, Self::Warm];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
        }
    }

    /// The mode with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// What a program used, as the kernel counted it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// User and system time of the program and of the children that it waited for, in seconds.
    pub cpu_seconds: f64,
    /// The largest resident size of any one of its processes, in bytes.
    pub memory_peak_bytes: u64,
}

/// What the program wrote to `$RINGBACK_RESULT`, or what its handler returned.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ProgramResult {
    /// Nothing.
    #[default]
    None,
    /// JSON.
    Json(String),
    /// Something that could not be taken; the sentence says why.
    Rejected(String),
}

/// Everything that is known about an execution once it has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// When its program started; none if it never did.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
    /// What it returned.
    pub result: ProgramResult,
    /// What it used; none if it never started or the server was lost.
    pub usage: Option<Usage>,
    /// Processes that it left behind and that were killed; 0 as well when nobody saw its end.
    pub descendants_killed: u32,
    /// How its program came to run; none if it never started or the server was lost.
    pub start: Option<StartMode>,
}

impl Ended {
    /// The end of an execution of which nothing is known but its outcome.
    pub fn without_output(outcome: Outcome, started_at: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            started_at,
            completed_at: now,
            outcome,
            stdout: Captured::default(),
            stderr: Captured::default(),
            result: ProgramResult::None,
            usage: None,
            descendants_killed: 0,
            start: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_from_their_names() {
        for mode in [StartMode::Cold, StartMode::Warm] {
            assert_eq!(StartMode::from_name(mode.as_str()), Some(mode));
        }
        assert_eq!(StartMode::from_name("hot"), None);
        for policy in [OnInterrupt::Fail, OnInterrupt::Rerun] {
            assert_eq!(OnInterrupt::from_name(policy.as_str()), Some(policy));
        }
    }
}
