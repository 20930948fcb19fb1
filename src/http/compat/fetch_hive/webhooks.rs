//! `GET /v1/workflow/runs/{request_id}/webhooks`: what was sent of a run, with every attempt. It is our
//! log of deliveries, and who may see what is its matter.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::run::{self, PathId};
use crate::bodies;
use crate::domain::{Delivery, ExecutionId, PayloadFormat};
use crate::http::answers;
use crate::http::auth::Caller;
use crate::http::deliveries;
use crate::http::error::Problem;
use crate::http::state::Api;
use crate::webhook::payload::fetch_hive::{event_type, request_id};

/// An event of a run, and all that was done to have it delivered.
#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveWebhook)]
pub(in crate::http) struct Webhook {
    request_id: String,
    #[serde(flatten)]
    delivery: bodies::Delivery,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveWebhooks)]
pub(in crate::http) struct Answer {
    data: Vec<Webhook>,
}

/// `GET /v1/workflow/runs/{request_id}/webhooks`
pub(in crate::http) async fn webhooks(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: PathId,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    caller.needs(deliveries::READ)?;
    let id = run::id_of(id)?;
    run::find(&api, &caller.tenant, id).await?;
    Ok(answers::json(StatusCode::OK, &Answer { data: log_of(&api, &caller, id).await? }))
}

/// What an event was called where it was sent: a call that came another way may have told of itself in
/// another format.
fn name_of(delivery: &Delivery) -> &'static str {
    match delivery.payload_format {
        PayloadFormat::FetchHive => event_type(delivery.event_type),
        PayloadFormat::Standard | PayloadFormat::Hopx | PayloadFormat::Cortex => {
            delivery.event_type.as_str()
        }
    }
}

/// The log of a run, for a caller that may read it.
///
/// # Errors
/// When the run has gone, and when the store cannot be read.
pub(super) async fn log_of(
    api: &Api,
    caller: &Caller,
    id: ExecutionId,
) -> Result<Vec<Webhook>, Problem> {
    let deliveries = deliveries::log_of(api, caller, id, name_of).await?;
    let in_these_words = |delivery| Webhook { request_id: request_id(id), delivery };
    Ok(deliveries.into_iter().map(in_these_words).collect())
}
