//! `POST /v1/workflow/invoke`: a function is called, and its caller is called back or waits.
//! Runs nothing; a run that fails is a result, not an error.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::request::{self, Hearing, Wanted};
use crate::actors::Submit;
use crate::domain::{Execution, Function, FunctionKey, Outcome, Secret, Status, Tenant};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::error::{Kind, Problem};
use crate::http::executions::WRITE;
use crate::http::idempotency::{self, Key, once_or};
use crate::http::signing;
use crate::http::state::Api;
use crate::http::sync::{self, Hold, OnDisconnect};
use crate::store::{Given, KeptAnswer};
use crate::webhook::payload::fetch_hive::{output, request_id, result_error};

/// What is said of a run; of one that has not ended it is the first two.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = FetchHiveRunToldOf)]
pub(in crate::http) struct Answer<'a> {
    request_id: String,
    run_status: Cow<'static, str>,
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
}

/// What was said of a run that had not ended, as it was kept.
#[derive(Deserialize)]
struct Begun {
    request_id: String,
    run_status: String,
}

/// The same, and what the run's callbacks are signed with.
#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveRunBegun)]
pub(in crate::http) struct Told<'a> {
    #[serde(flatten)]
    about: Answer<'a>,
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
    let key = Key::of(&request, &api, &body)?;
    let object = body::object(&request, body)?;
    let run = Invoked { request: &request, caller, api: &api };
    let again = async |given| run.again(&object, given).await;
    once_or(&api, &run.caller.tenant, key, again, async |key| run.begin(&object, key).await).await
}

/// A request to invoke, and what it takes to answer it.
struct Invoked<'a> {
    request: &'a HttpRequest,
    caller: Caller,
    api: &'a Data<Api>,
}

impl Invoked<'_> {
    async fn begin(
        &self,
        object: &Map<String, Value>,
        key: Option<Key>,
    ) -> Result<HttpResponse, Problem> {
        let (api, tenant) = (self.api, &self.caller.tenant);
        let wanted = Wanted::read(object.clone(), api)?;
        let (function_key, hearing) = (wanted.key()?, wanted.hearing);
        let function = find(api, tenant, &function_key).await?;
        let submit = Submit::new(tenant.clone(), wanted.call.spec(api, tenant, &function)?);
        let Hearing::Waiting { cancels } = hearing else {
            // First the secret: once the run is accepted, nothing may stand before the answer.
            let secret = echoed_secret(api, tenant, &function_key).await?;
            let submit = Submit { answer: key.map(|key| key.answered_by(begun)), ..submit };
            let execution = api.supervisor.send(submit).await??.execution;
            return Ok(answer(Answer::about(&execution), secret));
        };
        let by = self.caller.name.clone();
        let on_disconnect = if cancels { OnDisconnect::Cancel { by } } else { OnDisconnect::Leave };
        let submit = Submit { answer: key.map(Key::answered_at_the_end), ..submit };
        let hold = Hold::of(self.request, on_disconnect);
        self.told(sync::submitted(api, submit, hold).await, &function_key).await
    }

    /// The answer to a request that was sent before. The secret is that of now: what was told at first
    /// is kept nowhere in clear, and may have been rotated away.
    async fn again(
        &self,
        object: &Map<String, Value>,
        given: Given,
    ) -> Result<HttpResponse, Problem> {
        let (api, tenant) = (self.api, &self.caller.tenant);
        let function_key = request::key(object)?;
        match given {
            Given::AtTheEnd(id) => {
                let ended = idempotency::ended(self.request, api, tenant, id).await;
                self.told(ended, &function_key).await
            }
            Given::Kept(kept) => {
                let secret = echoed_secret(api, tenant, &function_key).await?;
                let Begun { request_id, run_status } =
                    serde_json::from_slice(&kept.body).map_err(|error| {
                        log::error!("a kept answer cannot be read: {error}");
                        Problem::new(Kind::Internal, "The server failed internally.")
                    })?;
                let run_status = run_status.into();
                Ok(answer(Answer { request_id, run_status, ..Answer::default() }, secret))
            }
            Given::Gone => Err(Problem::not_found()),
        }
    }

    /// The answer about a run that was waited for.
    async fn told(
        &self,
        ended: Result<Execution, Problem>,
        function: &FunctionKey,
    ) -> Result<HttpResponse, Problem> {
        let ended = ended.map_err(|problem| in_these_words(problem, self.request))?;
        // It may have been rotated meanwhile.
        let secret = echoed_secret(self.api, &self.caller.tenant, function).await;
        let secret = secret
            .map_err(|problem| in_these_words(problem.once_accepted(ended.id), self.request))?;
        Ok(answer(Answer::about(&ended), secret))
    }
}

/// What is kept of the answer about a run that is not waited for: all but the secret.
fn begun(execution: &Execution) -> KeptAnswer {
    answers::kept(StatusCode::OK, &Answer::about(execution))
}

fn answer(about: Answer<'_>, secret: Option<Secret>) -> HttpResponse {
    let webhook_secret = secret.as_ref().map(Secret::expose);
    signing::unstored(answers::json(StatusCode::OK, &Told { about, webhook_secret }))
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
    fn about(execution: &'a Execution) -> Self {
        let (ended, status) = (execution.ended(), execution.status());
        Self {
            request_id: request_id(execution.id),
            run_status: Cow::Borrowed(status.as_str()),
            output: ended.filter(|_| status == Status::Completed).map(output),
            result_error: ended.and_then(result_error),
            error: ended.map(|ended| &ended.outcome).and_then(Outcome::error),
        }
    }
}
