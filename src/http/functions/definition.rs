//! The fields of `PUT /v1/functions/{name}`: what a function does when it is called.
//! Calls nothing.

use crate::domain::{Definition, Entrypoint, ExecutionSpec, HandlerCall, Tenant};
use crate::http::fields::Fields;
use crate::http::state::Api;
use crate::http::{callback, limits, network, spec};

/// The only language whose programs can be entered by a handler.
const HANDLERS: &str = "python";

/// A definition. When something is wrong, the fields know it, and what is returned is worth nothing.
pub(super) fn read(fields: &mut Fields, api: &Api, tenant: &Tenant) -> Definition {
    let rules = api.limits.of(tenant);
    let code = spec::code(fields, api);
    let language = spec::language(fields, api);
    let entrypoint = entrypoint(fields, api, &language);
    let (limits, output_bytes) = limits::read(fields, &api.limits.program);
    let (network, granted) = network::wished_and_granted(fields, rules.network);
    let payload_format = callback::payload_format(fields);
    let spec = ExecutionSpec {
        entrypoint,
        env: spec::env(fields, api),
        working_dir: spec::working_dir(fields, api, &["working_dir", "workdir"]),
        timeout: spec::timeout(fields, &rules),
        queue_timeout: spec::queue_timeout(fields, api),
        priority: spec::priority(fields).unwrap_or_default(),
        output_bytes,
        on_output_limit: limits::on_output_limit(fields),
        limits,
        network: granted,
        on_interrupt: spec::on_interrupt(fields),
        labels: spec::labels(fields, api),
        metadata: spec::metadata(fields, api),
        // Its own secret signs, which the server makes.
        callback: callback::read_for(fields, api, payload_format.unwrap_or_default(), None),
        ..ExecutionSpec::new(language, code)
    };
    Definition { spec, payload_format, network }
}

/// The fields `entrypoint` and `config`.
fn entrypoint(fields: &mut Fields, api: &Api, language: &str) -> Entrypoint {
    let name = fields.string("entrypoint");
    let config = fields.object("config");
    let length = config.as_ref().map_or(0, |config| {
        serde_json::to_string(config).expect("JSON can always be written").len()
    });
    spec::too_long(fields, "config", length, api.limits.stdin_bytes_max);
    match name.as_deref() {
        Some("handler") => {
            if language != HANDLERS {
                let detail = format!("`entrypoint` can be `handler` only for `{HANDLERS}`.");
                fields.wrong("entrypoint", "conflict", detail);
            }
            let config = config.unwrap_or_default();
            Entrypoint::Handler(Box::new(HandlerCall { config, ..HandlerCall::default() }))
        }
        None | Some("script") => {
            if config.is_some() {
                let detail = "`config` is what a handler is made with; for a script use `env`.";
                fields.wrong("config", "conflict", detail.to_owned());
            }
            Entrypoint::Script
        }
        Some(_) => {
            let detail = "`entrypoint` must be `script` or `handler`.".to_owned();
            fields.wrong("entrypoint", "invalid", detail);
            Entrypoint::Script
        }
    }
}
