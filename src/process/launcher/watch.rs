//! Measures what a program uses where the kernel does not limit it by itself: how much, and when
//! to look again. The nearer a limit, the more often.

use std::time::{Duration, Instant};

use super::family;
use super::protocol::{Exceeded, Limits};

/// How often is looked at most, and how often at least.
const SHORTEST: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_millis(250);

/// No program fills memory faster than this, in bytes per millisecond: 4 GB/s.
const BYTES_PER_MILLI: u64 = 4_000_000;

/// What is watched about one program.
#[derive(Debug)]
pub(super) struct Watch {
    memory_bytes: Option<u64>,
    cpu_micros: Option<u64>,
    due: Instant,
}

impl Watch {
    /// None when there is nothing to be watched. `memory_by_kernel` when the kernel does that part.
    pub(super) fn new(limits: &Limits, memory_by_kernel: bool, now: Instant) -> Option<Self> {
        let memory_bytes = limits.memory_bytes.filter(|_| !memory_by_kernel);
        let cpu_micros = limits.cpu_micros;
        let nothing = memory_bytes.is_none() && cpu_micros.is_none();
        let mut watch = Self { memory_bytes, cpu_micros, due: now };
        watch.plan(0, 0, now);
        (!nothing).then_some(watch)
    }

    /// When to look next.
    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// Looks at the processes of a program, and says which limit they have exceeded, if any.
    /// `cpu_micros` is what they have used so far where that is known, and otherwise what those
    /// have used that were reaped.
    pub(super) fn look(&mut self, pids: &[i32], cpu: Cpu, now: Instant) -> Option<Exceeded> {
        let cpu_micros = match cpu {
            Cpu::OfAll(micros) => micros,
            Cpu::OfReaped(micros) => micros + family::cpu_micros(pids),
        };
        if self.cpu_micros.is_some_and(|limit| cpu_micros > limit) {
            return Some(Exceeded::CpuTime);
        }
        let mut bytes = 0;
        if let Some(limit) = self.memory_bytes {
            bytes = family::resident_bytes(pids);
            if bytes > limit {
                bytes = family::proportional_bytes(pids);
            }
            if bytes > limit {
                return Some(Exceeded::Memory);
            }
        }
        self.plan(bytes, cpu_micros, now);
        None
    }

    fn plan(&mut self, bytes: u64, cpu_micros: u64, now: Instant) {
        let memory = self.memory_bytes.map_or(LONGEST, |limit| {
            Duration::from_millis(limit.saturating_sub(bytes) / BYTES_PER_MILLI)
        });
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
        let cpu = self.cpu_micros.map_or(LONGEST, |limit| {
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
}
