//! Whether the process is alive, and whether it can take anything on.
//! Asks nobody for a key: a load balancer has none.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::answers;
use super::error::{Kind, Problem};
use super::state::Api;
use crate::actors::Status;

/// `GET /livez`
pub(super) async fn live() -> HttpResponse {
    answers::json(StatusCode::OK, &json!({ "alive": true }))
}

/// `GET /readyz`: the store can be written to and the server is not stopping.
pub(super) async fn ready(api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    let status = api.supervisor.send(Status).await?;
    if status.draining {
        return Err(Problem::new(Kind::Draining, "The server is stopping."));
    }
    api.store.check().await?;
    Ok(answers::json(StatusCode::OK, &json!({ "ready": true })))
}
