//! The payload format `fetchhive`: what receivers of Fetch Hive's workflow events expect.
//! Its field names and words are Fetch Hive's, not ours; only `result_error` is ours, which it has no word for.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::{Ended, Event, EventType, ExecutionId, ProgramResult};

/// An event in Fetch Hive's words.
#[derive(Serialize, ToSchema)]
#[schema(as = FetchHiveEvent)]
pub struct Body<'a> {
    event_type: &'static str,
    request_id: String,
    data: Data<'a>,
}

#[derive(Default, Serialize, ToSchema)]
#[schema(as = FetchHiveEventData)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value)]
    output: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    result_error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'static str>,
}

/// What the id of a run begins with.
const REQUEST: &str = "req_";

/// What Fetch Hive calls a run: `req_` and the UUID of the execution.
pub fn request_id(id: ExecutionId) -> String {
    format!("{REQUEST}{}", id.uuid().simple())
}

/// The execution that Fetch Hive calls so; none when nothing can be called so.
pub fn execution_id(request_id: &str) -> Option<ExecutionId> {
    let uuid = request_id.strip_prefix(REQUEST)?;
    format!("{}{uuid}", ExecutionId::PREFIX).parse().ok()
}

/// What Fetch Hive calls an event. It has no word for what is told before the end, which keeps ours.
pub fn event_type(kind: EventType) -> &'static str {
    match kind {
        EventType::Started | EventType::Output => kind.as_str(),
        EventType::Completed => "workflow.completed",
        EventType::Failed => "workflow.failed",
        EventType::Cancelled => "workflow.cancelled",
    }
}

/// What a run has put out: the result that it has written, else its standard output as a text without
/// its last newline.
pub fn output(ended: &Ended) -> Box<RawValue> {
    if let ProgramResult::Json(json) = &ended.result
        && let Ok(result) = RawValue::from_string(json.clone())
    {
        return result;
    }
    let bytes = ended.stdout.bytes().0;
    // The format has no place to say that a stream is not text.
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    serde_json::value::to_raw_value(text).expect("a text can always be written")
}

/// Why the output is not the result although there was one: it could not be kept, or does not fit.
pub fn result_error(ended: &Ended) -> Option<&str> {
    match &ended.result {
        ProgramResult::Rejected(why) => Some(why),
        ProgramResult::Json(_) | ProgramResult::None => None,
    }
}

pub(super) fn body(event: &Event) -> Vec<u8> {
    let execution = &event.execution;
    let ended = execution.ended();
    let error = ended.and_then(|ended| ended.outcome.error());
    let data = match event.kind {
        EventType::Cancelled => Data { error, reason: Some("cancelled"), ..Data::default() },
        EventType::Completed => {
            let result_error = ended.and_then(result_error);
            Data { output: ended.map(output), result_error, ..Data::default() }
        }
        // Only ends are told in this format.
        EventType::Started | EventType::Output | EventType::Failed => {
            Data { error, ..Data::default() }
        }
    };
    let (event_type, request_id) = (event_type(event.kind), request_id(execution.id));
    let body = Body { event_type, request_id, data };
    serde_json::to_vec(&body).expect("plain fields and JSON can always be written")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests_support::{event, exited};
    use super::*;
    use crate::domain::{Captured, Outcome, State};

    fn told(outcome: Outcome, stdout: &str, result: ProgramResult) -> (String, Value) {
        let mut event = event(outcome);
        let State::Ended(ended) = &mut event.execution.state else { panic!("it has ended") };
        (ended.stdout, ended.result) = (Captured::whole(stdout), result);
        let told: Value = serde_json::from_slice(&body(&event)).unwrap();
        let expected = event.execution.id.to_string().replacen("exec_", "req_", 1);
        assert_eq!(told["request_id"], expected);
        (told["event_type"].as_str().unwrap().to_owned(), told["data"].clone())
    }

    #[test]
    fn what_completed_tells_its_result_or_else_its_output() {
        let completed = |stdout, result| told(exited(0), stdout, result);
        let event = "workflow.completed".to_owned();
        let result = ProgramResult::Json(r#"{"a":[1]}"#.into());
        assert_eq!(completed("said\n", result), (event.clone(), json!({"output": {"a": [1]}})));
        let null = ProgramResult::Json("null".into());
        assert_eq!(completed("said\n", null), (event.clone(), json!({"output": null})));
        for (stdout, output) in [("said\n", "said"), ("a\n\n", "a\n"), ("", ""), ("a", "a")] {
            let expected = (event.clone(), json!({"output": output}));
            assert_eq!(completed(stdout, ProgramResult::None), expected);
        }
    }

    #[test]
    fn the_id_of_a_run_leads_back_to_the_execution() {
        let id = ExecutionId::generate();
        assert_eq!(execution_id(&request_id(id)), Some(id));
        let upper = format!("req_{}", id.uuid().simple().to_string().to_uppercase());
        for other in ["", "req_", "req_0", &id.to_string(), &upper, &format!("req_{id}")] {
            assert_eq!(execution_id(other), None, "{other}");
        }
    }

    #[test]
    fn what_stands_in_for_a_result_says_so() {
        let why = "The result has 9 bytes, too many for this message.";
        let told = told(exited(0), "said\n", ProgramResult::Rejected(why.to_owned()));
        let data = json!({"output": "said", "result_error": why});
        assert_eq!(told, ("workflow.completed".into(), data));
    }

    #[test]
    fn what_failed_or_was_cancelled_tells_why_in_a_sentence() {
        let failed = told(exited(3), "said\n", ProgramResult::None);
        let why = "The program exited with code 3.";
        assert_eq!(failed, ("workflow.failed".into(), json!({"error": why})));
        let reason = Some("not needed".to_owned());
        let cancelled = Outcome::Cancelled { reason, by: None, exit: None };
        let cancelled = told(cancelled, "said\n", ProgramResult::None);
        let data = json!({"error": "Cancelled: not needed", "reason": "cancelled"});
        assert_eq!(cancelled, ("workflow.cancelled".into(), data));
    }
}
