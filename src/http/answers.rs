//! The bodies of good answers about executions: a record and where to go from it.
//! Reads nothing.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use serde::Serialize;

use crate::bodies::{Links, Record};
use crate::domain::{Execution, ExecutionId};

/// A whole record with its links; `collection` is the path of all executions, under whatever prefix
/// the application has put the routes.
pub(super) fn whole(execution: &Execution, collection: &str) -> Record {
    Record::of(execution).with_links(Links::new(execution.id, collection))
}

/// A record without its output, as lists have it.
pub(super) fn listed(execution: &Execution, collection: &str) -> Record {
    Record::without_output(execution).with_links(Links::new(execution.id, collection))
}

/// The answer to a request that has begun an execution.
pub(super) fn accepted(execution: &Execution, collection: &str) -> HttpResponse {
    let mut answer = json(StatusCode::ACCEPTED, &whole(execution, collection));
    if let Ok(location) = path_of(execution.id, collection).parse() {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

/// The path of one execution.
fn path_of(id: ExecutionId, collection: &str) -> String {
    format!("{collection}/{id}")
}

/// Any value as a JSON answer.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    let text = serde_json::to_string(body).expect("our own bodies have only string keys");
    HttpResponse::build(status).content_type("application/json").body(text)
}
