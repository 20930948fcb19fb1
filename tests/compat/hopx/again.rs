//! Clients that have waited in vain for the answer to `run_code_async`, and submit again by themselves.
//! The time is their own: they give up after ten seconds, three times, as they were published.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::Kind;
use crate::support::app::TestApp;
use crate::support::receiver::TestReceiver;

/// Longer than a client waits twice, with its pauses, and shorter than it waits three times.
const SLOW: &str = "accept-after-commit=1*sleep(22500)";

fn check(kind: Kind) {
    let receiver = TestReceiver::start();
    let mut app = TestApp::with(|options| options.failpoints(SLOW));
    let mut client = kind.connected(&app);
    let began = Instant::now();
    // It runs when the last submission comes: what has ended by then would be begun anew.
    let code = "import time; time.sleep(1000)";
    let submission = json!({ "code": code, "callback_url": receiver.url("/hook") });
    let given = client.get("run_code_async", submission);
    assert!(began.elapsed() > Duration::from_secs(20), "{kind:?} has submitted three times");
    let listed = app.get("/v1/executions").expect(200).json()["data"].clone();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed:#}");
    assert_eq!(listed[0]["id"], given["execution_id"]);
    let id = given["execution_id"].as_str().unwrap();
    assert_eq!(app.delete(&format!("/v1/executions/{id}")).status, 202);
    assert_eq!(receiver.first().json()["execution_id"], given["execution_id"]);
    app.terminate();
    assert_eq!(receiver.received().len(), 1, "it is called back once");
}

#[test]
fn three_submissions_after_time_outs_give_one_execution() {
    check(Kind::Python);
}

#[test]
fn three_submissions_of_the_asynchronous_client_give_one_execution() {
    check(Kind::PythonAsync);
}
