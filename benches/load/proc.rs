//! What the kernel counts for a process: memory and processor time, from `/proc`.
//! Starts and stops nothing.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// The unit of times in `/proc/PID/stat`: USER_HZ, which Linux fixes at 100 for every machine.
const TICK: Duration = Duration::from_millis(10);

/// Processor time, in user and in kernel mode together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    /// Of the process itself.
    pub own: Duration,
    /// Of those of its children that it has waited for.
    pub children: Duration,
}

impl Cpu {
    pub fn in_all(self) -> Duration {
        self.own + self.children
    }
}

/// `VmRSS` in bytes.
pub fn resident_bytes(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("there is no VmRSS")?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}

/// The children of a process, of all its threads: proc_tid_children(5).
pub fn children_of(pid: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let list = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
        children.extend(list.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    Ok(children)
}

/// The processor time that a process has used so far.
pub fn cpu(pid: u32) -> Result<Cpu> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold anything; fields are counted from behind it. See proc(5):
    // utime, stime, cutime and cstime are the fields 14 to 17, and the state after it is the 3rd.
    let (_, fields) = stat.rsplit_once(") ").context("no name in /proc/PID/stat")?;
    let ticks: Vec<u32> =
        fields.split(' ').skip(11).take(4).map(str::parse).collect::<Result<_, _>>()?;
    let &[utime, stime, cutime, cstime] = ticks.as_slice() else {
        anyhow::bail!("too few fields in /proc/PID/stat");
    };
    Ok(Cpu { own: TICK * (utime + stime), children: TICK * (cutime + cstime) })
}
