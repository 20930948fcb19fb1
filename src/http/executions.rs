//! Executions: accept one, read one, cancel one or purge it.
//! Decides nothing that the supervisor or the store decides.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::{accepted, json, whole};
use super::auth::Caller;
use super::body::{self, Body};
use super::error::{FieldError, Problem};
use super::fields::Fields;
use super::idempotency::{Key, once};
use super::state::Api;
use super::sync::{self, Hold, OnDisconnect};
use super::{callbacks, idempotency, purge, query, spec};
use crate::actors::{Cancel, CancelOutcome, Submit};
use crate::domain::{CancelWish, Execution, ExecutionId};

/// The scope of those who may have code run.
pub(super) const WRITE: &str = "executions:write";

/// The scope of those who may see executions and what they have written.
pub(super) const READ: &str = "executions:read";

/// The scope of those who may end executions, and remove what has ended.
pub(super) const CANCEL: &str = "executions:cancel";

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
    caller.needs(WRITE)?;
    let key = Key::of(&request, &api, &body)?;
    let tenant = caller.tenant.clone();
    once(&api, &tenant, key, async |key| begin((&request, caller, &api), body, key).await).await
}

async fn begin(
    (request, caller, api): (&HttpRequest, Caller, &Api),
    body: Body,
    key: Option<Key>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new(body::object(request, body)?);
    let spec = spec::read(&mut fields, api, &caller.tenant);
    let is_to_be_verified = fields.boolean("callback_verify").unwrap_or(false);
    if is_to_be_verified && spec.callback.is_none() {
        let detail = "`callback_url` is missing, and so there is nothing to verify.";
        fields.wrong("callback_url", "required", detail.to_owned());
    }
    fields.finish()?;
    if let Some(callback) = spec.callback.as_ref().filter(|_| is_to_be_verified) {
        callbacks::verify(api, &caller, callback).await?;
    }
    let collection = request.path().trim_end_matches('/').to_owned();
    let answer = move |execution: &Execution| accepted(execution, &collection);
    idempotency::submit(api, Submit::new(caller.tenant, spec), key, answer).await
}

/// `GET /v1/executions/{id}`
pub(super) async fn read(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let (id, wait) = (id_of(&id)?, Wait::read(request.query_string())?);
    let on_disconnect = if wait.cancels {
        caller.needs(CANCEL)?;
        OnDisconnect::Cancel { by: caller.name }
    } else {
        OnDisconnect::Leave
    };
    let found = match wait.at_most {
        None => api.store.execution(&caller.tenant, id).await?,
        // Whether it has ended in that time or not, the answer is how it stands then.
        Some(at_most) => {
            let hold = Hold::of(&request, on_disconnect).at_most(at_most);
            sync::ended(&api, &caller.tenant, id, hold).await?
        }
    };
    let execution = found.ok_or_else(Problem::not_found)?;
    Ok(json(StatusCode::OK, &whole(&execution, collection_of(&request))))
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
    caller.needs(CANCEL)?;
    let id = id_of(&id)?;
    if purge::is_wanted(request.query_string())? {
        return purge::purge(&request, &caller.tenant, &api, id, body).await;
    }
    let mut fields = Fields::new(body::optional_object(&request, body)?.unwrap_or_default());
    let reason = reason(&mut fields);
    fields.finish()?;
    let (status, execution) = cancel(&api, caller, id, reason).await?;
    Ok(json(status, &whole(&execution, collection_of(&request))))
}

/// Keeps a caller's wish that an execution end. The status is 202 while its program is being ended, and
/// 200 when it has ended, however it did.
pub(super) async fn cancel(
    api: &Api,
    caller: Caller,
    id: ExecutionId,
    reason: Option<String>,
) -> Result<(StatusCode, Box<Execution>), Problem> {
    let wish = CancelWish { reason, by: caller.name };
    let outcome = api.supervisor.send(Cancel { tenant: caller.tenant, id, wish }).await??;
    Ok(match outcome {
        CancelOutcome::Ended(execution) => (StatusCode::OK, execution),
        CancelOutcome::Ending(execution) => (StatusCode::ACCEPTED, execution),
    })
}

/// An id in a path. Whatever is not an id names nothing, and that is all there is to say.
pub(super) fn id_of(text: &str) -> Result<ExecutionId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// How an answer is to be held back: `?wait=SECONDS&cancel_on_disconnect=true`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wait {
    /// For how long; none when it is to be given at once.
    at_most: Option<Duration>,
    /// Whether the execution is to be cancelled when whoever waits for it goes away.
    cancels: bool,
}

impl Wait {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut wait = Self::default();
        let mut errors = Vec::new();
        let mut is_named = false;
        for (name, value) in query::parameters(query)? {
            is_named |= name == "wait";
            if let Err((code, detail)) = wait.set(&name, &value) {
                errors.push(FieldError { field: name, code, detail });
            }
        }
        if wait.cancels && !is_named {
            let (field, code) = ("cancel_on_disconnect".to_owned(), "conflict");
            let detail = "`cancel_on_disconnect` means something only beside `wait`.".to_owned();
            errors.push(FieldError { field, code, detail });
        }
        if errors.is_empty() { Ok(wait) } else { Err(Problem::invalid(errors)) }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), (&'static str, String)> {
        let seconds = || Duration::try_from_secs_f64(value.parse().ok()?).ok();
        match name {
            "wait" => {
                let wait = seconds().filter(|seconds| *seconds <= WAIT_MAX).ok_or_else(|| {
                    let max = WAIT_MAX.as_secs();
                    ("out_of_range", format!("`wait` must be a number of seconds from 0 to {max}."))
                })?;
                self.at_most = (!wait.is_zero()).then_some(wait);
            }
            "cancel_on_disconnect" => {
                let detail = "`cancel_on_disconnect` must be `true` or `false`.";
                self.cancels = value.parse().map_err(|_| ("invalid", detail.to_owned()))?;
            }
            _ => return Err(("unknown_field", format!("There is no parameter `{name}`."))),
        }
        Ok(())
    }
}

/// Why a client cancels, in its own words, if it says so.
pub(super) fn reason(fields: &mut Fields) -> Option<String> {
    let reason = fields.line("reason").filter(|reason| !reason.is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        let detail = format!("`reason` may have at most {REASON_CHARS_MAX} characters.");
        fields.wrong("reason", "too_long", detail);
    }
    reason
}

/// The path of all executions, from the path of one.
fn collection_of(request: &HttpRequest) -> &str {
    let path = request.path();
    path.rsplit_once('/').map_or(path, |(collection, _)| collection)
}
