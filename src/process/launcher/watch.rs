//! Measures what a program uses where the kernel does not limit it by itself: how much, and when
//! to look again. The nearer a limit, the more often, as long as looking does not become the work.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::family;
use super::protocol::{Exceeded, Limits};

/// How often is looked at most, and how often at least.
const SHORTEST: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_millis(250);

/// No program fills memory faster than this, in bytes per millisecond: 4 GB/s.
const BYTES_PER_MILLI: u64 = 4_000_000;

/// How many times as long as a look took nobody looks again: measuring a program with a thousand
/// processes would otherwise use more of the machine than the program.
const PAUSE_AFTER_LOOK: u32 = 4;

/// The same after an exact measurement of shared memory, which is dearer by far.
const PAUSE_AFTER_EXACT: u32 = 20;

/// What is watched about one program.
#[derive(Debug)]
pub(super) struct Watch {
    memory_bytes: Option<u64>,
    cpu_micros: Option<u64>,
    due: Instant,
    shared: Shared,
    seen: Seen,
    /// What all processes had used at the last look, if that was looked at.
    cpu_micros_used: u64,
}

/// How much of the resident memory of all processes was counted more than once.
#[derive(Debug)]
struct Shared {
    bytes: u64,
    /// When it is to be measured again: writing to shared memory takes from it unnoticed.
    due: Instant,
}

/// The time that each process was seen to have used by itself. One that ended without anybody
/// waiting for it takes its time with it: no process and no sum of the kernel's has it then.
#[derive(Debug, Default)]
struct Seen {
    micros: HashMap<i32, u64>,
    /// That of processes whose number has gone to another one.
    gone: u64,
}

impl Seen {
    /// Takes in what living processes have used, and gives what all that were ever seen have.
    fn total(&mut self, living: impl IntoIterator<Item = (i32, u64)>) -> u64 {
        for (pid, micros) in living {
            let before = self.micros.insert(pid, micros).unwrap_or(0);
            if before > micros {
                self.gone += before;
            }
        }
        self.gone + self.micros.values().sum::<u64>()
    }
}

impl Watch {
    /// None when there is nothing to be watched. `memory_by_kernel` when the kernel does that part.
    pub(super) fn new(limits: &Limits, memory_by_kernel: bool, now: Instant) -> Option<Self> {
        let memory_bytes = limits.memory_bytes.filter(|_| !memory_by_kernel);
        let cpu_micros = limits.cpu_micros;
        let nothing = memory_bytes.is_none() && cpu_micros.is_none();
        let shared = Shared { bytes: 0, due: now };
        let seen = Seen::default();
        let mut watch =
            Self { memory_bytes, cpu_micros, due: now, shared, seen, cpu_micros_used: 0 };
        watch.plan(0, 0, now);
        (!nothing).then_some(watch)
    }

    /// When to look next.
    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// The time that all processes had used when they were looked at last, in microseconds.
    pub(super) const fn cpu_micros_used(&self) -> u64 {
        self.cpu_micros_used
    }

    /// Looks at the processes of a program, and says which limit they have exceeded, if any.
    pub(super) fn look(&mut self, pids: &[i32], cpu: Cpu, now: Instant) -> Option<Exceeded> {
        let cpu_micros = match cpu {
            Cpu::OfAll(micros) => micros,
            Cpu::OfReaped(_) if self.cpu_micros.is_none() => 0,
            Cpu::OfReaped(micros) => self.cpu_micros(pids, micros),
        };
        self.cpu_micros_used = cpu_micros;
        if self.cpu_micros.is_some_and(|limit| cpu_micros > limit) {
            return Some(Exceeded::CpuTime);
        }
        let bytes = self.memory_bytes.map_or(0, |limit| self.bytes(pids, limit, now));
        if self.memory_bytes.is_some_and(|limit| bytes > limit) {
            return Some(Exceeded::Memory);
        }
        let after = Instant::now();
        self.plan(bytes, cpu_micros, after);
        self.due = self.due.max(after + after.duration_since(now) * PAUSE_AFTER_LOOK);
        None
    }

