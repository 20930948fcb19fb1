//! All executions that wait or run, looked at again and again until Ctrl-C. What begins and ends between
//! two looks is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal};
use std::time::Duration;

use serde_json::Value;

use super::tell;
use crate::app::wall_clock;
use crate::bodies::Record;
use crate::cli::args::Output;
use crate::cli::client::Client;
use crate::cli::executions::record;
use crate::cli::executions::table::of_executions;
use crate::cli::exit::Failure;
use crate::cli::rows::rows;
use crate::cli::terminal::{columns, lines, print};
use crate::client::Filter;
use crate::domain::Status;

/// How many of either kind are looked at; more cannot be read as they change.
const LIMIT: u32 = 200;

/// How many lines a terminal has that does not say.
const LINES: usize = 24;

pub(super) async fn watch(
    client: &Client,
    interval: Duration,
    output: Output,
) -> Result<(), Failure> {
    if output == Output::Table && io::stdout().is_terminal() {
        draw(client, interval).await
    } else {
        print_changes(client, interval, output).await
    }
}

/// Those that run, and then those that wait, each newest first.
async fn look(client: &Client) -> Result<Vec<Value>, Failure> {
    let those = async |status| {
        let filter = Filter { status: Some(status), limit: Some(LIMIT), ..Filter::default() };
        client.find(&["v1", "executions"], filter.query()).await.map(rows)
    };
    // One that starts between both questions is in both answers, and not in none.
    let mut queued = those(Status::Queued).await?;
    let mut found = those(Status::Running).await?;
    let running: BTreeSet<_> = found.iter().map(id_of).collect();
    queued.retain(|row| !running.contains(&id_of(row)));
    found.extend(queued);
    Ok(found)
}

/// The list in its own place, again and again.
async fn draw(client: &Client, interval: Duration) -> Result<(), Failure> {
    let mut drawn = 0;
    loop {
        let found = look(client).await?;
        let records: Vec<_> = found.iter().map(record).collect::<Result<_, _>>()?;
        let text = screen(&records);
        // Up to the first line of what was drawn before, and away with it.
        let up = if drawn > 0 { format!("\x1b[{drawn}F") } else { String::new() };
        print(&format!("{up}\x1b[J{text}"))?;
        drawn = text.lines().count();
        tokio::time::sleep(interval).await;
    }
}

fn screen(records: &[Record]) -> String {
    let room = lines().unwrap_or(LINES).saturating_sub(3).max(1);
    let running = records.iter().filter(|record| record.status == Status::Running).count();
    let queued = records.len() - running;
    let more = |count: usize| if count < LIMIT as usize { "" } else { " or more" };
    let head = format!(
        "{running}{} running, {queued}{} queued; Ctrl-C stops watching\n",
        more(running),
        more(queued)
    );
    let shown = &records[..records.len().min(room)];
    match shown {
        [] => head,
        shown => head + &of_executions(shown, wall_clock().now(), columns()),
    }
}

/// A line for each that is new, has changed or has ended since the last look.
async fn print_changes(client: &Client, interval: Duration, output: Output) -> Result<(), Failure> {
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    loop {
        let found = look(client).await?;
        let mut now: BTreeMap<_, _> =
            found.iter().map(|row| (id_of(row), row["status"].clone())).collect();
        // The oldest first, as things happen.
        for row in found.iter().rev() {
            let id = id_of(row);
            if known.get(&id) != now.get(&id) {
                tell(row, output)?;
            }
        }
        let gone: Vec<_> = known.keys().filter(|id| !now.contains_key(*id)).cloned().collect();
        for id in gone {
            match client.get(&["v1", "executions", &id]).await {
                Ok(row) if row["completed_at"].is_null() => {
                    // It was put back between both questions, and the next look tells of it.
                    let status = known.remove(&id).unwrap_or_default();
                    now.insert(id, status);
                }
                Ok(ended) => tell(&ended, output)?,
                // Removed as soon as it had ended.
                Err(Failure::NotFound(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        known = now;
        tokio::time::sleep(interval).await;
    }
}

fn id_of(row: &Value) -> String {
    row["id"].as_str().unwrap_or_default().to_owned()
}
