//! Executions as a table, a line for each. Says nothing that is not in their records.

use comfy_table::Row;

use super::page::seconds;
use crate::bodies::Record;
use crate::cli::moments::roughly;
use crate::cli::table::{empty, finished, keep_whole};
use crate::cli::terminal::tame;
use crate::domain::Timestamp;

/// From how many columns on there is room for the language and the labels.
const ROOMY: usize = 110;

/// A line for each, that fits into so many columns if there is a limit.
pub(super) fn of_executions(records: &[Record], now: Timestamp, width: Option<usize>) -> String {
    let is_roomy = width.is_none_or(|width| width >= ROOMY);
    let headers: &[&str] = match is_roomy {
        true => &["ID", "STATUS", "ACCEPTED", "RAN", "LANGUAGE", "LABELS", "WHY"],
        false => &["ID", "STATUS", "ACCEPTED", "RAN", "WHY"],
    };
    let mut table = empty(width, headers);
    for record in records {
        let mut cells = vec![
            record.id.to_string(),
            status(record).to_owned(),
            roughly(now, record.created_at),
            ran(record, now),
        ];
        if is_roomy {
            cells.push(tame(&record.language));
            let labels = record.labels.iter().map(|(name, value)| format!("{name}={value}"));
            cells.push(tame(&labels.collect::<Vec<_>>().join(" ")));
        }
        cells.push(tame(record.error.as_deref().unwrap_or_default()));
        let mut row = Row::from(cells);
        row.max_height(1);
        table.add_row(row);
    }
    // Only the reason may be cut; an id in two halves could not be copied.
    keep_whole(&mut table, if is_roomy { 5 } else { 4 });
    finished(&table)
}

fn status(record: &Record) -> &'static str {
    match (record.cancelling, record.status.is_terminal()) {
        (true, false) => "cancelling",
        _ => record.status.as_str(),
    }
}

fn ran(record: &Record, now: Timestamp) -> String {
    let so_far = || {
        let started = record.started_at.filter(|_| !record.status.is_terminal())?;
        Some(now.since(started).as_secs_f64())
    };
    record.execution_time.or_else(so_far).map(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);
    const ID: &str = "exec_0192a000000070008000000000000001";

    fn records() -> Vec<Record> {
        let record = json!({
            "id": ID, "status": "failed", "language": "python", "timeout": 1, "execution_time": 12.0,
            "created_at": "2025-06-15T15:00:00.000Z", "descendants_killed": 0,
            "labels": { "app": "shop" }, "metadata": {}, "attempt": 1, "delivery": "none",
            "error": format!("ValueError: \x1b[2J{}", "a long story ".repeat(20)),
        });
        vec![serde_json::from_value(record).unwrap()]
    }

    #[test]
    fn it_fits_the_terminal_and_ids_stay_whole() {
        for width in [80, 109, 110, 200] {
            let table = of_executions(&records(), NOW, Some(width));
            assert_eq!(table.lines().count(), 2, "nothing is broken: {table}");
            let longest = table.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(width), "{width}: {table}");
            assert!(table.contains(ID) && table.contains("6 min ago"), "{table}");
        }
    }

    #[test]
    fn without_a_terminal_nothing_is_cut() {
        let table = of_executions(&records(), NOW, None);
        let line = table.lines().nth(1).unwrap();
        assert!(line.ends_with(&"a long story ".repeat(20).trim_end()), "{line}");
        for words in ["12.00 s", "python", "app=shop", "ValueError: \\u{1b}[2J"] {
            assert!(line.contains(words), "{words}: {line}");
        }
    }
}
