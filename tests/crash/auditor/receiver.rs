//! What the receiver knows: every request that came, and what it was about to answer.
//! The answer is written down before it is sent, so that whoever has it finds it here.

use std::path::Path;

use serde_json::Value;

use super::lines;

/// One request that the receiver had.
#[derive(Debug)]
pub struct Request {
    /// Its `webhook-id`.
    pub event: String,
    /// What its body was, unless the receiver broke the connection before it had read that.
    pub body: Option<Print>,
    /// The HTTP status that was answered, if any was.
    pub status: Option<u64>,
}

/// What two bodies are compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// How long it was.
    pub bytes: u64,
}

impl Request {
    /// Whether the receiver took it.
    pub fn was_taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Reads the log of the receiver.
///
/// # Errors
/// When it is not there, or a line is not what it should be.
pub fn read(file: &Path) -> Result<Vec<Request>, String> {
    lines::read(file)?.iter().map(request).collect()
}

fn request(line: &Value) -> Result<Request, String> {
    let body = match &line["body_sha256"] {
        Value::Null => None,
        _ => {
            let bytes = line["body_bytes"].as_u64().ok_or_else(|| format!("{line}: how long?"))?;
            Some(Print { sha256: lines::text(line, "body_sha256")?, bytes })
        }
    };
    Ok(Request { event: lines::text(line, "event")?, body, status: line["status"].as_u64() })
}
