//! `/execute/async`: an execution that calls back when it has ended, how it stands, and its cancel.
//! Waits for no program.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::Answer;
use super::{repeat, spec};
use crate::actors::Submit;
use crate::domain::{
    Callback, Endpoint, Execution, ExecutionId, ExecutionSpec, PayloadFormat, Tenant,
};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::callback;
use crate::http::error::Problem;
use crate::http::executions::{self, CANCEL, READ, WRITE, reason};
use crate::http::fields::Fields;
use crate::http::idempotency::{self, Key, once};
use crate::http::state::Api;

#[derive(Serialize, ToSchema)]
#[schema(as = HopxAccepted)]
pub(in crate::http) struct Accepted<'a> {
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
    caller.needs(WRITE)?;
    let key = Key::of(&request, &api, &body)?;
    let tenant = caller.tenant;
    once(&api, &tenant, key, async |key| begin((&request, &tenant, &api), body, key).await).await
}

async fn begin(
    (request, tenant, api): (&HttpRequest, &Tenant, &Api),
    body: Body,
    key: Option<Key>,
) -> Result<HttpResponse, Problem> {
    let rules = (&api.repeats, &api.tokens);
    // Whoever names its requests says by that which of them are the same.
    let repeated = body.0.as_ref().ok().filter(|_| key.is_none());
    let repeated = repeated.and_then(|body| repeat::key(request, body, rules));
    let mut fields = Fields::new(body::object(request, body)?);
    let callback_url = fields.required_string("callback_url").unwrap_or_default();
    let spec = read(&mut fields, (api, tenant), &callback_url);
    // Not strictly: these clients were written for another server, and may know more fields.
    fields.finish_leniently()?;
    let submit = Submit { key: repeated, ..Submit::new(tenant.clone(), spec) };
    let answer = move |execution: &Execution| {
        // Its clients wait for this very word, whether or not a slot was free.
        let accepted =
            Accepted { execution_id: execution.id, status: "queued", callback_url: &callback_url };
        answers::kept(StatusCode::OK, &accepted)
    };
    idempotency::submit(api, submit, key, answer).await
}

fn read(fields: &mut Fields, (api, tenant): (&Api, &Tenant), callback_url: &str) -> ExecutionSpec {
    let spec = spec::read(fields, api, tenant);
    let callback = (!callback_url.is_empty()).then(|| Callback {
        endpoint: Endpoint::new(
            callback::callback_url(fields, api, callback_url),
            PayloadFormat::Hopx,
        ),
        headers: callback::headers(fields, "callback_headers", api),
        signing_secret: callback::signing_secret(fields, "callback_signature_secret"),
    });
    ExecutionSpec { callback, ..spec }
}

/// `GET /execute/async/{id}`: the body of the callback, or what is known of it so far. Any execution
/// of the tenant's can be asked for, however it was submitted.
pub(in crate::http) async fn read_async(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: Result<web::Path<String>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let found = api.store.execution(&caller.tenant, id_of(id)?).await?;
    let execution = found.ok_or_else(Problem::not_found)?;
    Ok(answers::json(StatusCode::OK, &Answer::about(&execution)))
}

/// `DELETE /execute/async/{id}`: cancels, as `DELETE /v1/executions/{id}` does, with the same
/// statuses: 202 while the program is being ended, else 200.
pub(in crate::http) async fn cancel_async(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: Result<web::Path<String>, actix_web::Error>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(CANCEL)?;
    let id = id_of(id)?;
    let mut fields = Fields::new(body::optional_object(&request, body)?.unwrap_or_default());
    let reason = reason(&mut fields);
    fields.finish_leniently()?;
    let (status, execution) = executions::cancel(&api, caller, id, reason).await?;
    Ok(answers::json(status, &Answer::about(&execution)))
}

/// An id in a path. Whatever is not an id names nothing, be it no text at all.
fn id_of(id: Result<web::Path<String>, actix_web::Error>) -> Result<ExecutionId, Problem> {
    id.ok().and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}
