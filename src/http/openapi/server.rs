//! The document of what concerns a server as a whole: signing secrets, and what those ask who run it.
//! Describes only.

use serde_json::json;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Schema};

use super::operation::{Operation, anything, boolean, component, delete, get, post, text};
use super::problems::{
    BAD_BODY, FORBIDDEN, INTERNAL, NO_JSON, NO_STORE, NOT_FOUND, TOO_LARGE, UNAUTHORIZED,
};
use crate::bodies::{NewSigningSecret, Problem, Readiness, Rotation, SigningSecret, VerifyingKeys};

pub(super) const SECRETS: &str = "Keys and secrets";

pub(super) const ABOUT_SECRETS: &str = "Keys that open the API, and secrets that callbacks are signed \
    with.";

pub(super) const TAG: &str = "Server";

pub(super) const ABOUT: &str = "Whether a server fares well, and what it is.";

/// What callbacks are signed with.
pub(super) fn secrets() -> Vec<Operation> {
    vec![
        post("/v1/signing-secret", "rotateSigningSecret", "Make a signing secret, or rotate it")
            .describe("It signs all callbacks of the tenant that bring no secret of their own.")
            .needs("keys:write")
            .may_take::<Rotation>()
            .answers::<NewSigningSecret>(201, "The new secret, which is told only now.")
            .fails(&[BAD_BODY, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, NO_JSON, NO_STORE, INTERNAL]),
        get("/v1/signing-secret", "readSigningSecret", "Read whether there is a signing secret")
            .needs("deliveries:read")
            .answers::<SigningSecret>(200, "Whether there is one, and since when.")
            .fails(&[UNAUTHORIZED, FORBIDDEN, NO_STORE, INTERNAL]),
        delete("/v1/signing-secret", "removeSigningSecret", "Remove the signing secret")
            .describe("Callbacks that bring no secret of their own are signed no more.")
            .needs("keys:write")
            .ends(204, "There is none now.")
            .fails(&[UNAUTHORIZED, FORBIDDEN, NO_STORE, INTERNAL]),
        get("/.well-known/ringback-keys", "listVerifyingKeys", "List the public keys of callbacks")
            .describe(
                "For receivers that verify `v1a` signatures. The key that signs now comes first.",
            )
            .without_key()
            .answers::<VerifyingKeys>(200, "The keys.")
            .fails(&[NOT_FOUND, INTERNAL]),
    ]
}

/// What those ask who run the server, and whoever wants to know what it can do.
pub(super) fn operations() -> Vec<Operation> {
    let page = ("text/html", text().into());
    vec![
        get("/livez", "readLiveness", "Whether the process is alive").without_key().gives(
            200,
            "It is.",
            ("application/json", one_flag("alive").into()),
        ),
        readiness(),
        get("/metrics", "readMetrics", "Metrics for Prometheus")
            .needs("metrics:read")
            .gives(200, "The text format, version 0.0.4.", ("text/plain", text().into()))
            .fails(&[UNAUTHORIZED, FORBIDDEN, INTERNAL]),
        get("/openapi.json", "readDocument", "This document")
            .without_key()
            .header("If-None-Match", text(), "The `ETag` of the document that is there already.")
            .gives(200, "OpenAPI 3.1.", ("application/json", anything().into()))
            .with("ETag", "Changes when the document does.")
            .ends(304, "It has not changed.")
            .with("ETag", "Changes when the document does."),
        get("/docs", "readReference", "This document as a page to read")
            .without_key()
            .gives(200, "HTML that needs nothing from anywhere else.", page)
            .with("ETag", "Changes when the page does.")
            .ends(304, "It has not changed."),
    ]
}

fn readiness() -> Operation {
    let about = "With `verbose`: everything that is known, for keys with the scope `metrics:read`.";
    let mut operation = get("/readyz", "readReadiness", "Whether the server can take anything on")
        .describe("With `verbose` the body is the same whether it can or not.")
        .without_key()
        .needs("metrics:read")
        .query("verbose", text(), about);
    let verbose = component::<Readiness>(&mut operation.schemas);
    let problem = component::<Problem>(&mut operation.schemas);
    let either: Schema = OneOfBuilder::new().item(one_flag("ready")).item(verbose.clone()).into();
    operation
        .gives(200, "It can.", ("application/json", either.into()))
        .gives(503, "It cannot.", ("application/problem+json", problem))
        .also_as("application/json", verbose)
        .with("Retry-After", "After how many seconds it may be worth asking again.")
        .fails(&[UNAUTHORIZED, FORBIDDEN, INTERNAL])
}

/// `{"NAME": true}`, and nothing beside.
fn one_flag(name: &str) -> Schema {
    let flag = boolean().enum_values(Some([json!(true)]));
    let nothing = AdditionalProperties::FreeForm(false);
    let object = ObjectBuilder::new().property(name, flag).required(name);
    object.additional_properties(Some(nothing)).into()
}
