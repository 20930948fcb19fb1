//! Why a callback has arrived, or not: one paragraph that says what happened, what comes next, when,
//! and what to do. Prints nothing.

use super::delivery::{Attempt, Delivery};
use crate::cli::moments::told;
use crate::domain::Timestamp;

/// The paragraph about a delivery at this moment.
pub(super) fn why(delivery: &Delivery, now: Timestamp) -> String {
    let sentences = match delivery.status.as_str() {
        "delivered" => delivered(delivery, now),
        "pending" => pending(delivery, now),
        "refused" => refused(delivery, now),
        "exhausted" => exhausted(delivery, now),
        other => {
            vec![format!("Its status is {other}, which this version of the command does not know.")]
        }
    };
    sentences.join(" ")
}

fn delivered(delivery: &Delivery, now: Timestamp) -> Vec<String> {
    let Delivery { id, event_id, .. } = delivery;
    let status = delivery.last().and_then(|attempt| attempt.status_code);
    let answer = status.map_or_else(String::new, |status| format!(" with {status}"));
    let when = delivery.delivered_at().map_or_else(String::new, |at| format!(" {}", told(now, at)));
    let host = delivery.host();
    let count = match delivery.made() {
        0 | 1 => "at the first attempt".to_owned(),
        made => format!("at attempt {made}, after {} that failed", made - 1),
    };
    vec![
        format!("It has arrived: {host} took it{answer}{when}, {count}."),
        format!(
            "Nothing is left to do. If it seems to be missing, look for webhook-id {event_id} there;"
        ),
        format!("`ringback deliveries redeliver {id}` sends the same event again."),
    ]
}

fn pending(delivery: &Delivery, now: Timestamp) -> Vec<String> {
    let Delivery { id, attempts_max, .. } = delivery;
    let made = delivery.made();
    let mut sentences = match delivery.last() {
        None => vec!["It has not been sent yet.".to_owned()],
        Some(attempt) => vec![
            format!(
                "It has not arrived yet: attempt {made} of {attempts_max} failed{}.",
                when(attempt, now)
            ),
            reason(attempt),
        ],
    };
    sentences.push(next(delivery, now));
    if let Some(attempt) = delivery.last() {
        sentences.extend(advice(delivery, attempt));
        sentences.push(format!(
            "When the receiver is right again, `ringback deliveries redeliver {id}` sends it at once."
        ));
    }
    sentences
}

/// What comes next, and when.
fn next(delivery: &Delivery, now: Timestamp) -> String {
    let host = delivery.host();
    let at = delivery.next_attempt_at();
    let due = at.map_or_else(|| "soon".to_owned(), |at| told(now, at));
    match delivery.waiting_for.as_deref() {
        Some("breaker") => format!(
            "So many attempts at {host} failed lately that it is left alone for a while: it is tried again {due}, \
             and everything else for it goes out when that succeeds."
        ),
        Some("permit") => format!(
            "As many requests as {host} may have at a time are under way; it is its turn when one of them ends."
        ),
        _ if at.is_some_and(|at| at <= now) => "The next attempt is due now.".to_owned(),
        _ => format!("The next attempt is {due}."),
    }
}

fn exhausted(delivery: &Delivery, now: Timestamp) -> Vec<String> {
    let Delivery { id, .. } = delivery;
    let host = delivery.host();
    let made = delivery.made();
    let when = delivery.last().map_or_else(String::new, |attempt| when(attempt, now));
    let mut sentences = match delivery.ended_by.as_deref() {
        Some("gone") => vec![format!(
            "It has not arrived, and was given up: {host} answered 410{when}, which says that nothing more is wanted \
             there."
        )],
        Some("too_large") => vec![format!(
            "It has not arrived, and was given up: {host} answered 413{when}, which says that the body is too large \
             for it. Let it take more, or let the program print less."
        )],
        _ => {
            let attempts = if made == 1 { "the only attempt" } else { "all attempts" };
            let count = if made == 1 { String::new() } else { format!(" ({made})") };
            let mut told = vec![format!(
                "It has not arrived, and was given up: {attempts}{count} failed, the last one{when}."
            )];
            told.extend(delivery.last().map(reason));
            told.extend(delivery.last().and_then(|attempt| advice(delivery, attempt)));
            told
        }
    };
    sentences.push("Nothing more is sent by itself.".to_owned());
    sentences.push(format!(
        "When the receiver is right again, `ringback deliveries redeliver {id}` sends it; \
         `ringback deliveries recover --since 1d --host {host}` sends everything that was given up there."
    ));
    sentences
}

fn refused(delivery: &Delivery, now: Timestamp) -> Vec<String> {
    let Delivery { id, .. } = delivery;
    let when = delivery.last().map_or_else(String::new, |attempt| when(attempt, now));
    let mut sentences = vec![format!(
        "It was not sent{when}, because callbacks may not go to {}.",
        delivery.host()
    )];
    sentences.extend(delivery.last().map(reason));
    sentences.push(
        "Whoever runs the server can allow it, with --allow-callback-to or webhook.allow; `ringback doctor \
         --callback-url URL` says what stands in the way."
            .to_owned(),
    );
    sentences.push(format!("After that, `ringback deliveries redeliver {id}` sends it."));
    sentences
}

fn when(attempt: &Attempt, now: Timestamp) -> String {
    attempt.started_at().map_or_else(String::new, |at| format!(" {}", told(now, at)))
}

/// The server's own sentence about an attempt, as one.
fn reason(attempt: &Attempt) -> String {
    let error = attempt.error.as_deref().unwrap_or("nothing is known of the reason").trim();
    let mut letters = error.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let sentence: String = first.chain(letters).collect();
    if sentence.ends_with(['.', '!', '?']) { sentence } else { sentence + "." }
}

