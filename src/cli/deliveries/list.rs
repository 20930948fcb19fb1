//! `ringback deliveries list`: a page of the log after the other, until there are enough.
//! Knows what to ask for and how it looks; `rows` fetches it.

use serde_json::Value;

use super::attempts::of_deliveries;
use super::delivery::Delivery;
use crate::app::wall_clock;
use crate::cli::args::ListArgs;
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::moments::moment;
use crate::cli::rows::{Listing, list as list_rows};
use crate::cli::terminal::{columns, print};
use crate::domain::Timestamp;

pub(super) async fn list(args: ListArgs) -> Result<(), Failure> {
    let now = wall_clock().now();
    let listing = Listing {
        path: &["v1", "deliveries"],
        query: query(&args, now)?,
        wanted: if args.all { u64::MAX } else { args.limit },
        output: args.output,
    };
    let client = Client::new(args.server)?;
    list_rows(&client, listing, |rows| print_table(rows, now)).await
}

fn print_table(rows: &[Value], now: Timestamp) -> Result<(), Failure> {
    let deliveries: Vec<_> = rows.iter().filter_map(Delivery::of).collect();
    if deliveries.is_empty() {
        eprintln!("There are no such deliveries.");
        return Ok(());
    }
    print(&of_deliveries(&deliveries, now, columns()))
}

fn query(args: &ListArgs, now: Timestamp) -> Result<Vec<(String, String)>, Failure> {
    let mut query = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        query.extend(value.map(|value| (name.to_owned(), value)));
    };
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
