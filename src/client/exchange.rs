//! One request and its answer: a token goes along, a body is JSON, an answer is read to its end or
//! handed on as it comes. Knows no route, and tries nothing twice.

use std::fmt;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, RETRY_AFTER};
use awc::error::{ConnectError, SendRequestError};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::{Client, Error, problem};

/// How long an answer may take to begin, and its body to go on.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The largest answer that is read, in bytes: more than a page of any list.
pub(super) const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What is asked.
#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: Vec<String>,
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    within: Duration,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(super) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

/// An answer whose body is still to come.
pub(super) type Opened = awc::ClientResponse;

impl Ask {
    pub(crate) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: &[&str]) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn delete(path: &[&str]) -> Self {
        Self::new(Method::DELETE, path)
    }

    fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        let (query, headers) = (Vec::new(), Vec::new());
        Self { method, path, query, headers, body: None, within: ANSWER_WITHIN }
    }

    pub(crate) fn query<N: Into<String>>(
        mut self,
        pairs: impl IntoIterator<Item = (N, String)>,
    ) -> Self {
        self.query.extend(pairs.into_iter().map(|(name, value)| (name.into(), value)));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body).expect("bodies have only string keys"));
        self
    }

    /// The same, whose answer may take so much longer.
    pub(super) fn held_for(mut self, held: Duration) -> Self {
        self.within += held;
        self
    }
}

impl Client {
    /// The JSON that is answered.
    pub(crate) async fn json<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, Error> {
        let answer = self.answer(ask).await?;
        serde_json::from_slice(&answer.bytes)
            .map_err(|_| problem::foreign(&self.server, answer.status, &answer.bytes))
    }

    /// All that is answered, if it is a good answer.
    pub(super) async fn answer(&self, ask: Ask) -> Result<Answer, Error> {
        let opened = self.open(ask).await?;
        self.whole(opened).await
    }

    /// All that is answered, whatever it is.
    pub(crate) async fn whatever(&self, ask: Ask) -> Result<Answer, Error> {
        let opened = self.send(ask).await?;
        self.whole(opened).await
    }

    /// The error that an answer stands for.
    pub(crate) fn error(&self, answer: &Answer) -> Error {
        problem::error(&self.server, answer.status, &answer.bytes, retry_after(&answer.headers))
    }

    /// A good answer whose body is still to come.
    pub(super) async fn open(&self, ask: Ask) -> Result<Opened, Error> {
        let opened = self.send(ask).await?;
        if opened.status().is_success() {
            return Ok(opened);
        }
        Err(self.error(&self.whole(opened).await?))
    }

    async fn whole(&self, mut opened: Opened) -> Result<Answer, Error> {
        let bytes = self.read(&mut opened).await?;
        let (status, headers) = (opened.status().as_u16(), opened.headers().clone());
        Ok(Answer { status, headers, bytes })
    }

    async fn send(&self, ask: Ask) -> Result<Opened, Error> {
        let url = self.url(&ask);
        // A connection that is used again may be closed by the server at that very moment.
        let mut request = self.http.request(ask.method, url.as_str()).force_close();
        request = request.timeout(ask.within);
        for (name, value) in ask.headers {
            request = request.insert_header((name, value));
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        let sent = match ask.body {
            Some(body) => request.content_type("application/json").send_body(body).await,
            None => request.send().await,
        };
        sent.map_err(|error| self.unanswered(error, ask.within))
    }

    /// The body to its end.
    async fn read(&self, opened: &mut Opened) -> Result<Bytes, Error> {
        let length = announced(opened);
        let mut bytes = BytesMut::new();
        while let Some(piece) = self.piece(opened, ANSWER_WITHIN).await? {
            if bytes.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(self.broken_off("it is larger than any answer of a Ringback"));
            }
            bytes.extend_from_slice(&piece);
        }
        // A body that ends too early is none of awc's errors.
        if length.is_some_and(|length| bytes.len() < length) {
            return Err(self.broken_off("the connection was closed"));
        }
        Ok(bytes.freeze())
    }

    /// The next piece of a body; none at its end.
    pub(super) async fn piece(
        &self,
        opened: &mut Opened,
        within: Duration,
    ) -> Result<Option<Bytes>, Error> {
        match tokio::time::timeout(within, opened.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(piece))) => Ok(Some(piece)),
            Ok(Some(Err(error))) => Err(self.broken_off(error)),
            Err(_) => Err(self.broken_off(format!("nothing more came within {within:?}"))),
        }
    }

    /// A path below the server's own, whose parts may be anything, with a query.
    fn url(&self, ask: &Ask) -> Url {
        let mut url = self.server.clone();
        let segments = url.path_segments_mut();
        segments.expect("http and https URLs have a path").pop_if_empty().extend(&ask.path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        url
    }

    pub(super) fn broken_off(&self, reason: impl fmt::Display) -> Error {
        Error::BrokenOff { server: self.server.clone(), reason: reason.to_string() }
    }

    /// What was answered to a good request, and is nothing that a Ringback says.
    pub(super) fn foreign(&self, said: &[u8]) -> Error {
        problem::foreign(&self.server, 200, said)
    }

    fn unanswered(&self, error: SendRequestError, within: Duration) -> Error {
        let server = self.server.clone();
        let reason = match error {
            SendRequestError::Timeout => return Error::TimedOut { server, within },
            // It was there and has gone: whoever waits for it may wait on, as when an answer is cut.
            SendRequestError::Connect(ConnectError::Disconnected) => {
                return self.broken_off("the connection was closed before it began");
            }
            SendRequestError::Send(error) => return self.broken_off(error),
            SendRequestError::Connect(error) => error.to_string(),
            error => error.to_string(),
        };
        Error::Unreachable { server, reason }
    }
}

/// How long the body of an answer should be, in bytes, if its head says so.
fn announced(opened: &Opened) -> Option<usize> {
    opened.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// In whole seconds, as a Ringback says it.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_behind_the_servers_own_and_are_never_read_as_anything_else() {
        let url = |server: &str, path: &[&str]| {
            let client = Client::builder(server).build().unwrap();
            client.url(&Ask::get(path)).to_string()
        };
        assert_eq!(url("http://localhost:1", &["v1", "x"]), "http://localhost:1/v1/x");
        assert_eq!(url("https://example.com/rb/", &["v1"]), "https://example.com/rb/v1");
        assert_eq!(url("http://[::1]", &["a/b", "c?d#e"]), "http://[::1]/a%2Fb/c%3Fd%23e");
    }
}
