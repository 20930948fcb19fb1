//! `POST /v1/executions`: what is to be run, and who is told of its end.
//! Checks nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{WantedLimits, WantedRetry};
use crate::bodies::Word;
use crate::bodies::schemas::{Scalar, Tellable};
use crate::domain::{OnInterrupt, OnOutputLimit, PayloadFormat};

/// What is to be run. Only `code` is needed. A field that is null is as one that is not there. Where a
/// number has a maximum, it is that of the default configuration.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "import os\nprint('hello', os.environ['NAME'])",
    "env": {"NAME": "world"},
    "timeout": 60,
    "labels": {"team": "search"},
    "callback_url": "https://hooks.example.com/ringback",
}))]
pub struct NewExecution {
    /// The program's text, at most 1 MiB, without NUL. Where the operator allows it
    /// (`execution.command`), `command` may be in its place: a list of words that are run as they stand.
    #[schema(min_length = 1, pattern = r"^[^\u0000]+$", example = "print(1 + 1)")]
    pub code: String,
    /// The name of a runtime or one of its aliases, as `GET /v1/runtimes` lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = "python")]
    pub language: Option<String>,
    /// What it reads from standard input, at most 4 MiB. Not together with `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Any JSON, which it reads from standard input. Not together with `stdin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, example = json!({"numbers": [1, 2, 3]}))]
    pub input: Option<Value>,
    /// Environment variables, 64 KiB in all. Their values are encrypted at rest and never shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub env: BTreeMap<String, String>,
    /// Where it runs: `/workspace` or a path below it is the tenant's own, which is kept; other
    /// directories are for the operator to allow. Without one it has a fresh directory of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, example = "/workspace")]
    pub working_dir: Option<String>,
    /// Another name of `working_dir`, which comes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1)]
    pub workdir: Option<String>,
    /// How long it may run, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0, maximum = 86400, default = 3600)]
    pub timeout: Option<f64>,
    /// How long it may wait for a slot, in seconds; then it has failed with the cause `queue_expired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0, maximum = 86400)]
    pub queue_timeout: Option<f64>,
    /// How soon it has a slot among those of its tenant that wait: 0 to 3, and higher is sooner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 3, default = 1)]
    pub priority: Option<u8>,
    /// What of the machine it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<WantedLimits>,
    /// What becomes of it when it writes more than `limits.output_bytes`: `truncate` keeps the first and
    /// the last of it, `fail` ends it with the cause `output_limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OnOutputLimit>, default = "truncate")]
    pub on_output_limit: Option<Word>,
    /// Whether it has the network. The operator may have switched that off, or on for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<bool>,
    /// What becomes of it when its server is lost while it runs: it fails, or is run once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OnInterrupt>, default = "fail")]
    pub on_interrupt: Option<Word>,
    /// Words to find it by: at most 16, with names of 1 to 64 and values of at most 256 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub labels: BTreeMap<String, String>,
    /// What its webhook shall say of it beside, as flat as labels are.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, Scalar>>)]
    pub metadata: Map<String, Value>,
    /// Who is told of its end: an http or https URL. Addresses that are not public, and plain http, are
    /// for the operator to allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048, format = "uri", example = "https://hooks.example.com/ringback")]
    pub callback_url: Option<String>,
    /// Headers that are sent along, at most 20 of 4 KiB each. Their values are encrypted at rest and
    /// never shown. Not those that are ours, or that frame a request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub callback_headers: BTreeMap<String, String>,
    /// What the callback is signed with, in the place of the tenant's signing secret: `whsec_` and
    /// base64, or any other text, at most 1024 bytes. Encrypted at rest and never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_signature_secret: Option<String>,
    /// Whether a ping is to be taken at `callback_url` before it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = false)]
    pub callback_verify: Option<bool>,
    /// Whose words the callback is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PayloadFormat>, default = "standard")]
    pub payload_format: Option<Word>,
    /// What is told beside the end, which is told in any case. Only in the format `standard`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<Tellable>>)]
    pub events: Vec<Word>,
    /// When the callback is tried again, if not as the server has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<WantedRetry>,
}

impl fmt::Debug for NewExecution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewExecution")
            .field("language", &self.language)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}
