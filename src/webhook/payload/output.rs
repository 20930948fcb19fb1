//! The body of `execution.output`: what a program has written since the last one, in the format
//! `standard`, which alone has it. Reads no output.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::{EventType, Execution, ExecutionId, Piece, Timestamp};

/// What a program has written since it was told of last; none when nothing on that stream.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// On standard output.
    pub stdout: Option<Piece>,
    /// On standard error.
    pub stderr: Option<Piece>,
}

/// What a program has written since it was told of last: `execution.output`.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookOutput)]
pub struct OutputBody<'a> {
    #[schema(pattern = "^execution\\.output$")]
    r#type: &'static str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WebhookOutputData)]
struct Data<'a> {
    id: ExecutionId,
    status: &'static str,
    attempt: u32,
    stdout: Option<Part>,
    stderr: Option<Part>,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    labels: &'a std::collections::BTreeMap<String, String>,
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    metadata: &'a serde_json::Map<String, Value>,
}

/// As the events of an execution have it: text, or base64 when it is none.
#[derive(Serialize, ToSchema)]
#[schema(as = OutputPart)]
struct Part {
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    base64: Option<String>,
}

impl Part {
    fn of(piece: &Piece) -> Self {
        let Piece { offset, bytes } = piece;
        let (text, base64) = match String::from_utf8(bytes.clone()) {
            Ok(text) => (Some(text), None),
            Err(_) => (None, Some(STANDARD.encode(bytes))),
        };
        Self { offset: *offset, text, base64 }
    }
}

/// The body that tells what an execution has written by the time `at`.
pub fn output_body(execution: &Execution, told: &Told, at: Timestamp) -> Vec<u8> {
    let data = Data {
        id: execution.id,
        status: execution.status().as_str(),
        attempt: execution.attempt,
        stdout: told.stdout.as_ref().map(Part::of),
        stderr: told.stderr.as_ref().map(Part::of),
        labels: &execution.labels,
        metadata: &execution.metadata,
    };
    let body = OutputBody { r#type: EventType::Output.as_str(), timestamp: at, data };
    serde_json::to_vec(&body).expect("a body has only string keys")
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{event, exited};
    use super::*;

    #[test]
    fn text_is_text_and_anything_else_base64() {
        let execution = event(exited(0)).execution;
        let told = Told {
            stdout: Some(Piece { offset: 3, bytes: "hä".into() }),
            stderr: Some(Piece { offset: 0, bytes: vec![0xff] }),
        };
        let body = output_body(&execution, &told, Timestamp::from_millis(0));
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["type"], "execution.output");
        assert_eq!(body["data"]["stdout"], serde_json::json!({"offset": 3, "text": "hä"}));
        assert_eq!(body["data"]["stderr"], serde_json::json!({"offset": 0, "base64": "/w=="}));
        assert_eq!(body["data"]["labels"]["team"], "x");
    }
}
