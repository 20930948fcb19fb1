//! Says whether a server kept its promises, from what clients, receivers, the database, the kernel
//! and the programs themselves know. Shares no code with the server, and changes nothing.

mod arguments;
mod client;
mod database;
mod evidence;
mod invariants;
mod lines;
mod processes;
mod receiver;
mod runs;
mod snapshot;

use std::process::ExitCode;

use arguments::Arguments;
use evidence::Evidence;

/// Promises were broken.
const BROKEN: u8 = 1;
/// Nothing can be said: the arguments are wrong, or there was nothing to look at.
const NOTHING_SAID: u8 = 2;

fn main() -> ExitCode {
    match Arguments::read(std::env::args().skip(1)).and_then(|arguments| audit(&arguments)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(BROKEN),
        Err(sentence) => {
            eprintln!("ringback-auditor: {sentence}");
            ExitCode::from(NOTHING_SAID)
        }
    }
}

/// Prints a line for each broken promise and one that says what was looked at; gives how many
/// promises were broken.
fn audit(arguments: &Arguments) -> Result<usize, String> {
    let evidence = Evidence::gather(arguments)?;
    evidence.refuse_nothing()?;
    let violations = invariants::check_all(&evidence);
    for violation in &violations {
        println!("violation {violation}");
    }
    if let Some(file) = &arguments.keep {
        snapshot::write(file, &evidence.database.executions)?;
    }
    println!("{}; {} violations", evidence.summary(), violations.len());
    Ok(violations.len())
}
