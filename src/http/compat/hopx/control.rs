//! What HopX's clients ask before they send a program: where their sandbox is, for a token, and whether
//! anybody is there. Every sandbox is this server; there are none to be made or ended.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HOST, HeaderValue};
use actix_web::http::uri::Authority;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::{Secret, Timestamp};
use crate::http::answers;
use crate::http::auth::{Caller, Credential, token_of};
use crate::http::context;
use crate::http::error::{Kind, Problem};
use crate::http::health;
use crate::http::state::Api;
use crate::http::tokens::Issued;

/// How long the id of a sandbox may be, in characters.
const ID_CHARS_MAX: usize = 128;

/// Where all sandboxes are, below whatever prefix the routes have.
pub(in crate::http) const SANDBOXES: &str = "/v1/sandboxes";

#[derive(Serialize, ToSchema)]
#[schema(as = HopxSandbox)]
pub(in crate::http) struct Sandbox<'a> {
    id: &'a str,
    status: &'static str,
    public_host: &'a str,
    /// Clients that know the field above do not read it.
    direct_url: &'a str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HopxToken)]
pub(in crate::http) struct Granted<'a> {
    auth_token: &'a str,
    token_expires_at: Timestamp,
}

/// `GET /v1/sandboxes/{id}`: any id is one of ours, and runs.
pub(in crate::http) async fn sandbox(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    caller?;
    check_id(&id)?;
    let host = public_host(&request, &api.public_url)?;
    let sandbox = Sandbox { id: &id, status: "running", public_host: &host, direct_url: &host };
    Ok(answers::json(StatusCode::OK, &sandbox))
}

/// `POST /v1/sandboxes`: what there is, is there already. Not a 404: the clients would take that for a
/// template that is unknown.
pub(in crate::http) async fn none_are_made() -> Result<HttpResponse, Problem> {
    let detail = "This server makes no sandboxes, and needs none: connect to one by any name, such as \
                  `Sandbox.connect(\"mine\")`.";
    Err(Problem::new(Kind::MethodNotAllowed(""), detail))
}

/// `POST /v1/sandboxes/{id}/token/refresh`: a token with the rights of whoever asks. What is in the
/// body is not looked at; the clients send none.
pub(in crate::http) async fn refresh_token(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = caller?;
    check_id(&id)?;
    let issued = issue(&request, &caller, &api)?;
    api.auth.gives(&request, &issued.text);
    let granted = Granted { auth_token: issued.text.expose(), token_expires_at: issued.expires_at };
    let mut answer = answers::json(StatusCode::OK, &granted);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// A token for a caller. Whoever has come with the JWT of another issuer is given that: it is one.
fn issue(request: &HttpRequest, caller: &Caller, api: &Api) -> Result<Issued, Problem> {
    if let (Credential { key: None, until: Some(expires_at) }, Some(token)) =
        (&caller.credential, token_of(request))
    {
        return Ok(Issued { text: Secret::from(token), expires_at: *expires_at });
    }
    api.tokens.issue(caller, api.clock.now()).map_err(|error| {
        let request_id = context::request_id();
        log::error!(request_id = request_id.as_deref(); "a token could not be made: {error}");
        Problem::new(Kind::Internal, "The server failed internally.")
    })
}

/// `GET /health`: whether it is worth sending anything. The clients ask until it is, for some minutes,
/// so that a server that is being started again is waited for.
pub(in crate::http) async fn health(api: web::Data<Api>) -> Result<HttpResponse, Problem> {
    health::check(&api).await?;
    Ok(answers::json(StatusCode::OK, &json!({ "status": "healthy" })))
}

fn check_id(id: &str) -> Result<(), Problem> {
    let length = id.chars().count();
    if (1..=ID_CHARS_MAX).contains(&length) && !id.contains(char::is_control) {
        return Ok(());
    }
    let detail = format!(
        "No sandbox can be called that: an id has 1 to {ID_CHARS_MAX} characters, none of them a control \
         character."
    );
    Err(Problem::new(Kind::NotFound, detail))
}

/// What the clients append the paths of all further calls to: what the operator says, else the way by
/// which this very call has come.
fn public_host(request: &HttpRequest, public_url: &str) -> Result<String, Problem> {
    if !public_url.is_empty() {
        return Ok(public_url.trim_end_matches('/').to_owned());
    }
    let host = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    let host = host.filter(|host| !host.as_str().contains('@')).ok_or_else(|| {
        let detail = "The request has no `Host` to which further ones could be sent.";
        Problem::new(Kind::InvalidRequest, detail)
    })?;
    let prefix = request.path().rfind(SANDBOXES).map_or("", |at| &request.path()[..at]);
    Ok(format!("http://{host}{prefix}"))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn host(header: &str, path: &str, public_url: &str) -> Option<String> {
        let request = TestRequest::with_uri(path).insert_header((HOST, header.to_owned()));
        public_host(&request.to_http_request(), public_url).ok()
    }

    #[test]
    fn a_client_is_sent_back_the_way_it_came() {
        let came = |header: &str, path: &str| host(header, path, "");
        let path = "/v1/sandboxes/a";
        assert_eq!(came("127.0.0.1:8080", path).unwrap(), "http://127.0.0.1:8080");
        assert_eq!(came("[::1]:80", path).unwrap(), "http://[::1]:80");
        assert_eq!(came("a.example", "/rb/v1/sandboxes/a").unwrap(), "http://a.example/rb");
        for bad in ["", "a b", "me@a.example", "a.example/x", "<script>"] {
            assert_eq!(came(bad, path), None, "{bad:?}");
        }
    }

    #[test]
    fn the_operators_word_comes_first() {
        let said = host("127.0.0.1:1", "/v1/sandboxes/a", "https://a.example/b/");
        assert_eq!(said.unwrap(), "https://a.example/b");
    }

    #[test]
    fn an_id_is_short_and_harmless() {
        for good in ["a", "1761048129dsaqav4n", "sb_1-2.3:4", "a b", "ä\"<", &"ä".repeat(128)] {
            assert!(check_id(good).is_ok(), "{good}");
        }
        for bad in ["", "a\n", "\0", &"x".repeat(129)] {
            assert!(check_id(bad).is_err(), "{bad}");
        }
    }
}
