//! What a request shows to be let in: a Bearer token, or else an `X-API-Key`.
//! Judges no credential.

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use crate::domain::Secret;

const X_API_KEY: &str = "x-api-key";

/// The credential of a request; none when it has none. Where both headers have one, `Authorization`
/// counts, whatever the other says. That neither is there twice has been seen to before.
pub(super) fn shown(headers: &HeaderMap) -> Option<Secret> {
    find(headers).map(Secret::from)
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

    fn check(headers: &[(&str, &str)], expected: Option<&str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let found = shown(&map);
        assert_eq!(found.as_ref().map(Secret::expose), expected, "{headers:?}");
    }

    #[test]
    fn a_credential_is_in_one_of_two_headers() {
        check(&[], None);
        check(&[("authorization", "Bearer a")], Some("a"));
        check(&[("authorization", "bEARER  a ")], Some("a"));
        check(&[("x-api-key", "a")], Some("a"));
        check(&[("x-api-key", "schlüssel")], Some("schlüssel"));
        for none in ["Bearer", "Bearer ", "Basic a", "a", ""] {
            check(&[("authorization", none)], None);
            check(&[("authorization", none), ("x-api-key", "")], None);
        }
        check(&[("authorization", "Basic a"), ("x-api-key", "b")], Some("b"));
        check(&[("x-api-key", "b"), ("authorization", "Bearer a")], Some("a"));
    }
}
