//! `ringback listen`: what it prints of callbacks, real and forged, and how it ends.
//! Callbacks are signed by the published library, and some by a real server.

mod answers;
mod listener;
mod secret;
mod usage;

use rustix::process::Signal;
use serde_json::json;

use self::listener::{
    BODY, Listener, SECRET, headers, hopx, listen, post_too_much, seconds_from_now, signed,
    standard,
};
use crate::shared::app::TestApp;

/// Another secret than the listener's.
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

#[test]
fn a_callback_is_told_in_words_for_people() {
    let listener = Listener::start(&[]);
    assert_eq!(listener.post(&signed("evt_1"), BODY).status, 200);
    let printed = listener.printed("stdout: 42");
    assert_eq!(&printed[2..3], ":", "it begins with the time of day: {printed}");
    let expected = "Z  execution.completed  verified: v1  142 bytes  answered 200
           exec_1 completed
           stdout: 42
";
    assert_eq!(&printed[8..], expected);
    assert!(!printed.contains('\x1b'), "a pipe shows no colours");
}

#[test]
fn a_callback_is_one_json_object_for_machines() {
    let listener = Listener::start(&["-o", "jsonl"]);
    let mut sent = signed("evt_1");
    sent.push(("x-hopx-signature", hopx(SECRET, BODY)));
    listener.post(&sent, BODY);
    let entry = listener.entries(1).remove(0);
    assert_eq!(entry["event_type"], "execution.completed");
    assert_eq!(entry["execution_id"], "exec_1");
    assert_eq!((&entry["webhook_id"], &entry["attempt"]), (&json!("evt_1"), &json!(1)));
    assert_eq!((&entry["verified"], &entry["error"]), (&json!(true), &json!(null)));
    let matched = |scheme| json!({ "scheme": scheme, "matches": true });
    assert_eq!(entry["signatures"], json!([matched("v1"), matched("X-HopX-Signature")]));
    assert_eq!(entry["answered"], 200);
    assert_eq!(entry["headers"]["webhook-id"], "evt_1");
    assert_eq!(entry["body_bytes"], BODY.len());
    assert_eq!(entry["body"]["data"]["stdout"], "42\n");
}

#[test]
fn of_two_signatures_it_says_which_is_right() {
    let listener = Listener::start(&[]);
    let now = seconds_from_now(0);
    let values = [OTHER, SECRET].map(|secret| standard(secret, "evt_1", now, BODY)).join(" ");
    listener.post(&headers("evt_1", now, format!("v1a,AAAA {values}")), BODY);
    listener.printed("verified: v1, number 3 of 3");
    let swapped = [SECRET, OTHER].map(|secret| standard(secret, "evt_2", now, BODY)).join(" ");
    listener.post(&headers("evt_2", now, swapped), BODY);
    listener.printed("verified: v1, number 1 of 2");
}

