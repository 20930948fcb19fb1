//! The body of a call: JSON, a text or bytes, as its content type says, and how a function is given it.
//! Knows no function but by how it is entered.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpMessage, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;

use crate::domain::{Entrypoint, PayloadKind};
use crate::http::body::{self, Body};
use crate::http::error::{Kind, Problem};
use crate::http::functions::call::Input;

/// What a function is called with.
#[derive(Debug)]
pub(super) enum Payload {
    /// JSON, as it was sent.
    Json(String),
    /// A text.
    Text(String),
    /// Whatever else.
    Bytes(Vec<u8>),
}

impl Payload {
    /// The body of a request, which may be so long.
    pub(super) fn read(
        request: &HttpRequest,
        body: Body,
        bytes_max: usize,
    ) -> Result<Self, Problem> {
        let bytes = body::bytes(body)?;
        if bytes.len() > bytes_max {
            let detail = format!("A function is called with at most {bytes_max} bytes here.");
            return Err(Problem::new(Kind::TooLarge, detail));
        }
        match content_type(request).as_str() {
            kind if kind == "application/json" || kind.ends_with("+json") => json(&bytes),
            "text/plain" => text(request, &bytes),
            _ => Ok(Self::Bytes(bytes.into())),
        }
    }

    /// What a function that is entered so reads. A handler has it as what it is; a script reads it as
    /// it came, if it is text.
    pub(super) fn input_of(self, entrypoint: &Entrypoint) -> Result<Input, Problem> {
        let (stdin, kind) = match (self, entrypoint) {
            (Self::Json(json), _) => (json, PayloadKind::Json),
            (Self::Text(text), _) => (text, PayloadKind::Text),
            (Self::Bytes(bytes), Entrypoint::Handler(_)) => {
                (STANDARD.encode(bytes), PayloadKind::Bytes)
            }
            (Self::Bytes(bytes), Entrypoint::Script) => {
                let text = String::from_utf8(bytes).map_err(|_| {
                    let detail = "This function is a script, which reads text: the body must be \
                                  UTF-8. A function with the entrypoint `handler` takes any bytes.";
                    Problem::new(Kind::InvalidRequest, detail)
                })?;
                (text, PayloadKind::Text)
            }
        };
        Ok(Input { stdin, kind })
    }
}

/// The content type in lower case and without its parameters; an empty text when there is none.
fn content_type(request: &HttpRequest) -> String {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// JSON is only looked at: the function is given the numbers and the order of the caller.
fn json(bytes: &[u8]) -> Result<Payload, Problem> {
    let bad =
        |why: String| Problem::new(Kind::InvalidJson, format!("The body is not JSON: {why}."));
    let text = std::str::from_utf8(bytes).map_err(|error| bad(error.to_string()))?;
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(IgnoredAny) => Ok(Payload::Json(text.to_owned())),
        Err(error) => Err(bad(error.to_string())),
    }
}

/// A text in the character set that the request names; UTF-8 where it names none.
fn text(request: &HttpRequest, bytes: &[u8]) -> Result<Payload, Problem> {
    let encoding = request.encoding().map_err(|_| {
        let detail = "`Content-Type` names a character set that is unknown here; send UTF-8.";
        Problem::new(Kind::UnsupportedMediaType, detail)
    })?;
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(|text| Payload::Text(text.into_owned())).ok_or_else(|| {
        let detail =
            format!("The body is not text in {}, as `Content-Type` has it.", encoding.name());
        Problem::new(Kind::InvalidRequest, detail)
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use actix_web::web::Bytes;

    use super::*;
    use crate::domain::HandlerCall;

    fn read(content_type: Option<&str>, body: &'static [u8]) -> Result<Payload, Kind> {
        let mut request = TestRequest::default();
        if let Some(content_type) = content_type {
            request = request.insert_header((CONTENT_TYPE, content_type));
        }
        Payload::read(&request.to_http_request(), Body(Ok(Bytes::from_static(body))), 10)
            .map_err(|problem| problem.kind)
    }

    fn given(payload: Payload) -> (String, PayloadKind) {
        let handler = Entrypoint::Handler(Box::<HandlerCall>::default());
        let input = payload.input_of(&handler).unwrap();
        (input.stdin, input.kind)
    }

    #[test]
    fn the_content_type_says_what_a_handler_is_given() {
        use PayloadKind::{Bytes, Json, Text};
        let cases: [(Option<&str>, &[u8], &str, PayloadKind); 13] = [
            (Some("application/json"), b"{\"a\":1.50}", "{\"a\":1.50}", Json),
            (Some("Application/JSON; charset=utf-8"), b" 1e999 ", " 1e999 ", Json),
            (Some("application/vnd.api+json"), b"null", "null", Json),
            (Some("text/plain"), b"{", "{", Text),
            (Some("text/plain"), b"", "", Text),
            (Some("TEXT/plain; charset=UTF-8"), "ä".as_bytes(), "ä", Text),
            (Some("text/plain; charset=iso-8859-1"), b"\xe4", "ä", Text),
            (Some("text/plain; charset=\"us-ascii\""), b"a", "a", Text),
            (Some("text/html"), b"hi", "aGk=", Bytes),
            (Some("application/octet-stream"), b"\x00\xff", "AP8=", Bytes),
            (Some("nonsense"), b"hi", "aGk=", Bytes),
            (None, b"{}", "e30=", Bytes),
            (None, b"", "", Bytes),
        ];
        for (content_type, body, stdin, kind) in cases {
            let payload = read(content_type, body).unwrap();
            assert_eq!(given(payload), (stdin.to_owned(), kind), "{content_type:?}");
        }
    }

    #[test]
    fn what_is_not_what_it_is_said_to_be_is_refused() {
        let (json, text) = (Some("application/json"), Some("text/plain"));
        for body in [&b""[..], b"{", b"1 2", b"{'a':1}", b"\"\xff\"", b"\xef\xbb\xbf1", b"NaN"] {
            assert_eq!(read(json, body).unwrap_err(), Kind::InvalidJson, "{body:?}");
        }
        assert_eq!(read(text, b"\xff").unwrap_err(), Kind::InvalidRequest);
        let utf16 = Some("text/plain; charset=x-unheard-of");
        assert_eq!(read(utf16, b"a").unwrap_err(), Kind::UnsupportedMediaType);
        for kind in [json, text, None] {
            assert_eq!(read(kind, b"           ").unwrap_err(), Kind::TooLarge);
        }
    }

    #[test]
    fn a_script_reads_what_came_if_it_is_text() {
        let script = |payload: Payload| payload.input_of(&Entrypoint::Script).ok();
        for (content_type, body) in
            [(Some("application/json"), "[1, 2]"), (Some("text/plain"), "ä"), (None, "ä")]
        {
            let payload = read(content_type, body.as_bytes()).unwrap();
            assert_eq!(script(payload).unwrap().stdin, body);
        }
        assert!(script(read(None, b"\xff").unwrap()).is_none());
    }
}
