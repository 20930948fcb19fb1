//! What the API costs its clients and its server: accepting with an API key of the store and an
//! `Idempotency-Key`, beside accepting with neither; a page of fifty out of a million; and a connection
//! that only stays open.
//! Asserts no time; it fails when anything is not answered as it should be.
//!
//! `cargo bench --bench api -- --help` says what can be chosen.

#![expect(clippy::disallowed_methods, reason = "a benchmark starts what it measures")]

mod accepts;
#[path = "../load/figures.rs"]
mod figures;
#[path = "../growth/fill.rs"]
#[expect(dead_code, reason = "the growth run uses all of it")]
mod fill;
#[path = "../load/http.rs"]
mod http;
mod idle;
mod list;
#[path = "../load/machine.rs"]
#[expect(dead_code, reason = "the load run uses all of it")]
mod machine;
#[path = "../load/proc.rs"]
mod proc;
#[path = "../load/server.rs"]
#[expect(dead_code, reason = "the load run uses all of it")]
mod server;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use tokio::task::LocalSet;

use figures::Spread;

/// Measures accepts with auth and idempotency, lists of many, and idle connections.
#[derive(Debug, Parser)]
#[command(name = "api")]
struct Options {
    /// How often everything is measured; shown are the median and the range
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// One short round, to see that it works
    #[arg(long)]
    quick: bool,
    /// What is measured; everything by default
    #[arg(long)]
    only: Option<Part>,
    /// Accepts that are measured in a round, of each kind
    #[arg(long, default_value_t = 20_000)]
    accepts: usize,
    /// Executions that the lists are of
    #[arg(long, default_value_t = 1_000_000)]
    listed: i64,
    /// Connections that only stay open
    #[arg(long, default_value_t = 2_000)]
    connections: usize,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Accepts,
    List,
    Idle,
}

/// Figures of one round, by name.
type Figures = Vec<(String, f64)>;

fn main() -> Result<()> {
    let options = Options::parse();
    if options.list {
        return Ok(());
    }
    let parent = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let machine::Machine { date, cores, cpu, kernel, file_system } =
        machine::Machine::describe(&parent);
    println!("{date}: {cores} cores ({cpu}), Linux {kernel}, data on {file_system}");
    let part = if options.quick { 20 } else { 1 };
    let (rounds, accepts) = (options.rounds, options.accepts / part);
    let rounds = if options.quick { 1 } else { rounds };
    let program = which::which("true").context("there is no `true`")?;
    let wanted = |part| options.only.is_none_or(|only| only == part);
    let (program, parent) = (&*program, &*parent);
    if wanted(Part::Accepts) {
        run(rounds, async || accepts::measure((program, parent), accepts).await)?;
    }
    if wanted(Part::Idle) {
        let count = options.connections / part;
        run(rounds, async || idle::measure((program, parent), count).await)?;
    }
    if wanted(Part::List) {
        let many = options.listed / i64::try_from(part)?;
        let filled = list::fill(program, parent, many)?;
        run(rounds, async || list::measure(&filled).await)?;
    }
    Ok(())
}

/// Measures round for round, and shows what came of it.
fn run(rounds: usize, measuring: impl AsyncFn() -> Result<Figures>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut done = Vec::new();
    for number in 1..=rounds {
        eprintln!("round {number} of {rounds}");
        done.push(LocalSet::new().block_on(&runtime, measuring())?);
    }
    show(&done);
    Ok(())
}

fn show(rounds: &[Figures]) {
    let names = rounds.first().into_iter().flatten().map(|(name, _)| name);
    for (at, name) in names.enumerate() {
        let Spread { median, min, max } = Spread::of(rounds.iter().map(|round| round[at].1));
        println!("  {name:<52} {median:>10.2}   ({min:.2} to {max:.2})");
    }
}
