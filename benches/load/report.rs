//! The figures of all rounds as a table for people and as JSON for machines.
//! Measures nothing and judges nothing: an aim that was missed is shown like one that was met.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Plan;
use super::accepts::Accepts;
use super::deliveries::Deliveries;
use super::figures::Spread;
use super::machine::Machine;

/// What one round has found out.
#[derive(Default)]
pub struct Round {
    pub accepts: Option<Accepts>,
    pub deliveries: Option<Deliveries>,
}

/// One line of the table: a name for machines, words for people, and where the figure comes from.
struct Line {
    name: &'static str,
    words: &'static str,
    aim: &'static str,
    figure: Figure,
}

enum Figure {
    Accepts(fn(&Accepts) -> f64),
    Deliveries(fn(&Deliveries) -> f64),
}

impl Figure {
    fn of(&self, round: &Round) -> Option<f64> {
        match self {
            Self::Accepts(figure) => round.accepts.as_ref().map(figure),
            Self::Deliveries(figure) => round.deliveries.as_ref().map(figure),
        }
    }
}

const MIB: f64 = 1024.0 * 1024.0;

#[rustfmt::skip]
const LINES: [Line; 17] = {
    use Figure::{Accepts as A, Deliveries as D};
    const fn line(name: &'static str, words: &'static str, aim: &'static str, figure: Figure) -> Line {
        Line { name, words, aim, figure }
    }
    [
        line("accepts_per_second", "durable accepts, per second", ">= 10000", A(|a| a.per_second)),
        line("accept_p50_ms", "  one accept, p50, ms", "", A(|a| a.p50_ms)),
        line("accept_p99_ms", "  one accept, p99, ms", "", A(|a| a.p99_ms)),
        line("accept_server_us", "  processor time of the server, us", "", A(|a| a.server_us)),
        line("accept_generator_us", "  processor time of the generator, us", "", A(|a| a.generator_us)),
        line("executions_per_second", "executions end to end, per second", "", D(|d| d.per_second)),
        line("floor_per_second", "  floor: plain start and wait, per second", "", D(|d| d.floor_per_second)),
        line("ratio_to_floor", "  ratio to the floor", ">= 0.6", D(|d| d.per_second / d.floor_per_second)),
        line("execution_server_us", "  processor time of the server, us", "", D(|d| d.server_us)),
        line("execution_program_us", "  processor time of the program, us", "", D(|d| d.program_us)),
        line("execution_generator_us", "  processor time of the generator, us", "", D(|d| d.generator_us)),
        line("one_p50_ms", "one at a time, request to webhook, p50, ms", "<= 2.5", D(|d| d.one_p50_ms)),
        line("one_p99_ms", "one at a time, request to webhook, p99, ms", "", D(|d| d.one_p99_ms)),
        line("floor_one_p50_ms", "  floor: one plain start and wait, p50, ms", "", D(|d| d.floor_one_p50_ms)),
        line("idle_mib", "resident memory after the start, MiB", "<= 20", A(|a| a.idle_bytes as f64 / MIB)),
        line("queued_mib", "resident memory, 10000 queued, MiB", "<= 60", A(|a| a.queued_bytes as f64 / MIB)),
        line("queued_each_bytes", "  for one of them, bytes", "", A(|a| (a.queued_bytes as f64 - a.idle_bytes as f64) / 1e4)),
    ]
};

/// Prints the table.
pub fn print(machine: &Machine, plan: &Plan, rounds: &[Round]) {
    println!();
    println!("{} cores, {}, Linux {}", machine.cores, machine.cpu, machine.kernel);
    println!("data on {}, {}, rounds: {}", machine.file_system, machine.date, rounds.len());
    println!(
        "program {}; {} connections; accepts: 1 slot, which is taken, {} more after 10000;",
        plan.program.display(),
        plan.connections,
        plan.accepts
    );
    println!(
        "end to end: {} executions, {} under way, {} slots, and as many loops in the floor",
        plan.executions, plan.in_flight, plan.slots
    );
    println!("server, programs, load generator and receiver share the cores");
    println!();
    println!("{:<44} {:>10}  {:>21}  aim", "", "median", "min to max");
    for Line { words, aim, figure, .. } in &LINES {
        if let Some(Spread { median, min, max }) = spread(figure, rounds) {
            let range = format!("{} to {}", short(min), short(max));
            println!("{words:<44} {:>10}  {range:>21}  {aim}", short(median));
        }
    }
}

/// The same for machines.
pub fn json(machine: &Machine, plan: &Plan, rounds: &[Round]) -> Value {
    #[derive(Serialize)]
    struct Written {
        #[serde(flatten)]
        spread: Spread,
        rounds: Vec<f64>,
        aim: &'static str,
    }
    let figures: Map<String, Value> = LINES
        .iter()
        .filter_map(|Line { name, aim, figure, .. }| {
            let spread = spread(figure, rounds)?;
            let rounds = rounds.iter().filter_map(|round| figure.of(round)).collect();
            Some(((*name).to_owned(), json!(Written { spread, rounds, aim })))
        })
        .collect();
    json!({
        "machine": machine,
        "plan": {
            "accepts": plan.accepts, "executions": plan.executions, "latencies": plan.latencies,
            "connections": plan.connections, "in_flight": plan.in_flight, "slots": plan.slots,
        },
        "figures": figures,
    })
}

fn spread(figure: &Figure, rounds: &[Round]) -> Option<Spread> {
    let all: Vec<f64> = rounds.iter().filter_map(|round| figure.of(round)).collect();
    (!all.is_empty()).then(|| Spread::of(all))
}

/// Four digits are more than such a measurement is worth.
fn short(figure: f64) -> String {
    match figure.abs() {
        huge if huge >= 1000.0 => format!("{figure:.0}"),
        large if large >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
