//! Turns the fields of a request into a spec, checking each against the limits.
//! Accepts nothing and runs nothing; what is wrong is collected in the fields.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::shown;
use super::fields::Fields;
use super::state::{Api, TenantRules};
use super::{callback, command, context, limits, network, working_dir};
use crate::domain::{Entrypoint, ExecutionSpec, OnInterrupt, Priority, Secret, Tenant, WorkingDir};

/// A spec from the fields of a tenant's `POST /v1/executions`. When something is wrong, the fields know
/// it, and what is returned is worth nothing.
pub(super) fn read(fields: &mut Fields, api: &Api, tenant: &Tenant) -> ExecutionSpec {
    let rules = api.limits.of(tenant);
    let (language, code) = program(fields, api);
    let (limits, output_bytes) = limits::read(fields, &api.limits.program);
    ExecutionSpec {
        entrypoint: Entrypoint::Script,
        stdin: stdin(fields, api),
        env: env(fields, api),
        working_dir: working_dir(fields, api, &["working_dir", "workdir"]),
        timeout: timeout(fields, &rules),
        queue_timeout: queue_timeout(fields, api),
        priority: priority(fields).unwrap_or_default(),
        output_bytes,
        on_output_limit: limits::on_output_limit(fields),
        limits,
        network: network::read(fields, rules.network),
        on_interrupt: on_interrupt(fields),
        labels: labels(fields, api),
        metadata: metadata(fields, api),
        callback: callback::read(fields, api),
        invocation: None,
        traceparent: context::traceparent(),
        language,
        code,
    }
}

/// The language and the text of what is to be run: of code, or of a command in its place.
fn program(fields: &mut Fields, api: &Api) -> (String, String) {
    if let Some(code) = command::read(fields, api) {
        return (command::LANGUAGE.to_owned(), code);
    }
    let code = code(fields, api);
    (language(fields, api), code)
}

pub(super) fn code(fields: &mut Fields, api: &Api) -> String {
    let code = fields.required_string("code").unwrap_or_default();
    too_long(fields, "code", code.len(), api.limits.code_bytes_max);
    if code.contains('\0') {
        fields.wrong("code", "invalid", "`code` must not contain a NUL character.".to_owned());
    }
    code
}

/// The runtime's own name; the request may use any of its aliases.
pub(super) fn language(fields: &mut Fields, api: &Api) -> String {
    let asked = fields.string("language").unwrap_or_else(|| "python".to_owned());
    let runtimes = api.launcher.runtimes();
    if let Some(runtime) = runtimes.find(&asked) {
        return runtime.name().to_owned();
    }
    let known: Vec<&str> = runtimes.iter().map(|runtime| runtime.name()).collect();
    let (shown, known) = (shown(&asked), known.join(", "));
    let detail = format!("The language `{shown}` is unknown; known are {known}.");
    fields.wrong("language", "unknown_language", detail);
    asked
}

pub(super) fn timeout(fields: &mut Fields, rules: &TenantRules) -> Duration {
    fields.seconds("timeout", rules.timeout_max).unwrap_or(rules.timeout_default)
}

pub(super) fn queue_timeout(fields: &mut Fields, api: &Api) -> Option<Duration> {
    fields.seconds("queue_timeout", api.limits.queue_timeout_max)
}

/// How soon it is wanted, if the request says so.
pub(super) fn priority(fields: &mut Fields) -> Option<Priority> {
    let number = fields.count("priority", 0..=u64::from(Priority::MAX.get()))?;
    u8::try_from(number).ok().and_then(Priority::new)
}

pub(super) fn stdin(fields: &mut Fields, api: &Api) -> Option<String> {
    let (stdin, input) = (fields.string("stdin"), fields.take("input"));
    if stdin.is_some() && input.is_some() {
        let detail = "`stdin` and `input` cannot be given together.".to_owned();
        fields.wrong("input", "conflict", detail);
    }
    let name = if stdin.is_some() { "stdin" } else { "input" };
    let text = stdin.or_else(|| input.map(|value| value.to_string()))?;
    too_long(fields, name, text.len(), api.limits.stdin_bytes_max);
    Some(text)
}

