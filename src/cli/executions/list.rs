//! `ringback list`: executions, newest first. Knows what to ask for and how it looks; `rows` fetches it.

use serde_json::Value;

use super::record;
use super::table::of_executions;
use crate::app::wall_clock;
use crate::cli::args::executions::ListArgs;
use crate::cli::args::values::pair;
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::moments::moment;
use crate::cli::rows::{Listing, list as list_rows};
use crate::cli::terminal::{columns, print};
use crate::client::Filter;
use crate::domain::{Status, Timestamp};

pub(super) async fn list(args: ListArgs) -> Result<(), Failure> {
    let now = wall_clock().now();
    let listing = Listing {
        path: &["v1", "executions"],
        query: filter(&args, now)?.query(),
        wanted: if args.all { u64::MAX } else { args.limit },
        output: args.output,
    };
    let client = Client::new(args.server)?;
    list_rows(&client, listing, |rows| print_table(rows, now)).await
}

fn print_table(rows: &[Value], now: Timestamp) -> Result<(), Failure> {
    let records: Vec<_> = rows.iter().map(record).collect::<Result<_, _>>()?;
    if records.is_empty() {
        eprintln!("There are no such executions.");
        return Ok(());
    }
    print(&of_executions(&records, now, columns()))
}

fn filter(args: &ListArgs, now: Timestamp) -> Result<Filter, Failure> {
    let time = |flag, text: &Option<String>| {
        text.as_deref().map(|text| moment(flag, text, now)).transpose()
    };
    let labels = args.label.iter().map(|label| pair("--label", label, '='));
    Ok(Filter {
        status: args.status.and_then(|status| Status::from_name(status.as_str())),
        cause: args.cause.clone(),
        language: args.language.clone(),
        labels: labels.collect::<Result<_, _>>().map_err(Failure::usage)?,
        function: args.function.clone(),
        created_after: time("--since", &args.since)?,
        created_before: time("--until", &args.until)?,
        limit: None,
        cursor: None,
    })
}
