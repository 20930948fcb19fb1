//! Reads the head of a receiver's answer: what it says of success, of waiting, and of itself.
//! Keeps little of it: the log of attempts is a window into whatever answered.

use awc::http::StatusCode;
use awc::http::header::{HeaderMap, RETRY_AFTER};

use super::retry_after;
use crate::domain::{AttemptOutcome, ErrorClass, Timestamp};

/// How much of the headers is kept, names and values together.
const HEADERS_BYTES_MAX: usize = 8 * 1024;

/// What the head of an answer says.
pub(super) fn head_of(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> AttemptOutcome {
    let failed = !status.is_success();
    let retry_after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after::parse(value, now));
    AttemptOutcome {
        status_code: Some(status.as_u16()),
        error_class: failed.then_some(ErrorClass::Status),
        error: failed.then(|| sentence(status)),
        response_headers: kept(headers),
        response_body: String::new(),
        response_truncated: false,
        retry_after,
    }
}

fn sentence(status: StatusCode) -> String {
    let follow = if status.is_redirection() { "; redirects are not followed" } else { "" };
    format!("The receiver answered {} instead of 2xx{follow}.", status.as_u16())
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut room = HEADERS_BYTES_MAX;
    headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .take_while(|(name, value)| {
            let fits = name.len() + value.len() <= room;
            room = room.saturating_sub(name.len() + value.len());
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use awc::http::header::{HeaderName, HeaderValue, LOCATION};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    #[test]
    fn anything_but_2xx_is_a_failure_in_words() {
        let outcome = head_of(StatusCode::NO_CONTENT, &HeaderMap::new(), NOW);
        assert_eq!((outcome.error_class, outcome.error), (None, None));
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("http://127.0.0.1/"));
        let outcome = head_of(StatusCode::TEMPORARY_REDIRECT, &headers, NOW);
        assert_eq!(outcome.error_class, Some(ErrorClass::Status));
        assert!(outcome.error.unwrap().contains("not followed"));
    }

    #[test]
    fn of_huge_headers_only_the_first_are_kept() {
        let mut headers = HeaderMap::new();
        for number in 0..100 {
            let name = HeaderName::try_from(format!("x-{number}")).unwrap();
            headers.insert(name, HeaderValue::try_from("v".repeat(1000)).unwrap());
        }
        let kept = head_of(StatusCode::OK, &headers, NOW).response_headers;
        assert!(!kept.is_empty() && kept.len() <= 8);
    }
}
