//! The client of a running server, for every command that is one: requests with a token, answers as
//! JSON, and what went wrong as a sentence with its exit code. Prints nothing, and knows no route.

mod problem;

use std::fmt;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, HeaderValue};
use awc::error::{ConnectError, SendRequestError};
use serde_json::Value;
use url::Url;

use super::args::ServerArgs;
use super::exit::Failure;
use crate::domain::Secret;
use crate::webhook::tls;

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The largest answer that is read, in bytes: more than a page of any list.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Names us to the server.
const USER_AGENT: &str = concat!("ringback-cli/", env!("CARGO_PKG_VERSION"));

/// Speaks to one server. Must be used inside an actix system.
pub(super) struct Client {
    http: awc::Client,
    server: Url,
    token: Option<Secret>,
}

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    /// It as JSON, if it is JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.bytes).ok()
    }
}

impl Client {
    /// A client of the server that the arguments name.
    pub(super) fn new(args: ServerArgs) -> Result<Self, Failure> {
        let server = server_url(&args.server)?;
        let token = args.token.filter(|token| !token.is_empty());
        if token.as_ref().is_some_and(|token| HeaderValue::from_str(token).is_err()) {
            return Err(Failure::usage("--token has a character that no token can have"));
        }
        let tls = tls::client_config(args.ca_file.as_deref()).map_err(Failure::usage)?;
        let http = awc::Client::builder()
            .connector(awc::Connector::new().rustls_0_23(tls))
            // A redirect would carry the token to whoever it names.
            .disable_redirects()
            .timeout(ANSWER_WITHIN)
            .add_default_header(("user-agent", USER_AGENT))
            .finish();
        Ok(Self { http, server, token: token.map(Secret::new) })
    }

    /// The JSON at a path, whose parts may be anything, with a query.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Value, Failure> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(Method::GET, &url, None).await
    }

    /// What is answered to a JSON body, or to none.
    pub(super) async fn post(&self, path: &[&str], body: Option<&Value>) -> Result<Value, Failure> {
        self.send(Method::POST, &self.url(path), body).await
    }

    /// Whatever is answered at a path, with its status: for who can make something of any.
    pub(super) async fn look(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer, Failure> {
        let mut url = self.url(path);
        url.query_pairs_mut().extend_pairs(query);
        self.exchange(Method::GET, &url, None).await
    }

    /// The failure that an answer stands for.
    pub(super) fn failure(&self, answer: &Answer) -> Failure {
        problem::failure(&self.server, answer.status, answer.json().as_ref(), &answer.bytes)
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.server.clone();
        let segments = url.path_segments_mut();
        segments.expect("http and https URLs have a path").pop_if_empty().extend(path);
        url
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let answer = self.exchange(method, url, body).await?;
        let is_good = (200..300).contains(&answer.status);
        answer.json().filter(|_| is_good).ok_or_else(|| self.failure(&answer))
    }

    async fn exchange(
        &self,
        method: Method,
        url: &Url,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        // A connection that is used again may be closed by the server at that very moment.
        let mut request = self.http.request(method, url.as_str()).force_close();
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        let sent = match body {
            Some(body) => request.send_json(body).await,
            None => request.send().await,
        };
        let mut response = sent.map_err(|error| self.unreachable(&error))?;
        let bytes = response.body().limit(ANSWER_BYTES_MAX).await;
        let bytes = bytes.map_err(|error| self.broken_off(&error))?;
        // A body that ends too early is none of awc's errors.
        if announced(&response).is_some_and(|length| bytes.len() < length) {
            return Err(self.broken_off(&"the connection was closed"));
        }
        Ok(Answer { status: response.status().as_u16(), bytes: bytes.to_vec() })
    }

    fn broken_off(&self, reason: &dyn fmt::Display) -> Failure {
        Failure::Unreachable(format!("the answer of {} broke off: {reason}", self.server))
    }

    fn unreachable(&self, error: &SendRequestError) -> Failure {
        let reason = match error {
            SendRequestError::Connect(ConnectError::Disconnected) => {
                "it closed the connection without an answer".to_owned()
            }
            SendRequestError::Connect(error) => error.to_string(),
            SendRequestError::Timeout => format!("no answer within {ANSWER_WITHIN:?}"),
            error => error.to_string(),
        };
        let server = &self.server;
        Failure::Unreachable(format!(
            "cannot reach {server} ({reason}): is `ringback serve` running there? \
             --server or RINGBACK_SERVER names another"
        ))
    }
}

/// How long the body of an answer should be, in bytes, if its head says so.
fn announced<S>(response: &awc::ClientResponse<S>) -> Option<usize> {
    response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The URL of a server, with a path if the API lies below one.
fn server_url(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text).ok().filter(|url| {
        let is_http = ["http", "https"].contains(&url.scheme()) && url.has_host();
        let is_plain = url.username().is_empty() && url.password().is_none();
        is_http && is_plain && url.query().is_none() && url.fragment().is_none()
    });
    url.ok_or_else(|| {
        // What was typed is not repeated: it may have a password in it.
        Failure::usage(
            "--server (RINGBACK_SERVER): expected a URL such as http://127.0.0.1:8080, \
             without user, query or fragment",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_behind_the_servers_own_and_are_never_read_as_anything_else() {
        let url = |server: &str, path: &[&str]| {
            let server = server_url(server).unwrap();
            let client = Client { http: awc::Client::default(), server, token: None };
            client.url(path).to_string()
        };
        assert_eq!(url("http://localhost:1", &["v1", "x"]), "http://localhost:1/v1/x");
        assert_eq!(url("https://example.com/rb/", &["v1"]), "https://example.com/rb/v1");
        assert_eq!(url("http://[::1]", &["a/b", "c?d#e"]), "http://[::1]/a%2Fb/c%3Fd%23e");
    }

    #[test]
    fn a_server_that_is_none_is_refused_and_not_repeated() {
        let bad = [
            "",
            "localhost:8080",
            "ftp://x",
            "http://",
            "http://user:hunter2@x",
            "http://x?y",
            "//x",
        ];
        for text in bad {
            let failure = server_url(text).unwrap_err().to_string();
            assert!(failure.contains("--server"), "{text}");
            assert!(!failure.contains("hunter2"), "{failure}");
        }
    }
}
