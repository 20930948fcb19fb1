//! The server's end of the line to a launcher: orders go out from any thread, reports come in on
//! one of its own and are handed to those who wait for them.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command as Process, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::net::{Shutdown, shutdown};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::oneshot;

use super::binary::LauncherBinary;
use super::protocol::{Command, End, Ready, Report, Setup, Warm, decode, encode};
use super::wire;

/// A launcher that is ready.
#[derive(Debug)]
pub(in crate::process) struct Connection {
    socket: OwnedFd,
    /// The process whose end is the end of the launcher.
    process: OwnedFd,
    /// None once the launcher has gone.
    waiting: Mutex<Option<HashMap<u64, Waiting>>>,
    /// The runtimes that it was asked to keep warm.
    warmed: Mutex<HashSet<String>>,
}

/// Who waits for news of a program.
#[derive(Debug)]
struct Waiting {
    started: Option<oneshot::Sender<Result<Started, Failed>>>,
    ended: oneshot::Sender<End>,
}

/// A program runs.
#[derive(Debug)]
pub(in crate::process) struct Started {
    /// Names the process whose death is the end of all.
    pub(in crate::process) process: OwnedFd,
    /// Whether its interpreter was warm.
    pub(in crate::process) warm: bool,
    /// Where its two streams are to be read, if not where the server had them go.
    pub(in crate::process) output: Option<[OwnedFd; 2]>,
}

/// A program could not be started.
#[derive(Debug)]
pub(in crate::process) struct Failed {
    /// What was being done, to be put into a sentence.
    pub(in crate::process) doing: String,
    pub(in crate::process) error: io::Error,
}

/// What is told of a program.
pub(in crate::process) struct Tidings {
    pub(in crate::process) started: oneshot::Receiver<Result<Started, Failed>>,
    pub(in crate::process) ended: oneshot::Receiver<End>,
}

