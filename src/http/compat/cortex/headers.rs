//! What the headers of a call say: its id, and who is called back.
//! Reads no body and calls nothing.

use actix_web::http::header::HeaderMap;
use serde_json::Map;

use crate::http::callback;
use crate::http::envelope::REQUEST_ID;
use crate::http::error::{FieldError, Problem};
use crate::http::fields::Fields;
use crate::http::state::Api;

/// The longest id that a caller may give a call, in characters.
const REQUEST_ID_CHARS_MAX: usize = 255;

const CALLBACK_URL: &str = "Ringback-Callback-Url";

/// What the caller calls this call, if anything.
pub(super) fn request_id(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const NAME: &str = "X-Request-Id";
    let mut all = headers.get_all(&REQUEST_ID);
    let Some(first) = all.next() else { return Ok(None) };
    let id = first.to_str().ok().filter(|id| is_request_id(id) && all.next().is_none());
    id.map(|id| Some(id.to_owned())).ok_or_else(|| {
        let detail = format!(
            "`{NAME}` must be given once and have 1 to {REQUEST_ID_CHARS_MAX} visible ASCII characters."
        );
        wrong(NAME, "invalid", detail)
    })
}

/// Whether this can be the id of a call.
pub(in crate::http) fn is_request_id(text: &str) -> bool {
    let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    !text.is_empty() && text.len() <= REQUEST_ID_CHARS_MAX && is_visible
}

/// Whom the caller wants called back in the place of whom the function names, if anybody. Judged as
/// every callback URL is.
pub(super) fn callback_url(headers: &HeaderMap, api: &Api) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all(CALLBACK_URL);
    let Some(first) = all.next() else { return Ok(None) };
    let url = first.to_str().ok().filter(|_| all.next().is_none()).ok_or_else(|| {
        let detail = format!("`{CALLBACK_URL}` must be given once and be ASCII.");
        wrong(CALLBACK_URL, "invalid", detail)
    })?;
    let mut fields = Fields::new(Map::new());
    callback::is_too_long(&mut fields, CALLBACK_URL, url, api.limits.callback_url_chars_max);
    fields.finish()?;
    match api.policy.check_url(url) {
        Ok(endpoint) => Ok(Some(endpoint.as_str().to_owned())),
        Err(refusal) => {
            Err(wrong(CALLBACK_URL, refusal.rule, format!("`{CALLBACK_URL}`: {refusal}.")))
        }
    }
}

fn wrong(header: &str, code: &'static str, detail: String) -> Problem {
    Problem::invalid(vec![FieldError { field: header.to_owned(), code, detail }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_can_be_seen_and_is_not_too_long() {
        for id in ["a", "0192/abc?<{\"%~", &"x".repeat(255)] {
            assert!(is_request_id(id), "{id}");
        }
        for id in ["", "a b", "a\tb", "ä", "a\u{7f}", &"x".repeat(256)] {
            assert!(!is_request_id(id), "{id}");
        }
    }
}
