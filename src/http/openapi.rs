//! The API as OpenAPI 3.1: all operations, put together with the schemas of their bodies, and what is
//! made of that document: a page and a text to read. Serves no route but these.

mod complete;
mod cortex;
mod curl;
mod deliveries;
mod executions;
mod fetch_hive;
mod functions;
mod hopx;
mod keys;
mod markdown;
mod operation;
mod page;
mod problems;
mod reference;
mod served;
mod server;
mod told;

use std::sync::LazyLock;

use serde_json::Value;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn, PathItem, PathsBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Required,
    ServerBuilder,
};

use self::operation::{Operation, SCHEMES, component, header, text};
use self::reference::Reference;
use crate::bodies;

pub(super) use served::{document, page};

const ABOUT: &str = "Runs code for other programs and calls them back: post code, have an id that is on \
    disk, and be called back once with a signed webhook.\n\n\
    Bodies are JSON in UTF-8. Times are RFC 3339 in UTC with milliseconds, and durations are seconds. \
    Errors are `application/problem+json` with a stable `code`; what is wrong with a request is in \
    `errors`, field by field, all at once. Paths are relative to wherever the routes are.";

/// The document as JSON, for people to read: `docs/openapi.json`.
pub fn openapi_json() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let text = serde_json::to_string_pretty(value()).expect("JSON can be written");
        text + "\n"
    });
    &TEXT
}

/// The document as Markdown: `docs/api.md`.
pub fn openapi_markdown() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| markdown::markdown(&Reference::of(value())));
    &TEXT
}

/// The document.
fn value() -> &'static Value {
    static VALUE: LazyLock<Value> = LazyLock::new(|| complete::complete(build()));
    &VALUE
}

/// What there is, in the order in which it is read.
fn parts() -> Vec<(&'static str, &'static str, Vec<Operation>)> {
    let mut secrets = keys::operations();
    secrets.extend(server::secrets());
    vec![
        (executions::TAG, executions::ABOUT, executions::operations()),
        (deliveries::TAG, deliveries::ABOUT, deliveries::operations()),
        (functions::TAG, functions::ABOUT, functions::operations()),
        (server::SECRETS, server::ABOUT_SECRETS, secrets),
        (server::TAG, server::ABOUT, server::operations()),
        (hopx::TAG, hopx::ABOUT, hopx::operations()),
        (fetch_hive::TAG, fetch_hive::ABOUT, fetch_hive::operations()),
        (cortex::TAG, cortex::ABOUT, cortex::operations()),
    ]
}

fn build() -> OpenApi {
    let mut components = common();
    let mut paths = PathsBuilder::new();
    let mut tags: Vec<Tag> = Vec::new();
    for (tag, about, operations) in parts() {
        tags.push(TagBuilder::new().name(tag).description(Some(about)).build());
        for mut operation in operations.into_iter().map(Operation::complete) {
            components.schemas.append(&mut operation.schemas.drain(..).collect());
            for group in &operation.problems {
                let name = group.name_in(operation.shape);
                components.responses.insert(name, group.response(operation.shape).into());
            }
            let (path, method) = (operation.path, operation.method.clone());
            paths = paths.path(path, PathItem::new(method, operation.build(tag)));
        }
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Ringback")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()))
                .build(),
        )
        .servers(Some([ServerBuilder::new()
            .url(".")
            .description(Some("Where this document is."))
            .build()]))
        .tags(Some(tags))
        .paths(paths)
        .webhooks(Some(told::webhooks()))
        .components(Some(components))
        .build()
}

/// What all operations have in common.
fn common() -> Components {
    let mut schemas = told::schemas();
    component::<bodies::Problem>(&mut schemas);
    component::<hopx::Error>(&mut schemas);
    component::<crate::http::compat::fetch_hive::told::Error<'_>>(&mut schemas);
    component::<cortex::Error>(&mut schemas);
    let id = ParameterBuilder::new()
        .name("X-Request-Id")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("How this request is called in the log; without one it is given a name."))
        .schema(Some(text().pattern(Some("^[A-Za-z0-9._:-]{1,128}$"))));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("`Authorization: Bearer <key>`, where the key is an API key or a JWT."));
    let key = "The same API key as a header of its own.";
    let key = ApiKey::Header(ApiKeyValue::with_description("X-API-Key", key));
    let mut components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .parameter("X-Request-Id", id.build())
        .header("X-Request-Id", header("How the request is called in the log.").build())
        .build();
    components.add_security_scheme(SCHEMES[0], SecurityScheme::Http(bearer.build()));
    components.add_security_scheme(SCHEMES[1], SecurityScheme::ApiKey(key));
    components
}
