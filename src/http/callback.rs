//! The fields of a request that say who is called back: the URL, the headers, the secret, what is
//! told before the end, and when it is tried again. Sends nothing.

use std::time::Duration;

use serde_json::Value;

use super::error::{FieldError, shown};
use super::fields::Fields;
use super::spec::{too_long, too_many};
use super::state::Api;
use crate::domain::{
    Callback, Endpoint, PayloadFormat, Progress, RetryPolicy, RetrySchedule, Secret,
};
use crate::webhook::{check_callback_header, check_secret};

/// The longest signing secret, in bytes; HMAC-SHA256 hashes longer keys down anyway.
const SECRET_BYTES_MAX: usize = 1024;

/// The field that says what is told beside the end.
const EVENTS: &str = "events";

/// Whom to call back, and how; none when nobody.
pub(super) fn read(fields: &mut Fields, api: &Api) -> Option<Callback> {
    let format = payload_format(fields).unwrap_or_default();
    let signing_secret = signing_secret(fields, "callback_signature_secret");
    read_for(fields, api, format, signing_secret)
}

/// Whom to call back in this format, signed with this secret; none when nobody.
pub(super) fn read_for(
    fields: &mut Fields,
    api: &Api,
    format: PayloadFormat,
    signing_secret: Option<Secret>,
) -> Option<Callback> {
    let url = fields.string("callback_url");
    let headers = headers(fields, "callback_headers", api);
    let (progress, retry) = (progress(fields, format), retry(fields, api));
    let Some(url) = url else {
        let is_told = !progress.is_none() || retry != RetryPolicy::default();
        if !headers.is_empty() || signing_secret.is_some() || is_told {
            let detail = "`callback_url` is missing, and what else is said of a callback needs it.";
            fields.wrong("callback_url", "required", detail.to_owned());
        }
        return None;
    };
    let url = callback_url(fields, api, &url);
    let endpoint = Endpoint { url, payload_format: format, progress, retry };
    Some(Callback { endpoint, headers, signing_secret })
}

/// The URL as the one parser writes it, if a callback may go there as far as can be told now.
pub(super) fn callback_url(fields: &mut Fields, api: &Api, url: &str) -> String {
    let chars_max = api.limits.callback_url_chars_max;
    if is_too_long(fields, "callback_url", url, chars_max) {
        return String::new();
    }
    match api.policy.check_url(url) {
        Ok(endpoint) => endpoint.as_str().to_owned(),
        Err(refusal) => {
            fields.wrong("callback_url", refusal.rule, format!("`callback_url`: {refusal}."));
            String::new()
        }
    }
}

/// Whether a URL has more characters than it may have, which is then said.
pub(super) fn is_too_long(fields: &mut Fields, name: &str, url: &str, chars_max: usize) -> bool {
    let is_too_long = url.chars().count() > chars_max;
    if is_too_long {
        let detail = format!("`{name}` may have at most {chars_max} characters.");
        fields.wrong(name, "too_long", detail);
    }
    is_too_long
}

/// The format that is asked for, if one is.
pub(super) fn payload_format(fields: &mut Fields) -> Option<PayloadFormat> {
    let name = fields.string("payload_format")?;
    let format = name.parse().ok();
    if format.is_none() {
        let known: Vec<&str> = PayloadFormat::ALL.iter().map(|format| format.as_str()).collect();
        let detail = format!("`payload_format` must be one of {}.", known.join(", "));
        fields.wrong("payload_format", "invalid", detail);
    }
    format
}

/// The client's own headers, in the field of this name.
pub(super) fn headers(
    fields: &mut Fields,
    name_of_field: &'static str,
    api: &Api,
) -> Vec<(String, Secret)> {
    let headers = fields.strings(name_of_field);
    if too_many(fields, name_of_field, headers.len(), api.limits.callback_headers_max) {
        return Vec::new();
    }
    for (name, value) in &headers {
        let field = format!("{name_of_field}.{}", shown(name));
        too_long(fields, &field, name.len() + value.len(), api.limits.callback_header_bytes_max);
        if let Err(refusal) = check_callback_header(name, value) {
            fields.wrong(&field, "header_not_allowed", format!("`{name_of_field}`: {refusal}."));
        }
    }
    headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()
}

/// The secret in the field of this name. An empty one means none, as HopX's clients send it.
pub(super) fn signing_secret(fields: &mut Fields, name: &'static str) -> Option<Secret> {
    let secret = Secret::new(fields.string(name).filter(|text| !text.is_empty())?);
    too_long(fields, name, secret.expose().len(), SECRET_BYTES_MAX);
    if let Err(bad) = check_secret(&secret) {
        fields.wrong(name, "invalid_secret", format!("`{name}`: {bad}."));
    }
    Some(secret)
}

/// The field `events`: what is told beside the end, which is told in any case.
fn progress(fields: &mut Fields, format: PayloadFormat) -> Progress {
    let mut progress = Progress::default();
    for event in fields.texts(EVENTS) {
        match event.as_str() {
            "started" => progress.started = true,
            "output" => progress.output = true,
            "completed" => {}
            _ => {
                let event = event.escape_debug();
                let detail = format!(
                    "`{EVENTS}` has `{event}`; there are `started`, `output` and `completed`."
                );
                fields.wrong(EVENTS, "invalid", detail);
            }
        }
    }
    if !progress.is_none() && format != PayloadFormat::Standard {
        let FieldError { field, code, detail } = no_shape_for_progress(format);
        fields.wrong(&field, code, detail);
    }
    progress
}

/// Only our own format has a shape for what is told before the end.
pub(super) fn no_shape_for_progress(format: PayloadFormat) -> FieldError {
    let detail = format!(
        "`{EVENTS}` may have only `completed` with the payload format `{format}`, which has no shape \
         for anything else."
    );
    FieldError { field: EVENTS.to_owned(), code: "conflict", detail }
}

/// The field `retry`: a schedule of the client's own, within what the operator allows.
fn retry(fields: &mut Fields, api: &Api) -> RetryPolicy {
    let Some(object) = fields.object("retry") else { return RetryPolicy::default() };
    let mut inner = Fields::new(object);
    let longest = api.limits.retry_max_age_max;
    let delays = inner
        .take("schedule")
        .map(|delays| schedule(&mut inner, &delays, (api.limits.retry_delays_max, longest)));
    let max_age = inner.seconds("max_age", longest);
    if let Err(problem) = inner.finish() {
        fields.wrong_inside("retry", problem);
    }
    RetryPolicy { schedule: delays.map(RetrySchedule::new), max_age }
}

fn schedule(
    fields: &mut Fields,
    delays: &Value,
    (count_max, longest): (usize, Duration),
) -> Vec<Duration> {
    const NAME: &str = "schedule";
    let Some(delays) = delays.as_array() else {
        let detail = format!("`{NAME}` must be a list of seconds.");
        fields.wrong(NAME, "wrong_type", detail);
        return Vec::new();
    };
    if too_many(fields, NAME, delays.len(), count_max) {
        return Vec::new();
    }
    let mut read = Vec::new();
    for (number, delay) in delays.iter().enumerate() {
        let seconds = delay.as_f64().map(Duration::try_from_secs_f64);
        match seconds {
            Some(Ok(delay)) if !delay.is_zero() && delay <= longest => read.push(delay),
            _ => {
                let longest = longest.as_secs_f64();
                let detail = format!(
                    "`{NAME}` must have numbers of more than 0 and at most {longest} seconds, and \
                     number {} is {delay}.",
                    number + 1
                );
                fields.wrong(NAME, "out_of_range", detail);
            }
        }
    }
    read
}
