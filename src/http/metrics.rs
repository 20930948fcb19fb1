//! The metrics of the engine, for Prometheus: `GET /metrics`.
//! Counts nothing itself, not even requests.

use actix_web::{HttpResponse, web};

use super::auth::Caller;
use super::error::Problem;
use super::state::Api;

/// The text format of Prometheus.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`
pub(super) async fn read(
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    caller?.needs("metrics:read")?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(api.metrics.text().await))
}
