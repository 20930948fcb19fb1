//! What every answer of ours has around it: a request id, errors in the right shape, and an answer
//! even where a handler panicked. Looks into no body.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use futures_util::FutureExt;
use uuid::Uuid;

use super::compat::{cortex, fetch_hive, hopx};
use super::context::{self, About, Told};
use super::error::{Kind, Problem};
use super::headers;
use super::unread::Unread;

/// How a request is called, by its sender and in the answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is taken over from a client, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// What differs between the systems that an answer may be for.
struct Customs {
    /// An error in their words.
    error: fn(&Problem) -> HttpResponse,
    /// What a client may call its request.
    is_id: fn(&str) -> bool,
}

/// Errors as problem+json.
pub(super) async fn standard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    wrap(request, next, Customs { error: Problem::standard_body, is_id: is_sane }).await
}

/// Errors as users of Cortex read them. The id of the request is that of the call, which may be anything
/// that can be seen, and which the answer to a call has already.
pub(super) async fn cortex(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    wrap(request, next, Customs { error: cortex::error_body, is_id: cortex::is_request_id }).await
}

/// Errors as HopX's clients read them.
pub(super) async fn hopx(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    wrap(request, next, Customs { error: hopx::error_body, is_id: is_sane }).await
}

/// Errors as Fetch Hive's clients read them.
pub(super) async fn fetch_hive(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    wrap(request, next, Customs { error: fetch_hive::error_body, is_id: is_sane }).await
}

async fn wrap(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    customs: Customs,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = request_id(&request, customs.is_id);
    let told = Told::of(&request);
    told.tell(|facts| facts.request_id = Some(id.clone()));
    if let Err(problem) = headers::check(request.headers()) {
        told.tell(|facts| facts.problem = Some(problem.kind.code()));
        let problem = Problem { request_id: Some(id.clone()), ..problem };
        let mut answer = (customs.error)(&problem);
        name(answer.headers_mut(), &id);
        return Ok(request.into_response(answer));
    }
    let is_head = headers::take_head_for_get(&mut request);
    let unread = Unread::of(&mut request);
    let traceparent = context::traceparent_of(request.headers());
    let about = About { id: id.clone(), traceparent };
    let answer = context::within(about, async move { next.call(request).await });
    // Nothing of a request outlives it, so nothing can be left half-changed.
    let answered = AssertUnwindSafe(answer).catch_unwind().await;
    let Ok(answered) = answered else {
        // The panic's own text is in the log already, by the panic hook.
        log::error!(request_id = id.as_str(); "the handler of a request panicked");
        let problem = Problem::new(Kind::Internal, "The server failed internally.");
        told.tell(|facts| facts.problem = Some(problem.kind.code()));
        let problem = Problem { request_id: Some(id.clone()), ..problem };
        let mut body = (customs.error)(&problem);
        name(body.headers_mut(), &id);
        return Err(InternalError::from_response(problem, body).into());
    };
    let answer = answered?.map_into_boxed_body();
    let problem = answer.response().error().and_then(|error| error.as_error::<Problem>()).cloned();
    let mut answer = match problem {
        Some(problem) => {
            told.tell(|facts| facts.problem = Some(problem.kind.code()));
            let problem = Problem { request_id: Some(id.clone()), ..problem };
            answer.into_response((customs.error)(&problem))
        }
        None => answer,
    };
    name(answer.headers_mut(), &id);
    if is_head {
        answer = answer.map_body(|_, body| headers::without_stream(body));
    }
    Ok(match unread {
        Some(unread) => answer.map_body(|_, body| unread.held_by(body)),
        None => answer,
    })
}

/// Says how the request is called, unless the answer does already.
fn name(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id)
        && !headers.contains_key(&REQUEST_ID)
    {
        headers.insert(REQUEST_ID, value);
    }
}

/// The client's own request id where it is harmless in a log and a header, else a new one.
fn request_id(request: &ServiceRequest, is_id: fn(&str) -> bool) -> String {
    let own = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    own.filter(|id| is_id(id)).map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned)
}

fn is_sane(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    !id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX && id.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::http::StatusCode;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, web};

    use super::*;

    #[test]
    fn only_harmless_request_ids_are_taken_over() {
        for id in ["a", "0192-abc_DEF.1:2", &"x".repeat(128)] {
            assert!(is_sane(id), "{id}");
        }
        for id in ["", "a b", "a\"b", "ä", "<script>", &"x".repeat(129)] {
            assert!(!is_sane(id), "{id}");
        }
    }

    #[actix_rt::test]
    async fn a_handler_that_panics_is_answered_with_the_id_of_the_request() {
        async fn falls() -> HttpResponse {
            panic!("as this test wants it");
        }
        let route = web::resource("/").wrap(from_fn(hopx)).to(falls);
        let app = init_service(App::new().service(route)).await;
        let request = TestRequest::get().insert_header((REQUEST_ID, "of-mine")).to_request();
        let answer = try_call_service(&app, request).await.unwrap_err().error_response();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers().get(REQUEST_ID).unwrap(), "of-mine");
        let body = to_bytes(answer.into_body()).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&body["code"], &body["request_id"]),
            (&"INTERNAL_ERROR".into(), &"of-mine".into())
        );
    }
}
