//! Cortex's calls of its asynchronous APIs, `POST /apis/{name}` and `GET /apis/{name}/{id}`: each of its
//! APIs is one of our functions. The words are Cortex's; what they do is ours.

mod headers;
mod payload;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use self::payload::Payload;
use crate::actors::Submit;
use crate::domain::{
    Callback, Definition, Endpoint, Execution, ExecutionId, Function, FunctionKey, IdempotencyKey,
    KeyHolds, PayloadFormat, Tenant,
};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::REQUEST_ID;
use crate::http::error::Problem;
use crate::http::functions::call::{Call, WhoIsTold};
use crate::http::functions::{find, parse_name};
use crate::http::idempotency::{self, Key, once};
use crate::http::state::Api;
use crate::store::KeptAnswer;
use crate::webhook::payload::CortexRecord;

pub(in crate::http) use self::headers::is_request_id;

/// `POST /apis/{name}`: calls a function with whatever the body is.
pub(in crate::http) async fn call(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    name: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let Caller { tenant, .. } = permitted(caller, "executions:write")?;
    let key = Key::of(&request, &api, &body)?;
    once(&api, &tenant, key, async |key| begin((&request, &tenant, &api), (&name, body), key).await)
        .await
}

async fn begin(
    (request, tenant, api): (&HttpRequest, &Tenant, &Api),
    (name, body): (&str, Body),
    key: Option<Key>,
) -> Result<HttpResponse, Problem> {
    let function = FunctionKey::default_of(parse_name(name)?);
    let request_id = headers::request_id(request.headers())?;
    let callback_url = headers::callback_url(request.headers(), api)?;
    let payload = Payload::read(request, body, api.limits.stdin_bytes_max)?;
    let called = request_id.clone().map(|id| key_of(&function, id));
    let asked = Asked { request_id, callback_url, payload };
    match submit(api, (tenant, &function), asked, (called.clone(), key)).await {
        Ok(answer) => Ok(answer),
        Err(problem) => {
            let known = known_or(problem, api, (tenant, called.as_ref())).await?;
            Ok(answers::given(accepted(&known)))
        }
    }
}

/// `GET /apis/{name}/{id}`: how a call stands, by the id that its caller gave or by that of its execution.
pub(in crate::http) async fn read(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let Caller { tenant, .. } = permitted(caller, "executions:read")?;
    let (name, id) = path.into_inner();
    let function = FunctionKey::default_of(parse_name(&name)?);
    // What a caller has called its own is meant first.
    let keyed = api.store.keyed(&tenant, &key_of(&function, id.clone())).await?;
    let id = keyed.map(|execution| execution.id).or_else(|| id.parse::<ExecutionId>().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    let found = api.store.execution(&tenant, id).await?;
    let of_it = |execution: &Execution| {
        execution.invocation.as_ref().is_some_and(|call| call.function == function)
    };
    // A function that was removed meanwhile has left its executions, and they are told of.
    let execution = found.filter(of_it).ok_or_else(Problem::not_found)?;
    Ok(answers::json(StatusCode::OK, &CortexRecord::of(&execution)))
}

/// An error as users of Cortex read it. Cortex documents no shape for them: a `message` is where most who
/// call it look for a sentence, and our own code and the id of the request stand beside it.
pub(in crate::http) fn error_body(problem: &Problem) -> HttpResponse {
    problem.start().json(json!({
        "message": problem.detail,
        "code": problem.kind.code(),
        "request_id": problem.request_id,
    }))
}

/// What a caller brings.
struct Asked {
    request_id: Option<String>,
    callback_url: Option<String>,
    payload: Payload,
}

impl Asked {
    /// The call of a function.
    fn call_of(self, function: &Function) -> Result<Call, Problem> {
        let Definition { spec, .. } = &*function.definition;
        let input = Some(self.payload.input_of(&spec.entrypoint)?);
        let told = self.callback_url.map_or(WhoIsTold::AsDefined, |url| {
            let endpoint = Endpoint::new(url, PayloadFormat::Cortex);
            // How often it is tried is as the function has it. Its headers were meant for its own URL,
            // and nobody else is told them.
            let retry = spec.callback.as_ref().map(|callback| callback.endpoint.retry.clone());
            let retry = retry.unwrap_or_default();
            WhoIsTold::Named(Callback::unsigned(Endpoint { retry, ..endpoint }))
        });
        let (request_id, format_default) = (self.request_id, PayloadFormat::Cortex);
        Ok(Call { request_id, told, format_default, ..Call::new(input) })
    }
}

fn permitted(caller: Result<Caller, Problem>, scope: &'static str) -> Result<Caller, Problem> {
    let caller = caller?;
    caller.needs(scope)?;
    Ok(caller)
}

/// By what a call that is sent twice is known again: for as long as anybody may ask for its result.
fn key_of(function: &FunctionKey, request_id: String) -> IdempotencyKey {
    let scope = format!("apis/{}", function.name);
    IdempotencyKey { scope, key: request_id, holds: KeyHolds::WithExecution }
}

async fn submit(
    api: &Api,
    (tenant, function): (&Tenant, &FunctionKey),
    asked: Asked,
    (called, key): (Option<IdempotencyKey>, Option<Key>),
) -> Result<HttpResponse, Problem> {
    let function = find(api, tenant, function, None).await?;
    let spec = asked.call_of(&function)?.spec(api, tenant, &function)?;
    let submit = Submit { key: called, ..Submit::new(tenant.clone(), spec) };
    idempotency::submit(api, submit, key, accepted).await
}

/// What an earlier request with the same id has begun, though another could not begin any more, such as
/// when the function has been removed since; else the refusal.
async fn known_or(
    refusal: Problem,
    api: &Api,
    (tenant, key): (&Tenant, Option<&IdempotencyKey>),
) -> Result<Execution, Problem> {
    let Some(key) = key else { return Err(refusal) };
    api.store.keyed(tenant, key).await?.ok_or(refusal)
}

/// The answer to a call. The id of the request is that of the call, wherever it stands.
fn accepted(execution: &Execution) -> KeptAnswer {
    let record = CortexRecord::of(execution);
    let answer = answers::kept(StatusCode::OK, &json!({"id": record.id()}));
    answers::with_header(answer, REQUEST_ID.as_str(), record.id())
}
