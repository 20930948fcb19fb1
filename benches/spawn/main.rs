//! What it costs to run one program through the launcher, at each isolation level, against a plain
//! spawn of the same program in the same run. Prints; asserts nothing.
//!
//! `cargo bench --bench spawn -- --rounds 200`
#![allow(clippy::disallowed_methods)] // a benchmark starts processes of its own and reads the clock

mod elf;
mod floor;
mod ours;
mod table;

use std::time::{Duration, Instant};

use ours::Ours;
use ringback::process::Level;
use table::{Row, print_table};

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Three instructions and no C library: the cost of starting alone.
    Static,
    /// `/bin/true`, with a C library to start.
    True,
    /// `python3 main.py` that prints one line.
    Python,
}

impl Program {
    const ALL: [Self; 3] = [Self::Static, Self::True, Self::Python];

    /// The name of its runtime, and in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::True => "true",
            Self::Python => "python",
        }
    }

    /// How many of the rounds it is worth.
    const fn share(self) -> usize {
        match self {
            Self::Static | Self::True => 1,
            Self::Python => 4,
        }
    }
}

fn main() -> anyhow::Result<()> {
    ringback::launcher::run_if_requested();
    let rounds = rounds();
    let at_once = 2 * std::thread::available_parallelism()?.get();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let levels = [
            Ours::start("none", Level::None, false)?,
            Ours::start("confined", Level::Confined, false)?,
            Ours::start("sandbox", Level::Sandbox, false)?,
            Ours::start("sandbox, warm", Level::Sandbox, true)?,
        ];
        for ours in &levels {
            ours.get_ready().await?;
        }
        for megabytes in [50, 1000] {
            let ballast = vec![1u8; megabytes << 20];
            println!("\nWith {megabytes} MB resident, medians of {rounds} rounds:");
            for program in Program::ALL {
                let rows = measure(program, &levels, rounds / program.share(), at_once).await?;
                print_table(program.name(), at_once, &rows);
            }
            drop(std::hint::black_box(ballast));
        }
        flood(&levels[2]).await
    })
}

fn rounds() -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--rounds").skip(1);
    arguments.next().and_then(|number| number.parse().ok()).unwrap_or(200)
}

/// All ways of running a program, one after the other in each round, so that what the machine
/// does meanwhile touches all alike.
async fn measure(
    program: Program,
    levels: &[Ours],
    rounds: usize,
    at_once: usize,
) -> anyhow::Result<Vec<Row>> {
    let levels: Vec<&Ours> =
        levels.iter().filter(|ours| !ours.is_warm || program == Program::Python).collect();
    let floor = floor::Floor::of(program)?;
    let mut rows = vec![Row::new("plain spawn"), Row::new("std output()")];
    rows.extend(levels.iter().map(|ours| Row::new(ours.name)));
    for round in 0..=rounds {
        let mut took = vec![timed(|| floor.spawn())?, timed(|| floor.output())?];
        for ours in &levels {
            let begin = Instant::now();
            ours.run(program).await?;
            took.push(begin.elapsed());
        }
        // The first round warms caches up.
        if round > 0 {
            rows.iter_mut().zip(took).for_each(|(row, took)| row.alone.push(took));
        }
    }
    let batches = (rounds / at_once).clamp(3, 40);
    for _ in 0..batches {
        let spawn = timed(|| floor.at_once(at_once, false))?;
        let output = timed(|| floor.at_once(at_once, true))?;
        let mut took = vec![spawn, output];
        for ours in &levels {
            let begin = Instant::now();
            let all = (0..at_once).map(|_| ours.run(program));
            futures_util::future::try_join_all(all).await?;
            took.push(begin.elapsed());
        }
        let each = u32::try_from(at_once)?;
        rows.iter_mut().zip(took).for_each(|(row, took)| row.together.push(took / each));
    }
    Ok(rows)
}

fn timed(run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    run()?;
    Ok(begin.elapsed())
}

/// A program that writes 1 GB, and what the server's memory does meanwhile.
async fn flood(ours: &Ours) -> anyhow::Result<()> {
    const BYTES: u64 = 1 << 30;
    let before = table::peak_bytes();
    let mut rates = Vec::new();
    for _ in 0..5 {
        let begin = Instant::now();
        ours.write(BYTES).await?;
        rates.push(BYTES as f64 / 1e9 / begin.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    println!("\n1 GB of output, head and tail kept: {:.2} GB/s (median of 5)", rates[2]);
    let grown = table::peak_bytes().saturating_sub(before);
    println!("the peak of memory grew by {:.1} MB", grown as f64 / 1e6);
    Ok(())
}
