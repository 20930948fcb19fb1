//! `GET /v1/workflow/runs/{request_id}`: a run with all that may be told of it.
//! Decides nothing.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::run::{self, PathId, Run};
use super::webhooks::{Webhook, log_of};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::deliveries;
use crate::http::error::Problem;
use crate::http::executions::READ;
use crate::http::state::Api;

#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveRunDetail)]
pub(in crate::http) struct Detail<'a> {
    #[serde(flatten)]
    run: Run<'a>,
    /// Null for whoever may not read the log of deliveries.
    webhooks: Option<Vec<Webhook>>,
}

/// `GET /v1/workflow/runs/{request_id}`
pub(in crate::http) async fn read(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: PathId,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(READ)?;
    let id = run::id_of(id)?;
    let execution = run::find(&api, &caller.tenant, id).await?;
    let run = Run::of(&execution).ok_or_else(Problem::not_found)?;
    let may_see = caller.may(deliveries::READ);
    let webhooks = if may_see { Some(log_of(&api, &caller, id).await?) } else { None };
    Ok(answers::json(StatusCode::OK, &Detail { run, webhooks }))
}