#[test]
fn what_does_not_verify_is_told_with_the_reason() {
    let listener = Listener::start(&["-o", "jsonl"]);
    let now = seconds_from_now(0);
    let sign = |secret, at| headers("evt_1", at, standard(secret, "evt_1", at, BODY));
    let without = |name: &str| {
        let mut headers = sign(SECRET, now);
        headers.retain(|(present, _)| *present != name);
        headers
    };
    let with =
        |name: &'static str, value: &str| [without(name), vec![(name, value.into())]].concat();
    let cases = [
        (sign(OTHER, now), BODY, "no signature matches: the secret differs"),
        (sign(SECRET, now), r#"{"type":"execution.failed"}"#, "or body was changed"),
        // A replay of what was recorded, and a sender whose clock is wrong.
        (sign(SECRET, now - 400), BODY, "old, and 300s is allowed"),
        (sign(SECRET, now + 400), BODY, "in the future, and 300s is allowed"),
        (with("webhook-timestamp", "soon"), BODY, "not a whole number of Unix seconds"),
        (with("webhook-id", "evt_2"), BODY, "no signature matches"),
        (without("webhook-id"), BODY, "the header webhook-id is missing"),
        (without("webhook-timestamp"), BODY, "the header webhook-timestamp is missing"),
        (with("webhook-signature", "v1a,AAAA"), BODY, "has no v1 signature"),
        (with("webhook-signature", ""), BODY, "has no v1 signature"),
        (without("webhook-signature"), BODY, "it is not signed"),
        (vec![("x-hopx-signature", hopx(OTHER, BODY))], BODY, "X-HopX-Signature was not made"),
        // One right signature does not make up for a wrong one of the other kind.
        (
            [sign(SECRET, now), vec![("x-hopx-signature", hopx(OTHER, BODY))]].concat(),
            BODY,
            "X-HopX-Signature was not made",
        ),
    ];
    for (number, (headers, body, reason)) in cases.iter().enumerate() {
        assert_eq!(listener.post(headers, *body).status, 200, "it is answered all the same");
        let entry = listener.entries(number + 1).remove(number);
        assert_eq!(entry["verified"], false, "{reason}");
        let error = entry["error"].as_str().unwrap();
        assert!(error.contains(reason), "{error:?} should say {reason:?}");
    }
}

#[test]
fn the_same_event_again_is_an_attempt() {
    let listener = Listener::start(&[]);
    for id in ["evt_1", "evt_2", "evt_1", "evt_1"] {
        listener.post(&signed(id), BODY);
    }
    let printed = listener.printed("attempt 3 of evt_1");
    assert!(printed.contains("attempt 2 of evt_1"), "{printed}");
    assert!(!printed.contains("of evt_2"), "{printed}");
}

#[test]
fn headers_and_the_body_are_printed_on_request() {
    let listener = Listener::start(&["--headers", "--body"]);
    listener.post(&signed("evt_1"), BODY);
    let printed = listener.printed("\"stdout\"");
    let lines: Vec<&str> = printed.lines().map(str::trim_start).collect();
    for line in ["POST /", "webhook-id: evt_1", "content-length: 142", "\"status\": \"completed\","]
    {
        assert!(lines.contains(&line), "{line} is missing: {printed}");
    }
}

#[test]
fn quiet_means_only_what_did_not_verify() {
    let listener = Listener::start(&["--quiet"]);
    listener.post(&signed("evt_good"), BODY);
    listener.post(&[("webhook-id", "evt_bad".into())], BODY);
    let printed = listener.printed("it is not signed");
    assert_eq!(printed.matches("execution.completed").count(), 1, "{printed}");
    assert_eq!(listener.stderr().lines().count(), 1, "{}", listener.stderr());
}

#[test]
fn nothing_that_comes_makes_it_fall_or_commands_the_terminal() {
    let listener = Listener::start(&["--body", "--headers"]);
    listener.post(&[], "\x1b[2Jnot JSON\0");
    listener.post(&[], vec![0xff, 0xfe]);
    listener.post(&[], "");
    let stdout = r#"{"type":"\u001b[31m","data":{"id":[],"stdout":"\u001b]0;x\u0007"}}"#;
    listener.post(&[("webhook-id", "\u{9b}31m".into())], stdout);
    listener.post(&[("webhook-id", "\u{9b}31m".into())], stdout);
    post_too_much(&listener.url);
    listener.said("larger than 16 MiB");
    listener.post(&signed("evt_last"), BODY);
    let printed = listener.printed("exec_1");
    let commands = |c: &char| c.is_control() && *c != '\n';
    assert_eq!(printed.chars().filter(commands).count(), 0, "{printed:?}");
}

#[test]
fn a_browser_is_told_that_callbacks_come_by_post() {
    let listener = Listener::start(&["--count", "1"]);
    let answer = crate::shared::client::Request::new("GET", listener.url.clone()).send();
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert_eq!(answer.text(), "ringback listen: callbacks come by POST\n");
    listener.said("GET / was answered 405");
    assert_eq!(listener.stdout(), "", "it counts for nothing");
}

#[test]
fn after_the_count_it_ends_and_says_whether_all_verified() {
    let mut listener = Listener::start(&["--count", "2"]);
    listener.post(&signed("evt_1"), BODY);
    listener.post(&signed("evt_2"), BODY);
    assert_eq!(listener.end().code(), Some(0), "{}", listener.stderr());
    let mut listener = Listener::start(&["--count", "2"]);
    listener.post(&[], BODY);
    listener.post(&signed("evt_2"), BODY);
    assert_eq!(listener.end().code(), Some(1));
    listener.said("ringback: 1 of 2 callbacks did not verify\n");
}

#[test]
fn a_signal_ends_it_in_order() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut listener = Listener::start(&[]);
        listener.post(&[], BODY);
        listener.printed("NOT VERIFIED");
        listener.signal(signal);
        assert_eq!(listener.end().code(), Some(0), "nobody counted on anything");
        listener.said("1 callback, 0 verified\n");
    }
    let mut listener = Listener::start(&["--count", "1"]);
    listener.signal(Signal::TERM);
    assert_eq!(listener.end().code(), Some(1), "somebody counted on a callback");
}

#[test]
fn it_ends_quietly_when_nobody_reads_on() {
    let mut command = listen(&["-o", "jsonl"], |c| c.env("RINGBACK_SIGNING_SECRET", SECRET));
    let (reader, writer) = std::io::pipe().unwrap();
    command.stdout(writer);
    let mut listener = Listener::of(command);
    drop(reader);
    listener.post(&signed("evt_1"), BODY);
    assert_eq!(listener.end().code(), Some(0));
    assert!(!listener.stderr().contains("panic"), "{}", listener.stderr());
}

#[test]
fn a_real_server_retries_until_it_is_taken() {
    let listener = Listener::start(&["--status", "503", "--times", "2", "-o", "jsonl"]);
    let app = TestApp::start();
    let id = app.submit(json!({
        "language": "sh",
        "code": "echo 42",
        "callback_url": listener.url,
        "callback_signature_secret": SECRET,
    }));
    let entries = listener.entries(3);
    let told = |field: &str| entries.iter().map(|entry| entry[field].clone()).collect::<Vec<_>>();
    assert_eq!(told("answered"), [503, 503, 200]);
    assert_eq!(told("attempt"), [1, 2, 3]);
    assert_eq!(told("verified"), [true; 3]);
    assert_eq!(entries[2]["execution_id"], id.id.as_str());
    assert_eq!(entries[2]["webhook_id"], id.id.replace("exec_", "evt_"));
    app.wait_for(&id.id, "it is delivered", |record| record["delivery"] == "delivered");
}
