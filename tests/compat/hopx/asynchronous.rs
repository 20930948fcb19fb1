//! `run_code_async`: what the client gives, and what comes to the receiver that it has named.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::client::{ALL, Kind, Thrown};
use crate::support::app::TestApp;
use crate::support::receiver::{Received, TestReceiver};
use crate::support::wait::{DEADLINE, eventually};

const SECRET: &str = "webhook-secret-123";

/// What a receiver makes of a request with the code that HopX's documentation has for it.
fn verdict(interpreter: &str, file: &str, secret: &str, request: &Received) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/delivery/verifiers");
    let mut child = Command::new(interpreter)
        .arg(folder.join(file))
        .arg(request.header("X-HopX-Signature").expect("it is signed"))
        .env("WEBHOOK_SECRET", secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("this test needs {interpreter} on the PATH: {error}"));
    let mut body = child.stdin.take().expect("it is piped");
    body.write_all(&request.body).expect("it reads the body first");
    drop(body);
    let output = child.wait_with_output().expect("our own child");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn every_client_is_called_back_once_signed_and_with_its_own_headers() {
    let app = TestApp::start();
    for kind in ALL {
        let receiver = TestReceiver::start();
        let url = receiver.url("/webhooks/training?of=1");
        let mut client = kind.connected(&app);
        let given = client.get(
            "run_code_async",
            json!({
                "code": "import os; print(os.environ['GREETING'], os.getcwd())",
                "callback_url": url,
                "env": { "GREETING": "grüß dich" },
                "callback_headers": { "Authorization": "Bearer of-the-receiver", "X-Run": "7" },
                "callback_signature_secret": SECRET,
            }),
        );
        let id = given["execution_id"].as_str().expect("it has an id").to_owned();
        let expected = json!({ "execution_id": id, "status": "queued", "callback_url": url });
        assert_eq!(given, expected, "{kind:?}");

        let request = receiver.first();
        assert_eq!((&*request.method, &*request.path), ("POST", "/webhooks/training?of=1"));
        assert_eq!(request.header("Content-Type"), Some("application/json"));
        assert_eq!(request.header("Authorization"), Some("Bearer of-the-receiver"));
        assert_eq!(request.header("X-Run"), Some("7"));
        let timestamp: u64 = request.header("X-HopX-Timestamp").unwrap().parse().unwrap();
        let at = request.at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(timestamp.abs_diff(at) <= 5, "{timestamp} is not about {at}");
        for (interpreter, file) in [("python3", "hopx_verify.py"), ("node", "hopx_verify.mjs")] {
            assert_eq!(verdict(interpreter, file, SECRET, &request), "verified", "{file}");
            assert_eq!(verdict(interpreter, file, "another", &request), "refused", "{file}");
        }
        let body = request.json();
        assert_eq!((&body["execution_id"], &body["status"]), (&json!(id), &json!("completed")));
        assert_eq!((&body["success"], &body["exit_code"]), (&json!(true), &json!(0)));
        let workspace = app.data_dir().join("workspaces/default");
        assert_eq!(body["stdout"], format!("grüß dich {}\n", workspace.display()), "{kind:?}");
        check_all_was_delivered(&app, &id);
        assert_eq!(receiver.received().len(), 1, "{kind:?}");
    }
}

/// Nothing more is owed and nothing more was tried.
fn check_all_was_delivered(app: &TestApp, id: &str) {
    let path = format!("/v1/executions/{id}/deliveries");
    let deliveries = eventually(DEADLINE, "the delivery is over", || {
        let data = app.get(&path).expect(200).json()["data"].clone();
        (data[0]["status"] == "delivered").then_some(data)
    });
    assert_eq!(deliveries.as_array().map(Vec::len), Some(1), "{deliveries}");
    assert_eq!(deliveries[0]["attempts_made"], 1, "{deliveries}");
}

#[test]
fn every_client_is_told_of_programs_that_fail_and_in_other_languages() {
    let app = TestApp::start();
    for kind in ALL {
        let receiver = TestReceiver::start();
        let mut client = kind.connected(&app);
        let mut run = |count: usize, language: &str, code: &str| -> Value {
            let callback_url = receiver.url("/");
            let arguments =
                json!({ "code": code, "language": language, "callback_url": callback_url });
            client.get("run_code_async", arguments);
            receiver.wait_for(count).remove(count - 1).json()
        };
        let failed = run(1, "bash", "echo before >&2; exit 3");
        assert_eq!((&failed["status"], &failed["exit_code"]), (&json!("failed"), &json!(3)));
        assert_eq!((&failed["success"], &failed["stderr"]), (&json!(false), &json!("before\n")));
        let other = run(2, "javascript", "console.log(6 * 7)");
        assert_eq!((&other["success"], &other["stdout"]), (&json!(true), &json!("42\n")));
    }
}

#[test]
fn every_client_throws_its_own_exception_when_the_callback_url_is_bad() {
    let app = TestApp::start();
    for kind in ALL {
        let mut client = kind.connected(&app);
        for url in ["not a URL", "ftp://example.com/", "http://169.254.169.254/"] {
            let arguments = json!({ "code": "print(1)", "callback_url": url });
            let thrown = client.call("run_code_async", arguments).unwrap_err();
            check_refused(kind, &thrown, url);
        }
    }
    assert_eq!(app.get("/v1/executions").json()["data"], json!([]), "nothing was accepted");
}

fn check_refused(kind: Kind, thrown: &Thrown, url: &str) {
    let (class, base) = match kind {
        Kind::Python | Kind::PythonAsync => ("AgentError", "HopxError"),
        Kind::JavaScript => ("APIError", "HopxError"),
    };
    assert_eq!(thrown.class, class, "{kind:?}, {url}: {thrown:?}");
    assert!(thrown.bases.iter().any(|name| name == base), "{thrown:?}");
    // The asynchronous Python client throws away all but the status.
    if kind == Kind::PythonAsync {
        assert!(thrown.message.contains("400"), "{thrown:?}");
    } else {
        assert_eq!((thrown.code.as_deref(), thrown.status), (Some("INVALID_REQUEST"), Some(400)));
        assert!(thrown.message.contains("`callback_url`"), "{thrown:?}");
    }
}
