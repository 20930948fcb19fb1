//! `ringback deliveries recover`: sends everything again that was given up in a stretch of time, and says
//! how far it is. The server does it; to stop watching does not stop it.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::wall_clock;
use crate::cli::args::{Output, RecoverArgs};
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::moments::moment;
use crate::cli::terminal::{print, tame};
use crate::domain::Timestamp;

/// How often the server is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(300);

/// A recovery as the API has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Recovery {
    id: String,
    status: String,
    matched: u64,
    redelivered: u64,
    delivered: u64,
    failed: u64,
    pending: u64,
    capped: bool,
}

pub(super) async fn recover(args: RecoverArgs) -> Result<(), Failure> {
    let body = body(&args, wall_clock().now())?;
    let client = Client::new(args.server)?;
    let begun = client.post(&["v1", "deliveries", "recover"], Some(&body)).await?;
    let last = if args.no_wait { begun } else { watch(&client, begun).await? };
    let recovery = read(&last)?;
    match args.output {
        Output::Table => print(&format!("{}\n", recovery.summary()))?,
        Output::Json => print(&format!("{last:#}\n"))?,
        Output::Jsonl => print(&format!("{last}\n"))?,
        Output::Id => print(&format!("{}\n", tame(&recovery.id)))?,
    }
    if recovery.capped {
        eprintln!("There were more than are sent at once: run it again for the rest.");
    }
    match recovery.failed {
        0 => Ok(()),
        failed => Err(Failure::failed(format!(
            "{failed} of {} failed again; `ringback deliveries list --status exhausted` lists them",
            recovery.redelivered
        ))),
    }
}

/// Asks until all of them have been sent; shows on a terminal how far it is.
async fn watch(client: &Client, begun: Value) -> Result<Value, Failure> {
    let id = read(&begun)?.id;
    let progress = io::stderr().is_terminal();
    let mut last = begun;
    loop {
        let recovery = read(&last)?;
        if progress {
            // A line that is written over by the next; who cannot see it misses nothing.
            let _ = write!(io::stderr(), "\r\x1b[K{}", recovery.summary());
        }
        if recovery.status != "running" {
            break;
        }
        tokio::time::sleep(ASK_EVERY).await;
        last = client.get(&["v1", "deliveries", "recover", &id]).await?;
    }
    if progress {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
    Ok(last)
}

impl Recovery {
    fn summary(&self) -> String {
        let Self { id, status, redelivered, matched, delivered, failed, pending, .. } = self;
        tame(&format!(
            "{id} {status}: {redelivered} of {matched} sent again; {delivered} delivered, {failed} failed, \
             {pending} pending"
        ))
    }
}

fn read(value: &Value) -> Result<Recovery, Failure> {
    Recovery::deserialize(value)
        .map_err(|error| Failure::failed(format!("an answer that is no recovery: {error}")))
}

fn body(args: &RecoverArgs, now: Timestamp) -> Result<Value, Failure> {
    let mut body = Map::new();
    let since = moment("--since", &args.since, now)?;
    body.insert("since".to_owned(), since.to_string().into());
    if let Some(until) = &args.until {
        let until = moment("--until", until, now)?;
        if until <= since {
            return Err(Failure::usage("--until must be later than --since"));
        }
        body.insert("until".to_owned(), until.to_string().into());
    }
    body.extend(args.host.clone().map(|host| ("host".to_owned(), host.into())));
    Ok(body.into())
}
