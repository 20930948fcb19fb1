//! A server that answers the command what it is told, and deliveries as the API has them.
//! Asserts nothing.

use serde_json::{Value, json};

use crate::shared::receiver::TestReceiver;
use crate::shared::scripted::Scripted;
use crate::support::{Ran, command, ran};

/// The id of the delivery in most tests.
pub const FIRST: &str = "dlv_01a203d20bff71bb989a36a7b3e0a523";

/// A server with its script.
pub struct Scene {
    pub server: TestReceiver,
}

impl Scene {
    pub fn answering(script: impl IntoIterator<Item = Scripted>) -> Self {
        Self { server: TestReceiver::answering(script) }
    }

    /// `ringback deliveries` with these arguments, asked of this server.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = command(&[&["deliveries"], arguments].concat());
        command.env("RINGBACK_SERVER", self.server.url(""));
        command.env("RINGBACK_TOKEN", "the-token-of-this-test");
        ran(command)
    }
}

/// A delivery that was given up after three attempts.
pub fn delivery(id: &str) -> Value {
    let attempts = [1, 2, 3].map(attempt);
    json!({
        "id": id,
        "event_id": "evt_1",
        "event_type": "execution.completed",
        "execution_id": "exec_1",
        "url": "https://example.com/hook",
        "payload_format": "standard",
        "status": "exhausted",
        "explanation": "It has not arrived and was given up after 3 attempts.",
        "ended_by": "attempts",
        "waiting_for": null,
        "attempts_max": 9,
        "attempts_made": 3,
        "next_attempt_at": null,
        "created_at": "2026-01-31T12:00:00.000Z",
        "delivered_at": null,
        "last_attempt": attempts[2],
        "attempts": attempts,
    })
}

fn attempt(number: u32) -> Value {
    json!({
        "number": number,
        "trigger": "schedule",
        "started_at": format!("2026-01-31T12:00:0{number}.000Z"),
        "address": "192.0.2.7:443",
        "status_code": 503,
        "error_class": "status",
        "error": "the endpoint answered 503",
        "timings_ms": { "dns": 0.4, "connect": 1.5, "tls": 12.3, "first_byte": 100, "total": 101.2 },
        "response_headers": {},
        "response_body": "later\n",
        "response_truncated": false,
    })
}

/// An answer with this JSON.
pub fn json(status: u16, body: &Value) -> Scripted {
    Scripted::status(status).header("content-type", "application/json").body(&body.to_string())
}

/// A page of a list.
pub fn page(deliveries: &[Value], next_cursor: Option<&str>) -> Scripted {
    json(200, &json!({ "data": deliveries, "next_cursor": next_cursor }))
}

/// A problem.
pub fn problem(status: u16, detail: &str) -> Scripted {
    json(status, &json!({ "title": "T", "status": status, "detail": detail, "code": "c" }))
}
