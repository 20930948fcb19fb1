//! A child that runs: its end, its output, and the signals that end it early.
//! Decides nothing about when to send one.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::unix::AsyncFd;

use super::capture::Capture;
use super::recordings::{Recordings, Stream};
use super::spawn::{self, Program};
use crate::domain::{Captured, ExecutionId, Exit, Usage};

/// A child process and the streams that it writes.
#[derive(Debug)]
pub struct Running {
    exited: AsyncFd<OwnedFd>,
    group: Arc<Group>,
    stdout: Capture,
    stderr: Capture,
}

/// How a child ended and what it left.
#[derive(Debug)]
pub struct Ending {
    /// By itself or by a signal.
    pub exit: Exit,
    /// What it used.
    pub usage: Usage,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
}

/// What the child is to be, beside its pipes.
pub(super) struct Start<'a> {
    pub(super) argv: &'a [String],
    pub(super) env: &'a [String],
    pub(super) directory: &'a std::path::Path,
    pub(super) stdin: Option<&'a [u8]>,
    pub(super) output_bytes_max: u64,
    /// Where the output is recorded, and for which execution.
    pub(super) recorded: Option<(&'a Recordings, ExecutionId)>,
}

impl Running {
    /// Starts a child. Must be called on a thread that runs a tokio reactor.
    pub(super) fn start(start: &Start<'_>) -> io::Result<Self> {
        let capture = |stream| {
            let recorder = start.recorded.map(|(recordings, id)| recordings.recorder(id, stream));
            Capture::new(start.output_bytes_max, None, recorder)
        };
        let (stdout, stdout_end) = capture(Stream::Stdout)?;
        let (stderr, stderr_end) = capture(Stream::Stderr)?;
        let pid = spawn::spawn(&Program {
            argv: start.argv,
            env: start.env,
            directory: start.directory,
            stdin: start.stdin.map(readable_memory).transpose()?,
            stdout: stdout_end,
            stderr: stderr_end,
        })?;
        let group = Arc::new(Group::new(pid));
        let exited = spawn::exit_of(pid)?;
        Ok(Self { exited, group, stdout, stderr })
    }

    /// What sends signals to the child from elsewhere.
    pub fn signaller(&self) -> Signaller {
        Signaller { group: Arc::clone(&self.group) }
    }

    /// Waits for the child's end and takes in what it writes. Its end is the end: what it left
    /// behind in its process group is killed at once, and nobody who still holds one of its
    /// pipes is waited for.
    ///
    /// # Errors
    /// When the kernel does not say how the child ended.
    pub async fn ended(mut self) -> io::Result<Ending> {
        let (exited, stdout, stderr) = (&self.exited, &mut self.stdout, &mut self.stderr);
        let output = async {
            tokio::join!(stdout.until_closed(), stderr.until_closed());
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ready = exited.readable() => ready?.retain_ready(),
            () = output => {}
        }
        let (exit, usage) = self.group.end()?;
        let (stdout, stderr) = (self.stdout.finish(), self.stderr.finish());
        Ok(Ending { exit, usage, stdout, stderr })
    }
}

/// Sends signals to a child and everything in its process group; does nothing once it has ended.
#[derive(Debug, Clone)]
pub struct Signaller {
    group: Arc<Group>,
}

impl Signaller {
    /// Asks all of it to end: SIGTERM.
    pub fn terminate(&self) {
        self.group.signal(Signal::TERM);
    }

    /// Ends all of it: SIGKILL.
    pub fn kill(&self) {
        self.group.signal(Signal::KILL);
    }

    /// The child's process id, for people to look at.
    pub fn pid(&self) -> i32 {
        self.group.leader.as_raw_nonzero().get()
    }
}

/// The process group that a child leads.
#[derive(Debug)]
struct Group {
    leader: Pid,
    /// Once the leader is reaped, its number may belong to somebody else: no signal after that.
    reaped: Mutex<bool>,
}

impl Group {
    fn new(leader: Pid) -> Self {
        Self { leader, reaped: Mutex::new(false) }
    }

    fn signal(&self, signal: Signal) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            // ESRCH: everything in the group has ended already.
            let _ = kill_process_group(self.leader, signal);
        }
    }

    /// Kills what the leader left behind, then takes the leader's status. In this order: while
    /// the leader is unreaped, its number cannot name anybody else's group.
    fn end(&self) -> io::Result<(Exit, Usage)> {
        let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = kill_process_group(self.leader, Signal::KILL);
        let (status, usage) = spawn::reap(self.leader)?;
        *reaped = true;
        let exit = if libc::WIFSIGNALED(status) {
            Exit::Signal(libc::WTERMSIG(status))
        } else {
            Exit::Code(libc::WEXITSTATUS(status))
        };
        Ok((exit, usage))
    }
}

impl Drop for Group {
    /// Whoever gives a running child up, by a panic or at shutdown, leaves no process behind.
    fn drop(&mut self) {
        if *self.reaped.get_mut().unwrap_or_else(PoisonError::into_inner) {
            return;
        }
        let leader = self.leader;
        let _ = kill_process_group(leader, Signal::KILL);
        // A process in uninterruptible sleep ends late; that must not hold up this thread.
        let reaper = thread::Builder::new().name("ringback-reaper".into()).stack_size(64 * 1024);
        let _ = reaper.spawn(move || spawn::reap(leader));
    }
}

/// The bytes as something that can be read like a file, without a thread or task to feed it and
/// without a copy on disk.
fn readable_memory(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("stdin", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file.into())
}
