//! What `POST /v1/workflow/invoke` may say: which deployment, with what, and who is told of its end.
//! Calls nothing; what is wrong is collected in the fields.

use serde_json::{Map, Value};

use crate::domain::{Callback, Endpoint, FunctionKey, FunctionName, PayloadFormat};
use crate::http::context;
use crate::http::error::{Kind, Problem};
use crate::http::fields::Fields;
use crate::http::functions::call::{Call, Input, WhoIsTold};
use crate::http::spec;
use crate::http::state::Api;

/// Fetch Hive's own sentences, which its clients know.
const NAME_MISSING: &str = "Missing required field: deployment or variant";
const URL_MISSING: &str = "callback_url is required when async is enabled";
const URL_INVALID: &str = "callback_url must be a valid URL";

/// A request to call a function.
pub(super) struct Wanted {
    deployment: String,
    variant: String,
    /// What the caller brings.
    pub(super) call: Call,
    /// How it hears of the end.
    pub(super) hearing: Hearing,
}

/// How a caller hears of the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hearing {
    /// It is called back.
    CalledBack,
    /// It waits for the answer.
    Waiting {
        /// Whether the run is cancelled when it goes away meanwhile.
        cancels: bool,
    },
}

impl Wanted {
    /// Reads the fields. Not strictly: clients were written for another server, and may know more.
    ///
    /// # Errors
    /// When a field is missing or wrong.
    pub(super) fn read(object: Map<String, Value>, api: &Api) -> Result<Self, Problem> {
        let mut fields = Fields::new(object);
        let (deployment, variant) = names(&mut fields);
        let callback = callback(&mut fields, api);
        let hearing = hearing(&mut fields, callback.is_some());
        let call = Call {
            // Who waits is told by the answer, and nobody beside: not even whom the owner has named.
            told: callback.map_or(WhoIsTold::Nobody, WhoIsTold::Named),
            format: Some(PayloadFormat::FetchHive),
            metadata: spec::metadata(&mut fields, api),
            ..Call::new(Some(inputs(&mut fields, api)))
        };
        fields.finish_leniently()?;
        Ok(Self { deployment, variant, call, hearing })
    }

    /// The function that is meant.
    ///
    /// # Errors
    /// When there can be none of that name.
    pub(super) fn key(&self) -> Result<FunctionKey, Problem> {
        key_of(&self.deployment, &self.variant)
    }
}

/// The function that a request means which was found good before.
///
/// # Errors
/// When there can be none of that name.
pub(super) fn key(object: &Map<String, Value>) -> Result<FunctionKey, Problem> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    key_of(text("deployment"), text("variant"))
}

fn key_of(deployment: &str, variant: &str) -> Result<FunctionKey, Problem> {
    let name = function_name("deployment", deployment)?;
    let variant = function_name("variant", variant)?;
    Ok(FunctionKey { name, variant })
}

/// Both names. A missing one is told in Fetch Hive's words, which do not say which.
fn names(fields: &mut Fields) -> (String, String) {
    let mut name = |field: &'static str| {
        let is_there = fields.has(field);
        let text = fields.string(field);
        if !is_there || text.as_deref() == Some("") {
            fields.wrong(field, "required", NAME_MISSING.to_owned());
        }
        text.unwrap_or_default()
    };
    (name("deployment"), name("variant"))
}

fn function_name(field: &str, text: &str) -> Result<FunctionName, Problem> {
    text.parse().map_err(|bad| {
        let detail = format!("There is no such deployment: a name in `{field}` {bad}.");
        Problem::new(Kind::NotFound, detail)
    })
}

/// The field `async`: whom to call back; none when nobody, because the caller waits. A `callback_url`
/// beside `enabled: false` is not looked at.
fn callback(fields: &mut Fields, api: &Api) -> Option<Callback> {
    let mut inner = Fields::new(fields.object("async").unwrap_or_default());
    let (is_enabled, url) = (inner.boolean("enabled"), inner.take("callback_url"));
    if let Err(problem) = inner.finish_leniently() {
        fields.wrong_inside("async", problem);
    }
    if !is_enabled.unwrap_or(false) {
        return None;
    }
    let url = url.unwrap_or_default();
    let Some(text) = url.as_str().filter(|text| !text.is_empty()) else {
        let is_missing = url.is_null() || url.is_string();
        let (code, detail) =
            if is_missing { ("required", URL_MISSING) } else { ("wrong_type", URL_INVALID) };
        fields.wrong("async.callback_url", code, detail.to_owned());
        return None;
    };
    endpoint(fields, api, text).map(Callback::unsigned)
}

fn log_refusal(why: &str) {
    let request_id = context::request_id();
    log::info!(request_id = request_id.as_deref(); "a callback_url is refused: {why}");
}

/// The URL as the one parser writes it. It has no secret of its own: the deployment's signs. Why a URL
/// is refused is for the log; the sentence is Fetch Hive's, word for word.
fn endpoint(fields: &mut Fields, api: &Api, url: &str) -> Option<Endpoint> {
    let is_short_enough = url.chars().count() <= api.limits.callback_url_chars_max;
    match api.policy.check_url(url) {
        Ok(judged) if is_short_enough => {
            return Some(Endpoint::new(judged.as_str(), PayloadFormat::FetchHive));
        }
        Ok(_) => log_refusal("it is too long"),
        Err(refusal) => log_refusal(&refusal.to_string()),
    }
    fields.wrong("async.callback_url", "invalid", URL_INVALID.to_owned());
    None
}

fn hearing(fields: &mut Fields, is_called_back: bool) -> Hearing {
    const NAME: &str = "cancel_on_disconnect";
    let cancels = fields.boolean(NAME).unwrap_or(false);
    if !is_called_back {
        return Hearing::Waiting { cancels };
    }
    if cancels {
        let detail = format!("`{NAME}` means something only where the answer is waited for.");
        fields.wrong(NAME, "conflict", detail);
    }
    Hearing::CalledBack
}

/// The field `inputs`: any JSON. Nothing, and null, is an object without members, so that a program
/// that reads its inputs always finds JSON.
fn inputs(fields: &mut Fields, api: &Api) -> Input {
    const NAME: &str = "inputs";
    let inputs = fields.take(NAME).unwrap_or_else(|| Value::Object(Map::new()));
    let input = Input::json(&inputs);
    spec::too_long(fields, NAME, input.stdin.len(), api.limits.stdin_bytes_max);
    input
}
