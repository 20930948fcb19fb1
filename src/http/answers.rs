//! The bodies of good answers about executions: a record and where to go from it.
//! Reads nothing.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use serde::Serialize;

use crate::bodies::{Links, Record};
use crate::domain::{Execution, ExecutionId};
use crate::store::KeptAnswer;

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
pub(super) fn accepted(execution: &Execution, collection: &str) -> KeptAnswer {
    let answer = kept(StatusCode::ACCEPTED, &whole(execution, collection));
    with_header(answer, LOCATION.as_str(), &path_of(execution.id, collection))
}

/// The path of one execution.
fn path_of(id: ExecutionId, collection: &str) -> String {
    format!("{collection}/{id}")
}

/// Any value as a JSON answer.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    given(kept(status, body))
}

/// Any value as a JSON answer that can be kept and given again.
pub(super) fn kept(status: StatusCode, body: &impl Serialize) -> KeptAnswer {
    let body = serde_json::to_vec(body).expect("our own bodies have only string keys");
    let answer = KeptAnswer { status: status.as_u16(), headers: Vec::new(), body };
    with_header(answer, CONTENT_TYPE.as_str(), "application/json")
}

/// The same answer with one header more.
pub(super) fn with_header(mut answer: KeptAnswer, name: &str, value: &str) -> KeptAnswer {
    answer.headers.push((name.to_owned(), value.to_owned()));
    answer
}

/// An answer that was kept, or could be.
pub(super) fn given(answer: KeptAnswer) -> HttpResponse {
    let KeptAnswer { status, headers, body } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    // A name or a value that cannot be sent is left out: what counts is in the body.
    for header in headers {
        response.insert_header(header);
    }
    response.body(body)
}
