//! `ringback keys list`: the keys as a table or as JSON.
//! Has nothing to tell that a key could be made of.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;

use super::{Missing, open};
use crate::app::wall_clock;
use crate::bodies::ApiKey;
use crate::cli::args::{KeyListArgs, Output};
use crate::cli::exit::Failure;
use crate::cli::moments::roughly;
use crate::cli::terminal::{columns, print, tame};
use crate::domain::{Tenant, Timestamp};
use crate::store::{KeptKey, KeyStore};

pub(super) async fn list(args: KeyListArgs) -> Result<(), Failure> {
    let keys = open(args.place, Missing::IsAnError)?;
    let of = args.tenant.map(Tenant::new);
    let keys = keys.api_keys(of.as_ref()).await.map_err(Failure::failed)?;
    match args.output {
        Output::Table if keys.is_empty() => {
            eprintln!("There are no keys.");
            Ok(())
        }
        Output::Table => print(&table(&keys, wall_clock().now(), columns())),
        Output::Json => {
            let data: Vec<ApiKey> = keys.iter().map(KeptKey::told).collect();
            print(&format!("{:#}\n", json!({ "data": data, "next_cursor": null })))
        }
        Output::Jsonl => print(&lines(&keys, |kept| json!(kept.told()).to_string())),
        Output::Id => print(&lines(&keys, |kept| kept.key.id.clone())),
    }
}

fn lines(keys: &[KeptKey], line: impl Fn(&KeptKey) -> String) -> String {
    keys.iter().map(|kept| format!("{}\n", line(kept))).collect()
}

fn table(keys: &[KeptKey], now: Timestamp, width: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["ID", "NAME", "TENANT", "MADE", "LAST USED", "SCOPES"]);
    match width.and_then(|width| u16::try_from(width).ok()) {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    for KeptKey { key, created_at, last_used_at } in keys {
        table.add_row([
            key.id.clone(),
            tame(&key.name),
            tame(key.tenant.as_str()),
            roughly(now, *created_at),
            last_used_at.map_or_else(|| "never".to_owned(), |at| roughly(now, at)),
            key.scopes.join(" "),
        ]);
    }
    // Each line without the spaces that fill its last column.
    let line = |line: String| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end());
    table.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ApiKey;

    #[test]
    fn a_table_says_when_a_key_was_used_and_obeys_no_name() {
        let now = Timestamp::from_millis(1_750_000_000_000);
        let ago = |seconds: i64| Timestamp::from_millis(now.as_millis() - seconds * 1000);
        let key = ApiKey {
            id: "0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b".to_owned(),
            name: "ci\u{1b}[2J".to_owned(),
            tenant: Tenant::new("acme"),
            scopes: vec!["executions:read".to_owned(), "metrics:read".to_owned()],
            sha256: [7; 32],
        };
        let never = KeptKey { key: key.clone(), created_at: ago(7200), last_used_at: None };
        let used = KeptKey { last_used_at: Some(ago(60)), ..never.clone() };
        let table = table(&[never, used], now, None);
        let lines: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split("  ").map(str::trim).filter(|w| !w.is_empty()).collect())
            .collect();
        assert_eq!(lines[0], ["ID", "NAME", "TENANT", "MADE", "LAST USED", "SCOPES"]);
        let row = |last| {
            [
                key.id.as_str(),
                "ci\\u{1b}[2J",
                "acme",
                "2 h ago",
                last,
                "executions:read metrics:read",
            ]
        };
        assert_eq!(lines[1..], [row("never"), row("1 min ago")]);
    }
}
