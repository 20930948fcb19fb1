//! What came of a ping, and what can be done about it, in words for whoever runs the endpoint.
//! Sends nothing.

use crate::domain::{AttemptOutcome, ErrorClass};
use crate::http::error::sentence;

/// What came of a ping and what to do.
pub(super) fn advice(outcome: &AttemptOutcome) -> String {
    let code = outcome.status_code.unwrap_or_default();
    let Some(class) = outcome.error_class else {
        return format!("It was taken with {code}: callbacks arrive there.");
    };
    if class == ErrorClass::Status {
        return format!(
            "It was answered {code}, and only 2xx says that it was taken. {}",
            to_do(code)
        );
    }
    let error = sentence(outcome.error.as_deref().unwrap_or("nothing is known about why"));
    let to_do = match class {
        ErrorClass::Dns => {
            "Check how the host is spelt, and that the network of this server can resolve it."
        }
        ErrorClass::Connect => {
            "Check that something listens at that port, and that no firewall stands between it and \
             this server."
        }
        ErrorClass::Tls => {
            "Check that its certificate has not expired, names this host and comes with its chain, \
             and that the port speaks TLS at all. The operator can trust a private authority with \
             webhook.ca_file."
        }
        ErrorClass::Timeout => {
            "Check that nothing on the way drops packets, and have the endpoint answer before it \
             does its work."
        }
        ErrorClass::Reset => {
            "Check what closes it: a proxy without anything behind it, or a port that speaks only \
             TLS."
        }
        ErrorClass::Protocol => "Check that the port speaks HTTP/1.1.",
        // The rule says what can be done about it.
        ErrorClass::Refused | ErrorClass::Status => return format!("It was not sent. {error}"),
    };
    format!("It did not arrive. {error} {to_do}")
}

/// What to do about an answer.
const fn to_do(code: u16) -> &'static str {
    match code {
        300..=399 => "Redirects are not followed: give the URL that it leads to.",
        401 | 403 => {
            "It does not accept who sends it: give it the credentials that it wants as headers, or \
             have it accept whoever signs rightly."
        }
        404 => "There is nothing at that path there: check the path.",
        405 => "It does not take POST, which is how callbacks come.",
        408 | 504 => "It waited for something itself: look into its own log.",
        410 => "It says that it is gone for good: a delivery would be given up at once.",
        413 => "It takes no body of that size, and callbacks are larger.",
        415 => "It does not take application/json, which is what callbacks are.",
        429 | 503 => "It has too much to do or is away: a delivery would be tried again later.",
        400..=499 => "It did not understand it or did not want it: look into its own log.",
        500..=599 => "It failed by itself: look into its own log.",
        _ => "Have it answer 200 or 204.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(class: ErrorClass) -> AttemptOutcome {
        let error = Some("the reason".to_owned());
        AttemptOutcome { error_class: Some(class), error, ..AttemptOutcome::default() }
    }

    #[test]
    fn what_was_taken_arrives() {
        let outcome = AttemptOutcome { status_code: Some(204), ..AttemptOutcome::default() };
        assert_eq!(advice(&outcome), "It was taken with 204: callbacks arrive there.");
    }

    #[test]
    fn each_class_of_failure_has_its_reason_and_a_remedy_of_its_own() {
        let mut said = std::collections::BTreeSet::new();
        for class in ErrorClass::ALL.into_iter().filter(|class| *class != ErrorClass::Status) {
            let text = advice(&failed(class));
            assert!(text.contains("The reason."), "{class:?}: {text}");
            let is_refused = class == ErrorClass::Refused;
            assert_eq!(text.ends_with("The reason."), is_refused, "{class:?}: {text}");
            assert!(said.insert(text), "{class:?} says what another says");
        }
    }

    #[test]
    fn an_answer_is_told_with_what_it_means() {
        for (code, word) in [
            (307, "not followed"),
            (401, "credentials"),
            (403, "credentials"),
            (404, "path"),
            (405, "POST"),
            (410, "gone"),
            (413, "size"),
            (415, "application/json"),
            (422, "its own log"),
            (429, "later"),
            (500, "its own log"),
            (503, "later"),
            (600, "200 or 204"),
        ] {
            let text =
                advice(&AttemptOutcome { status_code: Some(code), ..failed(ErrorClass::Status) });
            assert!(text.contains(&code.to_string()) && text.contains(word), "{code}: {text}");
        }
    }
}
