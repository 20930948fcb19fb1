//! What a client asks for who has code run: the body of `POST /v1/executions`.
//! Checks nothing: the server does, and names the field that is wrong.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An execution that is asked for. What is left out is as the server has it; durations are seconds.
///
/// ```
/// use ringback::bodies::NewExecution;
///
/// let wanted = NewExecution { code: "print(6 * 7)".into(), ..Default::default() };
/// assert_eq!(serde_json::to_string(&wanted).unwrap(), r#"{"code":"print(6 * 7)"}"#);
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewExecution {
    /// The program.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// A command in its place, run as it stands, where the operator allows that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Its language; `python` when nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What it reads from standard input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Any JSON that it reads there instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Variables of its environment. Their values are secrets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Where it runs; a fresh directory of its own when nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// How long it may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<f64>,
    /// How long it may wait for a slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_timeout: Option<f64>,
    /// How soon it is to have a slot: 0 to 3, and higher is sooner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// How much of the machine it may use.
    #[serde(skip_serializing_if = "NewLimits::is_empty")]
    pub limits: NewLimits,
    /// What follows when it writes more than is kept: `truncate` or `fail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_output_limit: Option<String>,
    /// Whether it wants the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<bool>,
    /// What follows when the server is lost under it: `fail` or `rerun`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_interrupt: Option<String>,
    /// Words to find it by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Scalars that are given back with the record and in the webhook.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// Who is called back when it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Headers that are sent along. Their values are secrets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub callback_headers: BTreeMap<String, String>,
    /// What the callback is signed with. A secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_signature_secret: Option<String>,
    /// In which form it is told: `standard`, `hopx`, `fetchhive`, `cortex`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_format: Option<String>,
    /// Whether a ping must have arrived there before it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_verify: Option<bool>,
    /// What is told beside the end: `started`, `output`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// How often the callback is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<NewRetry>,
}

/// How much of the machine an execution may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewLimits {
    /// Memory of all its processes together, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Processes and threads at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// The time on processors of all its processes together, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
    /// What is kept of each stream, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
    /// Open files of a process at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u64>,
    /// What it may write to the disk, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
}

/// How often a callback is tried again, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewRetry {
    /// The delay after each failed attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Vec<f64>>,
    /// After how long it is given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<f64>,
}

impl NewLimits {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The names of what is secret, and nothing of the secrets.
impl fmt::Debug for NewExecution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewExecution")
            .field("language", &self.language)
            .field("code", &self.code)
            .field("env", &self.env.keys())
            .field("labels", &self.labels)
            .field("callback_headers", &self.callback_headers.keys())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_said_is_not_sent() {
        assert_eq!(serde_json::to_string(&NewExecution::default()).unwrap(), "{}");
        let limits = NewLimits { processes: Some(3), ..NewLimits::default() };
        let wanted = NewExecution { limits, ..NewExecution::default() };
        assert_eq!(serde_json::to_string(&wanted).unwrap(), r#"{"limits":{"processes":3}}"#);
    }

    #[test]
    fn debug_shows_no_secret() {
        let secrets = BTreeMap::from([("NAME".to_owned(), "hunter2".to_owned())]);
        let wanted = NewExecution {
            env: secrets.clone(),
            callback_headers: secrets,
            callback_signature_secret: Some("hunter2".to_owned()),
            callback_url: Some("http://x/?token=hunter2".to_owned()),
            stdin: Some("hunter2".to_owned()),
            ..NewExecution::default()
        };
        let shown = format!("{wanted:?}");
        assert!(shown.contains("NAME") && !shown.contains("hunter2"), "{shown}");
    }
}
