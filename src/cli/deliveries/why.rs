//! Why a callback has arrived, or not: what the server says of it, and what to do about it.
//! Prints nothing, and makes nothing up that the server has not said.

use super::delivery::{Attempt, Delivery};

/// The paragraph about a delivery: what happened and what comes next, which the server tells, and
/// what can be done.
pub(super) fn why(delivery: &Delivery) -> String {
    let told = match delivery.explanation.as_str() {
        "" => format!("Its status is {}; this server does not say more.", delivery.status),
        explanation => explanation.to_owned(),
    };
    let failed = delivery.last().filter(|attempt| attempt.error_class.is_some());
    let has_not_arrived = delivery.status != "delivered";
    let advice = failed.filter(|_| has_not_arrived).and_then(|attempt| advice(delivery, attempt));
    let commands = commands(delivery);
    let parts = [Some(told), advice, Some(commands)].into_iter().flatten();
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What to type.
fn commands(delivery: &Delivery) -> String {
    let Delivery { id, event_id, .. } = delivery;
    if !delivery.is_of_the_end() {
        return String::new();
    }
    let again = format!("`ringback deliveries redeliver {id}`");
    match delivery.status.as_str() {
        "delivered" => {
            format!(
                "If it seems to be missing there, look for webhook-id {event_id}; {again} sends it again."
            )
        }
        // Whoever asks for it again stands behind the same host.
        "pending" if delivery.waits_for_its_host() => {
            "A redelivery waits for its host too.".to_owned()
        }
        "pending" if delivery.made() > 0 => format!("{again} does not wait for that."),
        "exhausted" => format!(
            "{again} sends this one; `ringback deliveries recover --since 1d --host {}` sends all that was given up \
             there.",
            delivery.host()
        ),
        "refused" => format!(
            "Whoever runs the server allows it with --allow-callback-to or webhook.allow; `ringback doctor \
             --callback-url URL` says what stands in the way. Then {again} sends it."
        ),
        _ => String::new(),
    }
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
            "The receiver does not take this body: see what it answered.".to_owned()
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

    fn about(change: impl FnOnce(&mut Value)) -> String {
        let mut delivery = json!({
            "id": "dlv_1", "event_id": "evt_1", "url": "https://example.com:8443/hook",
            "event_type": "execution.completed", "status": "pending", "explanation": "It waits.",
            "attempts": [{ "number": 1, "status_code": 500, "error_class": "status" }],
        });
        change(&mut delivery);
        why(&Delivery::of(&delivery).unwrap())
    }

    #[test]
    fn it_says_what_the_server_says_and_what_to_do() {
        let expected = "It waits. That is the receiver's own failure: look into its log. \
             `ringback deliveries redeliver dlv_1` does not wait for that.";
        assert_eq!(about(|_| {}), expected);
        let first = about(|delivery| delivery["attempts"] = json!([]));
        assert_eq!(first, "It waits.", "there is nothing to do but to wait");
        let silent = about(|delivery| delivery["explanation"] = "".into());
        assert!(silent.starts_with("Its status is pending;"), "{silent}");
    }

    #[test]
    fn a_host_that_has_to_be_waited_for_is_waited_for_by_a_redelivery_too() {
        for (waiting_for, is_waited_for) in [("due", false), ("permit", true), ("breaker", true)] {
            let told = about(|delivery| delivery["waiting_for"] = waiting_for.into());
            assert_eq!(told.contains("`ringback deliveries redeliver"), !is_waited_for, "{told}");
            assert_eq!(told.contains("waits for its host too"), is_waited_for, "{told}");
        }
    }

    #[test]
    fn each_end_has_its_commands() {
        let ended = |status: &str, expected: &[&str]| {
            let told = about(|delivery| delivery["status"] = status.into());
            for expected in expected {
                assert!(told.contains(expected), "{expected:?} is missing: {told}");
            }
            told
        };
        let again = "`ringback deliveries redeliver dlv_1` sends";
        let delivered = ended("delivered", &["webhook-id evt_1", again]);
        assert!(!delivered.contains("failure"), "a failure that is over needs no advice");
        ended("exhausted", &["recover --since 1d --host example.com:8443", again]);
        ended("refused", &["--allow-callback-to", again]);
        assert!(!ended("lost", &["It waits."]).contains('`'));
        let before = about(|delivery| {
            delivery["status"] = "exhausted".into();
            delivery["event_type"] = "execution.output".into();
        });
        assert!(!before.contains('`'), "what is no longer news is not sent again: {before}");
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
