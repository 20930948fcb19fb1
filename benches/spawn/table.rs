//! What was measured, as people read it.

use std::time::Duration;

/// One way of running a program.
pub struct Row {
    name: &'static str,
    pub alone: Vec<Duration>,
    pub together: Vec<Duration>,
}

impl Row {
    pub fn new(name: &'static str) -> Self {
        Self { name, alone: Vec::new(), together: Vec::new() }
    }
}

/// Prints each way with its ratio to the first and to the second.
pub fn print_table(program: &str, at_once: usize, rows: &[Row]) {
    let medians: Vec<[f64; 2]> =
        rows.iter().map(|row| [median(&row.alone), median(&row.together)]).collect();
    println!(
        "\n  {program:<14}    alone      x spawn  x output   {at_once} at once   x spawn  x output      /s"
    );
    for (row, [alone, together]) in rows.iter().zip(&medians) {
        let ratio =
            |of: usize, which: usize| medians_ratio(&medians, of, which, [*alone, *together]);
        println!(
            "  {:<14} {alone:>8.0} µs  {:>7.2}  {:>8.2}  {together:>8.0} µs  {:>7.2}  {:>8.2}  {:>6.0}",
            row.name,
            ratio(0, 0),
            ratio(1, 0),
            ratio(0, 1),
            ratio(1, 1),
            1e6 / together,
        );
    }
}

fn medians_ratio(medians: &[[f64; 2]], of: usize, which: usize, own: [f64; 2]) -> f64 {
    own[which] / medians[of][which]
}

/// In microseconds.
fn median(times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}

/// The most memory that this process ever had resident.
pub fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
