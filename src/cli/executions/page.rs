//! An execution in words: in a line, or on a page of its own. Whatever a program or a client has put into
//! it commands no terminal. Asks nobody.

use std::io;

use crate::bodies::{Record, RecordFunction};
use crate::cli::moments::seen_from;
use crate::cli::terminal::{Colour, Paint, tame};
use crate::domain::{Status, Timestamp};

/// How it stands, or how it has ended, in a line.
pub(super) fn line(record: &Record) -> String {
    let status = painted(record);
    let took = record.execution_time.map(|time| format!(" in {}", seconds(time)));
    let why = record.error.as_deref().map(|error| format!(": {}", tame(error)));
    let (took, why) = (took.unwrap_or_default(), why.unwrap_or_default());
    match (record.cancelling, record.status.is_terminal()) {
        (true, false) => format!("{} {status}, and is being cancelled\n", record.id),
        _ => format!("{} {status}{took}{why}\n", record.id),
    }
}

/// All that is to be said of it but its output.
pub(super) fn page(record: &Record, now: Timestamp) -> String {
    let mut text = format!("{}  {}\n", record.id, painted(record));
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text += &format!("  {name:<9} {}\n", tame(&value));
        }
    };
    add("error", record.error.clone());
    let cause = record.cause.as_ref().filter(|cause| *cause != "exited");
    add("cause", cause.map(ToString::to_string));
    add("cancelled", cancelled(record));
    let start = record.start.as_ref().map(|start| format!(", {start}"));
    add("language", Some(format!("{}{}", record.language, start.unwrap_or_default())));
    add("accepted", Some(format!("{}, {}", record.created_at, seen_from(now, record.created_at))));
    add("waited", record.queue_time.map(seconds));
    add("ran", Some(ran(record, now)).filter(|text| !text.is_empty()));
    add("attempt", (record.attempt > 1).then(|| record.attempt.to_string()));
    add("used", used(record));
    add("function", record.function.as_ref().map(function));
    add("labels", pairs(record.labels.iter().map(|(name, value)| (name, value.clone()))));
    add("metadata", pairs(record.metadata.iter().map(|(name, value)| (name, value.to_string()))));
    add("callback", Some(record.delivery.to_string()).filter(|delivery| delivery != "none"));
    add("result", record.result.as_ref().map(|result| result.get().to_owned()));
    add("result", record.result_error.clone());
    add("stdout", stream(record.stdout_bytes, record.stdout_truncated));
    add("stderr", stream(record.stderr_bytes, record.stderr_truncated));
    text
}

/// A duration in seconds as short as it can be read.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        long if long >= 100.0 => format!("{long:.0} s"),
        short if short < 0.0095 => format!("{:.1} ms", short * 1000.0),
        some => format!("{some:.2} s"),
    }
}

fn painted(record: &Record) -> String {
    let colour = match record.status {
        Status::Completed => Colour::Green,
        Status::Failed => Colour::Red,
        Status::Cancelled => Colour::Yellow,
        Status::Queued | Status::Running => Colour::Bold,
    };
    Paint::for_stream(&io::stdout()).text(colour, record.status.as_str())
}

fn cancelled(record: &Record) -> Option<String> {
    if record.cancelling {
        return Some("a client wants it ended, and its program is being ended".to_owned());
    }
    let by = record.cancelled_by.as_ref().map(|by| format!("by {by}"));
    let reason = record.cancel_reason.as_ref().map(|reason| format!("because: {reason}"));
    let words: Vec<_> = by.into_iter().chain(reason).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn ran(record: &Record, now: Timestamp) -> String {
    match (record.execution_time, record.started_at) {
        (Some(time), _) => format!("{}, at most {}", seconds(time), seconds(record.timeout)),
        (None, Some(at)) if !record.status.is_terminal() => {
            let so_far = seconds(now.since(at).as_secs_f64());
            format!("{so_far} so far, at most {}", seconds(record.timeout))
        }
        _ => String::new(),
    }
}

fn used(record: &Record) -> Option<String> {
    let usage = record.usage?;
    let killed = match record.descendants_killed {
        0 => String::new(),
        1 => "; left one process behind, which was killed".to_owned(),
        count => format!("; left {count} processes behind, which were killed"),
    };
    let mebibytes = usage.memory_peak_bytes as f64 / 1024.0 / 1024.0;
    let cpu = seconds(usage.cpu_seconds);
    Some(format!("{cpu} of processor time, {mebibytes:.1} MiB of memory{killed}"))
}

fn function(function: &RecordFunction) -> String {
    let RecordFunction { name, variant, version, request_id } = function;
    let call = request_id.as_ref().map(|id| format!(", call {id}")).unwrap_or_default();
    format!("{name}, variant {variant}, version {version}{call}")
}

fn pairs<'a>(pairs: impl Iterator<Item = (&'a String, String)>) -> Option<String> {
    let pairs: Vec<_> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    (!pairs.is_empty()).then(|| pairs.join(", "))
}

