//! What callers are sent: the webhooks of executions, in the words of each payload format.
//! Sends nothing.

use std::collections::BTreeMap;

use utoipa::openapi::path::{
    Callback, HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths,
    PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{Content, OneOfBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};

use super::operation::{Operation, Schemas, component, text};
use crate::webhook::payload::{CortexRecord, HopxRecord, OutputBody, StandardBody, fetch_hive};

/// Where the URL is to be found in the request that asks to be called back.
const TO: &str = "{$request.body#/callback_url}";

/// The operation, and whom it has called back.
pub(super) fn in_callbacks(operation: Operation) -> Operation {
    let item = PathItem::new(HttpMethod::Post, webhook().build());
    let callback: Callback = BTreeMap::from([(TO.to_owned(), RefOr::T(item))]);
    operation.calls_back("executionEvent", callback)
}

/// The same for those who only receive.
pub(super) fn webhooks() -> Paths {
    let item =
        PathItem::new(HttpMethod::Post, webhook().operation_id(Some("executionEvent")).build());
    PathsBuilder::new().path("executionEvent", item).build()
}

fn webhook() -> OperationBuilder {
    let parameters = [
        ("webhook-id", true, "The event: `evt_…`, the same for every attempt and redelivery."),
        ("webhook-timestamp", true, "When this attempt was made, in seconds since 1970."),
        (
            "webhook-signature",
            false,
            "Signatures of this attempt, with spaces between them: `v1,` and the base64 of an \
             HMAC-SHA256 for each secret, `v1a,` and that of an Ed25519 signature. docs/verify.md says \
             how to verify one. Not there when there is no secret and no key.",
        ),
        ("X-HopX-Signature", false, "In the format `hopx`: `sha256=` and hexadecimal digits."),
        ("X-HopX-Timestamp", false, "In the format `hopx`: when this attempt was made."),
        ("X-Fetch-Hive-Signature", false, "In the format `fetchhive`: hexadecimal digits."),
    ];
    let taken = ResponseBuilder::new().description("Any 2xx says that it was taken.");
    let other = ResponseBuilder::new()
        .description("Anything else, and it is tried again, but for 410 and 413, which end it.");
    let operation = OperationBuilder::new()
        .summary(Some("Something has happened to an execution"))
        .description(Some(
            "Sent until it is taken or the schedule is used up. It may arrive more than once: \
             `webhook-id` says whether it is known already. The body is the same bytes each time.",
        ))
        .request_body(Some(body()))
        .response("2XX", taken)
        .response("default", other);
    parameters.into_iter().fold(operation, |operation, (name, required, about)| {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(if required { Required::True } else { Required::False })
            .schema(Some(text()))
            .description(Some(about));
        operation.parameter(parameter)
    })
}

fn body() -> utoipa::openapi::request_body::RequestBody {
    let named = ["WebhookEvent", "WebhookOutput", "HopxRecord", "FetchHiveEvent", "CortexRecord"];
    let any = named
        .into_iter()
        .fold(OneOfBuilder::new(), |any, name| any.item(Ref::from_schema_name(name)));
    let any: Schema = any.into();
    let about = "By `payload_format`: `standard` (the first two), `hopx`, `fetchhive` or `cortex`.";
    RequestBodyBuilder::new()
        .description(Some(about))
        .content("application/json", Content::new(Some(any)))
        .required(Some(Required::True))
        .build()
}

/// The schemas of the bodies.
pub(super) fn schemas() -> Schemas {
    let mut schemas = Vec::new();
    component::<StandardBody>(&mut schemas);
    component::<OutputBody<'_>>(&mut schemas);
    component::<HopxRecord>(&mut schemas);
    component::<fetch_hive::Body<'_>>(&mut schemas);
    component::<CortexRecord>(&mut schemas);
    schemas
}
