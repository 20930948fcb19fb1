//! The same for each of several executions, in their order. One that fails keeps no other from it.
//! Knows what is done only as a function.

use serde_json::{Value, json};

use super::record;
use crate::bodies::Record;
use crate::cli::args::Output;
use crate::cli::exit::Failure;
use crate::cli::rows::lines;
use crate::cli::terminal::print;

/// Does it, prints what came of each as soon as it is known, and gives the records.
pub(super) async fn each(
    ids: &[String],
    output: Output,
    tell: impl Fn(&Record) -> String,
    work: impl AsyncFn(&str) -> Result<Value, Failure>,
) -> Result<Vec<Record>, Failure> {
    let mut failed = Vec::new();
    let mut found = Vec::new();
    let mut records = Vec::new();
    for id in ids {
        match work(id).await {
            Ok(value) => {
                let record = record(&value)?;
                match output {
                    Output::Json => found.push(value),
                    Output::Table => print(&tell(&record))?,
                    Output::Jsonl | Output::Id => print(&lines(&[value], output))?,
                }
                records.push(record);
            }
            // Nobody else will have it better.
            Err(failure @ (Failure::Unreachable(_) | Failure::Auth(_) | Failure::Unread)) => {
                return Err(failure);
            }
            Err(failure) => failed.push(failure.about(id)),
        }
    }
    match found.as_slice() {
        [] => {}
        [only] if ids.len() == 1 => print(&format!("{only:#}\n"))?,
        _ => print(&format!("{:#}\n", json!({ "data": found, "next_cursor": null })))?,
    }
    // One failure is the command's own; the others are told beside it.
    let Some(last) = failed.pop() else { return Ok(records) };
    for failure in failed {
        eprintln!("ringback: {failure}");
    }
    Err(last)
}
