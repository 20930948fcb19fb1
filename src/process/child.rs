//! A program that runs: its end, its output, and the wishes that end it early.
//! Decides nothing about when to send one.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::capture::{Capture, StreamEnd};
use super::launcher::{self, Command, Connection, End, Launch};
use super::line::{Line, NotLaunched, patience};
use super::result::ResultFile;
use crate::domain::{Captured, Exceeded, Exit, StartMode, Usage};

/// How long a launcher may take to say that a program runs: thousands of times as long as it does.
const TOLD_WITHIN: Duration = Duration::from_secs(30);

/// A program and the streams that it writes.
#[derive(Debug)]
pub(super) struct Running {
    signaller: Signaller,
    ended: oneshot::Receiver<End>,
    stdout: Capture,
    stderr: Capture,
    start: StartMode,
    bounds: Bounds,
    /// Whoever gives a running program up, by a panic or at shutdown, leaves no process behind.
    kill_on_drop: KillOnDrop,
}

/// What is to run, beside what the launcher is told.
pub(super) struct Start<'a> {
    /// What the launcher is told.
    pub(super) launch: Launch,
    /// What the program reads; nothing gives it an empty input.
    pub(super) stdin: Option<&'a [u8]>,
    /// Where standard output goes: its capture and the end that the program writes to.
    pub(super) stdout: (Capture, OwnedFd),
    /// The same for standard error.
    pub(super) stderr: (Capture, OwnedFd),
    /// The values of limits, to be told when one was exceeded.
    pub(super) bounds: Bounds,
}

/// The values of limits, to be told when one was exceeded; 0 where there is none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    pub(super) memory_bytes: u64,
    pub(super) cpu_time: Duration,
    pub(super) output_bytes: u64,
}

/// How a program ended and what it left.
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
    /// How many processes it left behind, which were killed.
    pub descendants_killed: u32,
    /// The limit that it was ended for, if it was.
    pub exceeded: Option<Exceeded>,
    /// Whether its interpreter was warm.
    pub start: StartMode,
    /// Why the handler in it has not returned, if there is one and it has not.
    pub raised: Option<String>,
    /// Its result, where only the launcher could read it.
    pub(super) result: Option<ResultFile>,
}

/// The launcher has gone, and with it the program, before it had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the launcher was lost while the program was running")]
pub struct Interrupted;

/// Why a program does not run.
#[derive(Debug)]
pub(super) enum NotStarted {
    /// It could not be started.
    Failed(launcher::Failed),
    /// Its input could not be made, or its output cannot be read.
    Input(io::Error),
    /// There is no launcher; it has not begun.
    NoLauncher,
    /// The launcher has gone after it had been asked; it may have begun.
    Lost,
}

impl Running {
    /// Starts a program.
    pub(super) async fn start(line: &Line, start: Start<'_>) -> Result<Self, NotStarted> {
        let stdin = readable_memory(start.stdin.unwrap_or_default()).map_err(NotStarted::Input)?;
        let (mut stdout, stdout_end) = start.stdout;
        let (mut stderr, stderr_end) = start.stderr;
        let streams = [stdin.as_fd(), stdout_end.as_fd(), stderr_end.as_fd()];
        let launched = line.launch(start.launch, streams);
        let (connection, number, tidings) = launched.map_err(|error| match error {
            NotLaunched::Absent => NotStarted::NoLauncher,
            NotLaunched::Order(error) => {
                let doing = "handing it to the launcher".to_owned();
                NotStarted::Failed(launcher::Failed { doing, error })
            }
        })?;
        // Our ends are closed, so that the pipes end with the program.
        drop((stdin, stdout_end, stderr_end));
        let kill_on_drop =
            KillOnDrop { connection: Arc::clone(&connection), number, is_armed: true };
        let mut told = tidings.started;
        let told = match timeout(patience(TOLD_WITHIN), &mut told).await {
            Ok(told) => told,
            Err(_) => {
                // It can be asked nothing, and can end nobody. The next one can.
                log::error!("the launcher does not answer, and is killed");
                connection.kill_launcher();
                told.await
            }
        };
        let started = match told {
            Ok(Ok(started)) => started,
            Ok(Err(failed)) => return Err(NotStarted::Failed(failed)),
            Err(_) => return Err(NotStarted::Lost),
        };
        if let Some([from_stdout, from_stderr]) = started.output {
            stdout.read_from(from_stdout).map_err(NotStarted::Input)?;
            stderr.read_from(from_stderr).map_err(NotStarted::Input)?;
        }
        let process = Arc::new(started.process);
        Ok(Self {
            signaller: Signaller { connection, number, process },
            ended: tidings.ended,
            stdout,
            stderr,
            start: if started.warm { StartMode::Warm } else { StartMode::Cold },
            bounds: start.bounds,
            kill_on_drop,
        })
    }

