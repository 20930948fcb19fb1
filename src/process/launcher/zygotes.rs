//! The warm interpreters of a launcher: who they are, which of them serves a program, and what
//! becomes of one that has gone or has had enough children.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::protocol::Warm;
use super::zygote::{self, Said, Zygote};

/// How often in a row an interpreter may go before it was of any use. One that is started with
/// `-I`, for instance, never is.
const FAILURES_MAX: u32 = 3;

/// The interpreters, and whether there can be any.
#[derive(Debug)]
pub(super) struct Zygotes {
    /// None where programs have no place of their own that an interpreter could fork into.
    all: Option<Vec<Zygote>>,
    without_clone3: bool,
    failures: u32,
}

/// What follows from what an interpreter has said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Forked {
        number: u64,
        pid: i32,
    },
    /// These programs are to be started cold.
    Cold(Vec<u64>),
}

impl Zygotes {
    /// None yet. `is_possible` where each program has a place of its own in a sandbox.
    pub(super) fn new(is_possible: bool, without_clone3: bool) -> Self {
        // An interpreter needs clone3 to fork for its parent.
        let prepared = is_possible && !without_clone3 && zygote::prepare().is_ok();
        Self { all: prepared.then(Vec::new), without_clone3, failures: 0 }
    }

    /// Starts an interpreter, unless it is there already.
    pub(super) fn warm(&mut self, warm: Warm) {
        let Some(all) = &mut self.all else { return };
        if self.failures >= FAILURES_MAX || all.iter().any(|z| z.warm == warm && !z.is_worn()) {
            return;
        }
        let runtime = warm.runtime.clone();
        match Zygote::start(warm, self.without_clone3) {
            Ok(zygote) => all.push(zygote),
            Err(failure) => {
                self.failures += 1;
                let why = std::io::Error::from_raw_os_error(failure.errno);
                complain(&format!("no warm {runtime}: {}: {why}", failure.stage.words()));
            }
        }
    }

    /// The interpreter for a program of this runtime with this environment, if there is one.
    pub(super) fn find(&mut self, runtime: &str, env: &[String]) -> Option<&mut Zygote> {
        let all = self.all.as_mut()?;
        // The newest first: an older one is only left until it is replaced.
        all.iter_mut().rev().find(|z| z.warm.runtime == runtime && z.suits(env))
    }

    /// Whether one of them has not answered for a program yet.
    pub(super) fn are_asked(&self) -> bool {
        self.all.iter().flatten().any(|zygote| zygote.unanswered().next().is_some())
    }

    /// Where they speak, by the numbers of their processes.
    pub(super) fn sockets(&self) -> impl Iterator<Item = (i32, BorrowedFd<'_>)> {
        self.all.iter().flatten().map(|zygote| (zygote.pid, zygote.as_fd()))
    }

    /// Takes in what one of them says.
    pub(super) fn hear(&mut self, pid: i32) -> Option<Answer> {
        let all = self.all.as_mut()?;
        let zygote = all.iter_mut().find(|zygote| zygote.pid == pid)?;
        match zygote.hear() {
            Said::Nothing => None,
            Said::Ready { not_imported } => {
                self.failures = 0;
                for module in not_imported {
                    complain(&format!("the warm {} did not import {module}", zygote.warm.runtime));
                }
                // Whoever had enough children goes when its successor can take over.
                let runtime = zygote.warm.runtime.clone();
                all.retain(|old| {
                    let is_needed = old.pid == pid || old.warm.runtime != runtime;
                    is_needed || !old.is_worn() || old.unanswered().next().is_some()
                });
                None
            }
            Said::Forked { number, pid } => {
                let (warm, is_worn) = (zygote.warm.clone(), zygote.is_worn());
                if is_worn {
                    self.warm(warm);
                }
                Some(Answer::Forked { number, pid })
            }
            Said::Refused { number, errno } => {
                if errno == libc::ENOSYS || errno == libc::EPERM {
                    self.failures = FAILURES_MAX;
                }
                Some(Answer::Cold(vec![number]))
            }
            Said::Gone => Some(Answer::Cold(self.gone(pid))),
        }
    }

    /// One of them has gone: the programs that waited for it, and a successor.
    fn gone(&mut self, pid: i32) -> Vec<u64> {
        let Some(all) = &mut self.all else { return Vec::new() };
        let Some(at) = all.iter().position(|zygote| zygote.pid == pid) else { return Vec::new() };
        let zygote = all.remove(at);
        self.failures += 1;
        complain(&format!("the warm {} has gone", zygote.warm.runtime));
        let waiting = zygote.unanswered().collect();
        self.warm(zygote.warm);
        waiting
    }
}

/// The launcher has no log of its own, but it has the server's stderr.
fn complain(sentence: &str) {
    eprintln!("ringback launcher: {sentence}");
}

/// What an order needs beside the program's own descriptors.
pub(super) struct Report {
    pub(super) ours: OwnedFd,
    pub(super) theirs: OwnedFd,
}

impl Report {
    /// A pipe for the child to report over.
    ///
    /// # Errors
    /// When there are no descriptors to be had.
    pub(super) fn new() -> std::io::Result<Self> {
        use rustix::pipe::{PipeFlags, pipe_with};
        let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { ours, theirs })
    }

    /// The child's end.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.theirs.as_fd()
    }
}