    /// The time that all processes have used, as far as it can be known: never more than they have.
    fn cpu_micros(&mut self, pids: &[i32], of_reaped: u64) -> u64 {
        let living: Vec<(i32, family::Spent)> =
            pids.iter().filter_map(|pid| Some((*pid, family::spent(*pid)?))).collect();
        let with_children =
            living.iter().map(|(_, spent)| spent.own_micros + spent.children_micros).sum::<u64>();
        let seen = self.seen.total(living.iter().map(|(pid, spent)| (*pid, spent.own_micros)));
        seen.max(of_reaped + with_children)
    }

    /// The memory of all processes. Exact where it matters: the sum of what each has resident is
    /// too much by what they share, and that is dear to find out.
    fn bytes(&mut self, pids: &[i32], limit: u64, now: Instant) -> u64 {
        let resident = family::resident_bytes(pids);
        let guess = resident.saturating_sub(self.shared.bytes);
        if resident <= limit || (guess <= limit && now < self.shared.due) {
            return guess;
        }
        let began = Instant::now();
        let exact = family::proportional_bytes(pids);
        let bytes = resident.saturating_sub(exact);
        self.shared = Shared { bytes, due: began + began.elapsed() * PAUSE_AFTER_EXACT };
        exact
    }

    fn plan(&mut self, bytes: u64, cpu_micros: u64, now: Instant) {
        let memory = self.memory_bytes.map_or(LONGEST, |limit| {
            Duration::from_millis(limit.saturating_sub(bytes) / BYTES_PER_MILLI)
        });
        let cpu = self.cpu_micros.map_or(LONGEST, |limit| {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let cores = cores as u64;
            Duration::from_micros(limit.saturating_sub(cpu_micros) / cores)
        });
        self.due = now + memory.min(cpu).clamp(SHORTEST, LONGEST);
    }
}

/// How far time is known without looking at each process.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cpu {
    /// What all have used, in microseconds.
    OfAll(u64),
    /// What those have used that were reaped, in microseconds.
    OfReaped(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_the_limit_the_sooner_the_next_look() {
        let now = Instant::now();
        let limits =
            |memory_bytes| Limits { memory_bytes: Some(memory_bytes), ..Limits::default() };
        let wait = |bytes| Watch::new(&limits(bytes), false, now).unwrap().due() - now;
        assert_eq!(wait(100 << 30), LONGEST);
        assert_eq!(wait(1), SHORTEST);
        assert!(wait(64_000_000) < LONGEST && wait(64_000_000) > SHORTEST);
        assert!(Watch::new(&limits(1), true, now).is_none());
        assert!(Watch::new(&Limits::default(), false, now).is_none());
    }

    #[test]
    fn what_is_used_is_held_against_its_limit() {
        let now = Instant::now();
        let own = [std::process::id().cast_signed()];
        let look =
            |limits: Limits, cpu| Watch::new(&limits, false, now).unwrap().look(&own, cpu, now);
        let memory = |bytes| Limits { memory_bytes: Some(bytes), ..Limits::default() };
        assert_eq!(look(memory(4096), Cpu::OfAll(0)), Some(Exceeded::Memory));
        assert_eq!(look(memory(1 << 40), Cpu::OfAll(0)), None);
        let cpu = Limits { cpu_micros: Some(1_000_000), ..Limits::default() };
        assert_eq!(look(cpu, Cpu::OfAll(1_000_001)), Some(Exceeded::CpuTime));
        assert_eq!(look(cpu, Cpu::OfAll(1_000_000)), None);
    }
    #[test]
    fn what_a_process_was_seen_to_use_is_not_forgotten() {
        let mut seen = Seen::default();
        assert_eq!(seen.total([(7, 100), (8, 10)]), 110);
        assert_eq!(seen.total([(8, 30)]), 130);
        // Another process with the number of one that has ended.
        assert_eq!(seen.total([(7, 5)]), 135);
        assert_eq!(seen.total([(7, 6)]), 136);
    }
}
