//! The document of Fetch Hive's routes, for clients that were written for Fetch Hive.
//! Describes only; `compat/fetch_hive` translates.

use serde_json::Value;
use utoipa::ToSchema;

use super::operation::{Operation, delete, get, post};
use super::problems::{
    ACCEPTED, BAD_BODY, BUSY_TENANT, FORBIDDEN, INTERNAL, NO_JSON, NO_STORE, NOT_ACCEPTED,
    NOT_FOUND, Shape, TOO_LARGE, UNAUTHORIZED,
};
use crate::http::compat::fetch_hive::told::{Begun, Detail, Run, Webhooks};
use crate::http::executions::{CANCEL, READ, WRITE};

pub(super) const TAG: &str = "Fetch Hive";

pub(super) const ABOUT: &str = "For clients of Fetch Hive's workflows. A deployment and its variant are \
    a function, and a run is a call of it. Fields that are not known are ignored. \
    docs/migrate-from-fetch-hive.md is the guide.";

/// A call of a deployment.
#[derive(ToSchema)]
#[schema(
    as = FetchHiveInvocation,
    example = json!({"deployment": "summary", "variant": "default", "inputs": {"text": "…"}})
)]
#[expect(dead_code, reason = "it describes what `compat/fetch_hive/request.rs` reads")]
struct Invocation {
    #[schema(min_length = 1)]
    deployment: String,
    #[schema(min_length = 1)]
    variant: String,
    /// Any JSON, which the program reads from standard input.
    #[schema(value_type = Option<Value>)]
    inputs: Option<Value>,
    r#async: Option<Asynchronous>,
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    metadata: Option<Value>,
    /// Whether the run is cancelled when its client goes away while it waits.
    cancel_on_disconnect: Option<bool>,
}

/// Whether the answer is waited for, and who is called back otherwise.
#[derive(ToSchema)]
#[schema(as = FetchHiveCallback)]
#[expect(dead_code, reason = "it describes what `compat/fetch_hive/request.rs` reads")]
struct Asynchronous {
    enabled: Option<bool>,
    callback_url: Option<String>,
}

/// Why a run is cancelled.
#[derive(ToSchema)]
#[schema(as = FetchHiveCancellation)]
#[expect(dead_code, reason = "it describes what `compat/fetch_hive/cancel.rs` reads")]
struct Cancellation {
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    let all = vec![
        post("/v1/workflow/invoke", "fetchHiveInvoke", "Run a deployment")
            .needs(WRITE)
            .takes::<Invocation>()
            .answers::<Begun<'_>>(200, "It has ended or, asked to call back, is accepted.")
            .may_be_repeated()
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, ACCEPTED, TOO_LARGE, NO_JSON])
            .fails(&[BUSY_TENANT, NOT_ACCEPTED, INTERNAL]),
        get("/v1/workflow/runs/{id}", "fetchHiveRun", "Read a run")
            .needs(READ)
            .at_text("id", "The run: `req_…`.")
            .answers::<Detail<'_>>(200, "The run; its webhooks for keys that may read the log.")
            .fails(&[UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL]),
        delete("/v1/workflow/runs/{id}", "fetchHiveCancel", "Cancel a run")
            .needs(CANCEL)
            .at_text("id", "The run: `req_…`.")
            .may_take::<Cancellation>()
            .answers::<Run<'_>>(200, "It has ended.")
            .answers::<Run<'_>>(202, "Its program is being ended.")
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_LARGE, NO_JSON, NO_STORE])
            .fails(&[INTERNAL]),
        get("/v1/workflow/runs/{id}/webhooks", "fetchHiveWebhooks", "Read what was sent of a run")
            .needs("deliveries:read")
            .at_text("id", "The run: `req_…`.")
            .answers::<Webhooks>(200, "Every event, with its attempts.")
            .fails(&[UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL]),
    ];
    all.into_iter().map(|operation| operation.in_words_of(Shape::FetchHive)).collect()
}
