//! What requests about executions and about functions have in common inside.
//! Checks nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a program may use of the machine. What is not named is as the server has it; so are the
/// maxima, which are those of the default configuration here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedLimits {
    /// Memory of all its processes together, in bytes. No limit unless the operator has set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1048576, maximum = 9223372036854775807_i64, example = 268435456)]
    pub memory_bytes: Option<u64>,
    /// Processes and threads at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4096, default = 256)]
    pub processes: Option<u64>,
    /// The time on processors of all its processes together, in seconds. No limit unless the
    /// operator has set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0, maximum = 31536000, example = 30)]
    pub cpu_seconds: Option<f64>,
    /// What is kept of each output stream, in bytes: the first half and the last half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 67108864, default = 1048576)]
    pub output_bytes: Option<u64>,
    /// Files that one of its processes has open at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 16, maximum = 65536, default = 1024)]
    pub open_files: Option<u64>,
    /// What it may write to the disk, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 65536, maximum = 4294967296_i64, default = 268435456)]
    pub disk_bytes: Option<u64>,
}

/// When a callback that was not taken is tried again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedRetry {
    /// The delay after each failed attempt, in seconds: N delays make N + 1 attempts. An empty list
    /// is one attempt only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<f64>>, max_items = 20)]
    pub schedule: Option<Vec<f64>>,
    /// After how many seconds a delivery is given up, whatever the schedule says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0, maximum = 604800)]
    pub max_age: Option<f64>,
}
