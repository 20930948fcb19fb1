//! Why a program is ended before its time, and what that makes of its end.
//! Ends nothing; it only decides what an ending means.

use std::time::Duration;

use super::{CancelWish, Exceeded, Exit, Outcome};

/// Why a running program is asked to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// It has run for as long as it was allowed to.
    Timeout(Duration),
    /// A client wishes it.
    Cancel(CancelWish),
    /// It has used more of something than it was allowed to.
    Limit(Exceeded),
    /// The server stops.
    Shutdown,
}

impl Outcome {
    /// What the end of a program means. A program that was asked to end has ended for that
    /// reason, whatever code it chose to exit with. `raised` says why the handler in it has not
    /// returned, if there is one and it has not.
    pub fn of(exit: Exit, raised: Option<String>, stopped: Option<StopReason>) -> Self {
        match (stopped, exit) {
            (None, Exit::Code(code)) => match raised {
                None => Self::Exited { code },
                Some(error) => Self::Raised { code, error },
            },
            (None, Exit::Signal(signal)) => Self::Signaled { signal },
            (Some(StopReason::Timeout(timeout)), exit) => {
                Self::TimedOut { timeout, exit: Some(exit) }
            }
            (Some(StopReason::Cancel(CancelWish { reason, by })), exit) => {
                Self::Cancelled { reason, by, exit: Some(exit) }
            }
            (Some(StopReason::Limit(exceeded)), exit) => {
                Self::LimitExceeded { exceeded, exit: Some(exit) }
            }
            (Some(StopReason::Shutdown), _) => Self::interrupted_by_shutdown(),
        }
    }

    /// What it means that a program is to end before it has been started.
    pub fn before_start(reason: StopReason) -> Self {
        match reason {
            StopReason::Timeout(timeout) => Self::TimedOut { timeout, exit: None },
            StopReason::Cancel(CancelWish { reason, by }) => {
                Self::Cancelled { reason, by, exit: None }
            }
            StopReason::Limit(exceeded) => Self::LimitExceeded { exceeded, exit: None },
            StopReason::Shutdown => Self::interrupted_by_shutdown(),
        }
    }

    fn interrupted_by_shutdown() -> Self {
        let reason = "The server was stopped while the program was running.".to_owned();
        Self::Interrupted { reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Cause, Status};

    fn check(stopped: Option<StopReason>, exit: Exit, status: Status, cause: Cause) {
        let outcome = Outcome::of(exit, None, stopped);
        assert_eq!((outcome.status(), outcome.cause()), (status, cause));
    }

    #[test]
    fn the_first_reason_counts_and_not_how_the_program_took_it() {
        let timeout = Some(StopReason::Timeout(Duration::from_secs(1)));
        let cancel = Some(StopReason::Cancel(CancelWish::default()));
        let limit = Some(StopReason::Limit(Exceeded::Output { limit_bytes: 1 }));
        for exit in [Exit::Code(0), Exit::Code(1), Exit::Signal(15), Exit::Signal(9)] {
            check(timeout.clone(), exit, Status::Failed, Cause::Timeout);
            check(cancel.clone(), exit, Status::Cancelled, Cause::Cancelled);
            check(limit.clone(), exit, Status::Failed, Cause::OutputLimit);
            assert_eq!(Outcome::of(exit, None, limit.clone()).exit(), Some(exit));
            check(Some(StopReason::Shutdown), exit, Status::Failed, Cause::Interrupted);
        }
        check(None, Exit::Code(0), Status::Completed, Cause::Exited);
        check(None, Exit::Code(1), Status::Failed, Cause::Exited);
        check(None, Exit::Signal(9), Status::Failed, Cause::Signaled);
    }

    #[test]
    fn what_a_handler_raised_counts_when_nothing_else_has_ended_the_program() {
        let of = |exit, stopped| Outcome::of(exit, Some("ValueError: bad".into()), stopped);
        for code in [0, 1, 3] {
            let error = "ValueError: bad".to_owned();
            assert_eq!(of(Exit::Code(code), None), Outcome::Raised { code, error });
        }
        assert_eq!(of(Exit::Signal(9), None), Outcome::Signaled { signal: 9 });
        let timeout = StopReason::Timeout(Duration::from_secs(1));
        assert_eq!(of(Exit::Code(1), Some(timeout)).cause(), Cause::Timeout);
    }

    #[test]
    fn what_ends_before_its_start_has_no_exit() {
        let exceeded = Exceeded::CpuTime { limit: Duration::from_secs(1) };
        let reasons = [
            (StopReason::Timeout(Duration::from_secs(1)), Cause::Timeout),
            (StopReason::Cancel(CancelWish::default()), Cause::Cancelled),
            (StopReason::Limit(exceeded), Cause::CpuLimit),
            (StopReason::Shutdown, Cause::Interrupted),
        ];
        for (reason, cause) in reasons {
            let outcome = Outcome::before_start(reason);
            assert_eq!((outcome.cause(), outcome.exit()), (cause, None));
        }
    }
}
