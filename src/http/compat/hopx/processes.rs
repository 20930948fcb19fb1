//! `GET /execute/processes`, and `GET /processes` as the asynchronous Python client has it: the
//! tenant's newest executions as processes, and all that run. Reads no output.

use std::collections::{BTreeMap, HashMap};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::process_status;
use super::background::NAME;
use crate::actors::ProcessIds;
use crate::domain::{Execution, ExecutionId, Status, Tenant, Timestamp};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::error::Problem;
use crate::http::executions::READ;
use crate::http::state::Api;
use crate::store::{Page, StoreError};
use crate::webhook::payload::{hopx_execution_time, hopx_exit_code};

/// How many of the newest processes are listed, and how many at most of those that run beside. HopX's
/// list knows no pages.
const PROCESSES_MAX: usize = 100;

#[derive(Serialize, ToSchema)]
#[schema(as = HopxProcesses)]
pub(in crate::http) struct List<'a> {
    processes: Vec<Process<'a>>,
    count: usize,
    timestamp: Timestamp,
}

/// A process in all the words that HopX's clients and documents have for it.
#[derive(Serialize, ToSchema)]
#[schema(as = HopxProcess)]
struct Process<'a> {
    process_id: ExecutionId,
    execution_id: ExecutionId,
    name: Option<&'a str>,
    language: &'a str,
    pid: Option<i32>,
    status: &'static str,
    start_time: Option<Timestamp>,
    started_at: Option<Timestamp>,
    end_time: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    exit_code: Option<i32>,
    /// In seconds; of one that runs, up to now.
    duration: Option<f64>,
    /// In seconds; none before the end.
    execution_time: Option<f64>,
}

/// `GET /execute/processes` and `GET /processes`
pub(in crate::http) async fn list_processes(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let executions = executions(&api, &caller.tenant).await?;
    let (pids, now) = (pids(&api, &executions).await, api.clock.now());
    let processes: Vec<_> =
        executions.iter().map(|execution| Process::of(execution, &pids, now)).collect();
    let list = List { count: processes.len(), processes, timestamp: now };
    Ok(answers::json(StatusCode::OK, &list))
}

/// The newest, and what runs however long ago it was begun: whoever began it looks for it here. The
/// newest first.
async fn executions(api: &Api, tenant: &Tenant) -> Result<Vec<Execution>, StoreError> {
    let newest = Page { limit: PROCESSES_MAX, ..Page::default() };
    let running = Page { status: Some(Status::Running), ..newest.clone() };
    let mut found = BTreeMap::new();
    // What is in both may have ended between the two.
    for page in [running, newest] {
        let page = api.store.executions(tenant, page).await?;
        found.extend(page.into_iter().map(|execution| (execution.id, execution)));
    }
    Ok(found.into_values().rev().collect())
}

/// The numbers of those that run, as far as they are known at this moment.
async fn pids(api: &Api, executions: &[Execution]) -> HashMap<ExecutionId, i32> {
    let running = executions.iter().filter(|execution| execution.status() == Status::Running);
    let of: Vec<_> = running.map(|execution| execution.id).collect();
    if of.is_empty() {
        return HashMap::new();
    }
    api.supervisor.send(ProcessIds { of }).await.unwrap_or_default()
}

impl<'a> Process<'a> {
    fn of(execution: &'a Execution, pids: &HashMap<ExecutionId, i32>, now: Timestamp) -> Self {
        let started_at = execution.started_at();
        let completed_at = execution.ended().map(|ended| ended.completed_at);
        let execution_time = hopx_execution_time(execution);
        let so_far = started_at.map(|started_at| now.since(started_at).as_secs_f64());
        Self {
            process_id: execution.id,
            execution_id: execution.id,
            name: execution.labels.get(NAME).map(String::as_str),
            language: &execution.language,
            pid: pids.get(&execution.id).copied(),
            status: process_status(execution.status()),
            start_time: started_at,
            started_at,
            end_time: completed_at,
            ended_at: completed_at,
            completed_at,
            exit_code: hopx_exit_code(execution),
            duration: execution_time.or(so_far),
            execution_time,
        }
    }
}
