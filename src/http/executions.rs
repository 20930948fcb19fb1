//! Executions: accept one, read one, cancel one or purge it.
//! Decides nothing that the supervisor or the store decides.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::{Linked, accepted, json};
use super::auth::Caller;
use super::body::{self, Body};
use super::error::{FieldError, Problem};
use super::fields::Fields;
use super::state::Api;
use super::{callbacks, purge, spec};
use crate::actors::{Cancel, CancelOutcome, Submit, ended};
use crate::domain::{CancelWish, ExecutionId};

/// The longest reason of a cancel, in characters.
const REASON_CHARS_MAX: usize = 1000;

/// The longest time that an answer is held back for an execution to end.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// `POST /v1/executions`
pub(super) async fn submit(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    let mut fields = Fields::new(body::object(&request, body)?);
    let spec = spec::read(&mut fields, &api);
    let is_to_be_verified = fields.boolean("callback_verify").unwrap_or(false);
    if is_to_be_verified && spec.callback.is_none() {
        let detail = "`callback_url` is missing, and so there is nothing to verify.";
        fields.wrong("callback_url", "required", detail.to_owned());
    }
    fields.finish()?;
    if let Some(callback) = spec.callback.as_ref().filter(|_| is_to_be_verified) {
        callbacks::verify(&api, &caller, callback).await?;
    }
    let submit = Submit::new(caller.tenant, spec);
    let execution = api.supervisor.send(submit).await??.execution;
    let collection = request.path().trim_end_matches('/');
    Ok(accepted(&execution, collection))
}

/// `GET /v1/executions/{id}`
pub(super) async fn read(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    let (id, wait) = (id_of(&id)?, wait(request.query_string())?);
    if !wait.is_zero() {
        let waiting = ended(&api.supervisor, api.store.as_ref(), (&caller.tenant, id));
        // Whether it has ended in that time or not, the answer is how it stands then.
        if let Ok(ended) = actix_rt::time::timeout(wait, waiting).await {
            ended?;
        }
    }
    let found = api.store.execution(&caller.tenant, id).await?;
    let execution = found.ok_or_else(Problem::not_found)?;
    Ok(json(StatusCode::OK, &Linked::whole(&execution, collection_of(&request))))
}

/// `DELETE /v1/executions/{id}`: cancels, or purges with `?purge=true`.
pub(super) async fn delete(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    let id = id_of(&id)?;
    if purge::is_wanted(request.query_string())? {
        return purge::purge(&request, &caller.tenant, &api, id, body).await;
    }
    let reason = reason(&request, body)?;
    let wish = CancelWish { reason, by: caller.name };
    let outcome = api.supervisor.send(Cancel { tenant: caller.tenant, id, wish }).await??;
    let (status, execution) = match &outcome {
        CancelOutcome::Ended(execution) => (StatusCode::OK, execution),
        CancelOutcome::Ending(execution) => (StatusCode::ACCEPTED, execution),
    };
    Ok(json(status, &Linked::whole(execution, collection_of(&request))))
}

/// An id in a path. Whatever is not an id names nothing, and that is all there is to say.
pub(super) fn id_of(text: &str) -> Result<ExecutionId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// How long to wait for the end: `?wait=SECONDS`.
fn wait(query: &str) -> Result<Duration, Problem> {
    let mut wait = Duration::ZERO;
    let mut errors = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let seconds =
            value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let (code, detail) = match (name.as_ref(), seconds) {
            ("wait", Some(seconds)) if seconds <= WAIT_MAX => {
                wait = seconds;
                continue;
            }
            ("wait", _) => {
                let max = WAIT_MAX.as_secs();
                ("out_of_range", format!("`wait` must be a number of seconds from 0 to {max}."))
            }
            _ => ("unknown_field", format!("There is no parameter `{name}`.")),
        };
        errors.push(FieldError { field: name.into_owned(), code, detail });
    }
    if errors.is_empty() { Ok(wait) } else { Err(Problem::invalid(errors)) }
}

fn reason(request: &HttpRequest, body: Body) -> Result<Option<String>, Problem> {
    let Some(object) = body::optional_object(request, body)? else { return Ok(None) };
    let mut fields = Fields::new(object);
    let reason = fields.string("reason").filter(|reason| !reason.is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        let detail = format!("`reason` may have at most {REASON_CHARS_MAX} characters.");
        fields.wrong("reason", "too_long", detail);
    }
    fields.finish()?;
    Ok(reason)
}

/// The path of all executions, from the path of one.
fn collection_of(request: &HttpRequest) -> &str {
    let path = request.path();
    path.rsplit_once('/').map_or(path, |(collection, _)| collection)
}
