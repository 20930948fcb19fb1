//! Deliveries and attempts as tables.
//! Says nothing about what they mean.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use super::delivery::{Attempt, Delivery};
use crate::cli::moments::seen_from;
use crate::cli::terminal::{shortened, tame};
use crate::domain::Timestamp;

/// How much of an answer's body is shown, in characters.
const BODY_CHARS_MAX: usize = 120;

/// A line for each delivery, that fits into so many columns if there is a limit.
pub(super) fn of_deliveries(
    deliveries: &[Delivery],
    now: Timestamp,
    width: Option<usize>,
) -> String {
    let mut table = empty(width, &["ID", "STATUS", "MADE", "ATTEMPTS", "LAST", "NEXT", "URL"]);
    for delivery in deliveries {
        let seen = |at: Option<Timestamp>| at.map_or_else(String::new, |at| seen_from(now, at));
        table.add_row([
            tame(&delivery.id),
            tame(&delivery.status),
            seen(delivery.created_at()),
            format!("{} of {}", delivery.made(), delivery.attempts_max),
            delivery.last().map(|attempt| tame(&attempt.outcome())).unwrap_or_default(),
            seen(delivery.next_attempt_at()),
            tame(&delivery.url),
        ]);
    }
    // An id in two halves could not be copied.
    keep_whole(&mut table, &[0, 1]);
    finished(&table)
}

/// A line for each attempt, and what was answered.
pub(super) fn of_attempts(attempts: &[Attempt], width: Option<usize>) -> String {
    let headers = [
        "#",
        "STARTED",
        "TRIGGER",
        "ANSWER",
        "DNS",
        "CONNECT",
        "TLS",
        "FIRST BYTE",
        "TOTAL",
        "WHAT HAPPENED",
    ];
    let mut table = empty(width, &headers);
    for attempt in attempts {
        let timings = &attempt.timings_ms;
        let started = attempt.started_at().map(|at| at.to_string().replace('T', " "));
        let started = started.and_then(|text| Some(text.split_once('.')?.0.to_owned() + "Z"));
        table.add_row([
            attempt.number.to_string(),
            started.unwrap_or_default(),
            tame(&attempt.trigger),
            tame(&attempt.outcome()),
            milliseconds(timings.dns),
            milliseconds(timings.connect),
            milliseconds(timings.tls),
            milliseconds(timings.first_byte),
            milliseconds(timings.total),
            what_happened(attempt),
        ]);
    }
    keep_whole(&mut table, &[0]);
    finished(&table)
}

fn what_happened(attempt: &Attempt) -> String {
    let body = attempt.response_body.as_deref().map(str::trim).filter(|body| !body.is_empty());
    let body = body.map(|body| format!("it answered: {}", tame(&shortened(body, BODY_CHARS_MAX))));
    let error = attempt.error.as_deref().map(tame);
    error.into_iter().chain(body).collect::<Vec<_>>().join("; ")
}

/// A duration in milliseconds as short as it can be read.
fn milliseconds(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value >= 1000.0 => format!("{:.1} s", value / 1000.0),
        Some(value) if value >= 10.0 => format!("{value:.0} ms"),
        Some(value) => format!("{value:.1} ms"),
    }
}

fn empty(width: Option<usize>, headers: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headers);
    match width.and_then(|width| u16::try_from(width).ok()) {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table
}

fn keep_whole(table: &mut Table, columns: &[usize]) {
    for index in columns {
        if let Some(column) = table.column_mut(*index) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// The table without the spaces that fill its last column.
fn finished(table: &Table) -> String {
    table
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);
    const ID: &str = "dlv_01a203d20bff71bb989a36a7b3e0a523";

    fn deliveries() -> Vec<Delivery> {
        let attempt = json!({
            "number": 3, "trigger": "schedule", "started_at": "2025-06-15T15:06:35.120Z",
            "status_code": 503, "error_class": "status",
            "error": "the endpoint answered 503 Service Unavailable, and asked to be called again later",
            "timings_ms": { "dns": null, "connect": 0.21, "tls": 12.6, "total": 15001.0 },
            "response_body": "try \u{1b}[31m later\n",
        });
        let delivery = json!({
            "id": ID, "status": "exhausted", "attempts_made": 3, "attempts_max": 9,
            "created_at": "2025-06-15T15:00:00.000Z", "last_attempt": attempt,
            "attempts": [attempt],
            "url": "https://example.com/a/rather/long/path/of/a/hook/that/goes/on/and/on/for/long",
        });
        vec![Delivery::of(&delivery).unwrap()]
    }

    #[test]
    fn tables_fit_the_terminal_and_ids_stay_whole() {
        for width in [100, 120, 200] {
            let tables = [
                of_deliveries(&deliveries(), NOW, Some(width)),
                of_attempts(&deliveries()[0].attempts, Some(width)),
            ];
            for line in tables.iter().flat_map(|table| table.lines()) {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
            assert!(tables[0].contains(ID), "{}", tables[0]);
        }
    }

    #[test]
    fn without_a_terminal_each_delivery_is_one_line() {
        let table = of_deliveries(&deliveries(), NOW, None);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 2, "{table}");
        let words: Vec<_> = lines[1].split("  ").map(str::trim).filter(|w| !w.is_empty()).collect();
        let url = "https://example.com/a/rather/long/path/of/a/hook/that/goes/on/and/on/for/long";
        assert_eq!(words, [ID, "exhausted", "6 min 40 s ago", "3 of 9", "503", url]);
    }

    #[test]
    fn attempts_have_their_timings_and_what_was_answered() {
        let table = of_attempts(&deliveries()[0].attempts, None);
        for words in ["2025-06-15 15:06:35Z", " - ", "0.2 ms", "13 ms", "15.0 s"] {
            assert!(table.contains(words), "{words} is missing: {table}");
        }
        assert!(table.contains("it answered: try \\u{1b}[31m later"), "{table}");
    }
}
