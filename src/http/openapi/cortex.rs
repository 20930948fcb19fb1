//! The document of Cortex's routes, for clients that were written for Cortex.
//! Describes only; `compat/cortex.rs` translates.

use utoipa::ToSchema;

use super::operation::{Operation, anything, bytes, get, post, text};
use super::problems::{
    BAD_BODY, BAD_REQUEST, BUSY_TENANT, FORBIDDEN, INTERNAL, NO_JSON, NO_STORE, NOT_ACCEPTED,
    NOT_FOUND, Shape, TOO_LARGE, UNAUTHORIZED,
};
use crate::http::executions::{READ, WRITE};
use crate::webhook::payload::CortexRecord;

pub(super) const TAG: &str = "Cortex";

pub(super) const ABOUT: &str = "For clients of Cortex's asynchronous APIs. An API is a function, and \
    what it is called with is the body, of any type. docs/migrate-from-cortex.md is the guide.";

/// An error as users of Cortex read it.
#[derive(ToSchema)]
#[schema(as = CortexError)]
#[expect(dead_code, reason = "it describes what `compat/cortex.rs` writes")]
pub(super) struct Error {
    /// One sentence.
    message: String,
    /// A stable word.
    code: String,
    request_id: Option<String>,
}

/// What a call is called.
#[derive(ToSchema)]
#[schema(as = CortexCall)]
#[expect(dead_code, reason = "it describes what `compat/cortex.rs` writes")]
struct Called {
    /// The caller's own `X-Request-Id`, or the id of the execution.
    id: String,
}

pub(super) fn operations() -> Vec<Operation> {
    let all = vec![
        post("/apis/{name}", "cortexCall", "Call an API")
            .describe("The same `X-Request-Id` again is the same call.")
            .needs(WRITE)
            .at_text("name", "The function.")
            .header("Ringback-Callback-Url", text(), "Who is told, in the place of whom it names.")
            .takes_any(&[
                ("application/json", anything()),
                ("text/plain", text().into()),
                ("application/octet-stream", bytes()),
            ])
            .answers::<Called>(200, "It is accepted, and on disk.")
            .may_be_repeated()
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_LARGE, NO_JSON, BUSY_TENANT])
            .fails(&[NOT_ACCEPTED, INTERNAL]),
        get("/apis/{name}/{id}", "cortexRead", "Read how a call stands")
            .needs(READ)
            .at_text("name", "The function.")
            .at_text("id", "The call.")
            .answers::<CortexRecord>(200, "The call, with its result when it has completed.")
            .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL]),
    ];
    all.into_iter().map(|operation| operation.in_words_of(Shape::Cortex)).collect()
}
