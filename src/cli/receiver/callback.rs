//! A callback as it came, and what it says of itself.
//! Believes nothing of it: whether it was signed is for `verdict` to say.

use actix_web::HttpRequest;
use actix_web::web::Bytes;
use serde_json::Value;

use super::answers::Answer;

/// A callback as it came.
#[derive(Debug)]
pub(in crate::cli) struct Callback {
    /// The request target, query included.
    pub(in crate::cli) target: String,
    /// Every header in lower case, in the order of the names' first appearance.
    pub(in crate::cli) headers: Vec<(String, String)>,
    pub(in crate::cli) body: Bytes,
    /// What it is answered.
    pub(in crate::cli) answer: Answer,
}

/// What the body says, as far as it is one that Ringback sends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Told {
    pub(in crate::cli) event_type: Option<String>,
    pub(in crate::cli) execution_id: Option<String>,
    pub(in crate::cli) status: Option<String>,
    pub(in crate::cli) error: Option<String>,
    pub(in crate::cli) stdout: Option<String>,
}

impl Callback {
    pub(super) fn of(request: &HttpRequest, body: Bytes, answer: Answer) -> Self {
        let headers = request.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Self { target: request.uri().to_string(), headers: headers.collect(), body, answer }
    }

    /// The value of a header, by its name in lower case; the first if there are several.
    pub(in crate::cli) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(present, _)| present == name)?;
        Some(value)
    }

    /// The value of `webhook-id`, the same for every attempt at one event.
    pub(in crate::cli) fn id(&self) -> Option<&str> {
        self.header("webhook-id")
    }

    /// The body, if it is JSON.
    pub(in crate::cli) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Told {
    /// Reads the bodies of the formats `standard` (the record lies in `data`, and of output on the
    /// way only what is new) and `hopx` (which has no envelope, and calls the id otherwise).
    pub(in crate::cli) fn by(body: &Value) -> Self {
        let record = body.get("data").unwrap_or(body);
        let text =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Self {
            event_type: text(&body["type"]),
            execution_id: text(&record["id"]).or_else(|| text(&record["execution_id"])),
            status: text(&record["status"]),
            error: text(&record["error"]),
            stdout: text(&record["stdout"]).or_else(|| text(&record["stdout"]["text"])),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_formats_are_understood_and_nothing_else_is_made_up() {
        let record =
            json!({ "id": "exec_1", "status": "failed", "error": "It ended.", "stdout": "" });
        let told = Told::by(&json!({ "type": "execution.failed", "data": record }));
        let text = |text: &str| Some(text.to_owned());
        let expected = Told {
            event_type: text("execution.failed"),
            execution_id: text("exec_1"),
            status: text("failed"),
            error: text("It ended."),
            stdout: None,
        };
        assert_eq!(told, expected);
        let piece = json!({ "stdout": { "offset": 3, "text": "new" } });
        let output = Told::by(&json!({ "type": "execution.output", "data": piece }));
        assert_eq!(output.stdout, text("new"));
        let hopx = Told::by(&json!({ "execution_id": "exec_2", "status": "timeout" }));
        assert_eq!((hopx.execution_id, hopx.status), (text("exec_2"), text("timeout")));
        for other in [json!([1]), json!("text"), json!({ "id": 5, "data": null }), json!(null)] {
            assert_eq!(Told::by(&other), Told::default(), "{other}");
        }
    }
}
