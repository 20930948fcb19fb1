//! How an execution ended: the outcome, its status and cause, and what users are told of it.
//! Knows nothing of processes; whoever ran the program says what happened.

use std::fmt;
use std::time::Duration;

use super::{Exceeded, Status};

/// What ended an execution, with exactly the facts of that ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The program ended by itself.
    Exited {
        /// Its exit code; 0 is success.
        code: i32,
    },
    /// The program ended by itself, and the handler in it had not returned.
    Raised {
        /// Its exit code. Not a success even if it is 0.
        code: i32,
        /// What the handler raised, in one line such as `ValueError: bad`, or one plain sentence.
        error: String,
    },
    /// A signal that nobody here sent ended the program.
    Signaled {
        /// The signal's number.
        signal: i32,
    },
    /// It ran longer than it was allowed to and was ended.
    TimedOut {
        /// What it was allowed.
        timeout: Duration,
        /// How its program went when it was asked to.
        exit: Option<Exit>,
    },
    /// A client's wish ended it.
    Cancelled {
        /// The client's own words, if it gave any.
        reason: Option<String>,
        /// The name of the API key that asked.
        by: Option<String>,
        /// How its program went, if it had been started.
        exit: Option<Exit>,
    },
    /// It used more of something than it was allowed to and was ended.
    LimitExceeded {
        /// Of what.
        exceeded: Exceeded,
        /// How its program went, if it had been started.
        exit: Option<Exit>,
    },
    /// The program could not be started.
    SpawnFailed {
        /// One plain sentence that names the command.
        reason: String,
    },
    /// The server went away, or gave the execution up, while the program may have been running.
    Interrupted {
        /// One plain sentence.
        reason: String,
    },
    /// It waited for a slot longer than its client wanted it to.
    QueueExpired {
        /// How long it was willing to wait.
        queue_timeout: Duration,
    },
}

/// How a process ended: by itself or by a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By the signal of this number.
    Signal(i32),
}

/// The stable word for what ended an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The program exited by itself.
    Exited,
    /// A signal ended the program.
    Signaled,
    /// The timeout ended it.
    Timeout,
    /// A client cancelled it.
    Cancelled,
    /// It wrote more output than it was allowed to.
    OutputLimit,
    /// It used more memory than it was allowed to.
    MemoryLimit,
    /// It used more CPU time than it was allowed to.
    CpuLimit,
    /// It could not be started.
    SpawnFailed,
    /// The server was lost or stopped under it.
    Interrupted,
    /// It never got a slot in time.
    QueueExpired,
}

impl Cause {
    /// Every cause, in the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::Exited,
        Self::Signaled,
        Self::Timeout,
        Self::Cancelled,
        Self::OutputLimit,
        Self::MemoryLimit,
        Self::CpuLimit,
        Self::SpawnFailed,
        Self::Interrupted,
        Self::QueueExpired,
    ];

    /// The name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::Signaled => "signaled",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::OutputLimit => "output_limit",
            Self::MemoryLimit => "memory_limit",
            Self::CpuLimit => "cpu_limit",
            Self::SpawnFailed => "spawn_failed",
            Self::Interrupted => "interrupted",
            Self::QueueExpired => "queue_expired",
        }
    }

    /// The cause with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == name)
    }
}

impl Outcome {
    /// The terminal status that this outcome gives.
    pub const fn status(&self) -> Status {
        match self {
            Self::Exited { code: 0 } => Status::Completed,
            Self::Cancelled { .. } => Status::Cancelled,
            _ => Status::Failed,
        }
    }

