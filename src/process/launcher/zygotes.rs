//! The warm interpreters of a launcher: who they are, which of them serves a program, and what
//! becomes of one that has gone or has had enough children.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::protocol::{Launch, Warm};
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

    /// Whether there is an interpreter for a program of this runtime with this environment.
    pub(super) fn have(&mut self, runtime: &str, env: &[String]) -> bool {
        self.find(runtime, env).is_some()
    }

    /// Orders a program of the interpreter for it.
    ///
    /// # Errors
    /// When there is none, or the order does not reach it.
    pub(super) fn ask(
        &mut self,
        launch: &Launch,
        order: &[u8],
        fds: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let runtime = launch.warm.as_deref().unwrap_or_default();
        let zygote = self.find(runtime, &launch.env).ok_or(io::ErrorKind::NotFound)?;
        zygote.ask(order, fds)?;
        if zygote.is_worn() {
            let successor = zygote.warm.clone();
            self.warm(successor);
        }
        Ok(())
    }

    fn find(&mut self, runtime: &str, env: &[String]) -> Option<&mut Zygote> {
        let all = self.all.as_mut()?;
        // The newest first: an older one is only left until it is replaced.
        all.iter_mut().rev().find(|z| z.warm.runtime == runtime && z.suits(env))
    }

    /// Whether this is the process of one of them.
    pub(super) fn include(&self, pid: i32) -> bool {
        self.all.iter().flatten().any(|zygote| zygote.pid == pid)
    }

    /// Where they speak, by the numbers of their processes.
    pub(super) fn sockets(&self) -> impl Iterator<Item = (i32, BorrowedFd<'_>)> {
        self.all.iter().flatten().map(|zygote| (zygote.pid, zygote.as_fd()))
    }

    /// Takes in what one of them says.
    pub(super) fn hear(&mut self, pid: i32) {
        let Some(all) = &mut self.all else { return };
        let Some(zygote) = all.iter_mut().find(|zygote| zygote.pid == pid) else { return };
        match zygote.hear() {
            Said::Nothing => {}
            Said::Ready { not_imported } => {
                self.failures = 0;
                for module in not_imported {
                    complain(&format!("the warm {} did not import {module}", zygote.warm.runtime));
                }
                // Whoever had enough children goes when its successor can take over, and after
                // the orders that it has been sent.
                let runtime = zygote.warm.runtime.clone();
                all.retain(|old| old.pid == pid || old.warm.runtime != runtime || !old.is_worn());
            }
            Said::Gone => self.gone(pid),
        }
    }

    /// One of them has refused an order. When the kernel will never let it fork, none is kept.
    pub(super) fn refused(&mut self, errno: i32) {
        if errno == libc::ENOSYS || errno == libc::EPERM {
            complain("nothing can be kept warm: the kernel refuses to fork into a sandbox");
            self.all = None;
        }
    }

    /// One of them has gone; there will be a successor.
    fn gone(&mut self, pid: i32) {
        let Some(all) = &mut self.all else { return };
        let Some(at) = all.iter().position(|zygote| zygote.pid == pid) else { return };
        let zygote = all.remove(at);
        self.failures += 1;
        complain(&format!("the warm {} has gone", zygote.warm.runtime));
        self.warm(zygote.warm);
    }
}

/// The launcher has no log of its own, but it has the server's stderr. Whether anybody listens
/// there is no reason to end, as it would be with `eprintln`.
pub(super) fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "ringback launcher: {sentence}");
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
