//! Finds and kills processes that outlived their execution: those that took a session of their
//! own, and those of a server that was killed. Judges by the environment that every program got.
//!
//! A program that wipes its environment, or that this user may not look at, is not found.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The variable that tells a program where its result goes, and us whose program it is.
pub(super) const MARK: &str = "RINGBACK_RESULT";

/// How often all processes are looked through at most. A look that finds nothing is the last; the
/// bound is for a program that forks faster than anybody can look, and for one that cannot die.
const LOOKS_MAX: usize = 100;

/// Kills every process whose mark lies below `executions` and whose execution is not `live`, looks
/// again until none is left, and says how many there were.
pub(super) fn kill(executions: &Path, live: impl Fn(&str) -> bool) -> usize {
    let mark = format!("{MARK}={}/", executions.display());
    let mut killed = HashSet::new();
    for _ in 0..LOOKS_MAX {
        let found = look(mark.as_bytes(), &live);
        if found.is_empty() {
            break;
        }
        // A process that was killed a moment ago may be found once more on its way out.
        killed.extend(found);
    }
    killed.len()
}

/// How many process numbers are tried one by one before it is cheaper to list all processes.
const NUMBERS_MAX: i32 = 256;

/// Processes that began after one of them.
pub(super) struct Newer {
    /// The one that the others can only be descendants of.
    pub(super) leader: i32,
    /// The leaders of other executions, which are nobody's descendants.
    pub(super) others: HashSet<i32>,
}

/// As [`kill`], for what can only be descendants of a leader: processes that began after it. When
/// none did, which the kernel tells in one line, this costs nothing but that line.
pub(super) fn kill_newer(executions: &Path, newer: &Newer, live: impl Fn(&str) -> bool) -> usize {
    let Some(last) = last_pid() else { return kill(executions, live) };
    if !(0..=NUMBERS_MAX).contains(&(last - newer.leader)) {
        // Too many to try, or the numbers have begun anew.
        return kill(executions, live);
    }
    let mark = format!("{MARK}={}/", executions.display());
    let mut pids = (newer.leader + 1..=last).filter(|pid| !newer.others.contains(pid));
    let is_ours = |pid| Pid::from_raw(pid).is_some_and(|pid| kill_one(pid, mark.as_bytes(), &live));
    // One that is found may have others: then everything is looked through until none is left.
    if pids.any(is_ours) {
        return kill(executions, live).max(1);
    }
    0
}

/// The number that the kernel gave to the last new process: proc_loadavg(5).
fn last_pid() -> Option<i32> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().last()?.parse().ok()
}

fn look(mark: &[u8], live: &impl Fn(&str) -> bool) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        .filter(|pid| kill_one(*pid, mark, live))
        .collect()
}

fn kill_one(pid: Pid, mark: &[u8], live: &impl Fn(&str) -> bool) -> bool {
    // The descriptor comes first: should the number go to somebody else while we read, the
    // signal still goes to the process that was looked at, or to nobody.
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
    let Ok(environment) = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())) else {
        return false;
    };
    let is_left_over = environment
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(mark))
        .and_then(|rest| rest.split(|byte| *byte == b'/').next())
        .and_then(|execution| std::str::from_utf8(execution).ok())
        .is_some_and(|execution| !live(execution));
    is_left_over && pidfd_send_signal(process, Signal::KILL).is_ok()
}
