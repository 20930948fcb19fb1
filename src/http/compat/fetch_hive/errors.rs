//! Errors as Fetch Hive has them: one sentence, and nothing else to hold on to.
//! Which status, `http/error.rs` chooses.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::error::Problem;
use crate::webhook::payload::fetch_hive::request_id;

#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveError)]
pub(in crate::http) struct Body<'a> {
    error: &'a str,
    /// The run that goes on all the same, and that its client could not know of otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
}

/// An error in Fetch Hive's shape. Of several things that are wrong with a request, the first is told.
pub(in crate::http) fn error_body(problem: &Problem) -> HttpResponse {
    let request_id = problem.execution.map(request_id);
    problem.start().json(Body { error: &problem.detail, request_id })
}
