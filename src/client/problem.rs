//! Reads what a server says when it does not do what it was asked. An older or newer server, or a proxy
//! that speaks as RFC 9457 has it, is understood as far as it goes. Passes its words on as they are.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::Error;
use crate::bodies::{FieldError, Problem};

/// How much is shown of an answer that is none of ours, in characters.
const SHOWN_CHARS_MAX: usize = 200;

/// The error that an answer stands for.
pub(super) fn error(
    server: &Url,
    status: u16,
    bytes: &[u8],
    retry_after: Option<Duration>,
) -> Error {
    let body: Option<Value> = serde_json::from_slice(bytes).ok();
    match body.and_then(|body| problem(status, &body)) {
        Some(problem) => Error::Problem { problem: Box::new(problem), retry_after },
        None => foreign(server, status, bytes),
    }
}

/// What is said of an answer that no Ringback gives.
pub(super) fn foreign(server: &Url, status: u16, bytes: &[u8]) -> Error {
    let text = String::from_utf8_lossy(bytes);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = match text.char_indices().nth(SHOWN_CHARS_MAX) {
        _ if text.is_empty() => "nothing more".to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    Error::Foreign { server: server.clone(), status, said }
}

/// A problem with as much of it as is there; none without any words.
fn problem(status: u16, body: &Value) -> Option<Problem> {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let title = text("title");
    let errors = body["errors"].as_array().into_iter().flatten();
    Some(Problem {
        r#type: text("type").unwrap_or_else(|| "about:blank".to_owned()),
        detail: text("detail").or_else(|| title.clone())?,
        title: title.unwrap_or_default(),
        status,
        code: text("code").unwrap_or_default().into(),
        errors: errors.filter_map(field_error).collect(),
        execution_id: text("execution_id").and_then(|id| id.parse().ok()),
        request_id: text("request_id"),
    })
}

fn field_error(error: &Value) -> Option<FieldError> {
    let text = |name: &str| error[name].as_str().map(str::to_owned);
    let code = text("code").unwrap_or_default().into();
    Some(FieldError { field: text("field")?, code, detail: text("detail")? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(status: u16, body: &Value) -> String {
        let server = Url::parse("http://x/").unwrap();
        error(&server, status, body.to_string().as_bytes(), None).to_string()
    }

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let problem = |detail: &str| json!({ "title": "T", "detail": detail, "code": "c" });
        assert_eq!(told(403, &problem("The scope is missing.")), "The scope is missing.");
        assert_eq!(told(500, &json!({ "title": "T" })), "T");
        let mut invalid = problem("since is no time");
        invalid["errors"] = json!([
            { "field": "since", "code": "x", "detail": "since is no time" },
            { "field": "host", "code": "y", "detail": "too long" },
        ]);
        assert_eq!(told(400, &invalid), "since is no time\nhost: too long");
    }

    #[test]
    fn what_is_no_ringbacks_is_told_as_such() {
        let expected = "http://x/ answered 502 and not as a Ringback does: {\"oops\":1}";
        assert_eq!(told(502, &json!({ "oops": 1 })), expected);
        let server = Url::parse("http://x/").unwrap();
        let empty = error(&server, 302, b" \n", None).to_string();
        assert_eq!(empty, "http://x/ answered 302 and not as a Ringback does: nothing more");
        let long = error(&server, 200, "☃".repeat(300).as_bytes(), None).to_string();
        assert!(long.ends_with("☃…") && long.chars().count() < 300, "{long}");
    }
}
