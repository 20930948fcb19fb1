//! The load run: a real server, a client and a receiver on one thread, and the floor beside them.
//! Knows no internals of Ringback: whatever it measures, any client could.
//!
//! `cargo bench --bench load -- --help` says what can be chosen.

mod accepts;
mod client;
mod deliveries;
mod figures;
mod floor;
mod http;
mod machine;
mod proc;
mod receiver;
mod report;
mod server;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use machine::Machine;
use report::Round;

/// Measures a real server from outside: accepts, whole executions, and memory.
#[derive(Debug, Parser)]
#[command(name = "load")]
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
    /// Also write the figures here, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Accepts that are measured in a round
    #[arg(long, default_value_t = 20_000)]
    accepts: usize,
    /// Executions that are measured in a round
    #[arg(long, default_value_t = 5_000)]
    executions: usize,
    /// Executions that are measured one at a time in a round
    #[arg(long, default_value_t = 500)]
    latencies: usize,
    /// Connections that submit
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Executions under way, accepted and not yet told of; eight for each slot by default
    #[arg(long)]
    in_flight: Option<usize>,
    /// Executions that run at a time, and loops in the floor; four for each core by default, as
    /// the server has it
    #[arg(long)]
    slots: Option<usize>,
    /// The program that is run
    #[arg(long, default_value = "true")]
    program: PathBuf,
    /// Where data directories are made, on the disk that is to be measured
    #[arg(long, value_name = "DIR", default_value = env!("CARGO_TARGET_TMPDIR"))]
    data_dir: PathBuf,
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
    Deliveries,
}

/// What a round does.
struct Plan {
    program: PathBuf,
    data_dir: PathBuf,
    accepts: usize,
    executions: usize,
    latencies: usize,
    connections: usize,
    in_flight: usize,
    slots: usize,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if options.list {
        return Ok(());
    }
    let plan = options.plan()?;
    let rounds = if options.quick { 1 } else { options.rounds };
    let machine = Machine::describe(&plan.data_dir);
    // Client and receiver share a thread: they are to cost the server as little as they can.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut done = Vec::new();
    for number in 1..=rounds {
        eprintln!("round {number} of {rounds}");
        done.push(LocalSet::new().block_on(&runtime, round(&plan, options.only))?);
    }
    report::print(&machine, &plan, &done);
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&report::json(&machine, &plan, &done))?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

async fn round(plan: &Plan, only: Option<Part>) -> Result<Round> {
    let mut round = Round::default();
    if only != Some(Part::Deliveries) {
        round.accepts = Some(accepts::measure(plan).await?);
    }
    if only != Some(Part::Accepts) {
        round.deliveries = Some(deliveries::measure(plan).await?);
    }
    Ok(round)
}

impl Options {
    fn plan(&self) -> Result<Plan> {
        let program = which::which(&self.program)
            .with_context(|| format!("there is no {}", self.program.display()))?;
        let data_dir = self.data_dir.canonicalize().context("there is no data directory")?;
        let slots = self.slots.unwrap_or_else(|| 4 * machine::cores()).max(1);
        let of_quick = |count: usize| if self.quick { count.div_ceil(5) } else { count };
        Ok(Plan {
            program,
            data_dir,
            accepts: of_quick(self.accepts).max(1),
            executions: of_quick(self.executions).max(1),
            latencies: of_quick(self.latencies).max(1),
            connections: self.connections.max(1),
            in_flight: self.in_flight.unwrap_or(8 * slots).max(1),
            slots,
        })
    }
}

/// What is submitted: the program that is measured, and where its webhook goes.
fn execution(receiver: SocketAddr) -> Value {
    json!({
        "language": server::LANGUAGE,
        "code": "true",
        "callback_url": format!("http://{receiver}/"),
        "callback_signature_secret": receiver::SECRET,
    })
}
