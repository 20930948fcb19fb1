//! `ringback deliveries get`: why has this callback arrived, or not, in words first and then in figures.
//! Changes nothing.

use serde_json::{Value, json};

use super::Asked;
use super::attempts::{of_attempts, of_deliveries};
use super::delivery::Delivery;
use super::why::why;
use crate::app::wall_clock;
use crate::cli::args::{GetArgs, Output};
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::rows::lines;
use crate::cli::terminal::{columns, print, tame, wrapped};

pub(super) async fn get(args: GetArgs) -> Result<(), Failure> {
    let asked = Asked::about(&args.id)?;
    let client = Client::new(args.server)?;
    let deliveries = asked.deliveries(&client).await?;
    match (args.output, &asked) {
        (Output::Id | Output::Jsonl, _) => print(&lines(&deliveries, args.output)),
        (Output::Json, Asked::Delivery(_)) => {
            deliveries.iter().try_for_each(|delivery| print(&format!("{delivery:#}\n")))
        }
        (Output::Json, _) => {
            print(&format!("{:#}\n", json!({ "data": deliveries, "next_cursor": null })))
        }
        (Output::Table, Asked::Execution(id)) => {
            print(&of_execution(&client, id, &deliveries).await?)
        }
        (Output::Table, _) => {
            let deliveries: Vec<_> = deliveries.iter().filter_map(Delivery::of).collect();
            print(&page(&deliveries))
        }
    }
}

/// What is to be said of an execution: all of its end, and a line for each event before.
async fn of_execution(client: &Client, id: &str, rows: &[Value]) -> Result<String, Failure> {
    let deliveries = rows.iter().filter_map(Delivery::of);
    let (ends, before): (Vec<_>, Vec<_>) = deliveries.partition(Delivery::is_of_the_end);
    let mut text = match ends.is_empty() {
        true => wrapped(&why_none(client, id).await?) + "\n",
        false => page(&ends),
    };
    if !before.is_empty() {
        text += &format!(
            "\nBefore the end:\n{}",
            of_deliveries(&before, wall_clock().now(), columns())
        );
    }
    Ok(text)
}

/// Every delivery: what it is, why it is so, and its attempts.
fn page(deliveries: &[Delivery]) -> String {
    let one = |delivery: &Delivery| {
        let Delivery { id, status, event_id, event_type, execution_id, url, .. } = delivery;
        let head = [
            format!("{id}  {status}"),
            format!("  event      {event_id}  {event_type}"),
            format!("  execution  {execution_id}"),
            format!("  to         {url}"),
        ];
        let head = head.map(|line| tame(&line)).join("\n");
        let table = match delivery.attempts.is_empty() {
            true => String::new(),
            false => format!("\n{}", of_attempts(&delivery.attempts, columns())),
        };
        format!("{head}\n\n{}\n{table}", wrapped(&tame(&why(delivery))))
    };
    deliveries.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Why an execution has no delivery.
async fn why_none(client: &Client, id: &str) -> Result<String, Failure> {
    let record = client.get(&["v1", "executions", id]).await?;
    let status = tame(record["status"].as_str().unwrap_or("unknown"));
    Ok(match (record["completed_at"].is_null(), record["delivery"].as_str()) {
        (true, Some("none")) | (false, _) => format!(
            "{id} ({status}) calls nobody back: it was submitted without a callback_url. Its record is at \
             GET /v1/executions/{id}."
        ),
        (true, _) => format!(
            "{id} is {status}: its callback is sent when it has ended. Nothing is wrong with it so far."
        ),
    })
}
