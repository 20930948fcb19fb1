//! `GET /openapi.json` and `GET /docs`: the document for programs, and the same for people.
//! Both are made once, and are the same for everybody.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, EntityTag, Header, IfNoneMatch,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

/// A text that is served as it is.
struct Served {
    text: String,
    tag: EntityTag,
}

impl Served {
    fn new(text: String) -> Self {
        let hash = hex::encode(Sha256::digest(text.as_bytes()));
        Self { tag: EntityTag::new_strong(hash[..32].to_owned()), text }
    }

    /// The text, or only that it is what the client has already.
    fn answer(&'static self, request: &HttpRequest, kind: &str, policy: &str) -> HttpResponse {
        let is_known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => request.headers().contains_key("if-none-match"),
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            Err(_) => false,
        };
        let status = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let mut answer = HttpResponse::build(status);
        answer.insert_header((ETAG, self.tag.clone()));
        // It may change with the next version, and costs little to ask for.
        answer.insert_header((CACHE_CONTROL, "no-cache"));
        if is_known {
            return answer.finish();
        }
        answer.insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
        answer.insert_header((CONTENT_SECURITY_POLICY, policy));
        answer.content_type(kind).body(self.text.as_str())
    }
}

/// `GET /openapi.json`
pub(in crate::http) async fn document(request: HttpRequest) -> HttpResponse {
    static SERVED: LazyLock<Served> = LazyLock::new(|| Served::new(super::openapi_json().into()));
    SERVED.answer(&request, "application/json", "default-src 'none'; frame-ancestors 'none'")
}

/// `GET /docs`
pub(in crate::http) async fn page(request: HttpRequest) -> HttpResponse {
    static SERVED: LazyLock<Served> = LazyLock::new(|| {
        let reference = super::reference::Reference::of(super::value());
        Served::new(super::page::page(&reference))
    });
    SERVED.answer(&request, "text/html; charset=utf-8", super::page::policy())
}
