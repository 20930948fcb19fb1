//! `POST /v1/workflow/invoke`: a function is called, and its caller is called back or waits.
//! Runs nothing; a run that fails is a result, not an error.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::request::{Hearing, Wanted};
use crate::actors::Submit;
use crate::domain::{Execution, Function, FunctionKey, Outcome, Secret, Status, Tenant};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::error::{Kind, Problem};
use crate::http::executions::WRITE;
use crate::http::signing;
use crate::http::state::Api;
use crate::http::sync::{self, Hold, OnDisconnect};
use crate::webhook::payload::fetch_hive::{output, request_id, result_error};

#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveRunBegun)]
pub(in crate::http) struct Answer<'a> {
    request_id: String,
    run_status: &'static str,
    /// When it has completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value)]
    output: Option<Box<RawValue>>,
    /// Why what it has put out is not its result although it wrote one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    result_error: Option<&'a str>,
    /// When it has failed or was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    webhook_secret: Option<&'a str>,
}

/// `POST /v1/workflow/invoke`. With `cancel_on_disconnect: true` the run is cancelled when its client
/// goes away while it waits for the answer; otherwise it runs on.
pub(in crate::http) async fn invoke(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(WRITE)?;
    let wanted = Wanted::read(body::object(&request, body)?, &api)?;
    let (key, hearing) = (wanted.key()?, wanted.hearing);
    let function = find(&api, &caller.tenant, &key).await?;
    let tenant = caller.tenant.clone();
    let submit = Submit::new(caller.tenant, wanted.call.spec(&api, &function)?);
    let (execution, secret) = match hearing {
        Hearing::CalledBack => {
            // First the secret: once the run is accepted, nothing may stand before the answer.
            let secret = echoed_secret(&api, &tenant, &key).await?;
            (api.supervisor.send(submit).await??.execution, secret)
        }
        Hearing::Waiting { cancels } => {
            let by = caller.name;
            let on_disconnect =
                if cancels { OnDisconnect::Cancel { by } } else { OnDisconnect::Leave };
            let hold = Hold::of(&request, on_disconnect);
            let ended = sync::submitted(&api, submit, hold).await;
            let ended = ended.map_err(|problem| in_these_words(problem, &request))?;
            // It may have been rotated meanwhile.
            let secret = echoed_secret(&api, &tenant, &key).await;
            let secret = secret
                .map_err(|problem| in_these_words(problem.once_accepted(ended.id), &request))?;
            (ended, secret)
        }
    };
    let answer = answers::json(StatusCode::OK, &Answer::about(&execution, secret.as_ref()));
    Ok(signing::unstored(answer))
}

async fn find(api: &Api, tenant: &Tenant, key: &FunctionKey) -> Result<Function, Problem> {
    let found = api.store.function(tenant, key, None).await?;
    found.ok_or_else(|| {
        let FunctionKey { name, variant } = key;
        let detail = format!("There is no deployment `{name}` with the variant `{variant}`.");
        Problem::new(Kind::NotFound, detail)
    })
}

/// What the run's callbacks are signed with, the newest; none when the operator does not want it told.
async fn echoed_secret(
    api: &Api,
    tenant: &Tenant,
    key: &FunctionKey,
) -> Result<Option<Secret>, Problem> {
    if !api.signing.fetch_hive_echo {
        return Ok(None);
    }
    let secrets = api.store.signing_secrets(tenant, &key.secret_name()).await?;
    Ok(secrets.into_iter().next())
}

/// An answer that is not held any longer, in the words of a client that knows runs.
fn in_these_words(problem: Problem, request: &HttpRequest) -> Problem {
    // Under whatever prefix the application has put the routes.
    let workflow = request.path().trim_end_matches("/invoke");
    match (problem.kind, problem.execution.map(request_id)) {
        (Kind::AcceptedAlready, Some(request_id)) => {
            let detail = format!(
                "The server is stopping, or cannot read its store, and holds no answer back; the run \
                 {request_id} goes on without it, and `GET {workflow}/runs/{request_id}` will say how it \
                 ends."
            );
            Problem { detail, ..problem }
        }
        _ => problem,
    }
}

impl<'a> Answer<'a> {
    fn about(execution: &'a Execution, secret: Option<&'a Secret>) -> Self {
        let (ended, status) = (execution.ended(), execution.status());
        Self {
            request_id: request_id(execution.id),
            run_status: status.as_str(),
            output: ended.filter(|_| status == Status::Completed).map(output),
            result_error: ended.and_then(result_error),
            error: ended.map(|ended| &ended.outcome).and_then(Outcome::error),
            webhook_secret: secret.map(Secret::expose),
        }
    }
}
