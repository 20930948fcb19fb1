//! What clients of a soak ask for: programs that end well, badly, late, loudly, or leave something
//! behind, each with a policy. Sends nothing.

use serde_json::{Value, json};

use super::chance::Chance;
use crate::evidence::Evidence;
use crate::support::receiver::TestReceiver;

/// What a program does.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Succeeds,
    Fails,
    Sleeps,
    LeavesProcesses,
    Talks,
    Hangs,
    HangsDeafly,
    WaitsNoLongerThan,
    IsUnknown,
    IsPython,
}

const KINDS: [(usize, Kind); 10] = [
    (30, Kind::Succeeds),
    (12, Kind::Fails),
    (22, Kind::Sleeps),
    (8, Kind::LeavesProcesses),
    (8, Kind::Talks),
    (5, Kind::Hangs),
    (2, Kind::HangsDeafly),
    (8, Kind::WaitsNoLongerThan),
    (3, Kind::IsUnknown),
    (6, Kind::IsPython),
];

const UNKNOWN_LANGUAGE: &str = "cobol";

/// How many of a hundred want no callback, and how many may run a second time.
const SILENT_PERCENT: usize = 15;
const RERUN_PERCENT: usize = 35;

/// Something to submit.
pub fn draw(chance: &mut Chance, evidence: &Evidence, endpoint: &TestReceiver) -> Value {
    let kind = *chance.weighted(&KINDS);
    let code = code(kind, chance);
    let mut program = match kind {
        Kind::IsPython => evidence.python_program(&code),
        _ => evidence.silent_program(&code),
    };
    if !chance.percent(SILENT_PERCENT) {
        program["callback_url"] = json!(endpoint.url("/hook"));
    }
    if chance.percent(RERUN_PERCENT) {
        program["on_interrupt"] = json!("rerun");
    }
    match kind {
        Kind::Hangs | Kind::HangsDeafly => program["timeout"] = json!(0.4),
        Kind::WaitsNoLongerThan => program["queue_timeout"] = json!(0.15),
        Kind::IsUnknown => program["language"] = json!(UNKNOWN_LANGUAGE),
        _ => {}
    }
    program
}

/// Whether a server should take it.
pub fn is_welcome(program: &Value) -> bool {
    program["language"] != UNKNOWN_LANGUAGE
}

fn code(kind: Kind, chance: &mut Chance) -> String {
    match kind {
        Kind::Succeeds | Kind::WaitsNoLongerThan | Kind::IsUnknown => "true".to_owned(),
        Kind::Fails => "exit 3".to_owned(),
        Kind::Sleeps => format!("sleep {}", chance.millis(10..600).as_secs_f64()),
        Kind::LeavesProcesses => "sleep 1000 & setsid sleep 1000 & exit 0".to_owned(),
        Kind::Talks => format!("seq 1 {}; echo wrong >&2", chance.number(1..20_000)),
        Kind::Hangs => "exec sleep 1000".to_owned(),
        Kind::IsPython => "import time; time.sleep(0.05); print('hi')".to_owned(),
        Kind::HangsDeafly => "trap '' TERM; sleep 1000; sleep 1000".to_owned(),
    }
}