fn stream(bytes: Option<u64>, is_truncated: Option<bool>) -> Option<String> {
    let bytes = bytes.filter(|bytes| *bytes > 0)?;
    let truncated = if is_truncated == Some(true) { ", the middle was not kept" } else { "" };
    Some(format!("{bytes} {}{truncated}", if bytes == 1 { "byte" } else { "bytes" }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

    fn record(fields: &Value) -> Record {
        let mut record = json!({
            "id": "exec_0192a000000070008000000000000001", "status": "running", "language": "sh",
            "timeout": 3600, "created_at": "2025-06-15T15:06:35.000Z", "descendants_killed": 0,
            "labels": {}, "metadata": {}, "attempt": 1, "delivery": "none",
        });
        for (name, value) in fields.as_object().unwrap() {
            record[name] = value.clone();
        }
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn a_line_says_how_it_stands_or_ended() {
        let told = |fields: Value| {
            let line = line(&record(&fields));
            line.strip_prefix("exec_0192a000000070008000000000000001 ").unwrap().to_owned()
        };
        assert_eq!(told(json!({ "status": "queued" })), "queued\n");
        assert_eq!(told(json!({ "cancelling": true })), "running, and is being cancelled\n");
        let completed = json!({ "status": "completed", "execution_time": 1.5 });
        assert_eq!(told(completed), "completed in 1.50 s\n");
        let failed = json!({ "status": "failed", "error": "It\x1b[2J failed." });
        assert_eq!(told(failed), "failed: It\\u{1b}[2J failed.\n");
    }

    #[test]
    fn a_page_has_what_is_known_and_nothing_that_is_not() {
        let bare = page(&record(&json!({ "status": "queued" })), NOW);
        let expected = "exec_0192a000000070008000000000000001  queued
  language  sh
  accepted  2025-06-15T15:06:35.000Z, 5 s ago
";
        assert_eq!(bare, expected);
        let full = page(
            &record(&json!({
                "status": "cancelled", "cause": "cancelled", "cancelled_by": "ops",
                "cancel_reason": "too\nlate", "start": "warm", "queue_time": 0.001, "execution_time": 120.4,
                "attempt": 2, "usage": { "cpu_seconds": 0.5, "memory_peak_bytes": 3_145_728 },
                "descendants_killed": 2, "labels": { "app": "shop" }, "metadata": { "n": 1 },
                "delivery": "pending", "result": { "a": 1 }, "stdout_bytes": 1, "stderr_bytes": 2000,
                "stderr_truncated": true,
                "function": { "name": "f", "variant": "v", "version": 3, "request_id": "r" },
            })),
            NOW,
        );
        for words in [
            "cancelled by ops, because: too\\nlate",
            "language  sh, warm",
            "waited    1.0 ms",
            "ran       120 s, at most 3600 s",
            "attempt   2",
            "0.50 s of processor time, 3.0 MiB of memory; left 2 processes behind",
            "labels    app=shop",
            "metadata  n=1",
            "callback  pending",
            "result    {\"a\":1}",
            "stdout    1 byte\n",
            "stderr    2000 bytes, the middle was not kept",
            "f, variant v, version 3, call r",
        ] {
            assert!(full.contains(words), "{words:?} is missing: {full}");
        }
    }
}
