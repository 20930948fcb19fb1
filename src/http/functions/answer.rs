//! What is told of functions: everything but what is secret, of which only the names are told.
//! Reads nothing.

use std::path::{Path, PathBuf};

use crate::bodies::{self, FunctionLimits, FunctionRetry, ListedFunction, Page, Word};
use crate::domain::{
    Callback, Entrypoint, Function, Limits, OnInterrupt, OnOutputLimit, Progress, WorkingDir,
};
use crate::store::FunctionSummary;
use crate::webhook::shown;

/// All of a version of a function that may be told.
pub(super) fn told(function: &Function) -> bodies::Function {
    let definition = &*function.definition;
    let spec = &definition.spec;
    let callback = spec.callback.as_ref();
    bodies::Function {
        name: function.key.name.to_string(),
        variant: function.key.variant.to_string(),
        version: function.version,
        created_at: function.created_at,
        language: spec.language.clone(),
        entrypoint: spec.entrypoint.as_str().into(),
        config: match &spec.entrypoint {
            Entrypoint::Script => None,
            Entrypoint::Handler(call) => Some(call.config.clone()),
        },
        code: spec.code.clone(),
        timeout: spec.timeout.as_secs_f64(),
        queue_timeout: spec.queue_timeout.map(|timeout| timeout.as_secs_f64()),
        priority: spec.priority.get(),
        limits: limits(&spec.limits, spec.output_bytes),
        on_output_limit: OnOutputLimit::as_str(spec.on_output_limit).into(),
        network: definition.network,
        working_dir: working_dir(&spec.working_dir),
        on_interrupt: OnInterrupt::as_str(spec.on_interrupt).into(),
        env: spec.env.keys().cloned().collect(),
        labels: spec.labels.clone(),
        metadata: spec.metadata.clone(),
        callback_url: callback.map(|callback| shown(&callback.endpoint.url)),
        callback_headers: callback.map(header_names).unwrap_or_default(),
        payload_format: definition.payload_format.map(|format| format.as_str().into()),
        events: callback.map(events).unwrap_or_default(),
        retry: callback.and_then(retry),
    }
}

fn limits(limits: &Limits, output_bytes: u64) -> FunctionLimits {
    FunctionLimits {
        memory_bytes: limits.memory_bytes,
        processes: limits.processes,
        cpu_seconds: limits.cpu_time.map(|time| time.as_secs_f64()),
        output_bytes,
        open_files: limits.open_files,
        disk_bytes: limits.disk_bytes,
    }
}

fn retry(callback: &Callback) -> Option<FunctionRetry> {
    let retry = &callback.endpoint.retry;
    let delays = retry.schedule.as_ref().map(|schedule| schedule.delays());
    let schedule = delays.map(|delays| delays.iter().map(|delay| delay.as_secs_f64()).collect());
    let max_age = retry.max_age.map(|age| age.as_secs_f64());
    (schedule.is_some() || max_age.is_some()).then_some(FunctionRetry { schedule, max_age })
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

fn header_names(callback: &Callback) -> Vec<String> {
    callback.headers.iter().map(|(name, _)| name.clone()).collect()
}

fn events(callback: &Callback) -> Vec<Word> {
    let Progress { started, output } = callback.endpoint.progress;
    let told = [(started, "started"), (output, "output"), (true, "completed")];
    told.into_iter().filter(|(is, _)| *is).map(|(_, name)| name.into()).collect()
}

/// A page of functions or of versions: the first `limit` of what was found, and how to come by the
/// rest.
pub(super) fn listed(
    mut found: Vec<FunctionSummary>,
    limit: usize,
    cursor: impl Fn(&FunctionSummary) -> String,
) -> Page<ListedFunction> {
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| is_more).map(cursor);
    Page { data: found.into_iter().map(line).collect(), next_cursor }
}

fn line(found: FunctionSummary) -> ListedFunction {
    let FunctionSummary { key, version, created_at, language } = found;
    let (name, variant) = (key.name.to_string(), key.variant.to_string());
    ListedFunction { name, variant, version, created_at, language }
}
