//! A handler that sends its callback itself, as the guides of Cortex have their users do: it runs as
//! it is, with the packages that it imports and the network. They lie in `.cache/handlers`, where
//! `scripts/tools.sh` puts them.

use std::path::{Path, PathBuf};

use ringback::config::{Config, Isolation};
use ringback::domain::{ExecutionSpec, ProgramResult, Secret, StartMode, Status};
use serde_json::json;

use super::super::receiver::TestReceiver;
use super::{Site, called, handler};

const CODE: &str = r#"
from datetime import datetime, timezone

import requests


class Handler:
    def __init__(self, config):
        self.webhook_url = config["webhook_url"]

    def handle_async(self, payload, request_id):
        try:
            result = {"words": len(payload["text"].split())}
        except Exception:
            self.report(request_id, "failed")
            raise
        self.report(request_id, "completed", result)
        return result

    def report(self, request_id, status, result=None):
        body = {"id": request_id, "status": status}
        if result is not None:
            timestamp = datetime.now(timezone.utc).isoformat()
            body.update(result=result, timestamp=timestamp)
        requests.post(url=self.webhook_url, json=body, timeout=10).raise_for_status()
"#;

/// The packages that the handler imports.
fn packages() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/handlers/python");
    assert!(path.exists(), "{} is missing: `make tools` installs it", path.display());
    path
}

/// A call with this payload, of which a receiver is told by the handler itself.
fn sending(receiver: &TestReceiver, code: &str, payload: &str) -> ExecutionSpec {
    let mut spec = called(handler(code), |call| {
        call.config.insert("webhook_url".into(), json!(receiver.url("/cortex")));
        call.request_id = Some("request-1".into());
    });
    spec.env.insert("PYTHONPATH".into(), Secret::new(packages().display().to_string()));
    spec.stdin = Some(payload.to_owned());
    spec.network = true;
    spec
}

#[actix_rt::test]
async fn a_handler_that_sends_its_own_callback_runs_unchanged() {
    let site = Site::with(StartMode::Cold, |config: &mut Config| {
        config.execution.isolation = Isolation::Sandbox;
        config.execution.readable.push(packages());
    })
    .await;
    let receiver = TestReceiver::start();
    let (good, bad) = (r#"{"text": "one two three"}"#, r#"{"other": 1}"#);
    site.run(sending(&receiver, CODE, good)).await.returned(json!({"words": 3}));
    site.run(sending(&receiver, CODE, bad)).await.raised(1, "KeyError: 'text'");
    // That of the guide returns nothing: it has told of its end itself.
    let silent = CODE.replace("        return result\n", "");
    let seen = site.run(sending(&receiver, &silent, good)).await;
    assert_eq!((seen.status, seen.result), (Status::Completed, ProgramResult::None));
    let received = receiver.wait_for(3);
    assert_eq!(received[2].json()["result"], json!({"words": 3}));
    assert_eq!(received[0].path, "/cortex");
    let body = received[0].json();
    let told = (&body["id"], &body["status"], &body["result"]);
    assert_eq!(told, (&json!("request-1"), &json!("completed"), &json!({"words": 3})));
    assert!(body["timestamp"].is_string(), "{body}");
    assert_eq!(received[1].json(), json!({"id": "request-1", "status": "failed"}));
}
