//! The document of HopX's routes, for clients that were written for HopX.
//! Describes only; `compat/hopx` translates.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

use super::operation::{Operation, delete, get, post, text};
use super::problems::{
    ACCEPTED, BAD_BODY, BAD_REQUEST, BUSY_TENANT, FORBIDDEN, INTERNAL, NO_JSON, NO_METHOD,
    NO_PROCESS, NO_STORE, NOT_ACCEPTED, NOT_FOUND, Shape, TOO_LARGE, UNAUTHORIZED, WENT_AWAY,
};
use crate::domain::{ExecutionId, Timestamp};
use crate::http::compat::hopx::told::{Accepted, Answer, Begun, Granted, Killed, List, Sandbox};
use crate::http::executions::{CANCEL, READ, WRITE};

pub(super) const TAG: &str = "HopX";

pub(super) const ABOUT: &str = "For unmodified clients of HopX. The words and the errors are HopX's; a \
    process is an execution, and what happens to it is as everywhere. Fields that are not known are \
    ignored. docs/migrate-from-hopx.md is the guide.";

/// An error in HopX's words.
#[derive(ToSchema)]
#[schema(as = HopxError)]
#[expect(dead_code, reason = "it describes what `compat/hopx/errors.rs` writes")]
pub(super) struct Error {
    /// One sentence.
    error: String,
    /// The same.
    message: String,
    /// A stable word, such as `INVALID_REQUEST`.
    code: String,
    request_id: Option<String>,
    timestamp: Timestamp,
    /// What is wrong with which field, and which execution goes on all the same.
    #[schema(value_type = BTreeMap<String, Value>)]
    details: Value,
}

/// A program to be run.
#[derive(ToSchema)]
#[schema(as = HopxProgram, example = json!({"code": "print('hello')", "language": "python"}))]
#[expect(dead_code, reason = "it describes what `compat/hopx/spec.rs` reads")]
struct Program {
    #[schema(min_length = 1)]
    code: String,
    #[schema(default = "python")]
    language: Option<String>,
    env: Option<BTreeMap<String, String>>,
    /// Where it runs, as in `POST /v1/executions`.
    working_dir: Option<String>,
    /// The same; the clients send this name.
    workdir: Option<String>,
    /// In seconds.
    #[schema(exclusive_minimum = 0, maximum = 86400, default = 3600)]
    timeout: Option<f64>,
    network: Option<bool>,
    /// Only in `POST /execute`: whether it is cancelled when its client goes away.
    cancel_on_disconnect: Option<bool>,
    /// Only in `POST /execute/background`: what the process is called.
    name: Option<String>,
    /// Only in `POST /execute/async`, and needed there: who is told of its end.
    callback_url: Option<String>,
    callback_headers: Option<BTreeMap<String, String>>,
    callback_signature_secret: Option<String>,
}