    /// What sends wishes to it from elsewhere.
    pub(super) fn signaller(&self) -> Signaller {
        self.signaller.clone()
    }

    /// Waits for the program's end and takes in what it writes. Its end is the end: nothing that
    /// it left behind runs any more, and nobody who still holds one of its pipes is waited for.
    ///
    /// # Errors
    /// When the launcher is lost before.
    pub(super) async fn ended(mut self) -> Result<Ending, Interrupted> {
        let (stdout, stderr) = (&mut self.stdout, &mut self.stderr);
        let signaller = &self.signaller;
        let wrote_too_much = Cell::new(false);
        let note = |end: StreamEnd| {
            if end == StreamEnd::TooMuch {
                wrote_too_much.set(true);
                signaller.kill();
            }
        };
        let output = async {
            tokio::join!(async { note(stdout.until_closed().await) }, async {
                note(stderr.until_closed().await)
            },);
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = &mut self.ended => ended.map_err(|_| Interrupted)?,
            () = output => return Err(Interrupted),
        };
        self.kill_on_drop.is_armed = false;
        let exceeded = wrote_too_much
            .get()
            .then_some(Exceeded::Output { limit_bytes: self.bounds.output_bytes })
            .or(ended.exceeded.map(|exceeded| self.bounds.told(exceeded)));
        Ok(Ending {
            exit: exit_of(ended.status),
            usage: Usage {
                cpu_seconds: ended.cpu_micros as f64 / 1e6,
                memory_peak_bytes: ended.memory_peak_bytes,
            },
            stdout: self.stdout.finish(),
            stderr: self.stderr.finish(),
            descendants_killed: ended.descendants_killed,
            exceeded,
            start: self.start,
            raised: None,
            result: ended.result,
        })
    }
}

impl Bounds {
    fn told(self, exceeded: launcher::Exceeded) -> Exceeded {
        match exceeded {
            launcher::Exceeded::Memory => Exceeded::Memory { limit_bytes: self.memory_bytes },
            launcher::Exceeded::CpuTime => Exceeded::CpuTime { limit: self.cpu_time },
        }
    }
}

/// Sends wishes about a program and everything that it has started; does nothing once it has
/// ended.
#[derive(Debug, Clone)]
pub struct Signaller {
    connection: Arc<Connection>,
    number: u64,
    process: Arc<OwnedFd>,
}

impl Signaller {
    /// Asks all of it to end: SIGTERM.
    pub fn terminate(&self) {
        self.connection.wish(&Command::Terminate(self.number));
    }

    /// Ends all of it: SIGKILL.
    pub fn kill(&self) {
        self.connection.wish(&Command::Kill(self.number));
    }

    /// The number of its first process, or of that one's keeper, for people to look at; none once
    /// it has ended.
    pub fn pid(&self) -> Option<i32> {
        // Numbers differ between PID namespaces; this file has that of ours: proc_pid_fdinfo(5).
        let path = format!("/proc/self/fdinfo/{}", self.process.as_raw_fd());
        let facts = std::fs::read_to_string(path).ok()?;
        let pid = facts.lines().find_map(|line| line.strip_prefix("Pid:"))?;
        pid.trim().parse().ok().filter(|pid| *pid > 0)
    }
}

#[derive(Debug)]
struct KillOnDrop {
    connection: Arc<Connection>,
    number: u64,
    is_armed: bool,
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if self.is_armed {
            self.connection.wish(&Command::Kill(self.number));
        }
    }
}

fn exit_of(status: i32) -> Exit {
    if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Code(libc::WEXITSTATUS(status))
    }
}

/// The bytes as something that can be read like a file, without a thread or task to feed it and
/// without a copy on disk.
fn readable_memory(bytes: &[u8]) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(memfd_create("stdin", flags)?);
    file.write_all(bytes)?;
    file.seek(SeekFrom::Start(0))?;
    // Otherwise a program could keep there what no limit of its own counts.
    fcntl_add_seals(
        &file,
        SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL,
    )?;
    Ok(file.into())
}
