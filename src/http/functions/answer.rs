//! What is told of functions: everything but what is secret, of which only the names are told.
//! Reads nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::{
    Callback, Entrypoint, Function, Limits, OnInterrupt, OnOutputLimit, Progress, Timestamp,
    WorkingDir,
};
use crate::store::FunctionSummary;
use crate::webhook::shown;

/// A version of a function. Durations are seconds.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    name: &'a str,
    variant: &'a str,
    version: u32,
    created_at: Timestamp,
    language: &'a str,
    entrypoint: &'static str,
    config: Option<&'a Map<String, Value>>,
    code: &'a str,
    timeout: f64,
    queue_timeout: Option<f64>,
    limits: ToldLimits,
    on_output_limit: &'static str,
    network: Option<bool>,
    working_dir: Option<String>,
    on_interrupt: &'static str,
    /// The names of its variables.
    env: Vec<&'a str>,
    labels: &'a BTreeMap<String, String>,
    metadata: &'a Map<String, Value>,
    callback_url: Option<String>,
    /// The names of the headers.
    callback_headers: Vec<&'a str>,
    payload_format: Option<&'static str>,
    events: Vec<&'static str>,
    retry: Option<ToldRetry>,
}

#[derive(Serialize)]
struct ToldLimits {
    memory_bytes: Option<u64>,
    processes: Option<u64>,
    cpu_seconds: Option<f64>,
    output_bytes: u64,
    open_files: Option<u64>,
    disk_bytes: Option<u64>,
}

#[derive(Serialize)]
struct ToldRetry {
    schedule: Option<Vec<f64>>,
    max_age: Option<f64>,
}

/// A function that was new, with its secret: it is told only then.
#[derive(Serialize)]
pub(super) struct Kept<'a> {
    #[serde(flatten)]
    pub(super) told: Told<'a>,
    pub(super) signing_secret: &'a str,
}

impl<'a> Told<'a> {
    /// All of it that may be told.
    pub(super) fn of(function: &'a Function) -> Self {
        let definition = &*function.definition;
        let spec = &definition.spec;
        let callback = spec.callback.as_ref();
        Self {
            name: function.key.name.as_str(),
            variant: function.key.variant.as_str(),
            version: function.version,
            created_at: function.created_at,
            language: &spec.language,
            entrypoint: spec.entrypoint.as_str(),
            config: match &spec.entrypoint {
                Entrypoint::Script => None,
                Entrypoint::Handler(call) => Some(&call.config),
            },
            code: &spec.code,
            timeout: spec.timeout.as_secs_f64(),
            queue_timeout: spec.queue_timeout.map(|timeout| timeout.as_secs_f64()),
            limits: ToldLimits::of(&spec.limits, spec.output_bytes),
            on_output_limit: OnOutputLimit::as_str(spec.on_output_limit),
            network: definition.network,
            working_dir: working_dir(&spec.working_dir),
            on_interrupt: OnInterrupt::as_str(spec.on_interrupt),
            env: spec.env.keys().map(String::as_str).collect(),
            labels: &spec.labels,
            metadata: &spec.metadata,
            callback_url: callback.map(|callback| shown(&callback.endpoint.url)),
            callback_headers: callback.map(header_names).unwrap_or_default(),
            payload_format: definition.payload_format.map(|format| format.as_str()),
            events: callback.map(events).unwrap_or_default(),
            retry: callback.and_then(ToldRetry::of),
        }
    }
}

impl ToldLimits {
    fn of(limits: &Limits, output_bytes: u64) -> Self {
        Self {
            memory_bytes: limits.memory_bytes,
            processes: limits.processes,
            cpu_seconds: limits.cpu_time.map(|time| time.as_secs_f64()),
            output_bytes,
            open_files: limits.open_files,
            disk_bytes: limits.disk_bytes,
        }
    }
}

impl ToldRetry {
    fn of(callback: &Callback) -> Option<Self> {
        let retry = &callback.endpoint.retry;
        let delays = retry.schedule.as_ref().map(|schedule| schedule.delays());
        let schedule =
            delays.map(|delays| delays.iter().map(|delay| delay.as_secs_f64()).collect());
        let max_age = retry.max_age.map(|age| age.as_secs_f64());
        (schedule.is_some() || max_age.is_some()).then_some(Self { schedule, max_age })
    }
}

/// As a request names it; none is a fresh directory for each call.
fn working_dir(directory: &WorkingDir) -> Option<String> {
    match directory {
        WorkingDir::Own => None,
        WorkingDir::Workspace(below) => {
            // Components, because joining an empty path would leave a slash at the end.
            let path: PathBuf = Path::new("/workspace").join(below).components().collect();
            Some(path.display().to_string())
        }
        WorkingDir::Listed(path) => Some(path.display().to_string()),
    }
}

fn header_names(callback: &Callback) -> Vec<&str> {
    callback.headers.iter().map(|(name, _)| name.as_str()).collect()
}

fn events(callback: &Callback) -> Vec<&'static str> {
    let Progress { started, output } = callback.endpoint.progress;
    let told = [(started, "started"), (output, "output"), (true, "completed")];
    told.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect()
}

/// A page of functions or of versions.
#[derive(Serialize)]
pub(super) struct Listed {
    data: Vec<Line>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    variant: String,
    version: u32,
    created_at: Timestamp,
    language: String,
}

impl Listed {
    /// The first `limit` of what was found, and how to come by the rest.
    pub(super) fn of(
        mut found: Vec<FunctionSummary>,
        limit: usize,
        cursor: impl Fn(&FunctionSummary) -> String,
    ) -> Self {
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| is_more).map(cursor);
        Self { data: found.into_iter().map(Line::from).collect(), next_cursor }
    }
}

impl From<FunctionSummary> for Line {
    fn from(found: FunctionSummary) -> Self {
        let FunctionSummary { key, version, created_at, language } = found;
        let (name, variant) = (key.name.to_string(), key.variant.to_string());
        Self { name, variant, version, created_at, language }
    }
}
