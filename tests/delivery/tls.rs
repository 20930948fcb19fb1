//! Endpoints behind TLS: whose certificate is believed, and what is recorded when it is not.
//! The certificates are made by the test and trusted through `webhook.ca_file` or not at all.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::outbox::delivery_once;
use super::tls_receiver::TlsReceiver;
use crate::support::app::TestApp;

/// A server that may call `localhost` and believes this certificate beside the world's own.
pub fn app_believing(certificate_pem: Option<&str>) -> (TestApp, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("roots.pem");
    let app = TestApp::with(|options| {
        let options = options.argument("--allow-callback-to", "localhost").retry_schedule("");
        match certificate_pem {
            None => options,
            Some(pem) => {
                std::fs::write(&path, pem).unwrap();
                options.env("RINGBACK_WEBHOOK__CA_FILE", path.to_str().unwrap())
            }
        }
    });
    (app, directory)
}

pub fn submit(app: &TestApp, url: &str) -> String {
    app.submit(json!({ "language": "sh", "code": "true", "callback_url": url })).id
}

#[test]
fn a_certificate_that_is_trusted_and_names_the_host_is_believed() {
    let receiver = TlsReceiver::named("localhost");
    let (app, _directory) = app_believing(Some(&receiver.certificate_pem));
    let id = submit(&app, &receiver.url());
    let delivery = delivery_once(&app, &id, "delivered");
    assert_eq!(delivery["attempts"][0]["status_code"], 204);
    let (name, line) = receiver.requests.recv_timeout(Duration::from_secs(10)).unwrap();
    // The address is pinned, the name is not: it is the host's that is asked for.
    assert_eq!((name.as_str(), line.as_str()), ("localhost", "POST /hook HTTP/1.1"));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let receiver = TlsReceiver::named("localhost");
    let (app, _directory) = app_believing(None);
    check_refused(&app, &receiver);
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let receiver = TlsReceiver::named("elsewhere.test");
    let (app, _directory) = app_believing(Some(&receiver.certificate_pem));
    check_refused(&app, &receiver);
}

#[test]
fn the_doctor_shakes_hands_and_sends_nothing() {
    let receiver = TlsReceiver::named("localhost");
    let directory = tempfile::tempdir().unwrap();
    let roots = directory.path().join("roots.pem");
    std::fs::write(&roots, &receiver.certificate_pem).unwrap();
    let doctor = |variables: &[(&str, &Path)]| {
        let mut doctor = Command::new(env!("CARGO_BIN_EXE_ringback"));
        doctor.args(["doctor", "-o", "json", "--allow-callback-to", "localhost"]);
        doctor.args(["--callback-url", &receiver.url()]).env_clear().current_dir(directory.path());
        let said = doctor.envs(variables.iter().copied()).output().unwrap();
        let report: Value = serde_json::from_slice(&said.stdout).unwrap();
        let finding = report["findings"].as_array().unwrap().last().unwrap().clone();
        (said.status.code(), finding)
    };
    let (code, believed) = doctor(&[("RINGBACK_WEBHOOK__CA_FILE", &roots)]);
    assert_eq!((code, &believed["mark"]), (Some(0), &json!("ok")), "{believed:#}");
    assert!(believed["text"].as_str().unwrap().ends_with(", TLS included"), "{believed:#}");
    let (code, refused) = doctor(&[]);
    assert_eq!((code, &refused["facts"]["error_class"]), (Some(1), &json!("tls")), "{refused:#}");
    assert!(receiver.requests.try_recv().is_err(), "nothing was sent");
}

fn check_refused(app: &TestApp, receiver: &TlsReceiver) {
    let id = submit(app, &receiver.url());
    let delivery = delivery_once(app, &id, "exhausted");
    let attempt = &delivery["attempts"][0];
    assert_eq!(attempt["error_class"], "tls", "{attempt:#}");
    assert!(attempt["error"].as_str().unwrap().contains("TLS"), "{attempt:#}");
    assert!(receiver.requests.try_recv().is_err(), "nothing was sent");
}
