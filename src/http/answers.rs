//! The bodies of good answers about executions: a record and where to go from it.
//! Reads nothing.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use serde::Serialize;

use crate::domain::{Execution, ExecutionId};
use crate::webhook::payload::Record;

/// A record with its links.
#[derive(Serialize)]
pub(super) struct Linked<'a> {
    #[serde(flatten)]
    record: Record<'a>,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    own: String,
    events: String,
    deliveries: String,
    stdout: String,
    stderr: String,
}

impl<'a> Linked<'a> {
    /// A whole record; `collection` is the path of all executions, under whatever prefix the
    /// application has put the routes.
    pub(super) fn whole(execution: &'a Execution, collection: &str) -> Self {
        Self { record: Record::of(execution), links: Links::new(execution.id, collection) }
    }

    /// A record without its output, as lists have it.
    pub(super) fn listed(execution: &'a Execution, collection: &str) -> Self {
        let record = Record::without_output(execution);
        Self { record, links: Links::new(execution.id, collection) }
    }
}

impl Links {
    fn new(id: ExecutionId, collection: &str) -> Self {
        let own = path_of(id, collection);
        Self {
            events: format!("{own}/events"),
            deliveries: format!("{own}/deliveries"),
            stdout: format!("{own}/output/stdout"),
            stderr: format!("{own}/output/stderr"),
            own,
        }
    }
}

/// The answer to a request that has begun an execution.
pub(super) fn accepted(execution: &Execution, collection: &str) -> HttpResponse {
    let mut answer = json(StatusCode::ACCEPTED, &Linked::whole(execution, collection));
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
