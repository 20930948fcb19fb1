//! Deliveries and attempts as tables.
//! Says nothing about what they mean.

use comfy_table::Row;

use super::delivery::{Attempt, Delivery};
use crate::cli::moments::roughly;
use crate::cli::table::{empty, finished, keep_whole};
use crate::cli::terminal::{shortened, tame, wrapped};
use crate::domain::Timestamp;

/// How much of an answer's body is shown, in characters.
const BODY_CHARS_MAX: usize = 120;

/// From how many columns on there is room for the number of attempts and the time of the next.
const ROOMY: usize = 110;

/// A line for each delivery, that fits into so many columns if there is a limit.
pub(super) fn of_deliveries(
    deliveries: &[Delivery],
    now: Timestamp,
    width: Option<usize>,
) -> String {
    let is_roomy = width.is_none_or(|width| width >= ROOMY);
    let headers: &[&str] = match is_roomy {
        true => &["ID", "STATUS", "MADE", "LAST", "ATTEMPTS", "NEXT", "URL"],
        false => &["ID", "STATUS", "MADE", "LAST", "HOST"],
    };
    let mut table = empty(width, headers);
    for delivery in deliveries {
        let seen = |at: Option<Timestamp>| at.map_or_else(String::new, |at| roughly(now, at));
        let last = delivery.last().map(Attempt::outcome).unwrap_or_default();
        let mut cells = vec![
            tame(&delivery.id),
            tame(&delivery.status),
            seen(delivery.created_at()),
            tame(&last),
        ];
        if is_roomy {
            cells.push(format!("{} of {}", delivery.made(), delivery.attempts_max));
            cells.push(seen(delivery.next_attempt_at()));
            cells.push(tame(&delivery.url));
        } else {
            cells.push(tame(&delivery.host()));
        }
        let mut row = Row::from(cells);
        row.max_height(1);
        table.add_row(row);
    }
    // Only where it goes to may be cut; an id in two halves could not be copied.
    keep_whole(&mut table, headers.len() - 1);
    finished(&table)
}

/// A line for each attempt with its timings, and then what happened at each.
pub(super) fn of_attempts(attempts: &[Attempt], width: Option<usize>) -> String {
    let headers = ["#", "STARTED", "TRIGGER", "ANSWER", "DNS", "CONNECT", "TLS", "BYTE 1", "TOTAL"];
    let mut table = empty(width, &headers);
    for attempt in attempts {
        let timings = &attempt.timings_ms;
        table.add_row([
            attempt.number.to_string(),
            started(attempt),
            tame(&attempt.trigger),
            tame(&attempt.outcome()),
            milliseconds(timings.dns),
            milliseconds(timings.connect),
            milliseconds(timings.tls),
            milliseconds(timings.first_byte),
            milliseconds(timings.total),
        ]);
    }
    let told = what_happened(attempts);
    finished(&table) + if told.is_empty() { "" } else { "\n" } + &told
}

/// Without the year, which everybody knows of what is kept for a month.
fn started(attempt: &Attempt) -> String {
    let text = attempt.started_at().map(|at| at.to_string()).unwrap_or_default();
    text.get(5..19).map(|short| short.replace('T', " ") + "Z").unwrap_or_default()
}

/// What happened at each attempt that failed or was answered something, those together that were
/// alike.
fn what_happened(attempts: &[Attempt]) -> String {
    let alike = attempts.chunk_by(|one, other| sentence(one) == sentence(other));
    let line = |alike: &[Attempt]| {
        let told = sentence(&alike[0]);
        let (first, last) = (alike[0].number, alike[alike.len() - 1].number);
        let numbers = if first == last { first.to_string() } else { format!("{first} to {last}") };
        (!told.is_empty()).then(|| format!("{}\n", wrapped(&format!("{numbers}: {told}"))))
    };
    alike.filter_map(line).collect()
}

fn sentence(attempt: &Attempt) -> String {
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
        for width in [80, 109, 110, 200] {
            let list = of_deliveries(&deliveries(), NOW, Some(width));
            let attempts = of_attempts(&deliveries()[0].attempts, Some(width));
            let (attempts, _) = attempts.split_once("\n\n").unwrap();
            for text in [list.as_str(), attempts] {
                assert_eq!(text.lines().count(), 2, "nothing is broken: {text}");
                let longest = text.lines().map(|line| line.chars().count()).max();
                assert!(longest <= Some(width), "{width}: {text}");
            }
            assert!(list.contains(ID) && list.contains("exhausted"), "{list}");
            assert!(list.contains("example.com"), "{list}");
        }
    }

    #[test]
    fn without_a_terminal_nothing_is_cut() {
        let table = of_deliveries(&deliveries(), NOW, None);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 2, "{table}");
        let words: Vec<_> = lines[1].split("  ").map(str::trim).filter(|w| !w.is_empty()).collect();
        let url = "https://example.com/a/rather/long/path/of/a/hook/that/goes/on/and/on/for/long";
        assert_eq!(words, [ID, "exhausted", "6 min ago", "503", "3 of 9", url]);
    }

    #[test]
    fn attempts_have_their_timings_and_what_was_answered() {
        let table = of_attempts(&deliveries()[0].attempts, None);
        for words in ["06-15 15:06:35Z", " - ", "0.2 ms", "13 ms", "15.0 s"] {
            assert!(table.contains(words), "{words} is missing: {table}");
        }
        let told = table.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("it answered: try \\u{1b}[31m later"), "{table}");
    }

    #[test]
    fn attempts_that_were_alike_are_told_once() {
        let attempt = |(number, error): (u32, &str)| {
            let value = json!({ "number": number, "error": error, "response_body": null });
            serde_json::from_value(value).unwrap()
        };
        let attempts: Vec<Attempt> =
            [(1, "a"), (2, "b"), (3, "b"), (4, "b"), (5, ""), (6, "a")].map(attempt).into();
        assert_eq!(what_happened(&attempts), "1: a\n2 to 4: b\n6: a\n");
    }
}
