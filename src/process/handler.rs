//! Handlers: the program that calls one, in place of the client's code, and what it says became of
//! the call. Runs nothing, and knows no other way of starting than as a program of its language.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::LaunchError;
use super::launch::Order;
use super::result::{self, ResultFile};
use crate::domain::{Entrypoint, ExecutionId, HandlerCall, ProgramResult};

/// The only language that has handlers.
const LANGUAGE: &str = "python";

/// What calls a handler, and what that needs rarely.
const CALLER: &str = include_str!("handler/handler.py");
const RARELY: &str = include_str!("handler/rarely.py");

/// What the file of a result may have beside the result of a handler: the words around it, or
/// what was raised, which the caller keeps short.
const ENVELOPE_BYTES: u64 = 16 * 1024;

/// The most characters of what was raised that are believed to be its line.
const ERROR_CHARS_MAX: usize = 1001;

/// What is known of a handler that has left nothing that its caller could have written.
const ENDED_BEFORE: &str = "The handler ended before it returned.";

/// The text of the program that is started for an execution.
///
/// # Errors
/// When there are no handlers in its language.
pub(super) fn text_of<'a>(
    order: &Order<'a>,
    language: &str,
    result_bytes_max: u64,
) -> Result<Cow<'a, str>, LaunchError> {
    match &order.spec.entrypoint {
        Entrypoint::Script => Ok(Cow::Borrowed(&order.spec.code)),
        Entrypoint::Handler(call) if language == LANGUAGE => {
            Ok(Cow::Owned(program(call, &order.spec.code, order.id, result_bytes_max)))
        }
        Entrypoint::Handler(_) => Err(LaunchError::NoHandlers { language: language.to_owned() }),
    }
}

/// A text in JSON is a literal of Python's as well: escapes are the same, and JSON needs none of
/// those that Python lacks.
fn program(call: &HandlerCall, code: &str, id: ExecutionId, result_bytes_max: u64) -> String {
    // A file may begin with a byte order mark; what Python compiles from memory may not.
    let code = json!(code.strip_prefix('\u{feff}').unwrap_or(code));
    let rarely = json!(RARELY);
    let config = json!(Value::Object(call.config.clone()).to_string());
    let kind = json!(call.payload.as_str());
    let request_id = json!(call.request_id.clone().unwrap_or_else(|| id.to_string()));
    format!(
        "{CALLER}\n\nRARELY = {rarely}\n\
         begin(__name__, {code}, {config}, {kind}, {request_id}, {result_bytes_max})\n"
    )
}

/// How the file of a result is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Results {
    is_handler: bool,
    bytes_max: u64,
}

/// What became of the call of a handler.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Returned(Option<Map<String, Value>>),
    TooLong,
    Raised(String),
}

impl Results {
    /// Of programs that are entered so, with results of at most so many bytes.
    pub(super) fn of(entrypoint: &Entrypoint, bytes_max: u64) -> Self {
        Self { is_handler: matches!(entrypoint, Entrypoint::Handler(_)), bytes_max }
    }

    /// The longest file that is worth reading, in bytes.
    pub(super) fn file_bytes_max(self) -> u64 {
        self.bytes_max.saturating_add(if self.is_handler { ENVELOPE_BYTES } else { 0 })
    }

