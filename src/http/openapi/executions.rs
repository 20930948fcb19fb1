//! The document of executions: accept one, list them, read one, end one, and what one has written.
//! Describes only; `executions.rs`, `list.rs`, `purge.rs` and `output.rs` do it.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

use super::operation::{Operation, boolean, bytes, delete, get, post, text, whole};
use super::problems::{
    AWAY, BAD_BODY, BAD_REQUEST, BUSY, BUSY_STREAMS, FORBIDDEN, INTERNAL, NO_JSON, NO_RANGE,
    NO_STORE, NOT_ACCEPTED, NOT_FOUND, NOT_PURGEABLE, TOO_LARGE, UNAUTHORIZED, WENT_AWAY,
};
use super::told;
use crate::bodies::{Cancellation, Delivery, NewExecution, Record, Runtime};
use crate::domain::{Cause, ExecutionId, Status, Timestamp};
use crate::http::executions::{CANCEL, READ, WRITE};

pub(super) const TAG: &str = "Executions";

pub(super) const ABOUT: &str = "An execution is a program that was accepted and is run once. It ends \
    as `completed`, `failed` or `cancelled`, exactly once, and whoever asked for that is called back.";

pub(super) fn operations() -> Vec<Operation> {
    vec![submit(), list(), read(), end(), output(), events(), deliveries(), runtimes()]
}

fn submit() -> Operation {
    let operation = post("/v1/executions", "submitExecution", "Submit an execution")
        .describe(
            "Answers when the execution is on disk: what was accepted is run, whatever becomes of the \
             server. Its program starts at once when a slot is free, and else when it has its turn.\n\n\
             Fields that are not known are refused, and all that is wrong is told at once.",
        )
        .needs(WRITE)
        .takes::<NewExecution>()
        .answers::<Record>(202, "It is accepted, and on disk.")
        .with("Location", "The path of its record.")
        .may_be_repeated()
        .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, NO_JSON, BUSY, NOT_ACCEPTED, INTERNAL]);
    told::in_callbacks(operation)
}

fn list() -> Operation {
    get("/v1/executions", "listExecutions", "List executions, the newest first")
        .describe("Without their output. Filters are for equality, and all of them hold together.")
        .needs(READ)
        .query("limit", whole(1, 200).default(Some(50.into())), "How many a page has.")
        .query("cursor", text(), "The `next_cursor` of the page before.")
        .query_of::<Status>("status", "Only those that stand so.")
        .query("language", text(), "Only those in this language, by the name of its runtime.")
        .query("function", text(), "Only the calls of this function.")
        .query_of::<Cause>("cause", "Only those that this has ended.")
        .query_of::<Timestamp>("created_after", "Only those accepted after this time.")
        .query_of::<Timestamp>("created_before", "Only those accepted before this time.")
        .query(
            "label.NAME",
            text(),
            "Only those with this value of the label that is named behind the dot.",
        )
        .answers_page::<Record>("A page. `next_cursor` is null on the last.")
        .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NO_STORE, INTERNAL])
}

fn read() -> Operation {
    get("/v1/executions/{id}", "readExecution", "Read an execution")
        .describe("The record says everything that is known of it; before the end, much is null.")
        .needs(READ)
        .at::<ExecutionId>("id", "The execution.")
        .query(
            "wait",
            seconds(60.0),
            "For how many seconds the answer may be held back until it has ended.",
        )
        .query(
            "cancel_on_disconnect",
            boolean().default(Some(false.into())),
            "Whether it is cancelled when this client goes away while it waits. Only beside `wait`, and \
             for keys with the scope `executions:cancel`.",
        )
        .answers::<Record>(200, "The record as it stands, also when the time was up.")
        .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, WENT_AWAY, INTERNAL])
}

fn end() -> Operation {
    delete(
        "/v1/executions/{id}",
        "endExecution",
        "Cancel an execution, or purge one that has ended",
    )
    .describe(
        "A queued one is cancelled at once. The program of a running one gets SIGTERM, and SIGKILL \
             after the grace. One that has ended stays as it ended, and is answered with 200.\n\n\
             With `purge=true` one that has ended is removed, with its output and its deliveries.",
    )
    .needs(CANCEL)
    .at::<ExecutionId>("id", "The execution.")
    .query("purge", text().enum_values(Some(["true"])), "Removes it, and takes no reason.")
    .may_take::<Cancellation>()
    .answers::<Record>(200, "It has ended.")
    .answers::<Record>(202, "Its program is being ended: `cancelling` is true.")
    .ends(204, "It is purged.")
    .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NOT_PURGEABLE, TOO_LARGE, NO_JSON])
    .fails(&[AWAY, INTERNAL])
}