/// What to do about a failure of this kind.
fn advice(delivery: &Delivery, attempt: &Attempt) -> Option<String> {
    let host = delivery.host();
    let address = attempt.address.as_deref().unwrap_or(&host);
    Some(match (attempt.error_class.as_deref()?, attempt.status_code) {
        ("dns", _) => format!("Is {host} spelt right, and known where the server runs?"),
        ("connect", _) => {
            format!("Is the receiver running at {address}, and does a firewall let the server through?")
        }
        ("tls", _) => format!("Look at the certificate of {host}: its name, its dates, and who signed it."),
        ("timeout", _) => "A receiver should answer 2xx first and do its work after that.".to_owned(),
        ("reset", _) => format!("The log of the receiver at {address} should say why it hung up."),
        ("protocol", _) => format!("Is it a web server that listens at {address}, and on http or https?"),
        ("status", Some(300..=399)) => {
            "Redirects are not followed: submit with the URL that it redirects to.".to_owned()
        }
        ("status", Some(401 | 403)) => {
            "If the receiver wants credentials, submit them in callback_headers; if it is the signature, \
             docs/verify.md says how to verify it."
                .to_owned()
        }
        ("status", Some(404 | 405)) => {
            "Is the path of the callback URL right, and does it take POST?".to_owned()
        }
        ("status", Some(400 | 415 | 422)) => {
            "The receiver does not take this body: see what it answered below.".to_owned()
        }
        ("status", Some(429)) => "The receiver asks for fewer requests.".to_owned(),
        ("status", Some(500..)) => "That is the receiver's own failure: look into its log.".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

    fn about(change: impl FnOnce(&mut Value)) -> String {
        let mut delivery = json!({
            "id": "dlv_1", "event_id": "evt_1", "url": "https://example.com:8443/hook",
            "status": "pending", "waiting_for": "due", "attempts_max": 9,
            "created_at": "2025-06-15T15:00:00.000Z",
            "next_attempt_at": "2025-06-15T15:11:40.000Z",
            "attempts": [{
                "number": 1, "started_at": "2025-06-15T15:06:35.000Z", "status_code": 500,
                "error_class": "status", "error": "the endpoint answered 500",
            }],
        });
        change(&mut delivery);
        why(&Delivery::of(&delivery).unwrap(), NOW)
    }

    #[test]
    fn it_says_what_happened_what_comes_next_and_what_to_do() {
        let expected = "It has not arrived yet: attempt 1 of 9 failed 5 s ago (2025-06-15 15:06:35Z). \
             The endpoint answered 500. The next attempt is in 5 min (2025-06-15 15:11:40Z). \
             That is the receiver's own failure: look into its log. \
             When the receiver is right again, `ringback deliveries redeliver dlv_1` sends it at once.";
        assert_eq!(about(|_| {}), expected);
    }

    #[test]
    fn each_way_to_wait_is_told() {
        let check = |waiting_for: &str, expected: &str| {
            let told = about(|delivery| {
                delivery["waiting_for"] = waiting_for.into();
                delivery["attempts"] = json!([]);
            });
            assert!(told.starts_with("It has not been sent yet."), "{told}");
            assert!(told.contains(expected), "{told}");
        };
        check("due", "The next attempt is in 5 min");
        check("breaker", "So many attempts at example.com:8443 failed lately");
        check("permit", "it is its turn when one of them ends");
        let due = about(|delivery| delivery["next_attempt_at"] = "2025-06-15T15:06:40.000Z".into());
        assert!(due.contains("The next attempt is due now."), "{due}");
    }

    #[test]
    fn each_end_is_told() {
        let ended = |status: &str, by: &str, expected: &[&str]| {
            let told = about(|delivery| {
                delivery["status"] = status.into();
                delivery["ended_by"] = by.into();
            });
            for expected in expected {
                assert!(told.contains(expected), "{expected:?} is missing: {told}");
            }
        };
        let again = "`ringback deliveries redeliver dlv_1` sends";
        ended("delivered", "", &["It has arrived: example.com:8443 took it", "evt_1", again]);
        ended("exhausted", "attempts", &["was given up: the only attempt failed", "500", again]);
        ended("exhausted", "gone", &["answered 410", "recover --since 1d --host example.com:8443"]);
        ended("exhausted", "too_large", &["answered 413", again]);
        ended(
            "refused",
            "",
            &["callbacks may not go to example.com:8443", "--allow-callback-to", again],
        );
        ended("lost", "", &["Its status is lost"]);
    }

    #[test]
    fn each_kind_of_failure_has_its_advice() {
        let check = |class: &str, status: Option<u16>, expected: &str| {
            let told = about(|delivery| {
                let attempt = &mut delivery["attempts"][0];
                attempt["error_class"] = class.into();
                attempt["status_code"] = status.into();
                attempt["address"] = "192.0.2.7:8443".into();
            });
            assert!(told.contains(expected), "{class}, {status:?}: {told}");
        };
        check("dns", None, "Is example.com:8443 spelt right");
        check("connect", None, "Is the receiver running at 192.0.2.7:8443");
        check("tls", None, "Look at the certificate");
        check("timeout", None, "answer 2xx first");
        check("reset", None, "why it hung up");
        check("protocol", None, "Is it a web server");
        check("status", Some(302), "Redirects are not followed");
        check("status", Some(401), "callback_headers");
        check("status", Some(404), "Is the path");
        check("status", Some(422), "does not take this body");
        check("status", Some(429), "fewer requests");
        check("status", Some(503), "the receiver's own failure");
    }
}
