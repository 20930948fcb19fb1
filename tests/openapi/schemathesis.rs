//! Schemathesis makes requests up from the document and judges what comes back: no 5xx, and only
//! statuses, types and bodies that the document has.

use std::process::{Command, Stdio};

use super::committed::installed;
use super::document::{NOT_BUILT_YET, operations};
use crate::support::app::TestApp;
use crate::support::options::API_KEY;

/// How many requests are made up for each operation.
const EXAMPLES: &str = "12";

/// The same requests each time.
const SEED: &str = "20261122";

/// What is asked of each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// A server on which nothing that is made up runs for long or calls anybody.
fn server() -> TestApp {
    TestApp::with(|options| {
        options
            .slots(2)
            .callbacks_only_to_the_world()
            // Nobody has read the programs.
            .env("RINGBACK_EXECUTION__ISOLATION", "auto")
            .env("RINGBACK_EXECUTION__TIMEOUT_DEFAULT", "1s")
            .env("RINGBACK_EXECUTION__TIMEOUT_MAX", "2s")
            .env("RINGBACK_WEBHOOK__TIMEOUT", "1s")
            .env("RINGBACK_WEBHOOK__RETRY_SCHEDULE", "")
    })
}

#[test]
fn nothing_that_schemathesis_makes_up_is_answered_otherwise_than_the_document_says() {
    let app = server();
    let directory = app.scratch().to_owned();
    let mut command = Command::new(installed("schemathesis"));
    command
        .args(["run", "docs/openapi.json", "--url", &format!("http://{}", app.address())])
        .args(["--header", &format!("Authorization: Bearer {API_KEY}")])
        .args(["--checks", CHECKS, "--max-examples", EXAMPLES, "--seed", SEED])
        .args(["--phases", "examples,fuzzing", "--generation-deterministic", "--no-color"])
        .args(["--request-timeout", "20", "--workers", "2"])
        // A WebSocket, and the answer to what is not there, are no conversations for it.
        .args(["--exclude-path", "/execute/stream", "--exclude-path", "/v1/sandboxes"]);
    for operation in operations().iter().filter(|operation| !operation.is_built()) {
        let id = operation.says["operationId"].as_str().unwrap();
        command.args(["--exclude-operation-id", id]);
    }
    let judged = command
        .env("HYPOTHESIS_STORAGE_DIRECTORY", &directory)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}\n{}", String::from_utf8_lossy(&judged.stderr));
    // It says so when it has passed over what it could not call.
    assert!(said.contains("passed"), "{said}");
    assert!(NOT_BUILT_YET.len() < 20, "the list of what is not built is not a way out");
}
