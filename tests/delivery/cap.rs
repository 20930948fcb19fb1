//! Bodies that would be too large: cut to what fits, and honest about it.
//! Not about output that was too much to be kept in the first place.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::outbox::calling;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

const MAX: usize = 8192;

fn app() -> TestApp {
    TestApp::with(|options| {
        options
            .env("RINGBACK_WEBHOOK__PAYLOAD_BYTES_MAX", &MAX.to_string())
            .env("RINGBACK_SERVER__PUBLIC_URL", "https://ringback.example.com/")
    })
}

/// The body that a program's end was told with.
#[track_caller]
fn told(app: &TestApp, format: &str, code: &str) -> (String, Vec<u8>) {
    let receiver = TestReceiver::start();
    let mut body = calling(&receiver);
    body["code"] = code.into();
    body["payload_format"] = format.into();
    let id = app.submit(body).id;
    (id, receiver.first().body)
}

#[test]
fn output_over_the_cap_is_cut_head_and_tail_with_its_length_its_hash_and_a_link() {
    let app = app();
    let code = "printf begin; head -c 100000 /dev/zero | tr '\\0' x; printf end; echo short >&2";
    let (id, body) = told(&app, "standard", code);
    assert!(body.len() <= MAX && body.len() > MAX - 1024, "{}", body.len());
    let data = &serde_json::from_slice::<Value>(&body).unwrap()["data"];
    let stdout = data["stdout"].as_str().unwrap();
    assert!(stdout.starts_with("beginxxx") && stdout.ends_with("xxxend"), "{stdout}");
    assert!(stdout.contains("bytes left out"));
    assert_eq!((&data["stdout_bytes"], &data["stdout_truncated"]), (&json!(100_008), &json!(true)));
    assert_eq!((&data["stderr"], &data["stderr_truncated"]), (&json!("short\n"), &json!(false)));

    let whole = format!("begin{}end", "x".repeat(100_000));
    let full = &data["full_output"]["stdout"];
    assert_eq!(full["bytes"], whole.len());
    assert_eq!(full["sha256"], hex::encode(Sha256::digest(&whole)));
    let url = format!("https://ringback.example.com/v1/executions/{id}/output/stdout");
    assert_eq!(full["url"], url);
    assert_eq!(app.record(&id)["stdout"], whole, "the record has all of it");
}

#[test]
fn what_fits_is_whole_and_says_nothing_of_a_whole() {
    let (_, body) = told(&app(), "standard", "echo hi");
    let data = &serde_json::from_slice::<Value>(&body).unwrap()["data"];
    assert_eq!((&data["stdout"], data.get("full_output")), (&json!("hi\n"), None));
}

/// A body that has exactly as many bytes as it may have is not cut, and one more byte is.
#[test]
fn the_cap_itself_still_fits() {
    let app = app();
    let length_of = |output: usize| {
        let (_, body) = told(&app, "hopx", &format!("head -c {output} /dev/zero | tr '\\0' x"));
        let cut = String::from_utf8(body.clone()).unwrap().contains("bytes left out");
        (body.len(), cut)
    };
    // How long the times in it are differs by a digit or two from one to the next.
    let (length, _) = length_of(1000);
    let (short, long) = (MAX - (length - 1000) - 8, MAX - (length - 1000) + 8);
    let (whole, is_cut) = length_of(short);
    assert!(!is_cut && whole > MAX - 24 && whole <= MAX, "{whole}");
    let (cut, is_cut) = length_of(long);
    assert!(is_cut && cut <= MAX, "{cut}");
}

#[test]
fn what_json_makes_long_is_counted_as_it_is_sent() {
    let app = app();
    // A control character takes six bytes in JSON.
    let (_, body) = told(&app, "standard", "head -c 5000 /dev/zero | tr '\\0' '\\1'");
    assert!(body.len() <= MAX, "{}", body.len());
    let data = &serde_json::from_slice::<Value>(&body).unwrap()["data"];
    assert_eq!((&data["stdout_bytes"], &data["stdout_truncated"]), (&json!(5000), &json!(true)));
}

#[test]
fn bytes_that_are_no_text_are_cut_and_stay_valid() {
    let app = app();
    let (_, body) = told(&app, "standard", "head -c 50000 /dev/urandom");
    assert!(body.len() <= MAX, "{}", body.len());
    let data = &serde_json::from_slice::<Value>(&body).unwrap()["data"];
    assert_eq!(
        (&data["stdout_encoding"], &data["stdout_bytes"]),
        (&json!("base64"), &json!(50_000))
    );
}

#[test]
fn a_result_that_does_not_fit_is_left_out_and_named() {
    let app = app();
    let code =
        "printf '\"%s\"' $(head -c 20000 /dev/zero | tr '\\0' r) > $RINGBACK_RESULT; echo hi";
    let (id, body) = told(&app, "standard", code);
    assert!(body.len() <= MAX, "{}", body.len());
    let data = &serde_json::from_slice::<Value>(&body).unwrap()["data"];
    assert_eq!((&data["result"], &data["stdout"]), (&Value::Null, &json!("hi\n")));
    assert!(data["result_error"].as_str().unwrap().contains("20002 bytes"), "{data:#}");
    assert_eq!(app.record(&id)["result"], "r".repeat(20_000), "the record has it");
}
