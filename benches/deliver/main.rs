//! What deliveries cost: how many a second to one receiver and to a hundred, beside a plain loop that
//! posts the same bytes; how soon the first byte comes; and the memory that a backlog takes.
//! Knows no internals of Ringback but its store, which it fills.
//!
//! `cargo bench --bench deliver -- --help` says what can be chosen.

#[path = "../load/figures.rs"]
mod figures;
mod floor;
#[path = "../load/http.rs"]
mod http;
mod outbox;
#[path = "../load/proc.rs"]
mod proc;
mod rate;
mod receivers;
#[path = "../load/server.rs"]
#[expect(dead_code, reason = "the load run uses all of it")]
mod server;
mod soon;
mod waiting;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use tokio::task::LocalSet;

use figures::Spread;

/// Measures the deliveries of a real server.
#[derive(Debug, Parser)]
#[command(name = "deliver")]
struct Options {
    /// How often everything is measured; shown are the median and the range
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// One short round, to see that it works
    #[arg(long)]
    quick: bool,
    /// Deliveries in a round, to one receiver and to a hundred
    #[arg(long, default_value_t = 20_000)]
    deliveries: usize,
    /// Executions whose deliveries are timed
    #[arg(long, default_value_t = 2_000)]
    timed: usize,
    /// Executions a second while they are timed: half of what the machine can do
    #[arg(long, default_value_t = 400)]
    per_second: u32,
    /// Deliveries that wait while memory is measured
    #[arg(long, default_value_t = 100_000)]
    waiting: usize,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
    /// Given by test runners that look into every target; there is no test in this one
    #[arg(long, hide = true)]
    list: bool,
    #[arg(long, hide = true)]
    format: Option<String>,
    #[arg(long, hide = true)]
    ignored: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if options.list {
        return Ok(());
    }
    let shrink = if options.quick { 10 } else { 1 };
    let rounds = if options.quick { 1 } else { options.rounds };
    let parent = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let program = which::which("true").context("there is no `true`")?;
    for receivers in [1, 100] {
        let of = |_| within(rate::measure(&parent, receivers, options.deliveries / shrink));
        rate_line(receivers, (0..rounds).map(of).collect::<Result<_>>()?);
    }
    let timed = (options.timed / shrink, options.per_second);
    let of = |_| within(soon::measure(&parent, &program, timed));
    soon_line(options.per_second, (0..rounds).map(of).collect::<Result<_>>()?);
    let waiting = options.waiting / shrink;
    let bytes = waiting::measure(&parent, &program, waiting)?;
    println!("memory with {waiting} pending    {:.1} MiB (aim: below 150 MB)", mib(bytes));
    Ok(())
}

/// Runs on one thread, as its parts share what they count.
fn within<T>(measuring: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, measuring)
}

fn rate_line(receivers: usize, rounds: Vec<rate::Rate>) {
    let ours = Spread::of(rounds.iter().map(|round| round.ours));
    println!(
        "deliveries to {receivers:>3} receiver(s)   {:.0}/s ({:.0} to {:.0}; aim 5000)",
        ours.median, ours.min, ours.max
    );
    type Floor = fn(&rate::Rate) -> f64;
    let one_by_one: Floor = |round| round.one_by_one;
    let at_once: Floor = |round| round.at_once;
    for (name, of) in [("one by one", one_by_one), ("as many at once", at_once)] {
        let floor = Spread::of(rounds.iter().map(of));
        let ratio = Spread::of(rounds.iter().map(|round| round.ours / of(round)));
        println!(
            "  plain awc loop, {name:<16} {:.0}/s; ratio {:.2} ({:.2} to {:.2}; aim 0.6)",
            floor.median, ratio.median, ratio.min, ratio.max
        );
    }
}

fn soon_line(per_second: u32, rounds: Vec<soon::Soon>) {
    let p50 = Spread::of(rounds.iter().map(|round| round.p50_ms));
    let p99 = Spread::of(rounds.iter().map(|round| round.p99_ms));
    println!(
        "end to first byte at {per_second}/s   p50 {:.1} ms, p99 {:.1} ms ({:.1} to {:.1}; aim 50)",
        p50.median, p99.median, p99.min, p99.max
    );
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

/// A new directory on the disk that is measured.
fn directory(parent: &Path) -> Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new().prefix("ringback-deliver-").tempdir_in(parent)?)
}