    /// The stable word for it.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Exited { .. } | Self::Raised { .. } => Cause::Exited,
            Self::Signaled { .. } => Cause::Signaled,
            Self::TimedOut { .. } => Cause::Timeout,
            Self::Cancelled { .. } => Cause::Cancelled,
            Self::LimitExceeded { exceeded, .. } => exceeded.cause(),
            Self::SpawnFailed { .. } => Cause::SpawnFailed,
            Self::Interrupted { .. } => Cause::Interrupted,
            Self::QueueExpired { .. } => Cause::QueueExpired,
        }
    }

    /// How the program's process ended, if there was one and somebody saw its end.
    pub const fn exit(&self) -> Option<Exit> {
        match self {
            Self::Exited { code } | Self::Raised { code, .. } => Some(Exit::Code(*code)),
            Self::Signaled { signal } => Some(Exit::Signal(*signal)),
            Self::TimedOut { exit, .. }
            | Self::Cancelled { exit, .. }
            | Self::LimitExceeded { exit, .. } => *exit,
            Self::SpawnFailed { .. } | Self::Interrupted { .. } | Self::QueueExpired { .. } => None,
        }
    }

    /// One plain sentence that says why it is not a success, or what was raised; none for a success.
    pub fn error(&self) -> Option<String> {
        match self {
            Self::Exited { code: 0 } => None,
            other => Some(other.to_string()),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code: 0 } => f.write_str("The program exited with code 0."),
            Self::Exited { code } => write!(f, "The program exited with code {code}."),
            Self::Raised { error, .. } => f.write_str(error),
            Self::Signaled { signal } => {
                write!(f, "The program was ended by signal {}.", signal_name(*signal))
            }
            Self::TimedOut { timeout, .. } => {
                write!(f, "The program was ended after its timeout of {} s.", timeout.as_secs_f64())
            }
            Self::Cancelled { reason: Some(reason), .. } => write!(f, "Cancelled: {reason}"),
            Self::Cancelled { reason: None, .. } => f.write_str("Cancelled."),
            Self::LimitExceeded { exceeded, .. } => exceeded.fmt(f),
            Self::SpawnFailed { reason } | Self::Interrupted { reason } => f.write_str(reason),
            Self::QueueExpired { queue_timeout } => write!(
                f,
                "No slot became free within the queue timeout of {} s.",
                queue_timeout.as_secs_f64()
            ),
        }
    }
}

/// The name of a signal as users know it, such as `SIGKILL`.
pub fn signal_name(signal: i32) -> String {
    // Numbers of signal(7), common to every Linux architecture that Rust's std supports
    // but MIPS and SPARC.
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        other => return format!("SIG{other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: Outcome, status: Status, cause: &str, error: Option<&str>) {
        assert_eq!(outcome.status(), status);
        assert_eq!(outcome.cause().as_str(), cause);
        assert_eq!(outcome.error().as_deref(), error);
    }

    #[test]
    fn each_outcome_has_its_status_cause_and_sentence() {
        check(Outcome::Exited { code: 0 }, Status::Completed, "exited", None);
        let sentence = "The program exited with code 3.";
        check(Outcome::Exited { code: 3 }, Status::Failed, "exited", Some(sentence));
        for code in [1, 0] {
            let raised = Outcome::Raised { code, error: "ValueError: bad".into() };
            assert_eq!(raised.exit(), Some(Exit::Code(code)));
            check(raised, Status::Failed, "exited", Some("ValueError: bad"));
        }
        let sentence = "The program was ended by signal SIGKILL.";
        check(Outcome::Signaled { signal: 9 }, Status::Failed, "signaled", Some(sentence));
        let timeout = Duration::from_millis(1500);
        let sentence = "The program was ended after its timeout of 1.5 s.";
        let timed_out = Outcome::TimedOut { timeout, exit: Some(Exit::Signal(15)) };
        check(timed_out, Status::Failed, "timeout", Some(sentence));
        let reason = Some("not needed".into());
        let cancelled = Outcome::Cancelled { reason, by: None, exit: None };
        check(cancelled, Status::Cancelled, "cancelled", Some("Cancelled: not needed"));
        let sentence = "The program used more than its memory limit of 1024 bytes.";
        let exceeded = Exceeded::Memory { limit_bytes: 1024 };
        let over = Outcome::LimitExceeded { exceeded, exit: Some(Exit::Code(0)) };
        assert_eq!(over.exit(), Some(Exit::Code(0)));
        check(over, Status::Failed, "memory_limit", Some(sentence));
        let queue_timeout = Duration::from_secs(2);
        let sentence = "No slot became free within the queue timeout of 2 s.";
        check(
            Outcome::QueueExpired { queue_timeout },
            Status::Failed,
            "queue_expired",
            Some(sentence),
        );
    }

    #[test]
    fn causes_read_back_from_their_names() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_name(cause.as_str()), Some(cause));
        }
        assert_eq!(Cause::from_name("bored"), None);
    }
}
