//! `ringback wait`: stays until executions have ended, and says how. To stop waiting stops none of them.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::each::each;
use super::interrupt::{go_on, or_interrupted};
use super::{ids, page};
use crate::bodies::Record;
use crate::cli::args::executions::WaitArgs;
use crate::cli::client::Client;
use crate::cli::exit::{Failure, of_program};
use crate::cli::progress::Progress;
use serde_json::Value;

pub(super) async fn wait(args: WaitArgs) -> Result<ExitCode, Failure> {
    let ids = ids::all(&args.ids)?;
    let client = Client::new(args.server)?;
    let at_most = args.timeout.map(Duration::from_secs_f64);
    let begun = Instant::now();
    let work = async |id: &str| {
        // The time is for all of them together.
        let left = at_most.map(|at_most| at_most.saturating_sub(begun.elapsed()));
        ended(&client, id, left).await
    };
    let all = each(&ids, args.output, page::line, work);
    let records = or_interrupted(all, || go_on(&ids)).await?;
    Ok(exit_code(&records, args.exit_status))
}

/// The record of an execution that has ended within this time.
pub(super) async fn ended(
    client: &Client,
    id: &str,
    at_most: Option<Duration>,
) -> Result<Value, Failure> {
    let _progress = Progress::new(format!("waiting for the end of {id}"));
    let found: Value = client.typed().waited(id, at_most).await?;
    match found["completed_at"].is_null() {
        false => Ok(found),
        true => {
            let status = found["status"].as_str().unwrap_or("unknown").escape_debug().to_string();
            Err(Failure::TimedOut(format!("the time is up, and it has not ended: it is {status}")))
        }
    }
}

/// What the ends of executions are to a script: 0 when all have completed; else that of the first that
/// has not.
pub(super) fn exit_code(records: &[Record], as_the_program: bool) -> ExitCode {
    let codes = records.iter().map(of_program);
    let first = codes.into_iter().find(|code| *code != 0).unwrap_or(0);
    ExitCode::from(if as_the_program { first } else { first.min(1) })
}
