//! What a function does when it is called, and what its caller brings.
//! Checks nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{WantedLimits, WantedRetry};
use crate::bodies::Word;
use crate::bodies::schemas::{Entrypoint, Scalar, Tellable};
use crate::domain::{OnInterrupt, OnOutputLimit, PayloadFormat};

/// What a function does when it is called. Each time it is put is a version of its own. The fields are
/// those of an execution; what is to be read from standard input is for its callers.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "language": "python",
    "code": "import json, sys\nprint(sum(json.load(sys.stdin)))",
    "timeout": 30,
}))]
pub struct FunctionDefinition {
    /// The program's text, at most 1 MiB, without NUL.
    #[schema(min_length = 1, pattern = r"^[^\u0000]+$", example = "print(1 + 1)")]
    pub code: String,
    /// The name of a runtime or one of its aliases, as `GET /v1/runtimes` lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = "python")]
    pub language: Option<String>,
    /// Which of the functions of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = "default", pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    pub variant: Option<String>,
    /// Whether the code is run as it stands, or has a class whose `handle_async` is called (only Python).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Entrypoint>, default = "script")]
    pub entrypoint: Option<Word>,
    /// What a handler is made with. Not for scripts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub config: Option<Map<String, Value>>,
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
    /// How long a call may run, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0, maximum = 86400, default = 3600)]
    pub timeout: Option<f64>,
    /// How long a call may wait for a slot, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0, maximum = 86400)]
    pub queue_timeout: Option<f64>,
    /// How soon a call has a slot among those of its tenant that wait: 0 to 3, and higher is sooner.
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
    /// Words to find its calls by: at most 16, with names of 1 to 64 and values of at most 256 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub labels: BTreeMap<String, String>,
    /// What its webhook shall say of it beside, as flat as labels are.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, Scalar>>)]
    pub metadata: Map<String, Value>,
    /// Who is told of the end of its calls: an http or https URL. Addresses that are not public, and plain http, are
    /// for the operator to allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048, format = "uri", example = "https://hooks.example.com/ringback")]
    pub callback_url: Option<String>,
    /// Headers that are sent along, at most 20 of 4 KiB each. Their values are encrypted at rest and
    /// never shown. Not those that are ours, or that frame a request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub callback_headers: BTreeMap<String, String>,
    /// Whose words callbacks are in. When nothing is said it is as the route has it by which the function is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PayloadFormat>)]
    pub payload_format: Option<Word>,
    /// What is told beside the end, which is told in any case. Only in the format `standard`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<Tellable>>)]
    pub events: Vec<Word>,
    /// When the callback is tried again, if not as the server has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<WantedRetry>,
}

/// What a caller of a function brings. What it does not say is as the function has it.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"input": [1, 2, 3]}))]
pub struct FunctionCall {
    /// Which of the functions of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = "default", pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    pub variant: Option<String>,
    /// Which version; the newest, when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4294967295_i64)]
    pub version: Option<u32>,
    /// A text in the place of that, at most 4 MiB. Not together with `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Any JSON: what a handler is called with, and a script reads from standard input. Not together with `stdin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, example = json!({"numbers": [1, 2, 3]}))]
    pub input: Option<Value>,
    /// Environment variables beside those of the function or in their place, for keys with the scope
    /// `functions:write`; 64 KiB in all. Their values are encrypted at rest and never shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub env: BTreeMap<String, String>,
    /// How long it may run, in seconds, if not as long as the function says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0, maximum = 86400)]
    pub timeout: Option<f64>,
    /// How long it may wait for a slot, in seconds; then it has failed with the cause `queue_expired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0, maximum = 86400)]
    pub queue_timeout: Option<f64>,
    /// How soon it has a slot among those of its tenant that wait: 0 to 3, and higher is sooner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 3)]
    pub priority: Option<u8>,
    /// Words to find it by: at most 16, with names of 1 to 64 and values of at most 256 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub labels: BTreeMap<String, String>,
    /// What its webhook shall say of it beside, as flat as labels are.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, Scalar>>)]
    pub metadata: Map<String, Value>,
    /// Who is told of its end, in the place of whom the function names: an http or https URL. Addresses that are not public, and plain http, are
    /// for the operator to allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048, format = "uri", example = "https://hooks.example.com/ringback")]
    pub callback_url: Option<String>,
    /// Headers that are sent along, at most 20 of 4 KiB each. Their values are encrypted at rest and
    /// never shown. Not those that are ours, or that frame a request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub callback_headers: BTreeMap<String, String>,
    /// What the callback is signed with, in the place of the function's: `whsec_` and
    /// base64, or any other text, at most 1024 bytes. Encrypted at rest and never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_signature_secret: Option<String>,
    /// Whose words the callback is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PayloadFormat>)]
    pub payload_format: Option<Word>,
    /// What is told beside the end, which is told in any case. Only in the format `standard`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<Tellable>>)]
    pub events: Vec<Word>,
    /// When the callback is tried again, if not as the server has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<WantedRetry>,
}

impl fmt::Debug for FunctionDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionDefinition")
            .field("variant", &self.variant)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FunctionCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionCall")
            .field("variant", &self.variant)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
