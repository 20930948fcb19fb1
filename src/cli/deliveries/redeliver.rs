//! `ringback deliveries redeliver`: sends deliveries again, each as soon as the server can.
//! One that cannot be sent keeps no other from it.

use serde_json::{Value, json};

use super::Asked;
use super::delivery::Delivery;
use crate::cli::args::{Output, RedeliverArgs};
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::rows::lines;
use crate::cli::terminal::{print, tame};

pub(super) async fn redeliver(args: RedeliverArgs) -> Result<(), Failure> {
    // Before anything is sent: a mistake in the last id must not come after the first was sent.
    let asked: Vec<_> = args.ids.iter().map(|id| Asked::about(id)).collect::<Result<_, _>>()?;
    let client = Client::new(args.server)?;
    let mut failed = Vec::new();
    let mut sent = Vec::new();
    for (asked, id) in asked.iter().zip(&args.ids) {
        match send(&client, asked).await {
            Ok(deliveries) if args.output == Output::Json => sent.extend(deliveries),
            Ok(deliveries) => print(&told(&deliveries, args.output))?,
            // Nobody else will have it better.
            Err(failure @ (Failure::Unreachable(_) | Failure::Auth(_))) => return Err(failure),
            Err(failure) => failed.push(failure.about(id)),
        }
    }
    if args.output == Output::Json {
        print(&format!("{:#}\n", json!({ "data": sent, "next_cursor": null })))?;
    }
    // One failure is the command's own; the others are told beside it.
    let Some(last) = failed.pop() else { return Ok(()) };
    for failure in failed {
        eprintln!("ringback: {failure}");
    }
    Err(last)
}

async fn send(client: &Client, asked: &Asked) -> Result<Vec<Value>, Failure> {
    let ids = match asked {
        Asked::Delivery(id) => vec![id.clone()],
        Asked::Execution(_) | Asked::Event(_) => {
            let deliveries = asked.deliveries(client).await?;
            // What was told before the end is no longer news.
            let ends = deliveries.iter().filter_map(Delivery::of).filter(Delivery::is_of_the_end);
            ends.map(|delivery| delivery.id).collect()
        }
    };
    if ids.is_empty() {
        return Err(Failure::NotFound("it has no delivery that could be sent again".to_owned()));
    }
    let mut sent = Vec::new();
    for id in ids {
        sent.push(client.post(&["v1", "deliveries", &id, "redeliver"], None).await?);
    }
    Ok(sent)
}

fn told(deliveries: &[Value], output: Output) -> String {
    if output != Output::Table {
        return lines(deliveries, output);
    }
    let sentence = |delivery: Delivery| {
        let Delivery { id, url, .. } = &delivery;
        let text = format!("{id} is sent again to {url}, as attempt {}", delivery.made() + 1);
        format!("{}\n", tame(&text))
    };
    deliveries.iter().filter_map(Delivery::of).map(sentence).collect()
}
