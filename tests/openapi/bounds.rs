//! Defaults and bounds in the document are those of the default configuration.

use serde_json::{Value, json};
use toml_edit::DocumentMut;

use super::document::DOCUMENT;

fn configured(key: &str) -> Value {
    let text = std::fs::read_to_string("config.default.toml").unwrap();
    let file: DocumentMut = text.parse().unwrap();
    let (section, name) = key.split_once('.').unwrap();
    let value = &file[section][name];
    match (value.as_integer(), value.as_str()) {
        (Some(number), _) => json!(number),
        (None, Some(text)) => json!(seconds(text)),
        _ => panic!("{key} is neither a number nor a duration"),
    }
}

fn seconds(text: &str) -> u64 {
    let (count, unit) = text.split_at(text.len() - 1);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        other => panic!("{other} is no unit that is used here"),
    };
    count.parse::<u64>().unwrap() * seconds
}

fn said(pointer: &str) -> &'static Value {
    let whole = format!("/components/schemas/{pointer}");
    DOCUMENT.pointer(&whole).unwrap_or_else(|| panic!("{pointer} is not said"))
}

#[test]
fn bounds_are_those_of_the_default_configuration() {
    for (pointer, key) in [
        ("NewExecution/properties/timeout/default", "execution.timeout_default"),
        ("NewExecution/properties/timeout/maximum", "execution.timeout_max"),
        ("NewExecution/properties/queue_timeout/maximum", "execution.timeout_max"),
        ("NewExecution/properties/callback_url/maxLength", "request.callback_url_chars_max"),
        ("FunctionDefinition/properties/timeout/default", "execution.timeout_default"),
        ("FunctionDefinition/properties/timeout/maximum", "execution.timeout_max"),
        ("FunctionCall/properties/timeout/maximum", "execution.timeout_max"),
        ("HopxProgram/properties/timeout/maximum", "execution.timeout_max"),
        ("HopxProgram/properties/timeout/default", "execution.timeout_default"),
        ("WantedLimits/properties/processes/default", "execution.processes_default"),
        ("WantedLimits/properties/processes/maximum", "execution.processes_max"),
        ("WantedLimits/properties/output_bytes/default", "execution.output_bytes_default"),
        ("WantedLimits/properties/output_bytes/maximum", "execution.output_bytes_max"),
        ("WantedLimits/properties/open_files/default", "execution.open_files_default"),
        ("WantedLimits/properties/open_files/maximum", "execution.open_files_max"),
        ("WantedLimits/properties/disk_bytes/default", "execution.disk_bytes_default"),
        ("WantedLimits/properties/disk_bytes/maximum", "execution.disk_bytes_max"),
        ("WantedRetry/properties/schedule/maxItems", "webhook.retry_delays_max"),
        ("WantedRetry/properties/max_age/maximum", "webhook.retry_max_age_max"),
        ("Ping/properties/url/maxLength", "request.callback_url_chars_max"),
    ] {
        assert_eq!(said(pointer).as_f64(), configured(key).as_f64(), "{pointer}");
    }
}

/// Bytes and counts that a schema has no word for are in its sentences.
#[test]
fn what_is_said_in_words_is_so_too() {
    const MIB: u64 = 1024 * 1024;
    for (pointer, words, key, number) in [
        ("NewExecution/properties/code", "at most 1 MiB", "execution.code_bytes_max", MIB),
        ("NewExecution/properties/stdin", "at most 4 MiB", "execution.stdin_bytes_max", 4 * MIB),
        ("NewExecution/properties/env", "64 KiB", "execution.env_bytes_max", 64 * 1024),
        ("NewExecution/properties/labels", "at most 16,", "request.labels_max", 16),
        ("NewExecution/properties/labels", "1 to 64", "request.name_chars_max", 64),
        ("NewExecution/properties/labels", "at most 256", "request.value_chars_max", 256),
        (
            "NewExecution/properties/callback_headers",
            "at most 20",
            "request.callback_headers_max",
            20,
        ),
        (
            "NewExecution/properties/callback_headers",
            "4 KiB",
            "request.callback_header_bytes_max",
            4096,
        ),
    ] {
        let text = said(pointer)["description"].as_str().unwrap();
        assert!(text.contains(words), "{pointer}: {text}");
        assert_eq!(configured(key), json!(number), "{key}");
    }
}
