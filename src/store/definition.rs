//! What a function does, as JSON, and back: all of it but its code and what is secret of it.
//! Every store keeps it in this shape; a field that is missing is as it is by default.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::StoreError;
use super::secrets::SpecSecrets;
use crate::domain::{
    Callback, Definition, Endpoint, Entrypoint, ExecutionSpec, HandlerCall, Limits, OnInterrupt,
    OnOutputLimit, PayloadFormat, Priority, Progress, RetryPolicy, RetrySchedule, WorkingDir,
};

/// As it is written. Durations are milliseconds.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    /// The configuration of a handler; none is a script.
    handler: Option<Map<String, Value>>,
    working_dir: WrittenDir,
    timeout_ms: u64,
    queue_timeout_ms: Option<u64>,
    priority: Option<u8>,
    output_bytes: u64,
    on_output_limit: String,
    limits: WrittenLimits,
    network: Option<bool>,
    on_interrupt: String,
    labels: BTreeMap<String, String>,
    metadata: Map<String, Value>,
    payload_format: Option<String>,
    callback: Option<WrittenCallback>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenDir {
    Own,
    Workspace(PathBuf),
    Listed(PathBuf),
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenLimits {
    memory_bytes: Option<u64>,
    processes: Option<u64>,
    cpu_time_ms: Option<u64>,
    open_files: Option<u64>,
    disk_bytes: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenCallback {
    url: String,
    payload_format: String,
    progress: String,
    retry_delays_ms: Option<Vec<u64>>,
    retry_max_age_ms: Option<u64>,
}

/// What is neither code nor secret, as JSON.
pub(super) fn to_json(definition: &Definition) -> String {
    let spec = &definition.spec;
    let written = Written {
        handler: match &spec.entrypoint {
            Entrypoint::Script => None,
            Entrypoint::Handler(call) => Some(call.config.clone()),
        },
        working_dir: match &spec.working_dir {
            WorkingDir::Own => WrittenDir::Own,
            WorkingDir::Workspace(path) => WrittenDir::Workspace(path.clone()),
            WorkingDir::Listed(path) => WrittenDir::Listed(path.clone()),
        },
        timeout_ms: millis(spec.timeout),
        queue_timeout_ms: spec.queue_timeout.map(millis),
        priority: Some(spec.priority.get()),
        output_bytes: spec.output_bytes,
        on_output_limit: spec.on_output_limit.as_str().to_owned(),
        limits: WrittenLimits {
            memory_bytes: spec.limits.memory_bytes,
            processes: spec.limits.processes,
            cpu_time_ms: spec.limits.cpu_time.map(millis),
            open_files: spec.limits.open_files,
            disk_bytes: spec.limits.disk_bytes,
        },
        network: definition.network,
        on_interrupt: spec.on_interrupt.as_str().to_owned(),
        labels: spec.labels.clone(),
        metadata: spec.metadata.clone(),
        payload_format: definition.payload_format.map(|format| format.as_str().to_owned()),
        callback: spec.callback.as_ref().map(|callback| written_callback(&callback.endpoint)),
    };
    serde_json::to_string(&written).expect("texts, numbers and JSON can always be written")
}

fn written_callback(endpoint: &Endpoint) -> WrittenCallback {
    let RetryPolicy { schedule, max_age } = &endpoint.retry;
    WrittenCallback {
        url: endpoint.url.clone(),
        payload_format: endpoint.payload_format.as_str().to_owned(),
        progress: endpoint.progress.names(),
        retry_delays_ms: schedule
            .as_ref()
            .map(|schedule| schedule.delays().iter().copied().map(millis).collect()),
        retry_max_age_ms: max_age.map(millis),
    }
}

/// What [`to_json`] has written, with the code and the secrets that are kept beside it.
///
/// # Errors
/// When the JSON is of another shape, or has words that nobody here knows.
pub(super) fn from_json(
    json: &str,
    (language, code): (String, String),
    secrets: SpecSecrets,
) -> Result<Arc<Definition>, StoreError> {
    let corrupt = |what: String| StoreError::Corrupt { what: format!("a definition: {what}") };
    let written: Written =
        serde_json::from_str(json).map_err(|error| corrupt(error.to_string()))?;
    let unknown = || corrupt("a word in it is unknown".to_owned());
    let network = written.network;
    let payload_format = read_opt::<PayloadFormat>(written.payload_format).ok_or_else(unknown)?;
    let callback = match written.callback {
        None => None,
        Some(callback) => Some(Callback {
            endpoint: endpoint(callback).ok_or_else(unknown)?,
            headers: secrets.headers,
            signing_secret: secrets.signing_secret,
        }),
    };
    let limits = written.limits;
    let spec = ExecutionSpec {
        entrypoint: match written.handler {
            None => Entrypoint::Script,
            Some(config) => {
                Entrypoint::Handler(Box::new(HandlerCall { config, ..HandlerCall::default() }))
            }
        },
        env: secrets.env,
        working_dir: match written.working_dir {
            WrittenDir::Own => WorkingDir::Own,
            WrittenDir::Workspace(path) => WorkingDir::Workspace(path),
            WrittenDir::Listed(path) => WorkingDir::Listed(path),
        },
        timeout: Duration::from_millis(written.timeout_ms),
        queue_timeout: written.queue_timeout_ms.map(Duration::from_millis),
        priority: match written.priority {
            None => Priority::default(),
            Some(number) => Priority::new(number).ok_or_else(unknown)?,
        },
        output_bytes: written.output_bytes,
        on_output_limit: OnOutputLimit::from_name(&written.on_output_limit).ok_or_else(unknown)?,
        limits: Limits {
            memory_bytes: limits.memory_bytes,
            processes: limits.processes,
            cpu_time: limits.cpu_time_ms.map(Duration::from_millis),
            open_files: limits.open_files,
            disk_bytes: limits.disk_bytes,
        },
        on_interrupt: OnInterrupt::from_name(&written.on_interrupt).ok_or_else(unknown)?,
        labels: written.labels,
        metadata: written.metadata,
        callback,
        ..ExecutionSpec::new(language, code)
    };
    Ok(Arc::new(Definition { spec, payload_format, network }))
}

fn endpoint(written: WrittenCallback) -> Option<Endpoint> {
    let delays = written.retry_delays_ms;
    let schedule = delays.map(|delays| delays.into_iter().map(Duration::from_millis).collect());
    Some(Endpoint {
        url: written.url,
        payload_format: written.payload_format.parse().ok()?,
        progress: Progress::from_names(&written.progress)?,
        retry: RetryPolicy {
            schedule: schedule.map(RetrySchedule::new),
            max_age: written.retry_max_age_ms.map(Duration::from_millis),
        },
    })
}

/// Nothing as nothing, and a word as what it names; none when it names nothing.
fn read_opt<T: FromStr>(word: Option<String>) -> Option<Option<T>> {
    word.map_or(Some(None), |word| word.parse().ok().map(Some))
}

/// Whole milliseconds, rounded up: the shortest timeout must not become none at all.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Secret;

    fn full() -> Definition {
        let config: Map<String, Value> =
            serde_json::from_value(json!({"webhook_url": "http://a/", "n": [1, {"b": 2.5}]}))
                .unwrap();
        let call = HandlerCall { config, ..HandlerCall::default() };
        let callback = Callback {
            endpoint: Endpoint {
                url: "https://example.com/hook".into(),
                payload_format: PayloadFormat::Cortex,
                progress: Progress { started: true, output: true },
                retry: RetryPolicy {
                    schedule: Some(RetrySchedule::new(vec![Duration::from_millis(1)])),
                    max_age: Some(Duration::from_secs(9)),
                },
            },
            headers: vec![("x-a".into(), "1".into())],
            signing_secret: None,
        };
        let spec = ExecutionSpec {
            entrypoint: Entrypoint::Handler(Box::new(call)),
            env: [("TOKEN".to_owned(), Secret::from("hunter2"))].into(),
            working_dir: WorkingDir::Workspace("a/b".into()),
            timeout: Duration::from_millis(1500),
            queue_timeout: Some(Duration::from_secs(3)),
            output_bytes: 77,
            on_output_limit: OnOutputLimit::Fail,
            limits: Limits {
                memory_bytes: Some(1 << 30),
                processes: Some(3),
                cpu_time: Some(Duration::from_secs(2)),
                open_files: Some(99),
                disk_bytes: Some(1 << 20),
            },
            on_interrupt: OnInterrupt::Rerun,
            labels: [("team".to_owned(), "a".to_owned())].into(),
            metadata: serde_json::from_value(json!({"n": 1.5, "x": null})).unwrap(),
            callback: Some(callback),
            ..ExecutionSpec::new("python", "print(1)")
        };
        Definition { spec, payload_format: Some(PayloadFormat::FetchHive), network: Some(true) }
    }

    fn read_back(definition: &Definition) -> Definition {
        let spec = &definition.spec;
        let callback = spec.callback.as_ref();
        let secrets = SpecSecrets {
            env: spec.env.clone(),
            headers: callback.map(|callback| callback.headers.clone()).unwrap_or_default(),
            signing_secret: None,
        };
        let code = (spec.language.clone(), spec.code.clone());
        let read = from_json(&to_json(definition), code, secrets).unwrap();
        Arc::unwrap_or_clone(read)
    }

    #[test]
    fn a_definition_reads_back_as_it_was_written() {
        assert_eq!(read_back(&full()), full());
        let spec = ExecutionSpec::new("sh", "true");
        let plain = Definition { spec, payload_format: None, network: None };
        assert_eq!(read_back(&plain), plain);
        let listed =
            ExecutionSpec { working_dir: WorkingDir::Listed("/srv".into()), ..plain.spec.clone() };
        let listed = Definition { spec: listed, network: Some(false), ..plain };
        assert_eq!(read_back(&listed), listed);
    }

    #[test]
    fn what_is_secret_and_the_code_are_not_in_it() {
        let json = to_json(&full());
        for hidden in ["hunter2", "TOKEN", "x-a", "print"] {
            assert!(!json.contains(hidden), "{hidden} in {json}");
        }
    }

    #[test]
    fn what_nobody_here_has_written_is_corrupt_and_not_guessed_at() {
        let json = to_json(&full());
        for (from, to) in [("rerun", "bored"), ("\"cortex\"", "\"x\""), ("{", "["), ("fail", "")] {
            let broken = json.replacen(from, to, 1);
            let code = ("python".to_owned(), String::new());
            let read = from_json(&broken, code, SpecSecrets::default());
            assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{broken}");
        }
    }
}
