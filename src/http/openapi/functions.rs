//! The document of functions: kept, listed, called, removed.
//! Describes only.

use super::operation::{Operation, delete, get, post, put, text, whole};
use super::problems::{
    BAD_BODY, BAD_REQUEST, BUSY_TENANT, FORBIDDEN, INTERNAL, NO_JSON, NO_STORE, NOT_ACCEPTED,
    NOT_FOUND, TOO_LARGE, UNAUTHORIZED,
};
use utoipa::openapi::ObjectBuilder;

use crate::bodies::{
    Function, FunctionCall, FunctionDefinition, ListedFunction, NewFunction, NewSigningSecret,
    Record, Rotation,
};
use crate::http::executions;
use crate::http::functions::{READ, WRITE};

pub(super) const TAG: &str = "Functions";

pub(super) const ABOUT: &str = "A function is code that is kept on the server, with its limits, its \
    callback and a signing secret of its own. Each time it is put is a version; what was accepted keeps \
    the version that it was accepted with.";

pub(super) fn operations() -> Vec<Operation> {
    vec![keep(), list(), read(), versions(), remove(), call(), rotate()]
}

/// A name as functions and their variants have it.
fn name() -> ObjectBuilder {
    text().pattern(Some("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"))
}

fn keep() -> Operation {
    put("/v1/functions/{name}", "putFunction", "Keep a function, or the next version of one")
        .needs(WRITE)
        .at_text("name", "The function.")
        .takes::<FunctionDefinition>()
        .answers::<Function>(200, "It is the next version. Its signing secret is as it was.")
        .answers::<NewFunction>(201, "It is new. Its signing secret is told only now.")
        .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, NO_JSON, NO_STORE, INTERNAL])
}

fn list() -> Operation {
    get("/v1/functions", "listFunctions", "List functions, in the order of their names")
        .describe("The newest version of each.")
        .needs(READ)
        .needs(WRITE)
        .query("name", name(), "Only the variants of this function.")
        .query("limit", whole(1, 200).default(Some(50.into())), "How many a page has.")
        .query("cursor", text(), "The `next_cursor` of the page before.")
        .answers_page::<ListedFunction>("A page. `next_cursor` is null on the last.")
        .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NO_STORE, INTERNAL])
}

fn read() -> Operation {
    get("/v1/functions/{name}", "readFunction", "Read a function")
        .describe("Everything but what is secret, of which only the names are told.")
        .needs(READ)
        .needs(WRITE)
        .at_text("name", "The function.")
        .query("variant", name().default(Some("default".into())), "Which of this name.")
        .query("version", whole(1, u32::MAX.into()), "Which version; else the newest.")
        .answers::<Function>(200, "The function.")
        .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL])
}

fn versions() -> Operation {
    get("/v1/functions/{name}/versions", "listVersions", "List the versions of a function")
        .describe("The newest first.")
        .needs(READ)
        .needs(WRITE)
        .at_text("name", "The function.")
        .query("variant", name().default(Some("default".into())), "Which of this name.")
        .query("limit", whole(1, 200).default(Some(50.into())), "How many a page has.")
        .query("cursor", text(), "The `next_cursor` of the page before.")
        .answers_page::<ListedFunction>("A page. `next_cursor` is null on the last.")
        .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL])
}

fn remove() -> Operation {
    delete("/v1/functions/{name}", "removeFunction", "Remove a function with all its versions")
        .describe("What was accepted runs on, with the code that it was accepted with.")
        .needs(WRITE)
        .at_text("name", "The function.")
        .query("variant", name().default(Some("default".into())), "Which of this name.")
        .ends(204, "It is removed.")
        .fails(&[BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NO_STORE, INTERNAL])
}

fn call() -> Operation {
    post("/v1/functions/{name}/invoke", "invokeFunction", "Call a function")
        .describe(
            "A call is an execution like any other. To bring `env` of its own it needs `functions:write` \
             beside.",
        )
        .needs(executions::WRITE)
        .at_text("name", "The function.")
        .may_take::<FunctionCall>()
        .answers::<Record>(202, "It is accepted, and on disk.")
        .with("Location", "The path of its record.")
        .may_be_repeated()
        .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_LARGE, NO_JSON, BUSY_TENANT])
        .fails(&[NOT_ACCEPTED, INTERNAL])
}

fn rotate() -> Operation {
    post("/v1/functions/{name}/rotate-secret", "rotateFunctionSecret", "Rotate a signing secret")
        .describe("The one before it signs on beside the new one for `webhook.rotation_overlap`.")
        .needs(WRITE)
        .at_text("name", "The function.")
        .query("variant", name().default(Some("default".into())), "Which of this name.")
        .may_take::<Rotation>()
        .answers::<NewSigningSecret>(200, "The new secret, which is told only now.")
        .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_LARGE, NO_JSON, NO_STORE])
        .fails(&[INTERNAL])
}
