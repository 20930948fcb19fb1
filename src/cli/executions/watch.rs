//! `ringback watch`: one execution until it has ended, or all that wait or run, as they change. On a
//! terminal the list is drawn anew in its place; elsewhere each change is a line. Changes nothing.

mod all;

use serde_json::Value;

use super::interrupt::{go_on, or_interrupted};
use super::{ids, page, record};
use crate::cli::args::Output;
use crate::cli::args::executions::WatchArgs;
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::progress::Progress;
use crate::cli::rows::lines;
use crate::cli::terminal::{print, tame};
use crate::client::Event;
use crate::domain::Status;

pub(super) async fn watch(args: WatchArgs) -> Result<(), Failure> {
    let id = args.id.as_deref().map(ids::one).transpose()?;
    let client = Client::new(args.server)?;
    match id {
        Some(id) => {
            let ids = [id];
            or_interrupted(one(&client, &ids[0], args.output), || go_on(&ids)).await
        }
        None => {
            let interval = std::time::Duration::from_secs_f64(args.interval);
            let all = all::watch(&client, interval, args.output);
            or_interrupted(all, || "interrupted; the executions go on".to_owned()).await
        }
    }
}

async fn one(client: &Client, id: &str, output: Output) -> Result<(), Failure> {
    let progress = Progress::new(id);
    let mut events = client.typed().events(id, None);
    while let Some(event) = events.next().await {
        match event? {
            // Its end is told by its record.
            Event::Status { status, .. }
                if Status::from_name(&status).is_some_and(Status::is_terminal) => {}
            Event::Status { status, attempt } => {
                let again =
                    if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
                let status = format!("{}{again}", tame(&status));
                progress.say(format!("{id} {status}"));
                if output == Output::Table {
                    progress.aside(|| print(&format!("{id} {status}\n")))?;
                } else if output != Output::Id {
                    tell_unless_ended(client, id, output, &progress).await?;
                }
            }
            Event::End(_) => {
                let value = client.get(&["v1", "executions", id]).await?;
                return progress.aside(|| tell(&value, output));
            }
            Event::Stdout(_) | Event::Stderr(_) => {}
        }
    }
    Err(Failure::failed("the server stopped telling of it before its end"))
}

/// It may have gone on meanwhile, and its end is told only once.
async fn tell_unless_ended(
    client: &Client,
    id: &str,
    output: Output,
    progress: &Progress,
) -> Result<(), Failure> {
    let value = client.get(&["v1", "executions", id]).await?;
    match value["completed_at"].is_null() {
        true => progress.aside(|| tell(&value, output)),
        false => Ok(()),
    }
}

/// How an execution stands, in a line or as the server has it.
fn tell(value: &Value, output: Output) -> Result<(), Failure> {
    match output {
        Output::Table => print(&page::line(&record(value)?)),
        Output::Json => print(&format!("{value:#}\n")),
        Output::Jsonl | Output::Id => print(&lines(std::slice::from_ref(value), output)),
    }
}
