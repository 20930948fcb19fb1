//! One run of `ringback serve` as a process: started, listened to, signalled, waited for.
//! Knows no HTTP and keeps no data between runs.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Signal;

use super::options::Options;
use super::processes;
use super::wait::{DEADLINE, eventually, within};

/// What the server says on stderr once it is ready.
const READY: &str = "listening on http://";

/// A server process and everything that it has said.
pub struct Server {
    child: Child,
    stderr: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    is_hung_up: Arc<AtomicBool>,
}

impl Server {
    /// Starts the real binary on a data directory, on a port that the system picks.
    pub fn spawn(options: &Options, data_dir: &Path) -> Self {
        // The way to the binary may be closed to another user, but not to one who is handed it open.
        let binary = File::open(env!("CARGO_BIN_EXE_ringback")).expect("the binary under test");
        let mut command = command(options, &binary);
        if let Some(id) = options.user {
            command.uid(id).gid(id);
        }
        command.arg("serve").arg("--data-dir").arg(data_dir).args(&options.arguments).env_clear();
        if !options.arguments.iter().any(|argument| argument == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        for name in ["PATH", "HOME"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.envs(options.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary under test can be started");
        let stderr = Arc::new(Mutex::new(String::new()));
        let pipe = child.stderr.take().expect("stderr is piped");
        let is_hung_up = Arc::new(AtomicBool::new(false));
        let reader = keep_lines(pipe, Arc::clone(&stderr), Arc::clone(&is_hung_up));
        Self { child, stderr, reader: Some(reader), is_hung_up }
    }

    /// Waits until it listens, and gives the address; its end when it ended instead.
    pub fn ready(&mut self) -> Result<SocketAddr, ExitStatus> {
        eventually(DEADLINE, "the server listens or ends", || {
            if let Some(address) = self.announced_address() {
                return Some(Ok(address));
            }
            self.child.try_wait().expect("our own child").map(Err)
        })
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Listens to one more line, and then closes the pipe that it and its launcher write to.
    pub fn hang_up(&self) {
        self.is_hung_up.store(true, Ordering::Relaxed);
    }

    /// Whether nobody holds the other end of that pipe any more.
    pub fn is_hung_up(&self) -> bool {
        self.reader.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("our own child").is_none()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        processes::signal(self.pid(), signal);
    }

    /// Waits until it has ended, SIGKILL at the deadline helping; true for an end of its own.
    pub fn end_by(&mut self, signal: Signal, deadline: Duration) -> (ExitStatus, bool) {
        self.signal(signal);
        let ended = within(deadline, || self.child.try_wait().expect("our own child"));
        let status = ended.unwrap_or_else(|| {
            self.signal(Signal::KILL);
            self.child.wait().expect("our own child")
        });
        (status, ended.is_some())
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        let status = eventually(DEADLINE, "the server ends by itself", || {
            self.child.try_wait().expect("our own child")
        });
        // Everything it said counts, so the last of it is waited for too.
        let reader = self.reader.take();
        eventually(DEADLINE, "stderr ends with the server", || {
            reader.as_ref().is_none_or(JoinHandle::is_finished).then_some(())
        });
        status
    }

    /// All that it has said on stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().expect("the reader does not panic").clone()
    }

    fn announced_address(&self) -> Option<SocketAddr> {
        let stderr = self.stderr();
        let (_, rest) = stderr.split_once(READY)?;
        let address = rest.split_once(char::is_whitespace)?.0;
        Some(address.trim_end_matches('/').parse().expect("the announced address is one"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.is_running() {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// What runs the binary: itself, or whatever is to become it.
fn command(options: &Options, binary: &File) -> Command {
    if let Some((starter, arguments)) = options.starter.split_first() {
        let mut command = Command::new(starter);
        command.args(arguments).arg(env!("CARGO_BIN_EXE_ringback"));
        return command;
    }
    let mut command = Command::new(format!("/proc/self/fd/{}", binary.as_raw_fd()));
    command.arg0("ringback");
    command
}

fn keep_lines(
    pipe: ChildStderr,
    into: Arc<Mutex<String>>,
    is_hung_up: Arc<AtomicBool>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            into.lock().expect("nobody panics here").push_str(&String::from_utf8_lossy(&line));
            line.clear();
            if is_hung_up.load(Ordering::Relaxed) {
                break;
            }
        }
    })
}
