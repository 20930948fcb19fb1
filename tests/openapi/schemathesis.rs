//! Schemathesis makes requests up from the document and judges what comes back: no 5xx, and only
//! statuses, types, headers and bodies that the document has.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::committed::installed;
use super::document::operations;
use crate::support::app::TestApp;
use crate::support::options::API_KEY;
use crate::support::receiver::TestReceiver;

/// How many requests are made up at random for each operation, beside those that try out the bounds of
/// what it takes.
const EXAMPLES: &str = "10";

/// What is asked of each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// A Python of version 3.11 runs out of depth where Schemathesis tries out the bounds of a body that may
/// be anything, so this is called at random only.
const OF_ANY_TYPE: &str = "cortexCall";

/// A WebSocket, and the answer to what is not there, are no conversations for it.
const LEFT_OUT: [&str; 2] = ["hopxStream", "hopxNoSandbox"];

/// A server on which nothing that is made up runs for long or can reach anything.
fn server() -> TestApp {
    TestApp::with(|options| {
        options
            .slots(2)
            // Nobody has read the programs.
            .env("RINGBACK_EXECUTION__ISOLATION", "auto")
            .env("RINGBACK_EXECUTION__TIMEOUT_DEFAULT", "1s")
            .env("RINGBACK_EXECUTION__TIMEOUT_MAX", "2s")
            .env("RINGBACK_WEBHOOK__TIMEOUT", "1s")
    })
}

/// What there is to ask for, by the path of the operation.
fn known(app: &TestApp) -> Value {
    let receiver = TestReceiver::start();
    let body = json!({"code": "echo hi", "language": "sh", "callback_url": receiver.url("/")});
    let id = app.run(body)["id"].clone();
    receiver.wait_for(1);
    let log = app.get("/v1/deliveries").expect(200).json();
    let function = json!({"code": "cat", "language": "sh"});
    app.request("PUT", "/v1/functions/known").json(&function).send().expect(201);
    let mut known = json!({});
    for operation in operations() {
        let value = match operation.path {
            path if path.starts_with("/v1/executions/{id}") => json!({"id": id}),
            path if path.starts_with("/v1/deliveries/{id}") => json!({"id": log["data"][0]["id"]}),
            path if path.starts_with("/v1/functions/{name}") => json!({"name": "known"}),
            "/apis/{name}" => json!({"name": "known"}),
            "/execute/async/{id}" | "/execute/kill/{id}" | "/processes/{id}/kill" => {
                json!({"id": id})
            }
            _ => continue,
        };
        known[operation.path] = value;
    }
    known
}

#[track_caller]
fn judge(app: &TestApp, known: &Value, arguments: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let judged = Command::new(installed("schemathesis"))
        .args(["--no-color", "run"])
        .arg(root.join("docs/openapi.json"))
        .args(["--url", &format!("http://{}", app.address())])
        .args(["--header", &format!("Authorization: Bearer {API_KEY}")])
        .args(["--checks", CHECKS, "--max-examples", EXAMPLES, "--continue-on-failure"])
        // The same requests each time; with several workers it sometimes fails by itself.
        .args(["--generation-deterministic", "--request-timeout", "20", "--workers", "1"])
        .args(arguments)
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", root.join("tests/openapi"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("RINGBACK_KNOWN", known.to_string())
        // It leaves something of its own wherever it is started.
        .current_dir(app.scratch())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}\n{}", String::from_utf8_lossy(&judged.stderr));
    let counted = said.lines().find(|line| line.contains(" generated, "));
    let generated = counted.and_then(|line| line.split_whitespace().next()?.parse::<u32>().ok());
    assert!(generated.is_some_and(|count| count > 5), "nothing was made up: {said}");
}

#[test]
fn nothing_that_schemathesis_makes_up_is_answered_otherwise_than_the_document_says() {
    let app = server();
    let known = known(&app);
    let mut all = vec!["--phases", "examples,coverage,fuzzing"];
    for id in LEFT_OUT.into_iter().chain([OF_ANY_TYPE]) {
        all.extend(["--exclude-operation-id", id]);
    }
    judge(&app, &known, &all);
    let random = ["--phases", "fuzzing", "--include-operation-id", OF_ANY_TYPE];
    judge(&app, &known, &random);
}
