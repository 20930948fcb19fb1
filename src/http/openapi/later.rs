//! What the API is about to have: described as it will be, so that clients can be written for it.
//! `tests/openapi/coverage.rs` lists the same, and fails when one of these is there: then it moves to its
//! own file here.

use utoipa::openapi::{ObjectBuilder, Schema};

use super::operation::{Operation, anything, delete, get, post, text};
use super::problems::{
    BAD_BODY, BAD_REQUEST, FORBIDDEN, INTERNAL, NO_JSON, NO_STORE, NOT_FOUND, TOO_LARGE,
    UNAUTHORIZED,
};
use crate::domain::ExecutionId;
use crate::http::executions::READ;

/// By what a request that is sent twice is known again.
pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// What becomes of a request that is sent twice.
pub(super) fn idempotency(operation: Operation) -> Operation {
    let problem = || ("application/problem+json", super::problem());
    operation
        .with("Idempotency-Replayed", "`true`: this is the answer to an earlier request.")
        .gives(409, "A request with the same key is being answered at this moment.", problem())
        .gives(422, "The key was used for another request.", problem())
}

/// What lists are filtered by beside.
pub(super) fn filters(operation: Operation) -> Operation {
    super::executions::by_time_and_cause(operation).query(
        "label.NAME",
        text(),
        "Only those with this value of the label that is named behind the dot.",
    )
}

/// What happens to an execution, as it happens.
pub(super) fn executions() -> Vec<Operation> {
    vec![
        get("/v1/executions/{id}/events", "followExecution", "Follow an execution while it runs")
            .describe(
                "Server-sent events: `status`, `stdout`, `stderr`, and at the end `end` with the record. \
                 The data of output is `{\"offset\": n, \"text\": \"…\"}` or, for what is no text, \
                 `{\"offset\": n, \"base64\": \"…\"}`.",
            )
            .needs(READ)
            .at::<ExecutionId>("id", "The execution.")
            .header("Last-Event-ID", text(), "Behind which event to go on.")
            .gives(200, "The events.", ("text/event-stream", text().into()))
            .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL]),
    ]
}

/// The keys that open the API.
pub(super) fn keys() -> Vec<Operation> {
    let key = || ("application/json", anything().into());
    vec![
        post("/v1/keys", "createKey", "Create an API key")
            .needs("keys:write")
            .takes_any(&[("application/json", new_key())])
            .gives(201, "The key, which is told only now.", key())
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, NO_JSON, NO_STORE, INTERNAL]),
        get("/v1/keys", "listKeys", "List the API keys")
            .needs("keys:write")
            .gives(200, "All of them, without what opens anything.", key())
            .fails(&[UNAUTHORIZED, FORBIDDEN, NO_STORE, INTERNAL]),
        delete("/v1/keys/{id}", "revokeKey", "Revoke an API key")
            .needs("keys:write")
            .at_text("id", "The key.")
            .ends(204, "It opens nothing any more.")
            .fails(&[UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL]),
    ]
}

fn new_key() -> Schema {
    let scopes = text().to_array_builder();
    let object = ObjectBuilder::new().property("name", text()).property("tenant", text());
    object.property("scopes", scopes).into()
}
