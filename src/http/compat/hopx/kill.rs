//! Killing a process in the four spellings that HopX's clients and documents have. A kill is a
//! cancel of ours, and on disk when it is answered. Signals nothing itself.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::process_status;
use crate::actors::{Cancel, CancelOutcome};
use crate::domain::{CancelWish, ExecutionId};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::error::{FieldError, Kind, Problem};
use crate::http::executions::CANCEL;
use crate::http::fields::Fields;
use crate::http::state::Api;

/// The one parameter.
const PROCESS_ID: &str = "process_id";

#[derive(Serialize, ToSchema)]
#[schema(as = HopxKilled)]
pub(in crate::http) struct Killed {
    process_id: ExecutionId,
    status: &'static str,
    message: String,
}

/// `POST /execute/kill/{id}` and `POST /processes/{id}/kill`. The path says everything: a body is
/// taken, and not looked at.
pub(in crate::http) async fn kill_by_path(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: Result<web::Path<String>, actix_web::Error>,
    _: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(CANCEL)?;
    let id = id.map_err(|_| not_found())?;
    kill(caller, &api, Some(id.into_inner())).await
}

/// `DELETE /execute/kill`, with a JSON body `{"process_id": "…"}` or `?process_id=…`.
pub(in crate::http) async fn kill_named(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(CANCEL)?;
    let named = named(&request, body)?;
    kill(caller, &api, named).await
}

fn named(request: &HttpRequest, body: Body) -> Result<Option<String>, Problem> {
    let mut fields = Fields::new(body::optional_object(request, body)?.unwrap_or_default());
    let in_body = fields.string(PROCESS_ID);
    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
    let in_query = query.into_owned().find(|(name, _)| name == PROCESS_ID).map(|(_, id)| id);
    if let (Some(one), Some(other)) = (&in_body, &in_query)
        && one != other
    {
        let detail = "`process_id` is one in the body and another in the query.".to_owned();
        fields.wrong(PROCESS_ID, "conflict", detail);
    }
    fields.finish_leniently()?;
    Ok(in_body.or(in_query))
}

/// Killing is idempotent, as ending a process usually is part of cleaning up: whoever kills one that
/// has ended already gets 200 and is told how it ended, where a 404 would be an exception in every
/// client and a lie about an execution that is there. Only `status` `killed` says that it was a kill
/// that ended it, or will.
async fn kill(caller: Caller, api: &Api, id: Option<String>) -> Result<HttpResponse, Problem> {
    let id = id.filter(|id| !id.is_empty()).ok_or_else(missing)?;
    let id = id.parse().map_err(|_| not_found())?;
    let wish = CancelWish { reason: None, by: caller.name };
    let killed = api.supervisor.send(Cancel { tenant: caller.tenant, id, wish }).await?;
    let (status, message) = match killed.map_err(Problem::from).map_err(in_these_words)? {
        CancelOutcome::Ending(_) => ("killed", "The process is being killed.".to_owned()),
        CancelOutcome::Ended(execution) => match process_status(execution.status()) {
            "killed" => ("killed", "The process has been killed.".to_owned()),
            other => (other, format!("The process had ended already: {other}.")),
        },
    };
    let killed = Killed { process_id: id, status, message };
    Ok(answers::json(StatusCode::OK, &killed))
}

/// The same answer to every id that names no process of this tenant's, whatever it looks like.
fn not_found() -> Problem {
    Problem::new(Kind::ProcessNotFound, "There is no such process.")
}

fn in_these_words(problem: Problem) -> Problem {
    if problem.kind == Kind::NotFound { not_found() } else { problem }
}

fn missing() -> Problem {
    let detail = format!("`{PROCESS_ID}` is missing.");
    Problem::invalid(vec![FieldError { field: PROCESS_ID.to_owned(), code: "required", detail }])
}
