//! `ringback deliveries list`: a page of the log after the other, until there are enough.
//! Keeps no page but the one in hand, unless all is to be one JSON object.

use serde_json::{Value, json};

use super::attempts::of_deliveries;
use super::delivery::Delivery;
use super::rows;
use crate::app::wall_clock;
use crate::cli::args::{ListArgs, Output};
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::moments::moment;
use crate::cli::terminal::{columns, print, tame};
use crate::domain::Timestamp;

/// How many the server gives at a time, at most.
const PAGE_MAX: u64 = 200;

pub(super) async fn list(args: ListArgs) -> Result<(), Failure> {
    let now = wall_clock().now();
    let (output, wanted) = (args.output, if args.all { u64::MAX } else { args.limit });
    let query = query(&args, now)?;
    let client = Client::new(args.server)?;
    let mut kept = Vec::new();
    let mut left = wanted;
    let mut cursor: Option<String> = None;
    loop {
        let mut query = query.clone();
        query.push(("limit", left.min(PAGE_MAX).to_string()));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let page = client.get(&["v1", "deliveries"], &query).await?;
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        let rows = rows(page);
        left -= (rows.len() as u64).min(left);
        match output {
            Output::Jsonl | Output::Id => print(&lines(&rows, output))?,
            // The columns of a table are as wide as what stands in them, so it is made at the end.
            Output::Table | Output::Json => kept.extend(rows),
        }
        if left == 0 || cursor.is_none() {
            break;
        }
    }
    match output {
        Output::Table => print_table(&kept, now)?,
        Output::Json => print(&format!("{:#}\n", json!({ "data": kept, "next_cursor": cursor })))?,
        Output::Jsonl | Output::Id => {}
    }
    if cursor.is_some() {
        eprintln!("There are more: --limit N or --all shows them.");
    }
    Ok(())
}

fn print_table(rows: &[Value], now: Timestamp) -> Result<(), Failure> {
    let deliveries: Vec<_> = rows.iter().filter_map(Delivery::of).collect();
    if deliveries.is_empty() {
        eprintln!("There are no such deliveries.");
        return Ok(());
    }
    print(&of_deliveries(&deliveries, now, columns()))
}

/// Deliveries as lines, each with all that is known of it or with its id alone.
pub(super) fn lines(rows: &[Value], output: Output) -> String {
    let line = |row: &Value| match output {
        Output::Id => format!("{}\n", tame(row["id"].as_str().unwrap_or_default())),
        _ => format!("{row}\n"),
    };
    rows.iter().map(line).collect()
}

fn query(args: &ListArgs, now: Timestamp) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut query = Vec::new();
    let mut add = |name, value: Option<String>| query.extend(value.map(|value| (name, value)));
    add("status", args.status.map(|status| status.as_str().to_owned()));
    add("host", args.host.clone());
    for (name, flag, text) in [("since", "--since", &args.since), ("until", "--until", &args.until)]
    {
        let at = text.as_deref().map(|text| moment(flag, text, now)).transpose()?;
        add(name, at.map(|at| at.to_string()));
    }
    add("event_type", args.event_type.clone());
    add("execution", args.execution.clone());
    Ok(query)
}