pub(super) fn env(fields: &mut Fields, api: &Api) -> BTreeMap<String, Secret> {
    let env = fields.strings("env");
    let length = env.iter().map(|(name, value)| name.len() + value.len()).sum();
    too_long(fields, "env", length, api.limits.env_bytes_max);
    for (name, value) in &env {
        let name_shown = shown(name);
        let field = format!("env.{name_shown}");
        if name.is_empty() || name.contains('=') || name.contains(char::is_control) {
            let detail = format!("`env` has a variable `{name_shown}`, which cannot be its name.");
            fields.wrong(&field, "invalid_name", detail);
        } else if value.contains('\0') {
            let detail = format!("The value of `{field}` must not contain a NUL character.");
            fields.wrong(&field, "invalid", detail);
        }
    }
    env.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()
}

/// The directory by whichever of `names` is there. The last one wins, as HopX's clients expect, and
/// what is overruled is not judged.
pub(super) fn working_dir(fields: &mut Fields, api: &Api, names: &[&'static str]) -> WorkingDir {
    let given = names.iter().map(|name| (name, fields.string(name)));
    let last = given.fold(None, |last, (name, text)| text.map(|text| (name, text)).or(last));
    let Some((name, text)) = last else { return WorkingDir::Own };
    working_dir::parse(&text, &api.limits.working_dirs).unwrap_or_else(|why| {
        fields.wrong(name, "invalid", format!("`{name}` {why}."));
        WorkingDir::Own
    })
}

pub(super) fn on_interrupt(fields: &mut Fields) -> OnInterrupt {
    let Some(name) = fields.string("on_interrupt") else { return OnInterrupt::Fail };
    OnInterrupt::from_name(&name).unwrap_or_else(|| {
        let detail = "`on_interrupt` must be `fail` or `rerun`.".to_owned();
        fields.wrong("on_interrupt", "invalid", detail);
        OnInterrupt::Fail
    })
}

pub(super) fn labels(fields: &mut Fields, api: &Api) -> BTreeMap<String, String> {
    let labels = fields.strings("labels");
    if too_many(fields, "labels", labels.len(), api.limits.labels_max) {
        return BTreeMap::new();
    }
    for (name, value) in &labels {
        check_entry(fields, api, "labels", (name, value.chars().count()));
        fields.check_line(&format!("labels.{}", shown(name)), value);
    }
    labels
}

pub(super) fn metadata(fields: &mut Fields, api: &Api) -> Map<String, Value> {
    let metadata = fields.object("metadata").unwrap_or_default();
    if too_many(fields, "metadata", metadata.len(), api.limits.metadata_max) {
        return Map::new();
    }
    for (name, value) in &metadata {
        if value.is_object() || value.is_array() {
            let field = format!("metadata.{}", shown(name));
            let detail = format!("`{field}` must be a string, a number, a boolean or null.");
            fields.wrong(&field, "wrong_type", detail);
        }
        let length = value.as_str().map_or(0, |text| text.chars().count());
        check_entry(fields, api, "metadata", (name, length));
    }
    metadata
}

fn check_entry(fields: &mut Fields, api: &Api, of: &str, (name, value_chars): (&str, usize)) {
    let limits = &api.limits;
    let (name_max, value_max) = (limits.name_chars_max, limits.value_chars_max);
    let (name_chars, field) = (name.chars().count(), format!("{of}.{}", shown(name)));
    if name_chars == 0 || name_chars > name_max {
        let detail = format!("A name in `{of}` must have 1 to {name_max} characters.");
        fields.wrong(&field, "invalid_name", detail);
    }
    if name.contains(char::is_control) {
        let detail = format!("A name in `{of}` must not contain control characters.");
        fields.wrong(&field, "invalid_name", detail);
    }
    if value_chars > value_max {
        let detail = format!("`{field}` must have at most {value_max} characters.");
        fields.wrong(&field, "too_long", detail);
    }
}

pub(super) fn too_long(fields: &mut Fields, name: &str, length: usize, max: usize) {
    if length > max {
        let detail = format!("`{name}` has {length} bytes, and may have at most {max}.");
        fields.wrong(name, "too_long", detail);
    }
}

/// Whether something has more entries than it may have. Nothing more is said then: of ten thousand wrong
/// entries nobody wants to hear.
pub(super) fn too_many(fields: &mut Fields, name: &str, count: usize, max: usize) -> bool {
    let is_over = count > max;
    if is_over {
        let detail = format!("`{name}` has {count} entries, and may have at most {max}.");
        fields.wrong(name, "too_many", detail);
    }
    is_over
}