    /// The result, and why there is none of a handler if it has not returned.
    pub(super) fn read(self, found: ResultFile) -> (ProgramResult, Option<String>) {
        if !self.is_handler {
            return (found.into(), None);
        }
        let answer = match &found {
            ResultFile::Json(json) => serde_json::from_str(json).ok(),
            ResultFile::None | ResultFile::Rejected(_) => None,
        };
        match answer {
            Some(Answer::Returned(Some(returned))) => {
                (ProgramResult::Json(Value::Object(returned).to_string()), None)
            }
            // Its own guide has a handler that returns nothing, because it has told of its end itself.
            Some(Answer::Returned(None)) => (ProgramResult::None, None),
            Some(Answer::TooLong) => {
                (ProgramResult::Rejected(result::too_long(self.bytes_max)), None)
            }
            Some(Answer::Raised(error)) => {
                let error = error.chars().take(ERROR_CHARS_MAX).collect();
                (ProgramResult::None, Some(error))
            }
            None => (ProgramResult::None, Some(ENDED_BEFORE.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Epoch, ExecutionSpec, PayloadKind, Tenant};

    fn read(found: &str) -> (ProgramResult, Option<String>) {
        let entrypoint = Entrypoint::Handler(Box::default());
        Results::of(&entrypoint, 9).read(ResultFile::Json(found.to_owned()))
    }

    #[test]
    fn a_program_is_one_line_of_literals_behind_the_caller() {
        let call = HandlerCall {
            config: json!({"a": "\"\n\\"}).as_object().unwrap().clone(),
            payload: PayloadKind::Text,
            request_id: Some("it's".into()),
        };
        let code = "\u{feff}print('€\u{0}\r\n\\')";
        let text = program(&call, code, ExecutionId::generate(), 9);
        assert_eq!(
            text.lines().last(),
            Some(
                r#"begin(__name__, "print('€\u0000\r\n\\')", "{\"a\":\"\\\"\\n\\\\\"}", "text", "it's", 9)"#
            )
        );
        let id = ExecutionId::generate();
        let text = program(&HandlerCall::default(), "", id, 9);
        assert!(text.ends_with(&format!("\"json\", \"{id}\", 9)\n")), "the id of the execution");
    }

    #[test]
    fn only_python_has_handlers_and_a_script_is_what_was_sent() {
        let mut spec = ExecutionSpec::new("sh", "true");
        let text = |spec: &ExecutionSpec| {
            let (id, tenant) = (ExecutionId::generate(), Tenant::default());
            let order = Order { id, epoch: Epoch::default(), tenant: &tenant, level: None, spec };
            text_of(&order, &spec.language, 9).map(Cow::into_owned)
        };
        assert_eq!(text(&spec).unwrap(), "true");
        spec.entrypoint = Entrypoint::Handler(Box::default());
        let error = text(&spec).unwrap_err().to_string();
        let sentence =
            "A program in the language `sh` cannot have a handler: only `python` has them.";
        assert_eq!(error, sentence);
    }

    #[test]
    fn only_what_the_caller_has_written_is_an_answer() {
        let json = |text: &str| (ProgramResult::Json(text.into()), None);
        assert_eq!(read(r#"{"returned":{"b":1.5,"a":[]}}"#), json(r#"{"b":1.5,"a":[]}"#));
        let sentence = "The result is longer than 9 bytes.".to_owned();
        assert_eq!(read(r#""too_long""#), (ProgramResult::Rejected(sentence), None));
        let raised = |error: &str| (ProgramResult::None, Some(error.to_owned()));
        assert_eq!(read(r#"{"raised":"ValueError: bad"}"#), raised("ValueError: bad"));
        let long = "€".repeat(2000);
        let (_, error) = read(&json!({ "raised": long }).to_string());
        assert_eq!(error.map(|error| error.chars().count()), Some(ERROR_CHARS_MAX));
        for other in ["{}", "1", r#"{"returned":1}"#, r#"{"returned":{},"raised":"x"}"#] {
            assert_eq!(read(other), raised(ENDED_BEFORE), "{other}");
        }
        let results = Results::of(&Entrypoint::Handler(Box::default()), 9);
        for found in [ResultFile::None, ResultFile::Rejected("No.".into())] {
            assert_eq!(results.read(found), raised(ENDED_BEFORE));
        }
    }

    #[test]
    fn the_result_of_a_script_is_what_it_wrote() {
        let results = Results::of(&Entrypoint::Script, 9);
        assert_eq!(results.file_bytes_max(), 9);
        let written = r#"{"raised":"x"}"#;
        let read = results.read(ResultFile::Json(written.into()));
        assert_eq!(read, (ProgramResult::Json(written.into()), None));
        let read = results.read(ResultFile::Rejected("No.".into()));
        assert_eq!(read, (ProgramResult::Rejected("No.".into()), None));
    }
}
