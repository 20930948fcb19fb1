//! What is looked at in the head of every request, whoever answers it. Knows no route.

use actix_web::body::{self, BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName,
};

use super::error::{FieldError, Kind, Problem};

/// Headers of which the second would be passed over, as they are written. Who stands before this server may
/// have judged the other one.
const SINGLE: [(HeaderName, &str); 5] = [
    (AUTHORIZATION, "Authorization"),
    (HeaderName::from_static("x-api-key"), "X-API-Key"),
    (CONTENT_TYPE, "Content-Type"),
    (CONTENT_ENCODING, "Content-Encoding"),
    (HeaderName::from_static("idempotency-key"), "Idempotency-Key"),
];

/// Refuses a request that says something twice, and a body that is not sent as it is.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    for (header, name) in &SINGLE {
        if headers.get_all(header).nth(1).is_some() {
            let (field, code) = ((*name).to_owned(), "repeated");
            let detail = format!("The header `{name}` is there twice; give it once.");
            return Err(Problem::invalid(vec![FieldError { field, code, detail }]));
        }
    }
    let Some(encoding) = headers.get(CONTENT_ENCODING) else { return Ok(()) };
    let is_as_it_is = encoding.is_empty() || encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    if is_as_it_is {
        return Ok(());
    }
    let detail = "The body must be sent without a `Content-Encoding`.";
    Err(Problem::new(Kind::UnsupportedMediaType, detail))
}

/// Has HEAD answered as GET is. Of the answer only the head is sent: the connection still knows what was
/// asked. True where it was HEAD.
pub(super) fn take_head_for_get(request: &mut ServiceRequest) -> bool {
    let is_head = request.method() == Method::HEAD;
    if is_head {
        request.head_mut().method = Method::GET;
    }
    is_head
}

/// The body of an answer to HEAD. One that streams would be waited for to its end, and has no length that
/// could be told.
pub(super) fn without_stream(body: BoxBody) -> BoxBody {
    if body.size() == BodySize::Stream { BoxBody::new(body::None::new()) } else { body }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn checked(headers: &[(&'static str, &'static str)]) -> Result<(), Kind> {
        let request = headers
            .iter()
            .fold(TestRequest::post(), |request, header| request.append_header(*header));
        check(request.to_http_request().headers()).map_err(|problem| problem.kind)
    }

    #[test]
    fn what_counts_is_said_once() {
        for (_, name) in SINGLE {
            assert_eq!(checked(&[(name, "identity")]), Ok(()), "{name}");
            assert_eq!(checked(&[(name, ""), (name, "")]), Err(Kind::InvalidRequest), "{name}");
        }
        assert_eq!(checked(&[("accept", "a/b"), ("accept", "c/d")]), Ok(()));
    }

    #[test]
    fn a_body_comes_as_it_is() {
        assert_eq!(checked(&[("content-encoding", "Identity")]), Ok(()));
        for encoding in ["gzip", "br", "deflate", "zstd", "gzip, identity", "x"] {
            let refused = Err(Kind::UnsupportedMediaType);
            assert_eq!(checked(&[("content-encoding", encoding)]), refused, "{encoding}");
        }
    }
}
