//! Short words for the programs that tests run.
//! Submits nothing.

use serde_json::{Value, json};

/// A program for `sh`.
pub fn sh(code: &str) -> Value {
    json!({"language": "sh", "code": code})
}

/// A program for Python.
pub fn python(code: &str) -> Value {
    json!({"language": "python", "code": code})
}

/// The same program with another field.
pub fn with(mut program: Value, field: &str, value: Value) -> Value {
    program[field] = value;
    program
}

/// Fails the test unless the record ended so.
#[track_caller]
pub fn expect_end(record: &Value, status: &str, cause: &str) {
    let ended = (record["status"].as_str(), record["cause"].as_str());
    assert_eq!(ended, (Some(status), Some(cause)), "{:#}", brief(record));
    assert_eq!(record["success"], status == "completed", "{:#}", brief(record));
}

/// A record whose long texts are cut, so that a failed test can be read.
fn brief(record: &Value) -> Value {
    let mut brief = record.clone();
    for value in brief.as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
        if let Some(text) = value.as_str().filter(|text| text.len() > 1000) {
            let head: String = text.chars().take(200).collect();
            *value = json!(format!("{head}... ({} bytes)", text.len()));
        }
    }
    brief
}
