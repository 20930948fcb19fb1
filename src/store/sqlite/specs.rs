//! What it takes to run an execution, as a row of `specs`, and back.
//! Secrets go in sealed and come out as secrets.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, named_params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::SealingKey;
use super::super::secrets::SpecSecrets;
use super::failure::Failure;
use super::values::{
    count, duration_opt, from_json, get, json, millis, named, unsigned, unsigned_opt,
};
use crate::domain::{
    Callback, Entrypoint, Execution, ExecutionSpec, HandlerCall, Limits, OnInterrupt,
    OnOutputLimit, PayloadKind, WorkingDir,
};

/// Keeps what of a spec is not in the record of its execution.
pub(super) fn insert(
    database: &Connection,
    id: [u8; 16],
    spec: &ExecutionSpec,
    sealed: Option<&[u8]>,
) -> Result<(), Failure> {
    let (working_dir, path) = match &spec.working_dir {
        WorkingDir::Own => ("own", None),
        WorkingDir::Workspace(path) => ("workspace", Some(bytes(path))),
        WorkingDir::Listed(path) => ("listed", Some(bytes(path))),
    };
    database
        .prepare_cached(
            "INSERT INTO specs (id, on_interrupt, queue_timeout_ms, output_bytes,
                working_dir, working_dir_path, sealed, code, stdin, on_output_limit, network,
                memory_bytes, processes, cpu_time_ms, open_files, disk_bytes, handler)
             VALUES (:id, :on_interrupt, :queue_timeout_ms, :output_bytes,
                :working_dir, :working_dir_path, :sealed, :code, :stdin, :on_output_limit, :network,
                :memory_bytes, :processes, :cpu_time_ms, :open_files, :disk_bytes, :handler)",
        )?
        .execute(named_params! {
            ":id": id,
            ":on_interrupt": spec.on_interrupt.as_str(),
            ":queue_timeout_ms": spec.queue_timeout.map(millis),
            ":output_bytes": count(spec.output_bytes),
            ":working_dir": working_dir,
            ":working_dir_path": path,
            ":sealed": sealed,
            ":code": spec.code,
            ":stdin": spec.stdin,
            ":on_output_limit": spec.on_output_limit.as_str(),
            ":network": spec.network,
            ":memory_bytes": spec.limits.memory_bytes.map(count),
            ":processes": spec.limits.processes.map(count),
            ":cpu_time_ms": spec.limits.cpu_time.map(millis),
            ":open_files": spec.limits.open_files.map(count),
            ":disk_bytes": spec.limits.disk_bytes.map(count),
            ":handler": handler(&spec.entrypoint),
        })?;
    Ok(())
}

/// The spec of an execution, put together from its record and its row here, secrets opened.
pub(super) fn find(
    database: &Connection,
    key: &SealingKey,
    execution: &Execution,
) -> Result<ExecutionSpec, Failure> {
    let mut select = database.prepare_cached(
        "SELECT on_interrupt, queue_timeout_ms, output_bytes, working_dir, working_dir_path,
            sealed, code, stdin, on_output_limit, network, memory_bytes, processes, cpu_time_ms,
            open_files, disk_bytes, handler
         FROM specs WHERE id = ?1",
    )?;
    let id = execution.id;
    let mut rows = select.query([id.uuid().into_bytes()])?;
    let row = rows.next()?.ok_or_else(|| Failure::corrupt(format!("{id} has no spec")))?;
    let sealed: Option<Vec<u8>> = get(row, "sealed")?;
    let secrets = SpecSecrets::open(key, id.uuid(), sealed.as_deref())?;
    Ok(ExecutionSpec {
        language: execution.language.clone(),
        code: get(row, "code")?,
        entrypoint: entrypoint(row)?,
        stdin: get(row, "stdin")?,
        env: secrets.env,
        working_dir: working_dir(row)?,
        timeout: execution.timeout,
        queue_timeout: duration_opt(row, "queue_timeout_ms")?,
        priority: execution.priority,
        output_bytes: unsigned(row, "output_bytes")?,
        on_output_limit: named(row, "on_output_limit", OnOutputLimit::from_name)?,
        limits: limits(row)?,
        network: get(row, "network")?,
        on_interrupt: on_interrupt(row)?,
        labels: execution.labels.clone(),
        metadata: execution.metadata.clone(),
        callback: execution.endpoint.clone().map(|endpoint| Callback {
            endpoint,
            headers: secrets.headers,
            signing_secret: secrets.signing_secret,
        }),
        invocation: execution.invocation.clone(),
        traceparent: execution.traceparent,
    })
}

/// The policy in a row that has the column.
pub(super) fn on_interrupt(row: &Row<'_>) -> Result<OnInterrupt, Failure> {
    named(row, "on_interrupt", OnInterrupt::from_name)
}

/// What a handler is made and called with, as it is kept.
#[derive(Serialize, Deserialize)]
struct Handler {
    config: Map<String, Value>,
    payload: String,
    request_id: Option<String>,
}

fn handler(entrypoint: &Entrypoint) -> Option<String> {
    let Entrypoint::Handler(call) = entrypoint else { return None };
    let HandlerCall { config, payload, request_id } = HandlerCall::clone(call);
    Some(json(&Handler { config, payload: payload.as_str().to_owned(), request_id }))
}

fn entrypoint(row: &Row<'_>) -> Result<Entrypoint, Failure> {
    if get::<Option<String>>(row, "handler")?.is_none() {
        return Ok(Entrypoint::Script);
    }
    let Handler { config, payload, request_id } = from_json(row, "handler")?;
    let payload = PayloadKind::from_name(&payload);
    let payload = payload.ok_or_else(|| Failure::corrupt("a kind of payload is unknown"))?;
    Ok(Entrypoint::Handler(Box::new(HandlerCall { config, payload, request_id })))
}

fn limits(row: &Row<'_>) -> Result<Limits, Failure> {
    Ok(Limits {
        memory_bytes: unsigned_opt(row, "memory_bytes")?,
        processes: unsigned_opt(row, "processes")?,
        cpu_time: duration_opt(row, "cpu_time_ms")?,
        open_files: unsigned_opt(row, "open_files")?,
        disk_bytes: unsigned_opt(row, "disk_bytes")?,
    })
}

fn working_dir(row: &Row<'_>) -> Result<WorkingDir, Failure> {
    let path: Option<Vec<u8>> = get(row, "working_dir_path")?;
    let path = path.map(|bytes| PathBuf::from(OsStr::from_bytes(&bytes)));
    named(row, "working_dir", |name| match (name, &path) {
        ("own", None) => Some(WorkingDir::Own),
        ("workspace", Some(path)) => Some(WorkingDir::Workspace(path.clone())),
        ("listed", Some(path)) => Some(WorkingDir::Listed(path.clone())),
        _ => None,
    })
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}
