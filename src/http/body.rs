//! Takes the body of a request: its size, the time it takes, its type, its JSON.
//! Knows no field.

use std::convert::Infallible;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};

use super::auth::Caller;
use super::error::{Kind, Problem};
use super::json;
use super::state::Api;

/// A body that was read whole, or why it was not.
pub(super) struct Body(pub(super) Result<web::Bytes, Problem>);

impl FromRequest for Body {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, &mut Payload::None);
        let within = request.app_data::<web::Data<Api>>().map(|api| api.limits.body_timeout);
        let reading = web::Bytes::from_request(request, payload);
        let read = async move {
            // Nothing is kept for strangers. Whoever handles this refuses them in their own words.
            caller.await?;
            let read = match within {
                Some(within) => actix_rt::time::timeout(within, reading).await,
                None => Ok(reading.await),
            };
            read.map_err(|_| too_slow())?.map_err(|error| unreadable(&error))
        };
        read.map(|read| Ok(Self(read))).boxed_local()
    }
}

fn too_slow() -> Problem {
    Problem::new(Kind::RequestTimeout, "The body did not come to its end in time.")
}

fn unreadable(error: &actix_web::Error) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => {
            Problem::new(Kind::TooLarge, "The body is longer than this server takes.")
        }
        _ => Problem::new(Kind::InvalidRequest, "The body could not be read to its end."),
    }
}

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
    if bytes.is_empty() { Ok(None) } else { object(request, Body(Ok(bytes))).map(Some) }
}

/// The bytes of a body, whatever they are.
pub(super) fn bytes(Body(read): Body) -> Result<web::Bytes, Problem> {
    read
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
