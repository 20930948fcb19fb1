//! HopX's `POST /execute/async`, for its unmodified clients: its fields, its answer, its errors.
//! The words are HopX's; what they do is ours.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use crate::actors::Submit;
use crate::domain::{Callback, Endpoint, ExecutionId, ExecutionSpec, PayloadFormat, Timestamp};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::callback;
use crate::http::error::{Kind, Problem};
use crate::http::fields::Fields;
use crate::http::network;
use crate::http::spec;
use crate::http::state::Api;

#[derive(Serialize)]
struct Accepted<'a> {
    execution_id: ExecutionId,
    status: &'static str,
    callback_url: &'a str,
}

/// `POST /execute/async`
pub(in crate::http) async fn execute_async(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    let mut fields = Fields::new(body::object(&request, body)?);
    let callback_url = fields.required_string("callback_url").unwrap_or_default();
    let spec = read(&mut fields, &api, &callback_url);
    // Not strictly: these clients were written for another server, and may know more fields.
    fields.finish_leniently()?;
    let execution = api.supervisor.send(Submit { tenant: caller.tenant, spec }).await??;
    // Its clients wait for this very word, whether or not a slot was free.
    let accepted =
        Accepted { execution_id: execution.id, status: "queued", callback_url: &callback_url };
    Ok(answers::json(StatusCode::OK, &accepted))
}

pub(super) fn read(fields: &mut Fields, api: &Api, callback_url: &str) -> ExecutionSpec {
    let code = spec::code(fields, api);
    let language = spec::language(fields, api);
    let callback = (!callback_url.is_empty()).then(|| Callback {
        endpoint: Endpoint::new(
            callback::callback_url(fields, api, callback_url),
            PayloadFormat::Hopx,
        ),
        headers: callback::headers(fields, "callback_headers", api),
        signing_secret: callback::signing_secret(fields, "callback_signature_secret"),
    });
    ExecutionSpec {
        env: spec::env(fields, api),
        // The documentation has `working_dir`; `workdir` is what the clients send.
        working_dir: spec::working_dir(fields, api, &["working_dir", "workdir"]),
        timeout: spec::timeout(fields, api),
        output_bytes: api.limits.program.output_bytes_default,
        limits: api.limits.program.defaults(),
        // Its own clients never ask for it; they get what the operator's policy gives unasked.
        network: network::read(fields, api.limits.network),
        callback,
        ..ExecutionSpec::new(language, code)
    }
}

/// An error as HopX's clients read it.
pub(in crate::http) fn error_body(problem: &Problem) -> HttpResponse {
    let details: serde_json::Map<_, _> = problem
        .errors
        .iter()
        .map(|error| (error.field.clone(), error.detail.clone().into()))
        .collect();
    problem.start().json(json!({
        "error": problem.detail,
        "message": problem.detail,
        "code": code(problem),
        "request_id": problem.request_id,
        "timestamp": Timestamp::from(now()),
        "details": details,
    }))
}

/// The clock of an error's own time; no decision hangs on it.
#[expect(clippy::disallowed_methods, reason = "an error body says when it was written")]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// Only codes that the published clients know; one of them crashes on some others.
pub(super) fn code(problem: &Problem) -> &'static str {
    match problem.kind {
        Kind::InvalidJson => "INVALID_JSON",
        Kind::InvalidRequest if problem.errors.iter().any(|error| error.code == "required") => {
            "MISSING_PARAMETER"
        }
        Kind::InvalidRequest
        | Kind::TooLarge
        | Kind::UnsupportedMediaType
        | Kind::NotTerminal
        | Kind::DeliveryPending
        | Kind::NotTerminalEvent
        | Kind::RangeNotSatisfiable(_) => "INVALID_REQUEST",
        Kind::Unauthorized | Kind::Forbidden => "AUTHENTICATION_REQUIRED",
        Kind::NotFound => "RESOURCE_NOT_FOUND",
        Kind::MethodNotAllowed(_) => "METHOD_NOT_ALLOWED",
        Kind::TenantQueueFull | Kind::TooManyPings => "RATE_LIMIT_EXCEEDED",
        Kind::QueueFull
        | Kind::Draining
        | Kind::StoreUnavailable
        | Kind::NoLauncher
        | Kind::Unavailable => "SERVICE_UNAVAILABLE",
        Kind::Internal => "INTERNAL_ERROR",
    }
}
