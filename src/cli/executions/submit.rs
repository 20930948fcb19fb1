//! `ringback submit`: has a running server run a program, and waits for it or follows it if asked to.
//! Runs nothing here.

mod wanted;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::follow::{Shown, follow};
use super::interrupt::{go_on, or_interrupted};
use super::wait::{ended, exit_code};
use super::{page, record};
use crate::app::wall_clock;
use crate::bodies::Record;
use crate::cli::args::{Output, SubmitArgs};
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::rows::lines;
use crate::cli::terminal::print;

pub(super) async fn submit(args: SubmitArgs) -> Result<ExitCode, Failure> {
    let wanted = wanted::wanted(&args)?;
    let client = Client::new(args.server)?;
    let key = args.idempotency_key.unwrap_or_else(|| Uuid::new_v4().to_string());
    let accepted: Value = client.typed().submitted(&key, &wanted).await?;
    let ids = [record(&accepted)?.id.to_string()];
    let id = &ids[0];
    if args.follow {
        let following = named(id, follow(&client, id, Shown::Both));
        let followed = or_interrupted(following, || go_on(&ids)).await?;
        // Beside what the program has written, as `ringback run` says it.
        eprint!("{}", page::line(&followed));
        return Ok(exit_code(&[followed], args.exit_status));
    }
    if args.wait.is_some() || args.exit_status {
        let at_most = args.wait.flatten().map(Duration::from_secs_f64);
        let waiting = named(id, ended(&client, id, at_most));
        let value = or_interrupted(waiting, || go_on(&ids)).await?;
        let record = record(&value)?;
        tell(&value, args.output, |record| page::page(record, wall_clock().now()))?;
        return Ok(exit_code(&[record], args.exit_status));
    }
    tell(&accepted, args.output, page::line)?;
    if args.output == Output::Table && io::stdout().is_terminal() {
        eprintln!("`ringback logs -f {id}` shows what it writes.");
    }
    Ok(ExitCode::SUCCESS)
}

/// The same work; what goes wrong with it names the execution, which is there all the same.
async fn named<T>(id: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    work.await.map_err(|failure| failure.about(id))
}

fn tell(
    value: &Value,
    output: Output,
    words: impl FnOnce(&Record) -> String,
) -> Result<(), Failure> {
    match output {
        Output::Table => print(&words(&record(value)?)),
        Output::Json => print(&format!("{value:#}\n")),
        Output::Jsonl | Output::Id => print(&lines(std::slice::from_ref(value), output)),
    }
}
