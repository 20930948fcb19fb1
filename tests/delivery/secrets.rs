//! Signing secrets, callback header values and values of `env` are told to nobody: in no answer,
//! no line of the log, no file. Looks for the words and at nothing else.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::outbox::{calling, delivery_once};
use crate::support::app::TestApp;
use crate::support::files;
use crate::support::options::Options;
use crate::support::receiver::TestReceiver;

const SIGNING_SECRET: &str = "signing-secret-never-to-be-seen";
const HEADER_VALUE: &str = "header-value-never-to-be-seen";
const ENV_VALUE: &str = "env-value-never-to-be-seen";
/// Kept as it is, so that looking for the others is known to look in the right places.
const NO_SECRET: &str = "label-that-anybody-may-see";
const SECRETS: [&str; 3] = [SIGNING_SECRET, HEADER_VALUE, ENV_VALUE];

fn keeping_secrets(code: &str, receiver: &TestReceiver) -> Value {
    json!({
        "language": "sh",
        "code": code,
        "labels": {"n": NO_SECRET},
        "env": {"PASSWORD": ENV_VALUE},
        "callback_url": receiver.url("/hook"),
        "callback_headers": {"X-Token": HEADER_VALUE},
        "callback_signature_secret": SIGNING_SECRET,
    })
}

#[track_caller]
fn expect_untold(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} tells `{secret}`: {text}");
    }
}

#[track_caller]
fn expect_not_on_disk(app: &TestApp) {
    assert!(!files::holding(&app.data_dir(), NO_SECRET).is_empty(), "the label is on disk");
    for secret in SECRETS {
        let holding = files::holding(&app.data_dir(), secret);
        assert!(holding.is_empty(), "`{secret}` lies in the clear in {holding:?}");
    }
}

#[test]
fn secrets_are_in_no_answer_no_log_and_no_file() {
    let mut app = TestApp::with(|options| options.env("RINGBACK_LOG", "trace"));
    let receiver = TestReceiver::start();
    let submitted = app.submit(keeping_secrets("exec sleep 1000", &receiver));
    let id = &submitted.id;
    expect_untold("the answer to the submit", &submitted.answer.text());
    app.wait_for_program("sleep 1000");
    expect_not_on_disk(&app);
    app.delete(&format!("/v1/executions/{id}")).expect(202);
    delivery_once(&app, id, "delivered");
    assert_eq!(receiver.first().header("x-token"), Some(HEADER_VALUE));
    for path in [
        "/v1/executions",
        &format!("/v1/executions/{id}"),
        &format!("/v1/executions/{id}/deliveries"),
    ] {
        expect_untold(path, &app.get(path).expect(200).text());
    }
    expect_untold("the callback", &String::from_utf8_lossy(&receiver.first().body));
    expect_not_on_disk(&app);
    app.terminate();
    expect_not_on_disk(&app);
    expect_untold("the log", &app.stderr());
}

#[test]
fn secrets_survive_a_restart_and_still_sign() {
    let mut app = TestApp::with(|options| options.slots(1).retry_schedule("300ms,1s,1s,1s"));
    let mut receiver = TestReceiver::down();
    let code = "test \"$PASSWORD\" = env-value-never-to-be-seen";
    let id = app.submit(keeping_secrets(code, &receiver)).id;
    assert_eq!(app.finished(&id)["status"], "completed");
    app.kill9();
    app.restart();
    receiver.up();
    delivery_once(&app, &id, "delivered");
    let request = receiver.first();
    assert_eq!(request.header("x-token"), Some(HEADER_VALUE));
    assert!(request.header("webhook-signature").is_some());
}

#[test]
fn secrets_are_in_no_refusal() {
    let app = TestApp::with(|options| options.env("RINGBACK_LOG", "trace"));
    let receiver = TestReceiver::start();
    for (field, value) in
        [("timeout", json!(-1)), ("unknown", json!(1)), ("language", json!("cobol"))]
    {
        let mut body = keeping_secrets("true", &receiver);
        body[field] = value;
        for route in ["/v1/executions", "/execute/async"] {
            expect_untold("a refusal", &app.post(route, &body).text());
        }
    }
    let mut odd = keeping_secrets("true", &receiver);
    odd["callback_headers"] = json!({"X-Token": format!("{HEADER_VALUE}\r\n")});
    expect_untold("a refusal", &app.post("/v1/executions", &odd).expect(400).text());
    odd["callback_headers"] = json!(HEADER_VALUE);
    expect_untold("a refusal", &app.post("/v1/executions", &odd).expect(400).text());
    odd["env"] = json!([ENV_VALUE]);
    expect_untold("a refusal", &app.post("/v1/executions", &odd).expect(400).text());
    expect_untold("the log", &app.stderr());
}

#[test]
fn the_keys_that_the_server_makes_are_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let app = TestApp::with(|options| options.env("RINGBACK_WEBHOOK__ED25519", "true"));
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let keys: Vec<_> = files::all_in(&app.data_dir())
        .into_iter()
        .filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().contains("key")))
        .collect();
    assert_eq!(keys.len(), 3, "{:?}", files::all_in(&app.data_dir()));
    for key in keys {
        assert_eq!(mode(&key), 0o600, "{}", key.display());
    }
}

/// What the server has made by itself, each with the one file that may hold it.
fn made_by_the_server(app: &TestApp) -> Vec<(String, Option<PathBuf>)> {
    let make = || app.request("POST", "/v1/signing-secret").send().expect(201).json();
    let text = |made: Value| made["signing_secret"].as_str().unwrap().to_owned();
    let secrets = [make(), make()].map(|made| (text(made), None));
    let keys = ["secrets.key", "signing.key", "token.key"].map(|name| {
        let path = app.data_dir().join(name);
        (std::fs::read_to_string(&path).unwrap().trim().to_owned(), Some(path))
    });
    // Without what all of a kind begin with, which is in the database by design.
    let bare = |text: String| text.split('_').next_back().unwrap().to_owned();
    secrets.into_iter().chain(keys).map(|(text, path)| (bare(text), path)).collect()
}

#[test]
fn what_the_server_makes_is_told_to_who_makes_it_and_lies_in_no_other_file() {
    let trace = |options: Options| {
        options.env("RINGBACK_LOG", "trace").env("RINGBACK_WEBHOOK__ED25519", "true")
    };
    let mut app = TestApp::with(trace);
    let made = made_by_the_server(&app);
    assert_eq!(made.len(), 5);
    let receiver = TestReceiver::start();
    let id = app.submit(calling(&receiver)).id;
    delivery_once(&app, &id, "delivered");
    let signed = receiver.first().header("webhook-signature").unwrap().to_owned();
    assert_eq!(signed.matches("v1").count(), 3, "all of them are in use: {signed}");

    let mut told: Vec<String> = Vec::new();
    for path in ["/v1/signing-secret", "/.well-known/ringback-keys", "/readyz?verbose"] {
        told.push(app.get(path).expect(200).text());
    }
    told.push(app.get(&format!("/v1/executions/{id}/deliveries")).expect(200).text());
    told.push(app.post("/v1/signing-secret", &json!({"x": 1})).expect(400).text());
    app.terminate();
    told.push(app.stderr());
    told.push(format!("{:?} {}", receiver.first().headers, receiver.first().json()));
    for (text, home) in made {
        assert!(told.iter().all(|told| !told.contains(&text)), "{text} is told");
        let holding = files::holding(&app.data_dir(), &text);
        assert_eq!(holding, Vec::from_iter(home), "{text}");
    }
}
