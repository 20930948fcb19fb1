//! The processes below one process, found through `/proc`: for where neither a cgroup nor a PID
//! namespace holds them together, and for measuring what they use.

use std::fs;
use std::ops::Range;

/// The children of a process, of all its threads: proc_tid_children(5).
pub(super) fn children(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|t| fs::read_to_string(t.path().join("children")).ok());
    lists.flat_map(|list| numbers(&list)).collect()
}

fn numbers(list: &str) -> Vec<i32> {
    list.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// Everything below a process, children before their own children.
pub(super) fn descendants(pid: i32) -> Vec<i32> {
    let mut found = children(pid);
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        // A number that was given anew while we looked must not lead us in a circle.
        let new: Vec<i32> = children(pid).into_iter().filter(|pid| !found.contains(pid)).collect();
        found.extend(new);
        next += 1;
    }
    found
}

/// Everybody in this process's PID namespace but itself.
pub(super) fn everybody() -> Vec<i32> {
    let own = std::process::id().cast_signed();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    names.filter(|pid| *pid != own).collect()
}

/// Whether a process is more than an entry that waits to be reaped.
pub(super) fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|fields| !matches!(fields[0].as_str(), "Z" | "X"))
}

/// When a process was started, in ticks since the machine was: with its number, its name for good.
pub(super) fn started_at(pid: i32) -> Option<String> {
    // starttime, the field 22 of proc_pid_stat(5).
    stat(pid)?.get(19).cloned()
}

/// Memory that processes have resident together, in bytes. Shared memory counts once for each of
/// them, so this is the most that it can be.
pub(super) fn resident_bytes(pids: &[i32]) -> u64 {
    let page = rustix::param::page_size() as u64;
    let resident = |pid: &i32| {
        let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
        statm.split(' ').nth(1)?.parse::<u64>().ok()
    };
    pids.iter().filter_map(resident).sum::<u64>() * page
}

/// The same with what is shared divided among those who share it: dear, and exact.
pub(super) fn proportional_bytes(pids: &[i32]) -> u64 {
    let share = |pid: &i32| {
        let Ok(rollup) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
            return resident_bytes(&[*pid]);
        };
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib =
            line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    };
    pids.iter().map(share).sum()
}

/// Time that a living process has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent {
    /// By itself, in microseconds.
    pub(super) own_micros: u64,
    /// By the children that it has waited for, in microseconds.
    pub(super) children_micros: u64,
}

/// What a process has used; none when it has gone.
pub(super) fn spent(pid: i32) -> Option<Spent> {
    let ticks_per_second = rustix::param::clock_ticks_per_second().max(1);
    let fields = stat(pid)?;
    // utime, stime, cutime and cstime: the fields 14 to 17 of proc_pid_stat(5).
    let ticks = |range: Range<usize>| -> Option<u64> {
        Some(fields.get(range)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum())
    };
    let micros = |ticks: u64| ticks * 1_000_000 / ticks_per_second;
    Some(Spent { own_micros: micros(ticks(11..13)?), children_micros: micros(ticks(13..15)?) })
}

/// The fields from the third on; before it stands the command's name, which may hold anything.
fn stat(pid: i32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    Some(rest.split(' ').map(str::to_owned).collect())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests start processes to look at")]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_and_its_children_are_found_and_measured() {
        let mut child = Command::new("sh")
            .args(["-c", "sleep 1000 & echo $!; read line; kill $!"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
        let (shell, sleep) = (child.id().cast_signed(), line.trim().parse().unwrap());
        assert_eq!(descendants(shell), [sleep]);
        assert!(is_alive(sleep) && everybody().contains(&sleep));
        let own = std::process::id().cast_signed();
        assert!(resident_bytes(&[own]) > 100_000);
        assert!(proportional_bytes(&[own]) > 100_000);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!is_alive(shell));
    }
}
