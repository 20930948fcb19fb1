//! What the kernel says of this process, under the names that Prometheus has for it.
//! Written as text: the counters of our registry are whole numbers, and CPU time is not.

use std::fmt::Write;
use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// The lines of a family: its sentence, its type and its value.
fn family(text: &mut String, (name, kind, help): (&str, &str, &str), value: f64) {
    let written = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n\n");
    written.expect("a text takes every line");
}

/// All of them; what cannot be read at the moment is `NaN`.
pub(super) fn text() -> String {
    let now = Reading::now().unwrap_or(Reading::UNKNOWN);
    let mut text = String::new();
    let cpu = "CPU time of this process, in user and system mode, without that of programs.";
    family(&mut text, ("process_cpu_seconds_total", "counter", cpu), now.cpu_seconds);
    let resident = "Memory of this process that is resident, without that of programs.";
    family(&mut text, ("process_resident_memory_bytes", "gauge", resident), now.resident_bytes);
    let open = "Descriptors that this process has open.";
    family(&mut text, ("process_open_fds", "gauge", open), open_fds().unwrap_or(f64::NAN));
    let max = "How many descriptors this process may have open.";
    let limit = getrlimit(Resource::Nofile).current;
    family(&mut text, ("process_max_fds", "gauge", max), limit.map_or(f64::INFINITY, |n| n as f64));
    let start = "When this process was started, in seconds since 1970.";
    family(&mut text, ("process_start_time_seconds", "gauge", start), now.started_at);
    text
}

/// What `/proc/self/stat` has, in the units of Prometheus.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Reading {
    cpu_seconds: f64,
    resident_bytes: f64,
    started_at: f64,
}

impl Reading {
    const UNKNOWN: Self =
        Self { cpu_seconds: f64::NAN, resident_bytes: f64::NAN, started_at: f64::NAN };

    fn now() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let system = fs::read_to_string("/proc/stat").ok()?;
        Self::of(&stat, &system, clock_ticks_per_second() as f64)
    }

    /// By the numbers of `proc_pid_stat(5)`. The name of a process may have spaces and parentheses
    /// in it, so that fields are counted from behind it.
    fn of(stat: &str, system: &str, ticks: f64) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        let booted_at = system.lines().find_map(|line| line.strip_prefix("btime "))?;
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / ticks,
            resident_bytes: field(24)? * page_size() as f64,
            started_at: booted_at.trim().parse::<f64>().ok()? + field(22)? / ticks,
        })
    }
}

/// The one by which they are counted is not one of them.
fn open_fds() -> Option<f64> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_an_odd_name_is_read_all_the_same() {
        let behind = "R 1 1 1 0 -1 4194304 99 0 0 0 250 50 7 8 20 0 5 0 700 123456 10 184467";
        let stat = format!("4711 (odd ) name) {behind}");
        let read = Reading::of(&stat, "cpu 1 2\nbtime 1000\nprocesses 5\n", 100.0).unwrap();
        assert_eq!((read.cpu_seconds, read.started_at), (3.0, 1007.0));
        assert_eq!(read.resident_bytes, 10.0 * page_size() as f64);
        assert_eq!(Reading::of("4711 (short) R 1", "btime 1000\n", 100.0), None);
        assert_eq!(Reading::of(&stat, "cpu 1 2\n", 100.0), None);
    }

    #[test]
    fn this_very_process_has_figures() {
        let now = Reading::now().unwrap();
        assert!(now.resident_bytes > 100_000.0 && now.started_at > 1_000_000_000.0, "{now:?}");
        let before = open_fds().unwrap();
        let _held: Vec<_> = (0..9).map(|_| fs::File::open("/dev/null").unwrap()).collect();
        assert!(open_fds().unwrap() >= before.max(9.0), "other tests open and close files too");
    }
}
