//! What every refusal looks like: `application/problem+json` with all its members.
//! Sends nothing; it judges answers.

use serde_json::Value;

use crate::support::client::Answer;

/// Checks the shape that every error of our own routes has, and gives the problem.
#[track_caller]
pub fn expect_problem(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{problem}");
    for member in ["type", "title", "detail", "code", "request_id"] {
        assert!(
            problem[member].as_str().is_some_and(|text| !text.is_empty()),
            "{member}: {problem}"
        );
    }
    let code = problem["code"].as_str().unwrap_or_default();
    let is_snake = code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    assert!(is_snake, "the code is a stable snake_case word: {code}");
    assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"));
    problem
}

/// Checks a 400 that blames a field, and gives the sentence about it.
#[track_caller]
pub fn expect_blame(answer: &Answer, field: &str) -> String {
    let problem = expect_problem(answer, 400);
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    let blamed = errors.iter().find_map(|error| Some((error, part_of(&error["field"], field)?)));
    let Some((error, part)) = blamed else { panic!("nobody blames `{field}`: {problem}") };
    assert!(error["code"].as_str().is_some_and(|code| !code.is_empty()), "{problem}");
    let sentence = error["detail"].as_str().unwrap_or_default().to_owned();
    let names_it = match part {
        // What is odd in a name is escaped, in the sentence or in both.
        Some(part) => {
            let quoted = [format!("`{part}`"), format!("`{}`", part.escape_debug())];
            quoted.iter().any(|name| sentence.contains(name))
        }
        None => sentence.contains(field),
    };
    assert!(names_it || sentence.contains(field), "the sentence names `{field}`: {sentence}");
    sentence
}

/// What of a field is blamed: `A=B` when `env.A=B` is, and nothing more when all of `env` is.
fn part_of<'a>(blamed: &'a Value, field: &str) -> Option<Option<&'a str>> {
    let rest = blamed.as_str()?.strip_prefix(field)?;
    if rest.is_empty() { Some(None) } else { rest.strip_prefix('.').map(Some) }
}
