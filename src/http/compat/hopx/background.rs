//! `POST /execute/background`: an execution that calls nobody back. Who started it looks into the
//! list of processes. Waits for no program.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::spec;
use crate::actors::Submit;
use crate::domain::{Execution, ExecutionId, ExecutionSpec, Tenant, Timestamp};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::error::Problem;
use crate::http::executions::WRITE;
use crate::http::fields::Fields;
use crate::http::idempotency::{self, Key, once};
use crate::http::state::Api;
use crate::store::KeptAnswer;

/// The label under which the name of a process is kept.
pub(super) const NAME: &str = "name";

#[derive(Serialize, ToSchema)]
#[schema(as = HopxBegun)]
pub(in crate::http) struct Begun<'a> {
    process_id: ExecutionId,
    execution_id: ExecutionId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<&'a str>,
    start_time: Timestamp,
}

/// `POST /execute/background`
pub(in crate::http) async fn execute_background(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    let key = Key::of(&request, &api, &body)?;
    let tenant = caller.tenant;
    once(&api, &tenant, key, async |key| {
        let mut fields = Fields::new(body::object(&request, body)?);
        let spec = read(&mut fields, &api, &tenant);
        // Not strictly: these clients were written for another server, and may know more fields.
        fields.finish_leniently()?;
        idempotency::submit(&api, Submit::new(tenant.clone(), spec), key, begun).await
    })
    .await
}

/// The answer to a request that has begun one.
fn begun(execution: &Execution) -> KeptAnswer {
    let begun = Begun {
        process_id: execution.id,
        execution_id: execution.id,
        // Its clients know no word for one that waits for a slot. The list of processes does.
        status: "running",
        name: execution.labels.get(NAME).map(String::as_str),
        start_time: execution.started_at().unwrap_or(execution.created_at),
    };
    answers::kept(StatusCode::OK, &begun)
}

fn read(fields: &mut Fields, api: &Api, tenant: &Tenant) -> ExecutionSpec {
    let mut spec = spec::read(fields, api, tenant);
    if let Some(name) = fields.line("name").filter(|name| !name.is_empty()) {
        let max = api.limits.value_chars_max;
        if name.chars().count() > max {
            let detail = format!("`name` must have at most {max} characters.");
            fields.wrong("name", "too_long", detail);
        }
        spec.labels.insert(NAME.to_owned(), name);
    }
    spec
}
