//! What a request shows to be let in: a Bearer token, or else an `X-API-Key`.
//! Judges no credential.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use crate::domain::Secret;
use crate::http::error::{Kind, Problem};

const X_API_KEY: &str = "x-api-key";

/// The credential of a request; none when it has none. Where both headers have one, `Authorization`
/// counts, whatever the other says.
///
/// # Errors
/// When one of the headers is there twice: who stands before this server may have judged the other.
pub(super) fn shown(headers: &HeaderMap) -> Result<Option<Secret>, Problem> {
    for name in [AUTHORIZATION.as_str(), X_API_KEY] {
        if headers.get_all(name).count() > 1 {
            let shown = if name == X_API_KEY { "X-API-Key" } else { "Authorization" };
            let detail = format!("The header `{shown}` is there more than once; send it once.");
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
    }
    Ok(find(headers).map(Secret::from))
}

/// The credential of a request that has been let in.
pub(in crate::http) fn token_of(request: &HttpRequest) -> Option<&str> {
    find(request.headers())
}

fn find(headers: &HeaderMap) -> Option<&str> {
    // A key that somebody has thought up may have letters beyond ASCII.
    let header =
        |name: &str| headers.get(name).and_then(|v| std::str::from_utf8(v.as_bytes()).ok());
    let bearer = header(AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    bearer.or_else(|| header(X_API_KEY)).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn check(headers: &[(&str, &str)], expected: Result<Option<&str>, ()>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let found = shown(&map).map_err(|problem| assert_eq!(problem.kind, Kind::InvalidRequest));
        let found = found.as_ref().map(|found| found.as_ref().map(Secret::expose));
        assert_eq!(found, expected.as_ref().copied(), "{headers:?}");
    }

    #[test]
    fn a_credential_is_in_one_of_two_headers() {
        check(&[], Ok(None));
        check(&[("authorization", "Bearer a")], Ok(Some("a")));
        check(&[("authorization", "bEARER  a ")], Ok(Some("a")));
        check(&[("x-api-key", "a")], Ok(Some("a")));
        check(&[("x-api-key", "schlüssel")], Ok(Some("schlüssel")));
        for none in ["Bearer", "Bearer ", "Basic a", "a", ""] {
            check(&[("authorization", none)], Ok(None));
            check(&[("authorization", none), ("x-api-key", "")], Ok(None));
        }
        check(&[("authorization", "Basic a"), ("x-api-key", "b")], Ok(Some("b")));
        check(&[("x-api-key", "b"), ("authorization", "Bearer a")], Ok(Some("a")));
    }

    #[test]
    fn a_header_that_is_there_twice_is_refused_even_with_the_same_twice() {
        check(&[("authorization", "Bearer a"), ("authorization", "Bearer b")], Err(()));
        check(&[("authorization", "Bearer a"), ("authorization", "Bearer a")], Err(()));
        check(&[("x-api-key", "a"), ("x-api-key", "b")], Err(()));
        check(&[("authorization", "Bearer a"), ("x-api-key", "a"), ("x-api-key", "a")], Err(()));
    }
}
