//! A run in Fetch Hive's words, and how one is found. Shows no secret, no header value, no variable
//! and no query of a URL.

use actix_web::web;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::bodies::execution_time;
use crate::domain::{Execution, ExecutionId, Outcome, Status, Tenant, Timestamp};
use crate::http::error::Problem;
use crate::http::state::Api;
use crate::webhook::payload::fetch_hive::{execution_id, output, request_id, result_error};
use crate::webhook::shown;

/// What a path has in the place of an id, as actix hands it over.
pub(super) type PathId = Result<web::Path<String>, actix_web::Error>;

/// A run as it stands. Every field is always there but `cancelling`; what is not known is null.
#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveRun)]
pub(in crate::http) struct Run<'a> {
    request_id: String,
    execution_id: ExecutionId,
    deployment: &'a str,
    variant: &'a str,
    version: u32,
    run_status: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cancelling: bool,
    r#async: Asynchronous,
    configuration: Configuration<'a>,
    /// Of a run that has completed.
    #[schema(value_type = Value)]
    output: Option<Box<RawValue>>,
    /// Why what it has put out is not its result although it wrote one.
    result_error: Option<&'a str>,
    /// What a run had put out that has failed or was cancelled.
    #[schema(value_type = Value)]
    partial_output: Option<Box<RawValue>>,
    error: Option<String>,
    /// The word for what ended a run that has not completed.
    reason: Option<&'static str>,
    #[schema(value_type = BTreeMap<String, Value>)]
    metadata: &'a Map<String, Value>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    /// In seconds.
    execution_time: Option<f64>,
}

/// Whether somebody is called back, and where.
#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveAsync)]
struct Asynchronous {
    enabled: bool,
    callback_url: Option<String>,
}

/// What is known of how it was to be run.
#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveConfiguration)]
struct Configuration<'a> {
    language: &'a str,
    /// In seconds.
    timeout: f64,
}

impl<'a> Run<'a> {
    /// The run that an execution is; none when it is no call of a function.
    pub(super) fn of(execution: &'a Execution) -> Option<Self> {
        let call = execution.invocation.as_ref()?;
        let (ended, status) = (execution.ended(), execution.status());
        let is_completed = status == Status::Completed;
        let (language, timeout) = (execution.language.as_str(), execution.timeout.as_secs_f64());
        Some(Self {
            request_id: request_id(execution.id),
            execution_id: execution.id,
            deployment: call.function.name.as_str(),
            variant: call.function.variant.as_str(),
            version: call.version,
            run_status: status.as_str(),
            cancelling: execution.cancelling && ended.is_none(),
            r#async: Asynchronous::of(execution),
            configuration: Configuration { language, timeout },
            output: ended.filter(|_| is_completed).map(output),
            result_error: ended.and_then(result_error),
            partial_output: ended.filter(|_| !is_completed).map(output),
            error: ended.map(|ended| &ended.outcome).and_then(Outcome::error),
            reason: ended.filter(|_| !is_completed).map(|ended| ended.outcome.cause().as_str()),
            metadata: &execution.metadata,
            created_at: execution.created_at,
            started_at: execution.started_at(),
            completed_at: ended.map(|ended| ended.completed_at),
            execution_time: execution_time(execution),
        })
    }
}

impl Asynchronous {
    fn of(execution: &Execution) -> Self {
        let endpoint = execution.endpoint.as_ref();
        Self {
            enabled: endpoint.is_some(),
            callback_url: endpoint.map(|endpoint| shown(&endpoint.url)),
        }
    }
}

/// The id of an execution behind the id of a run in a path. Whatever is no such id names nothing.
pub(super) fn id_of(path: PathId) -> Result<ExecutionId, Problem> {
    path.ok().and_then(|id| execution_id(&id)).ok_or_else(Problem::not_found)
}

/// The execution that a run is.
///
/// # Errors
/// When this tenant has none of that id, when it is no call of a function, and when the store cannot
/// be read.
pub(super) async fn find(
    api: &Api,
    tenant: &Tenant,
    id: ExecutionId,
) -> Result<Execution, Problem> {
    let found = api.store.execution(tenant, id).await?;
    found.filter(|execution| execution.invocation.is_some()).ok_or_else(Problem::not_found)
}
