//! How much of the machine a program may use, and what it means that it has used more.
//! Enforces nothing; whoever runs the program does.

use std::fmt;
use std::time::Duration;

use super::Cause;

/// What a program may use. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Memory of all its processes together, in bytes.
    pub memory_bytes: Option<u64>,
    /// Processes and threads at a time.
    pub processes: Option<u64>,
    /// User and system time of all its processes together.
    pub cpu_time: Option<Duration>,
    /// File descriptors that one of its processes has open at a time.
    pub open_files: Option<u64>,
    /// What it may write to the disk, in bytes.
    pub disk_bytes: Option<u64>,
}

impl Limits {
    /// The least memory that can be asked for, in bytes: no program of any language starts in less.
    pub const MEMORY_BYTES_MIN: u64 = 1024 * 1024;

    /// The fewest processes that can be asked for: the program itself.
    pub const PROCESSES_MIN: u64 = 1;

    /// The fewest open files that can be asked for: the three standard streams, and what a dynamic
    /// linker and an interpreter open while they start.
    pub const OPEN_FILES_MIN: u64 = 16;

    /// The least disk that can be asked for, in bytes: a small file and the directories around it.
    pub const DISK_BYTES_MIN: u64 = 64 * 1024;
}

/// What becomes of a program that writes more output than is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnOutputLimit {
    /// It runs on; the middle of its output is left out.
    #[default]
    Truncate,
    /// It is ended, and has failed.
    Fail,
}

impl OnOutputLimit {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::Truncate, Self::Fail];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Truncate => "truncate",
            Self::Fail => "fail",
        }
    }

    /// The policy with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name)
    }
}

/// The limit that ended a program. Prints as one plain sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// It used more memory than it might.
    Memory {
        /// What it might use, in bytes.
        limit_bytes: u64,
    },
    /// It used more CPU time than it might.
    CpuTime {
        /// What it might use.
        limit: Duration,
    },
    /// It wrote more to one of its output streams than it might.
    Output {
        /// What it might write to each, in bytes.
        limit_bytes: u64,
    },
}

impl Exceeded {
    /// The stable word for an end by this limit.
    pub const fn cause(self) -> Cause {
        match self {
            Self::Memory { .. } => Cause::MemoryLimit,
            Self::CpuTime { .. } => Cause::CpuLimit,
            Self::Output { .. } => Cause::OutputLimit,
        }
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory { limit_bytes } => {
                write!(f, "The program used more than its memory limit of {limit_bytes} bytes.")
            }
            Self::CpuTime { limit } => {
                write!(f, "The program used more than its CPU limit of {} s.", limit.as_secs_f64())
            }
            Self::Output { limit_bytes } => write!(
                f,
                "The program wrote more than its output limit of {limit_bytes} bytes to one stream."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_its_cause_and_its_sentence() {
        let check = |exceeded: Exceeded, cause: &str, sentence: &str| {
            assert_eq!((exceeded.cause().as_str(), &*exceeded.to_string()), (cause, sentence));
        };
        check(
            Exceeded::Memory { limit_bytes: 67_108_864 },
            "memory_limit",
            "The program used more than its memory limit of 67108864 bytes.",
        );
        check(
            Exceeded::CpuTime { limit: Duration::from_secs(2) },
            "cpu_limit",
            "The program used more than its CPU limit of 2 s.",
        );
        check(
            Exceeded::CpuTime { limit: Duration::from_millis(1500) },
            "cpu_limit",
            "The program used more than its CPU limit of 1.5 s.",
        );
        check(
            Exceeded::Output { limit_bytes: 1_048_576 },
            "output_limit",
            "The program wrote more than its output limit of 1048576 bytes to one stream.",
        );
    }

    #[test]
    fn policies_read_back_from_their_names() {
        for policy in [OnOutputLimit::Truncate, OnOutputLimit::Fail] {
            assert_eq!(OnOutputLimit::from_name(policy.as_str()), Some(policy));
        }
        assert_eq!(OnOutputLimit::from_name("stop"), None);
        assert_eq!(OnOutputLimit::default(), OnOutputLimit::Truncate);
    }
}
