//! A script that runs in a process group of its own, as in a terminal, and all that it has printed.
//! Nothing of it is left when it goes.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::support::wait::{DEADLINE, eventually};

/// A script that was started.
pub struct Process {
    child: Child,
    stdout: Kept,
    stderr: Kept,
}

struct Kept {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts a command that is ready to be started.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().expect("a shell can be started");
        let stdout = Kept::of(child.stdout.take().expect("it is piped"));
        let stderr = Kept::of(child.stderr.take().expect("it is piped"));
        Self { child, stdout, stderr }
    }

    /// All that it has printed so far.
    pub fn stdout(&self) -> String {
        self.stdout.read()
    }

    /// All that it has said beside that.
    pub fn stderr(&self) -> String {
        self.stderr.read()
    }

    /// Its end, if it has ended.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own child")
    }

    /// Waits until it has ended by itself, and what it has printed is there to the last byte.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let status = eventually(DEADLINE, "it ends", || self.status());
        for kept in [&mut self.stdout, &mut self.stderr] {
            let reader = kept.reader.take();
            eventually(DEADLINE, "nobody else holds its pipes", || {
                reader.as_ref().is_none_or(JoinHandle::is_finished).then_some(())
            });
        }
        status
    }

    /// Ctrl-C: all of it is told to end, and must.
    #[track_caller]
    pub fn interrupt(&mut self) {
        self.signal(Signal::INT);
        let status = self.ended();
        let is_orderly =
            status.success() || status.signal() == Some(2) || status.code() == Some(130);
        assert!(is_orderly, "Ctrl-C: {status}\n{}", self.stderr());
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // Whatever has ended needs no signal.
        let _ = kill_process_group(group.expect("a process has a number"), signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

impl Kept {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            // In whole lines, so that nobody takes half of one for all of it.
            while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                into.lock().expect("nobody panics here").push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn read(&self) -> String {
        self.text.lock().expect("nobody panics here").clone()
    }
}
