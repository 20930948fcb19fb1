//! What a client asked for: the immutable half of an execution.
//! Valid by the time it is built; the checks are made where the request is read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::{
    Callback, Entrypoint, Invocation, Limits, OnInterrupt, OnOutputLimit, Priority, Secret,
    Traceparent,
};

/// Everything that is needed to run one program and to tell of its end.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutionSpec {
    /// The runtime's own name; aliases are resolved before.
    pub language: String,
    /// The program's text.
    pub code: String,
    /// How the program is entered.
    pub entrypoint: Entrypoint,
    /// What it reads from standard input; nothing gives it an empty one.
    pub stdin: Option<String>,
    /// Its environment beside the few variables that every program gets.
    pub env: BTreeMap<String, Secret>,
    /// Where it runs.
    pub working_dir: WorkingDir,
    /// How long it may run, from the start of its process.
    pub timeout: Duration,
    /// How long it is willing to wait for a slot.
    pub queue_timeout: Option<Duration>,
    /// How soon it is to have one, among those of its tenant.
    pub priority: Priority,
    /// How many bytes of each output stream are kept.
    pub output_bytes: u64,
    /// What becomes of it when it writes more than that.
    pub on_output_limit: OnOutputLimit,
    /// What of the machine it may use.
    pub limits: Limits,
    /// Whether it has the network. Decided already: what a request asks for, what the operator
    /// allows and what can be enforced have been weighed.
    pub network: bool,
    /// What becomes of it when the server is lost under it.
    pub on_interrupt: OnInterrupt,
    /// Words to find it by.
    pub labels: BTreeMap<String, String>,
    /// Scalars that the client wants back in the webhook.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Who is told of its end, if anybody.
    pub callback: Option<Callback>,
    /// The function that this is a call of, if it is one.
    pub invocation: Option<Invocation>,
    /// The trace from which it was asked for, if its client has one.
    pub traceparent: Option<Traceparent>,
}

/// Where a program runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WorkingDir {
    /// A fresh directory of the execution's own, removed with it.
    #[default]
    Own,
    /// A directory in the tenant's persistent workspace, relative to the workspace's root.
    Workspace(PathBuf),
    /// An absolute path that the operator has listed.
    Listed(PathBuf),
}

impl ExecutionSpec {
    /// How long a program may run when nobody says otherwise: an hour, as HopX has it.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);

    /// How many bytes of each stream are kept when nobody says otherwise: 1 MiB.
    pub const DEFAULT_OUTPUT_BYTES: u64 = 1024 * 1024;

    /// A program in a language, with everything else as it is by default: no limits but those of
    /// time and output, and no network.
    pub fn new(language: impl Into<String>, code: impl Into<String>) -> Self {
        Self {
            language: language.into(),
            code: code.into(),
            entrypoint: Entrypoint::Script,
            stdin: None,
            env: BTreeMap::new(),
            working_dir: WorkingDir::Own,
            timeout: Self::DEFAULT_TIMEOUT,
            queue_timeout: None,
            priority: Priority::default(),
            output_bytes: Self::DEFAULT_OUTPUT_BYTES,
            on_output_limit: OnOutputLimit::Truncate,
            limits: Limits::default(),
            network: false,
            on_interrupt: OnInterrupt::Fail,
            labels: BTreeMap::new(),
            metadata: serde_json::Map::new(),
            callback: None,
            invocation: None,
            traceparent: None,
        }
    }
}
