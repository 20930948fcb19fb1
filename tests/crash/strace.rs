//! strace(1) on a server that runs: it makes system calls fail, or writes them down.
//! Knows nothing of what the server does with them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};

/// The command that starts a server which is killed as its first thread is about to make this
/// system call for the `number`th time, counted from 1, on one of these files.
pub fn killing_at(call: &str, number: usize, files: &[PathBuf]) -> Vec<String> {
    // Traced from a grandchild, so that the server itself is ours to wait for.
    let mut command: Vec<String> =
        ["strace", "-qq", "-D", "-o", "/dev/null"].map(str::to_owned).into();
    for file in files {
        command.extend(["-P".to_owned(), file.display().to_string()]);
    }
    command.extend(["-e".to_owned(), format!("inject={call}:signal=KILL:when={number}")]);
    command
}

/// The same for whichever thread, or process that it starts, is the first to do so: each counts for
/// itself.
pub fn killing_any_thread_at(call: &str, number: usize, files: &[PathBuf]) -> Vec<String> {
    let mut command = killing_at(call, number, files);
    command.insert(1, "-f".to_owned());
    command
}

/// The two files of a database in a data directory.
pub fn files_of_database(data_dir: &Path) -> [PathBuf; 2] {
    ["ringback.db", "ringback.db-wal"].map(|name| data_dir.join(name))
}

/// A tracer of every thread of a process, until it is dropped.
pub struct Strace {
    child: Child,
    traced: u32,
}

impl Strace {
    /// Makes these system calls of a process fail, with an error such as `EIO`, wherever they
    /// concern the file.
    pub fn failing(pid: u32, calls: &str, error: &str, file: &Path) -> Self {
        let inject = format!("inject={calls}:error={error}");
        let file = file.to_string_lossy();
        Self::attach(pid, &["-P", &file, "-e", &inject, "-o", "/dev/null"])
    }

    /// Attaches to all threads of a process with these options, and returns when none is left out.
    pub fn attach(pid: u32, options: &[&str]) -> Self {
        let pid_text = pid.to_string();
        let child = Command::new("strace")
            .args(["-qq", "-f", "-p", &pid_text])
            .args(options)
            .stdin(Stdio::null())
            .spawn()
            .expect("strace is installed: see scripts/tools.sh");
        let mut strace = Self { child, traced: pid };
        eventually(DEADLINE, "strace has attached", || {
            let ended = strace.child.try_wait().expect("our own child");
            assert!(ended.is_none(), "strace may not look at the server: {ended:?}");
            threads_are_traced(pid, strace.child.id()).then_some(())
        });
        strace
    }

    /// Lets the process run on untraced.
    pub fn detach(self) {
        drop(self);
    }

    /// Waits until the process has ended, and with it the trace.
    pub fn wait(mut self) {
        eventually(DEADLINE, "the traced process and strace end", || {
            self.child.try_wait().expect("our own child")
        });
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        if self.child.try_wait().expect("our own child").is_none() {
            processes::signal(self.child.id(), Signal::INT);
            let _ = self.child.wait();
        }
        let tracer = self.child.id();
        if !std::thread::panicking() {
            assert!(!threads_are_traced(self.traced, tracer), "strace has not let go");
        }
    }
}

/// Whether a process has threads and this one traces each of them.
fn threads_are_traced(pid: u32, tracer: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    let wanted = format!("TracerPid:\t{tracer}\n");
    let mut threads = threads.flatten().peekable();
    threads.peek().is_some()
        && threads.all(|thread| {
            let status = fs::read_to_string(thread.path().join("status"));
            // A thread that has ended meanwhile needs no tracer.
            status.map_or(true, |status| status.contains(&wanted))
        })
}
