//! What the systems cost that the server stands in for: a call in Cortex's way, from `POST /apis/{name}`
//! until the webhook with what the handler returned has been received, one at a time and several at
//! once; and HopX's `run_code` beside the bare interpreter.
//! Asserts no time; it fails when anything does not complete.
//!
//! `cargo bench --bench seeds -- --help` says what can be chosen. The isolation level is that of the
//! environment: `RINGBACK_EXECUTION__ISOLATION=none cargo bench --bench seeds`.

#![expect(clippy::disallowed_methods, reason = "a benchmark starts what it compares with")]

mod calls;
#[path = "../load/figures.rs"]
mod figures;
#[path = "../load/http.rs"]
mod http;
#[path = "../load/machine.rs"]
mod machine;
#[path = "../load/proc.rs"]
mod proc;
mod receiver;
mod run_code;
#[path = "../load/server.rs"]
#[expect(dead_code, reason = "the load run uses all of it")]
mod server;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use tokio::task::LocalSet;

use calls::Figures;
use figures::Spread;

/// Measures calls of a handler, from the request to its webhook, and programs by HopX's route.
#[derive(Debug, Parser)]
#[command(name = "seeds")]
struct Options {
    /// How often everything is measured; shown are the median and the range
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// One short round, to see that it works
    #[arg(long)]
    quick: bool,
    /// Calls that are measured in a round, one at a time and again several at once
    #[arg(long, default_value_t = 1_000)]
    calls: usize,
    /// How many are under way at once; two for each core by default
    #[arg(long)]
    at_once: Option<usize>,
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
    let parent = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let machine::Machine { date, cores, cpu, kernel, file_system } =
        machine::Machine::describe(&parent);
    println!("{date}: {cores} cores ({cpu}), Linux {kernel}, data on {file_system}");
    let (rounds, calls) = if options.quick { (1, 50) } else { (options.rounds, options.calls) };
    let at_once = options.at_once.unwrap_or_else(|| 2 * cores).max(1);
    let program = which::which("true").context("there is no `true`")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut done = Vec::new();
    for number in 1..=rounds {
        eprintln!("round {number} of {rounds}");
        let measuring = calls::measure((&program, &parent), (calls, at_once));
        done.push(LocalSet::new().block_on(&runtime, measuring)?);
    }
    show("Cortex, one at a time", done.iter().map(|round| &round.alone));
    show(&format!("Cortex, {at_once} at once"), done.iter().map(|round| &round.together));
    show_run_code(done.iter().map(|round| &round.run_code));
    Ok(())
}

fn show_run_code<'a>(rounds: impl Iterator<Item = &'a run_code::Figures> + Clone) {
    let spread = |of: fn(&run_code::Figures) -> f64| Spread::of(rounds.clone().map(of));
    println!("HopX, one at a time");
    let lines = [
        ("run_code, p50 ms", spread(|round| round.run_code_p50_ms)),
        ("run_code, p99 ms", spread(|round| round.run_code_p99_ms)),
        ("python3 -c, p50 ms", spread(|round| round.bare_p50_ms)),
        ("python3 -c, p99 ms", spread(|round| round.bare_p99_ms)),
        ("ratio of the medians", spread(|round| round.ratio)),
    ];
    lines.into_iter().for_each(|(name, spread)| line(name, spread));
}

fn line(name: &str, Spread { median, min, max }: Spread) {
    println!("  {name:<24} {median:>9.2}   ({min:.2} to {max:.2})");
}

fn show<'a>(how: &str, rounds: impl Iterator<Item = &'a Figures> + Clone) {
    let spread = |of: fn(&Figures) -> f64| Spread::of(rounds.clone().map(of));
    println!("{how}");
    let lines = [
        ("call to webhook, p50 ms", spread(|round| round.webhook_p50_ms)),
        ("call to webhook, p99 ms", spread(|round| round.webhook_p99_ms)),
        ("call to answer, p50 ms", spread(|round| round.answer_p50_ms)),
        ("call to answer, p99 ms", spread(|round| round.answer_p99_ms)),
        ("calls a second", spread(|round| round.per_second)),
    ];
    lines.into_iter().for_each(|(name, spread)| line(name, spread));
    let (warm, all) =
        rounds.fold((0, 0), |(warm, all), round| (warm + round.warm, all + round.all));
    println!("  {:<24} {warm} of {all}", "warm");
}