/// Why an execution is cancelled.
#[derive(ToSchema)]
#[schema(as = HopxCancellation)]
#[expect(dead_code, reason = "it describes what `compat/hopx/asynchronous.rs` reads")]
struct Cancellation {
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

/// Which process is killed.
#[derive(ToSchema)]
#[schema(as = HopxKill)]
#[expect(dead_code, reason = "it describes what `compat/hopx/kill.rs` reads")]
struct Kill {
    process_id: Option<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    let all = [asking(), running(), following(), killing()].into_iter().flatten();
    all.map(|operation| operation.in_words_of(Shape::Hopx)).collect()
}

/// What the clients ask first.
fn asking() -> Vec<Operation> {
    let healthy = ObjectBuilder::new().property("status", text().enum_values(Some(["healthy"])));
    vec![
        get("/v1/sandboxes/{id}", "hopxSandbox", "Where a sandbox is: here")
            .needs_a_key()
            .at_text("id", "Any name.")
            .answers::<Sandbox<'_>>(200, "Any id is one of this server's, and runs.")
            .fails(&[BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, INTERNAL]),
        post("/v1/sandboxes/{id}/token/refresh", "hopxToken", "A token in the place of a key")
            .describe("With the rights of the key, for `server.token_lifetime`.")
            .needs_a_key()
            .at_text("id", "Any name.")
            .answers::<Granted<'_>>(200, "The token.")
            .fails(&[UNAUTHORIZED, NOT_FOUND, INTERNAL]),
        post("/v1/sandboxes", "hopxNoSandbox", "Sandboxes are not made here, and need not be")
            .without_key()
            .fails(&[NO_METHOD]),
        get("/health", "hopxHealth", "Whether it is worth sending anything")
            .without_key()
            .gives(200, "It is.", ("application/json", healthy.into()))
            .fails(&[WENT_AWAY, INTERNAL]),
    ]
}

/// The ways to run a program.
fn running() -> Vec<Operation> {
    vec![
        post("/execute", "hopxExecute", "Run a program and wait for its end")
            .describe("A program that fails, runs too long or is cancelled is a result.")
            .needs(WRITE)
            .takes::<Program>()
            .answers::<Answer<'_>>(200, "It has ended.")
            .may_be_repeated()
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, ACCEPTED, TOO_LARGE, NO_JSON])
            .fails(&[BUSY_TENANT, NOT_ACCEPTED, INTERNAL]),
        post("/execute/async", "hopxExecuteAsync", "Run a program and be called back")
            .describe(
                "`callback_url` is needed. Sent again by one of HopX's clients before the execution has \
                 ended, it is answered with the first (`compat.hopx_repeat_within`).",
            )
            .needs(WRITE)
            .takes::<Program>()
            .answers::<Accepted<'_>>(200, "It is accepted, and on disk.")
            .may_be_repeated()
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, NO_JSON, BUSY_TENANT])
            .fails(&[NOT_ACCEPTED, INTERNAL]),
        post("/execute/background", "hopxExecuteBackground", "Run a program and look at it later")
            .needs(WRITE)
            .takes::<Program>()
            .answers::<Begun<'_>>(200, "It is accepted, and on disk.")
            .may_be_repeated()
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, NO_JSON, BUSY_TENANT])
            .fails(&[NOT_ACCEPTED, INTERNAL]),
        get("/execute/stream", "hopxStream", "Run programs over a WebSocket")
            .describe(
                "A message `{\"type\": \"execute\", \"code\": …}` runs a program; `stdout` and `stderr` \
                 come while it runs, then `result` and `complete`.",
            )
            .needs(WRITE)
            .ends(101, "The WebSocket is open.")
            .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, INTERNAL]),
    ]
}

/// How executions stand.
fn following() -> Vec<Operation> {
    let list = |path, id| {
        get(path, id, "List the newest processes, and all that run")
            .needs(READ)
            .answers::<List<'_>>(200, "The newest first.")
            .fails(&[UNAUTHORIZED, FORBIDDEN, NO_STORE, INTERNAL])
    };
    vec![
        get("/execute/async/{id}", "hopxRead", "Read an execution")
            .needs(READ)
            .at::<ExecutionId>("id", "The execution.")
            .answers::<Answer<'_>>(200, "As the callback has it, or what is known so far.")
            .fails(&[UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL]),
        delete("/execute/async/{id}", "hopxCancel", "Cancel an execution")
            .needs(CANCEL)
            .at::<ExecutionId>("id", "The execution.")
            .may_take::<Cancellation>()
            .answers::<Answer<'_>>(200, "It has ended.")
            .may_be_repeated()
            .answers::<Answer<'_>>(202, "Its program is being ended.")
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_LARGE, NO_JSON, NO_STORE])
            .fails(&[INTERNAL]),
        list("/execute/processes", "hopxProcesses"),
        list("/processes", "hopxProcessesAgain"),
    ]
}

/// The spellings of a kill.
fn killing() -> Vec<Operation> {
    let by_path = |path, id| {
        post(path, id, "Kill a process")
            .needs(CANCEL)
            .at_text("id", "The execution.")
            .answers::<Killed>(200, "It is being killed, or had ended.")
            .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NO_PROCESS, NO_STORE, INTERNAL])
    };
    vec![
        delete("/execute/kill", "hopxKill", "Kill a process")
            .needs(CANCEL)
            .query("process_id", text(), "The execution, unless the body names it.")
            .may_take::<Kill>()
            .answers::<Killed>(200, "It is being killed, or had ended.")
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NO_PROCESS, TOO_LARGE, NO_JSON, NO_STORE])
            .fails(&[INTERNAL]),
        by_path("/execute/kill/{id}", "hopxKillByPath"),
        by_path("/processes/{id}/kill", "hopxKillProcess"),
    ]
}
