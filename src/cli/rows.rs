//! Lists of the API as a command prints them: page after page, as a table, as JSON, as lines.
//! Keeps no page but the one in hand, unless all is to be one table or one JSON object.

use serde_json::{Value, json};

use super::args::Output;
use super::client::Client;
use super::exit::Failure;
use super::terminal::{print, tame};

/// How many the server gives at a time, at most.
const PAGE_MAX: u64 = 200;

/// What is to be listed.
pub(super) struct Listing<'a> {
    pub(super) path: &'a [&'a str],
    pub(super) query: Vec<(String, String)>,
    /// At most so many.
    pub(super) wanted: u64,
    pub(super) output: Output,
}

/// Fetches and prints; `print_table` has the words of this list.
pub(super) async fn list(
    client: &Client,
    listing: Listing<'_>,
    print_table: impl FnOnce(&[Value]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Listing { path, query, wanted, output } = listing;
    let mut kept = Vec::new();
    let mut left = wanted;
    let mut cursor: Option<String> = None;
    loop {
        let mut query = query.clone();
        query.push(("limit".to_owned(), left.min(PAGE_MAX).to_string()));
        query.extend(cursor.take().map(|cursor| ("cursor".to_owned(), cursor)));
        let page = client.find(path, query).await?;
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
        Output::Table => print_table(&kept)?,
        Output::Json => print(&format!("{:#}\n", json!({ "data": kept, "next_cursor": cursor })))?,
        Output::Jsonl | Output::Id => {}
    }
    if cursor.is_some() {
        eprintln!("There are more: --limit N or --all shows them.");
    }
    Ok(())
}

/// The entries of a list as the API has them.
pub(super) fn rows(mut list: Value) -> Vec<Value> {
    match list["data"].take() {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    }
}

/// Entries as lines, each with all that is known of it or with its id alone.
pub(super) fn lines(rows: &[Value], output: Output) -> String {
    let line = |row: &Value| match output {
        Output::Id => format!("{}\n", tame(row["id"].as_str().unwrap_or_default())),
        _ => format!("{row}\n"),
    };
    rows.iter().map(line).collect()
}
