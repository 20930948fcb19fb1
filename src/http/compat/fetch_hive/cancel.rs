//! `DELETE /v1/workflow/runs/{request_id}`: a client's wish that a run end.
//! Ends nothing itself.

use actix_web::{HttpRequest, HttpResponse, web};

use super::run::{self, PathId, Run};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::body::{self, Body};
use crate::http::error::Problem;
use crate::http::executions::{self, CANCEL, reason};
use crate::http::fields::Fields;
use crate::http::state::Api;

/// `DELETE /v1/workflow/runs/{request_id}`, with the same statuses as `DELETE /v1/executions/{id}`: 202
/// while the program is being ended, else 200. A run that has ended stays as it ended, and nothing more
/// is sent for it.
pub(in crate::http) async fn cancel(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: PathId,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(CANCEL)?;
    let id = run::id_of(id)?;
    let mut fields = Fields::new(body::optional_object(&request, body)?.unwrap_or_default());
    let reason = reason(&mut fields);
    fields.finish_leniently()?;
    // An execution that is no run is not to be cancelled from here.
    run::find(&api, &caller.tenant, id).await?;
    let (status, execution) = executions::cancel(&api, caller, id, reason).await?;
    let run = Run::of(&execution).ok_or_else(Problem::not_found)?;
    Ok(answers::json(status, &run))
}