fn output() -> Operation {
    const TOTAL: &str = "How many bytes the program has written in all.";
    const TRUNCATED: &str =
        "Whether only the first and the last of them are kept: `true` or `false`.";
    let whole_of = "The kept bytes, whole or from `offset` on: `text/plain` when they are UTF-8.";
    let operation = get(
        "/v1/executions/{id}/output/{stream}",
        "readOutput",
        "Read what a program has written, byte for byte",
    )
    .describe("While it runs: what there is so far.")
    .needs(READ)
    .at::<ExecutionId>("id", "The execution.")
    .at::<Stream>("stream", "Which stream.")
    .query("offset", whole(0, i64::MAX as u64), "At which byte to begin. Not with a `Range`.")
    .header("Range", text(), "One range of bytes, as HTTP has it.");
    let octets: Schema = bytes();
    operation
        .gives(200, whole_of, ("text/plain", octets.clone().into()))
        .also_as("application/octet-stream", octets.clone())
        .with("Ringback-Total-Bytes", TOTAL)
        .with("Ringback-Truncated", TRUNCATED)
        .with("Accept-Ranges", "`bytes`.")
        .gives(206, "The range that was asked for.", ("text/plain", octets.clone().into()))
        .also_as("application/octet-stream", octets)
        .with("Ringback-Total-Bytes", TOTAL)
        .with("Ringback-Truncated", TRUNCATED)
        .with("Content-Range", "Which bytes of how many these are.")
        .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_RANGE, NO_STORE, INTERNAL])
}

fn events() -> Operation {
    get("/v1/executions/{id}/events", "followExecution", "Follow an execution while it runs")
        .describe(
            "Server-sent events: `status`, `stdout`, `stderr`, and at the end `end` with the record. The \
             data of output is `{\"offset\": n, \"text\": \"…\"}` or, for what is no text, \
             `{\"offset\": n, \"base64\": \"…\"}`. The id of an event is where both streams have come \
             to, and resumes there.",
        )
        .needs(READ)
        .at::<ExecutionId>("id", "The execution.")
        .header("Last-Event-ID", text(), "Behind which event to go on.")
        .query("last_event_id", text(), "The same, for clients that cannot send the header.")
        .gives(200, "The events.", ("text/event-stream", event()))
        .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, BUSY_STREAMS, NO_STORE, INTERNAL])
}

/// An event as its client has it: `data` is JSON in a text.
fn event() -> RefOr<Schema> {
    let words = ["status", "stdout", "stderr", "end"];
    let event = ObjectBuilder::new().property("event", text().enum_values(Some(words)));
    let event = event.property("id", text().pattern(Some("^[0-9]+-[0-9]+(-[0-9]+)?$")));
    event.property("data", text()).into()
}

fn deliveries() -> Operation {
    get(
        "/v1/executions/{id}/deliveries",
        "listDeliveriesOfExecution",
        "List what an execution owes",
    )
    .describe("All deliveries of its events, each with its attempts.")
    .needs("deliveries:read")
    .at::<ExecutionId>("id", "The execution.")
    .answers_page::<Delivery>("All of them; `next_cursor` is null.")
    .fails(&[UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL])
}

fn runtimes() -> Operation {
    get("/v1/runtimes", "listRuntimes", "List the languages")
        .describe("With their real commands and versions; also those that this machine lacks.")
        .needs(READ)
        .answers_all::<Runtime>("All of them.")
        .fails(&[UNAUTHORIZED, FORBIDDEN, INTERNAL])
}

/// The streams of a program.
enum Stream {}

impl utoipa::ToSchema for Stream {}

impl utoipa::PartialSchema for Stream {
    fn schema() -> utoipa::openapi::RefOr<Schema> {
        use crate::process::Stream::{Stderr, Stdout};
        text().enum_values(Some([Stdout, Stderr].map(|stream| stream.as_str()))).into()
    }
}

fn seconds(max: f64) -> utoipa::openapi::ObjectBuilder {
    let number = utoipa::openapi::Type::Number;
    utoipa::openapi::ObjectBuilder::new().schema_type(number).minimum(Some(0)).maximum(Some(max))
}
