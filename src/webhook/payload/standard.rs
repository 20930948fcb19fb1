//! The payload format `standard`: `{type, timestamp, data}` after Standard Webhooks 1.0.0.
//! Its `data` is the record, so that a receiver and a reader of the API see the same thing.

use serde::Serialize;
use utoipa::ToSchema;

use crate::bodies::{FullOutput, Record};
use crate::domain::{Event, EventType, Timestamp};

/// An event in the format `standard`.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEvent)]
pub struct StandardBody {
    /// What has happened.
    #[schema(value_type = EventType)]
    r#type: &'static str,
    /// When.
    timestamp: Timestamp,
    /// The record, without links.
    data: Record,
}

pub(super) fn body(event: &Event, full_output: Option<&FullOutput>) -> Vec<u8> {
    let execution = &event.execution;
    let ended_at = execution.ended().map(|ended| ended.completed_at);
    let timestamp = ended_at.or(execution.started_at()).unwrap_or(execution.created_at);
    let data = Record::of(execution).with_full_output(full_output);
    let body = StandardBody { r#type: event.kind.as_str(), timestamp, data };
    serde_json::to_vec(&body).expect("a record has only string keys")
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{event, exited};
    use super::*;

    #[test]
    fn it_says_what_when_and_which() {
        let event = event(exited(0));
        let body: serde_json::Value = serde_json::from_slice(&body(&event, None)).unwrap();
        assert_eq!(body["type"], "execution.completed");
        assert_eq!(body["timestamp"], "1970-01-01T00:00:03.500Z");
        assert_eq!(body["data"]["id"], event.execution.id.to_string());
        assert_eq!(body["data"]["stdout"], "hi\n");
        assert_eq!(body["data"]["execution_time"], 1.5);
        assert_eq!(body["data"]["queue_time"], 1.0);
        assert_eq!(body["data"]["success"], true);
        assert_eq!(body["data"]["error"], serde_json::Value::Null);
        assert_eq!(body["data"]["descendants_killed"], 2);
        assert_eq!(body["data"]["start"], "warm");
        assert!(body["data"].get("links").is_none());
    }
}
