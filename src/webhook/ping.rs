//! A ping: a signed event that says only that callbacks would arrive. Made and sent as a delivery
//! is, once. Stores nothing, and decides nothing about what follows.

use bytes::Bytes;
use serde_json::json;

use super::client::{Attempted, Client, ClientSettings, Request};
use super::request::{Signing, headers, redacted};
use super::signature::Ed25519Key;
use crate::domain::{AttemptOutcome, ErrorClass, EventId, PayloadFormat, Secret, Timestamp};

/// What the type of a ping is, where deliveries have the kind of their event.
const TYPE: &str = "ping";

/// What a ping says.
const MESSAGE: &str = "This is a test. When an execution ends, its callback comes like this.";

/// What is pinged, and how.
#[derive(Debug)]
pub struct Ping<'a> {
    /// Where to.
    pub url: &'a str,
    /// What it is signed with, the newest first; nothing when it is not signed.
    pub secrets: &'a [Secret],
    /// What it is signed with beside that, if the server has such a key.
    pub ed25519: Option<&'a Ed25519Key>,
    /// The client's own headers.
    pub headers: &'a [(String, Secret)],
    /// What the sender calls itself.
    pub user_agent: &'a str,
}

/// What came of a ping.
#[derive(Debug)]
pub struct Pinged {
    /// As of any attempt.
    pub attempted: Attempted,
    /// The head of the request, without what is secret of it.
    pub request_headers: Vec<(String, String)>,
}

/// Sends a ping from the calling thread, by the same client and the same checks as a delivery.
/// Ends within the deadline of `settings`.
pub async fn ping(settings: &ClientSettings, ping: &Ping<'_>, now: Timestamp) -> Pinged {
    let body = json!({"type": TYPE, "timestamp": now, "data": {"message": MESSAGE}}).to_string();
    let signing = Signing {
        event_id: EventId::generate(),
        payload_format: PayloadFormat::Standard,
        secrets: ping.secrets,
        ed25519: ping.ed25519,
        body: body.as_bytes(),
        user_agent: ping.user_agent,
        traceparent: None,
    };
    let headers = match headers(&signing, ping.headers, now) {
        Ok(headers) => headers,
        Err(bad) => {
            let attempted = unsendable(&bad.to_string());
            return Pinged { attempted, request_headers: Vec::new() };
        }
    };
    let request_headers = redacted(&headers, ping.headers);
    let request = Request { url: ping.url, headers: &headers, body: Bytes::from(body) };
    let attempted = Client::new(settings.clone()).attempt(request, now).await;
    Pinged { attempted, request_headers }
}

fn unsendable(why: &str) -> Attempted {
    let outcome = AttemptOutcome {
        error_class: Some(ErrorClass::Protocol),
        error: Some(format!("The request could not be signed: {why}.")),
        ..AttemptOutcome::default()
    };
    Attempted { outcome, ..Attempted::default() }
}