/// Why there is no launcher.
#[derive(Debug, thiserror::Error)]
pub(in crate::process) enum OpenError {
    /// It cannot be what it is to be.
    #[error("{0}")]
    Refused(String),
    /// It does not start at all.
    #[error("the launcher cannot be started: {0}")]
    Start(#[from] io::Error),
    /// What was started is no launcher.
    #[error("what was started as the launcher ended without a word: {0}")]
    Silent(String),
}

/// A launcher's process, which ends when everything below it has.
#[derive(Debug)]
pub(in crate::process) struct LauncherProcess(Child);

impl LauncherProcess {
    /// Waits until nothing of the launcher is left, but what a keeper is still ending.
    pub(in crate::process) fn wait(&mut self) {
        let _ = self.0.wait();
    }
}

impl Connection {
    /// Starts a launcher and waits until it is ready.
    ///
    /// # Errors
    /// Why there is none.
    pub(in crate::process) fn open(
        binary: &LauncherBinary,
        setup: &Setup,
    ) -> Result<(Self, LauncherProcess, Ready), OpenError> {
        let (ours, theirs) = wire::pair()?;
        let child = start(binary, theirs)?;
        let handle =
            pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).map_err(io::Error::from)?;
        let mut process = LauncherProcess(child);
        let silent = |process: &mut LauncherProcess, error: String| {
            let _ = process.0.kill();
            let status = process.0.wait().map_or_else(|e| e.to_string(), |s| s.to_string());
            OpenError::Silent(format!("{error} ({status})"))
        };
        if let Err(error) = wire::send(&ours, &encode(setup), &[]) {
            return Err(silent(&mut process, error.to_string()));
        }
        let report = match wire::receive(&ours, &mut Vec::new(), true) {
            Ok(Some(message)) => decode::<Report>(&message.bytes).map_err(|e| e.to_string()),
            Ok(None) => Err("it closed its socket".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        match report {
            Ok(Report::Ready(ready)) => {
                let waiting = Mutex::new(Some(HashMap::new()));
                let warmed = Mutex::default();
                Ok((Self { socket: ours, process: handle, waiting, warmed }, process, ready))
            }
            Ok(Report::Refused(sentence)) => {
                process.wait();
                Err(OpenError::Refused(sentence))
            }
            Ok(_) => Err(silent(&mut process, "it spoke out of turn".to_owned())),
            Err(error) => Err(silent(&mut process, error)),
        }
    }

    /// Sends an order to run a program, under a number that was never used.
    ///
    /// # Errors
    /// `BrokenPipe` when the launcher has gone; otherwise what the socket says.
    pub(in crate::process) fn launch(
        &self,
        launch: super::protocol::Launch,
        streams: [BorrowedFd<'_>; 3],
    ) -> io::Result<Tidings> {
        let number = launch.number;
        let (started, told_started) = oneshot::channel();
        let (ended, told_ended) = oneshot::channel();
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let waiting = Waiting { started: Some(started), ended };
        self.waiting().as_mut().ok_or_else(gone)?.insert(number, waiting);
        let message = encode(&Command::Launch(Box::new(launch)));
        if let Err(error) = wire::send(&self.socket, &message, &streams) {
            self.forget(number);
            let is_gone = matches!(
                error.kind(),
                io::ErrorKind::BrokenPipe
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::NotConnected
            );
            return Err(if is_gone { gone() } else { error });
        }
        Ok(Tidings { started: told_started, ended: told_ended })
    }

    /// Has an interpreter kept warm, if it has not been asked for before.
    pub(in crate::process) fn warm(&self, warm: &Warm) {
        let mut warmed = self.warmed.lock().unwrap_or_else(PoisonError::into_inner);
        if warmed.insert(warm.runtime.clone()) {
            self.wish(&Command::Warm(warm.clone()));
        }
    }

    /// Sends a wish about a program. When the launcher has gone, so has the program.
    pub(in crate::process) fn wish(&self, wish: &Command) {
        let _ = wire::send(&self.socket, &encode(wish), &[]);
    }

    /// Hands reports to those who wait for them, until the launcher has gone.
    pub(in crate::process) fn listen(&self) {
        let mut buffer = Vec::new();
        while let Ok(Some(message)) = wire::receive(&self.socket, &mut buffer, true) {
            match decode::<Report>(&message.bytes) {
                Ok(report) => self.hand_on(report, message.fds),
                Err(error) => log::error!("the launcher said what cannot be understood: {error}"),
            }
        }
    }

    /// Tells everybody who still waits that the launcher has gone.
    pub(in crate::process) fn give_up(&self) {
        *self.waiting() = None;
    }

    /// Ends the launcher, and with it every program.
    pub(in crate::process) fn close(&self) {
        let _ = shutdown(&self.socket, Shutdown::Both);
    }

    /// Kills the launcher, and with it every program: for one that is stopped or hangs.
    pub(in crate::process) fn kill_launcher(&self) {
        // One that has ended meanwhile needs it no more.
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
    }

    fn hand_on(&self, report: Report, fds: Vec<OwnedFd>) {
        match report {
            Report::Started { number, warm } => {
                let mut fds = fds.into_iter();
                if let Some(process) = fds.next() {
                    let output = fds.next().zip(fds.next()).map(|(out, err)| [out, err]);
                    self.tell_started(number, Ok(Started { process, warm, output }));
                }
            }
            Report::Failed { number, doing, errno } => {
                let error = io::Error::from_raw_os_error(errno);
                self.tell_started(number, Err(Failed { doing, error }));
                self.forget(number);
            }
            Report::Ended { number, end } => {
                if let Some(waiting) = self.forget(number) {
                    // Whoever gave the program up does not want to know.
                    let _ = waiting.ended.send(end);
                }
            }
            Report::Ready(_) | Report::Refused(_) => {}
        }
    }

    fn tell_started(&self, number: u64, started: Result<Started, Failed>) {
        let mut waiting = self.waiting();
        let waiting = waiting.as_mut().and_then(|waiting| waiting.get_mut(&number));
        if let Some(sender) = waiting.and_then(|waiting| waiting.started.take()) {
            let _ = sender.send(started);
        }
    }

    fn forget(&self, number: u64) -> Option<Waiting> {
        self.waiting().as_mut()?.remove(&number)
    }

    fn waiting(&self) -> MutexGuard<'_, Option<HashMap<u64, Waiting>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the process. It inherits nothing but the socket and the server's stderr: no secret that
/// the server has in its environment, no file.
#[expect(clippy::disallowed_methods, reason = "the one process that the server itself starts")]
fn start(binary: &LauncherBinary, socket: OwnedFd) -> io::Result<Child> {
    Process::new(binary.path()?)
        .arg0("ringback")
        .arg(super::binary::COMMAND)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .spawn()
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
