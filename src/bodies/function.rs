//! Functions, as those may see them who call or keep them: everything but what is secret.
//! Holds no value of an environment and no header.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Word;
use super::schemas::{Entrypoint, Scalar, Tellable};
use crate::domain::{OnInterrupt, OnOutputLimit, PayloadFormat, Timestamp};

/// A version of a function. Durations are seconds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its variant.
    pub variant: String,
    /// Which version this is.
    pub version: u32,
    /// When this version was kept.
    pub created_at: Timestamp,
    /// The name of its runtime.
    pub language: String,
    /// `script` or `handler`.
    #[schema(value_type = Entrypoint)]
    pub entrypoint: Word,
    /// What a handler is made with.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub config: Option<Map<String, Value>>,
    /// The program.
    pub code: String,
    /// How long a call may run.
    pub timeout: f64,
    /// How long a call waits for a slot.
    pub queue_timeout: Option<f64>,
    /// How soon a call starts among those of its tenant that wait: 0 to 3, higher is sooner.
    #[serde(default)]
    pub priority: u8,
    /// What of the machine a call may use.
    pub limits: FunctionLimits,
    /// `truncate` or `fail`.
    #[schema(value_type = OnOutputLimit)]
    pub on_output_limit: Word,
    /// Whether it wants the network.
    pub network: Option<bool>,
    /// Where it runs; null is a fresh directory for each call.
    pub working_dir: Option<String>,
    /// `fail` or `rerun`.
    #[schema(value_type = OnInterrupt)]
    pub on_interrupt: Word,
    /// The names of its variables.
    pub env: Vec<String>,
    /// The labels of each call.
    pub labels: BTreeMap<String, String>,
    /// The metadata of each call.
    #[schema(value_type = BTreeMap<String, Scalar>)]
    pub metadata: Map<String, Value>,
    /// Where its calls report to, without query and userinfo.
    pub callback_url: Option<String>,
    /// The names of the headers that are sent along.
    pub callback_headers: Vec<String>,
    /// In which form.
    #[schema(value_type = Option<PayloadFormat>)]
    pub payload_format: Option<Word>,
    /// What is reported: `started`, `output`, `completed`.
    #[schema(value_type = Vec<Tellable>)]
    pub events: Vec<Word>,
    /// How often, when that is not as the server has it.
    pub retry: Option<FunctionRetry>,
}

/// What of the machine a call of a function may use; null is as the server has it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FunctionLimits {
    /// Memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// Processes and threads at a time.
    pub processes: Option<u64>,
    /// The time on processors, in seconds.
    pub cpu_seconds: Option<f64>,
    /// What is kept of each stream, in bytes.
    pub output_bytes: u64,
    /// Open files of a process at a time.
    pub open_files: Option<u64>,
    /// What it may write, in bytes.
    pub disk_bytes: Option<u64>,
}

/// How deliveries are tried again, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FunctionRetry {
    /// The delay after each failed attempt.
    pub schedule: Option<Vec<f64>>,
    /// After how long a delivery is given up.
    pub max_age: Option<f64>,
}

/// A function that was new, with its secret, which is told only then.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewFunction {
    /// The function.
    #[serde(flatten)]
    pub function: Function,
    /// What the webhooks of its calls are signed with.
    pub signing_secret: String,
}

impl fmt::Debug for NewFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewFunction").field("function", &self.function).finish_non_exhaustive()
    }
}

/// A function, or a version of one, as lists have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedFunction {
    /// Its name.
    pub name: String,
    /// Its variant.
    pub variant: String,
    /// The version, in a list of functions the newest.
    pub version: u32,
    /// When that was kept.
    pub created_at: Timestamp,
    /// The name of its runtime.
    pub language: String,
}
