//! What a server says when it does not do what it was asked, as a sentence and an exit code.
//! Its own words are passed on as they are.

use serde_json::Value;
use url::Url;

use crate::cli::exit::Failure;
use crate::cli::terminal::{shortened, tame};

/// How much is shown of an answer that is none of ours, in characters.
const SHOWN_CHARS_MAX: usize = 200;

/// The failure that an answer stands for: `body` is it as JSON, if it is JSON.
pub(super) fn failure(server: &Url, status: u16, body: Option<&Value>, bytes: &[u8]) -> Failure {
    let sentence = match body.and_then(told) {
        Some(told) => told,
        None => foreign(server, status, bytes),
    };
    match status {
        401 => Failure::Auth(format!(
            "{sentence}\n--token or RINGBACK_TOKEN takes the API key that `ringback serve` printed at its \
             first start"
        )),
        403 => Failure::Auth(sentence),
        404 => Failure::NotFound(sentence),
        400 | 422 => Failure::Usage(sentence),
        _ => Failure::Failed(sentence),
    }
}

/// The words of a problem: its detail, or a line for each field that is wrong.
fn told(body: &Value) -> Option<String> {
    let detail = body["detail"].as_str().or_else(|| body["title"].as_str())?;
    let errors = body["errors"].as_array().into_iter().flatten();
    let of_fields: Vec<_> = errors
        .filter_map(|error| Some((error["field"].as_str()?, error["detail"].as_str()?)))
        .map(|(field, detail)| match detail.contains(field) {
            true => tame(detail),
            false => format!("{}: {}", tame(field), tame(detail)),
        })
        .collect();
    match of_fields.is_empty() {
        true => Some(tame(detail)),
        false => Some(of_fields.join("\n")),
    }
}

/// What is said of an answer that no Ringback gives.
fn foreign(server: &Url, status: u16, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = match text.is_empty() {
        true => "nothing more".to_owned(),
        false => tame(&shortened(&text, SHOWN_CHARS_MAX)),
    };
    format!("{server} answered {status} and not as a Ringback does: {shown}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(status: u16, body: &Value, expected: &str, code: u8) {
        let server = Url::parse("http://x/").unwrap();
        let bytes = body.to_string();
        let failure = failure(&server, status, Some(body), bytes.as_bytes());
        let code_of = |failure: &Failure| format!("{:?}", failure.code());
        assert!(failure.to_string().starts_with(expected), "{failure}");
        assert_eq!(code_of(&failure), format!("{:?}", std::process::ExitCode::from(code)));
    }

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let problem = |detail: &str| json!({ "title": "T", "detail": detail, "code": "c" });
        check(401, &problem("Who are you?"), "Who are you?\n--token or RINGBACK_TOKEN", 3);
        check(403, &problem("The scope is missing."), "The scope is missing.", 3);
        check(404, &problem("There is no such thing."), "There is no such thing.", 4);
        check(503, &problem("Draining."), "Draining.", 1);
        let fields = json!([
            { "field": "since", "code": "x", "detail": "since is no time" },
            { "field": "host", "code": "y", "detail": "too long" },
        ]);
        let mut invalid = problem("since is no time");
        invalid["errors"] = fields;
        check(400, &invalid, "since is no time\nhost: too long", 2);
    }

    #[test]
    fn an_answer_of_somebody_else_is_told_as_such() {
        let expected =
            "http://x/ answered 502 and not as a Ringback does: {\"oops\":\"\\\\u001b[2J\"}";
        check(502, &json!({ "oops": "\\u001b[2J" }), expected, 1);
        let server = Url::parse("http://x/").unwrap();
        let failure = failure(&server, 302, None, b"");
        assert_eq!(
            failure.to_string(),
            "http://x/ answered 302 and not as a Ringback does: nothing more"
        );
    }
}
