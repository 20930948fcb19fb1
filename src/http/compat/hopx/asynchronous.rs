//! `POST /execute/async`: an execution that calls back when it has ended.
//! Waits for no program.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::spec;
use crate::actors::Submit;
use crate::domain::{Callback, Endpoint, ExecutionId, ExecutionSpec, PayloadFormat};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::callback;
use crate::http::error::Problem;
use crate::http::fields::Fields;
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

fn read(fields: &mut Fields, api: &Api, callback_url: &str) -> ExecutionSpec {
    let spec = spec::read(fields, api);
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
