//! Takes the body of a request: its size, its type, its JSON.
//! Knows no field.

use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, web};
use serde_json::{Map, Value};

use super::error::{Kind, Problem};
use super::json;

/// A body as actix hands it over, or why it does not.
pub(super) type Body = Result<web::Bytes, actix_web::Error>;

/// The JSON object that a body must be.
pub(super) fn object(request: &HttpRequest, body: Body) -> Result<Map<String, Value>, Problem> {
    check_type(request)?;
    let bytes = bytes(body)?;
    match json::parse(&bytes, "The body")? {
        Value::Object(object) => Ok(object),
        _ => Err(Problem::new(Kind::InvalidJson, "The body must be a JSON object.")),
    }
}

/// The JSON object that a body may be; none when there is no body.
pub(super) fn optional_object(
    request: &HttpRequest,
    body: Body,
) -> Result<Option<Map<String, Value>>, Problem> {
    let bytes = bytes(body)?;
    if bytes.is_empty() { Ok(None) } else { object(request, Ok(bytes)).map(Some) }
}

/// The bytes of a body, whatever they are.
pub(super) fn bytes(body: Body) -> Result<web::Bytes, Problem> {
    body.map_err(|error| match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => {
            Problem::new(Kind::TooLarge, "The body is longer than this server takes.")
        }
        _ => Problem::new(Kind::InvalidRequest, "The body could not be read to its end."),
    })
}

/// A client that names no type gets the benefit of the doubt; one that names another is told,
/// before its form is taken for broken JSON.
fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let Some(value) = request.headers().get(CONTENT_TYPE) else { return Ok(()) };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    if kind.is_empty() || kind == "application/json" || kind.ends_with("+json") {
        return Ok(());
    }
    let detail = "The body must be sent as `Content-Type: application/json`.";
    Err(Problem::new(Kind::UnsupportedMediaType, detail))
}
