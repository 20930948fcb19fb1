//! What the kernel knows of processes: who carries which environment, and how much memory one has.
//! Reads `/proc`; ends only processes that it is pointed at.

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};

/// A process that was alive when it was looked for.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its number, as the whole machine sees it.
    pub pid: u32,
    /// Its command line, with spaces between the arguments.
    pub command: String,
}

/// Every living process in whose environment all `marks` occur. What has ended but was not waited
/// for has no environment any more, so it is not among them.
pub fn with_environment(marks: &[&str]) -> Vec<Process> {
    numbers()
        .filter(|pid| {
            environment_of(*pid)
                .is_some_and(|text| marks.iter().all(|mark| contains(&text, mark.as_bytes())))
        })
        .map(|pid| Process { pid, command: command_of(pid) })
        .collect()
}

/// A child of a process whose command line ends with this word.
pub fn child_of(parent: u32, word: &str) -> Option<u32> {
    let entries = fs::read_dir("/proc").expect("Linux has /proc");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .find(|pid| parent_of(*pid) == Some(parent) && command_of(*pid).ends_with(word))
}

/// Every living process with an argument that has `word` in it.
pub fn with_argument(word: &str) -> Vec<Process> {
    let named = numbers().map(|pid| Process { pid, command: command_of(pid) });
    named.filter(|process| process.command.contains(word)).collect()
}

/// The living children of a process.
pub fn children_of(parent: u32) -> Vec<Process> {
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The parent is the second field after the command's name: proc_pid_stat(5).
        let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        rest.split(' ').nth(1).is_some_and(|number| number.parse() == Ok(parent))
    };
    numbers().filter(is_child).map(|pid| Process { pid, command: command_of(pid) }).collect()
}

/// What names the PID namespace of a process.
pub fn pid_namespace(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/pid")).ok()
}

/// Whether a process stands still until somebody else gives up a lock: proc_locks(5).
pub fn waits_for_a_lock(pid: u32) -> bool {
    let locks = fs::read_to_string("/proc/locks").expect("Linux has it");
    let number = pid.to_string();
    locks.lines().any(|line| line.contains("-> FLOCK") && line.split(' ').any(|w| w == number))
}

/// Sends a signal; a process that is gone already is no mistake.
pub fn signal(pid: u32, signal: Signal) {
    let _ = kill_process(to_pid(pid).expect("a pid of /proc"), signal);
}

/// The most memory that a process ever had resident, in bytes.
pub fn memory_peak(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:") * 1024
}

/// The memory that a process has resident now, in bytes.
pub fn memory_now(pid: u32) -> u64 {
    status_kib(pid, "VmRSS:") * 1024
}

/// Whether `needle` occurs in `bytes`.
pub fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn numbers() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("Linux has /proc");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn environment_of(pid: u32) -> Option<Vec<u8>> {
    // Fails for what has just ended and for what belongs to another user.
    fs::read(format!("/proc/{pid}/environ")).ok()
}

/// Whether a process leads a session.
pub fn leads_session(pid: u32) -> bool {
    rustix::process::getsid(to_pid(pid)) == Ok(to_pid(pid).expect("a pid of /proc"))
}

/// The parent of a process.
pub fn parent_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

fn to_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn command_of(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned()
}

#[track_caller]
fn status_kib(pid: u32, field: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is alive");
    let line = text.lines().find(|line| line.starts_with(field)).expect("the field is there");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number of KiB")
}
